import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Learner, Refittable, Serializable, Snapshot, Vector } from '../../src/contracts.ts'
import { checkObservation, checkVector, fraction, integer } from '../../src/core/check.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { sigmoid } from '../../src/core/math.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { checkSnapshot, restore, snapshot } from '../../src/core/snapshot.ts'
import { unpackState } from '../../src/core/state.ts'

const river = join(import.meta.dirname, '../../../shared/reference/river')

/** Whether River's recorded numbers are beside the repository. */
export const recorded: boolean = existsSync(join(river, 'trees/binary_drift.json'))

export function readRecord<T>(path: string): T {
  return JSON.parse(readFileSync(join(river, path), 'utf8')) as T
}

/** Rows of a CSV of numbers whose last column is y. */
export function readRows(name: string): Row[] {
  const lines = readFileSync(join(river, 'data', name), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
  return lines.map((line) => {
    const cells = line.split(',').map(Number)
    return { x: Float64Array.from(cells.slice(0, -1)), y: cells.at(-1)!, p: NaN }
  })
}

/** `p` is the true P(y = 1) where it is known. */
export type Row = { readonly x: Float64Array; readonly y: number; readonly p: number }

/**
 * A logistic problem of normal features of which each third moves together with correlation `rho`; the weights have
 * length `strength` and a random direction.
 */
export function logisticStream(seed: string, features: number, strength: number, rho = 0): (sign?: number) => Row {
  const rng = new SeededRng(seed)
  const raw = Array.from({ length: features }, () => drawNormal(rng))
  const length = Math.hypot(...raw)
  return (sign = 1) => {
    const common = [drawNormal(rng), drawNormal(rng), drawNormal(rng)]
    const x = Float64Array.from({ length: features }, (_, i) => {
      return Math.sqrt(rho) * common[i % 3]! + Math.sqrt(1 - rho) * drawNormal(rng)
    })
    let margin = 0
    for (let i = 0; i < features; i++) margin += (sign * strength * raw[i]! * x[i]!) / length
    const p = sigmoid(margin)
    return { x, y: rng.next() < p ? 1 : 0, p }
  }
}

/** Exact area under the ROC curve of scores without ties. */
export function aucOf(scores: readonly number[], labels: readonly number[]): number {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let ranks = 0
  let ones = 0
  for (const [rank, i] of order.entries()) {
    if (labels[i] === 1) {
      ranks += rank + 1
      ones++
    }
  }
  return (ranks - (ones * (ones + 1)) / 2) / (ones * (scores.length - ones))
}

export const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** What comes back from the snapshot's JSON text. */
export function reread<T extends Serializable>(object: T, codecs: Parameters<typeof restore>[1]): T {
  return restore(JSON.parse(JSON.stringify(object)) as Snapshot, codecs) as T
}

/** A learner whose predictions change only when it is refitted: to the mean label that it had seen by then. */
export class Lazy implements Learner, Refittable {
  static readonly type: string = 'lazy'
  static readonly version: number = 1

  readonly task: 'binary' = 'binary'
  readonly options: { readonly features: number; readonly start: number }
  #state: { seen: number; ones: number; fitted: number; answer: number }

  constructor(options: { readonly features: number; readonly start: number }) {
    this.options = { features: integer('features', options.features), start: fraction('start', options.start) }
    this.#state = { seen: 0, ones: 0, fitted: 0, answer: options.start }
  }

  get seen(): number {
    return this.#state.seen
  }

  get refitDue(): boolean {
    return this.#state.seen >= this.#state.fitted + 10
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#state.answer
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    this.#state.seen++
    this.#state.ones += y
  }

  *refit(): Generator<number, void, void> {
    const answer = (this.#state.ones + 1) / (this.#state.seen + 2)
    for (let step = 1; step <= 4; step++) yield step / 5
    this.#state.answer = answer
    this.#state.fitted = this.#state.seen
  }

  toJSON(): Snapshot {
    return snapshot(Lazy, this.options, this.#state)
  }

  static fromJSON(json: Snapshot): Lazy {
    const { options, state } = checkSnapshot(Lazy, json)
    const learner = new Lazy(unpackState(options, { features: 0, start: 0 }, 'options'))
    const read = unpackState(state, learner.#state)
    const code = 'CORRUPT_SNAPSHOT'
    for (const count of [read.seen, read.ones, read.fitted]) integer('state', count, 0, code)
    // no more of a kind than there are
    for (const part of [read.ones, read.fitted]) fraction('state', part / Math.max(1, read.seen), code)
    fraction('state.answer', read.answer, code)
    learner.#state = read
    return learner
  }
}
