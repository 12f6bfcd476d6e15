import { type Forest, leafOf } from '../forest/forest.ts'
import type { Loss } from './loss.ts'
import { marginsOf } from './margins-of.ts'
import type { Table } from './window.ts'

/** Watches the loss on rows that no tree is fitted to, and remembers how many trees were best there. */
export class EarlyStopping {
  readonly #table: Table
  readonly #loss: Loss
  readonly #margins: Float64Array
  /** Trees that the margins include. */
  #trees: number
  #least: number
  #rounds = 0
  /** Trees of the lowest loss so far. */
  bestTrees: number

  constructor(table: Table, loss: Loss, start: Forest) {
    this.#table = table
    this.#loss = loss
    this.#margins = marginsOf(start, table)
    this.#trees = start.roots.length
    this.bestTrees = this.#trees
    this.#least = table.y.length > 0 ? this.#meanLoss() : 0
  }

  /** Takes in the trees since the last time; returns the rounds since the best. */
  update(forest: Forest, trees: number): number {
    const { features, roots, output, value } = forest
    const { x, y } = this.#table
    for (; this.#trees < trees; this.#trees++) {
      const offset = output[this.#trees]! * y.length
      for (let i = 0; i < y.length; i++) {
        this.#margins[offset + i]! += value[leafOf(forest, roots[this.#trees]!, x, i * features)]!
      }
    }
    const loss = this.#meanLoss()
    this.#rounds++
    if (loss < this.#least) {
      this.#least = loss
      this.bestTrees = trees
      this.#rounds = 0
    }
    return this.#rounds
  }

  #meanLoss(): number {
    const { y, weights } = this.#table
    let sum = 0
    let total = 0
    for (let i = 0; i < y.length; i++) {
      sum += weights[i]! * this.#loss.lossOf(this.#table, this.#margins, i)
      total += weights[i]!
    }
    return sum / total
  }
}
