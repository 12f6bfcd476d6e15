import type { Vector } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { Bandit } from '../../../src/learners/bandits/index.ts'

/** A world of arms: what each is worth on average at a time, and what it happens to pay. */
export type World = {
  readonly arms: number
  readonly meansAt: (t: number, context: Vector) => readonly number[]
  readonly pay: (mean: number, rng: SeededRng) => number
  readonly contextAt?: (rng: SeededRng) => Vector
}

export const coins = (...means: readonly number[]): World => ({
  arms: means.length,
  meansAt: () => means,
  pay: (mean, rng) => Number(rng.next() < mean),
})

/** Normal rewards of the given means and one deviation for all. */
export const normals = (deviation: number, ...means: readonly number[]): World => ({
  arms: means.length,
  meansAt: () => means,
  pay: (mean, rng) => mean + deviation * drawNormal(rng),
})

/** Coins of which the best becomes the worst at a time. */
export const turning = (at: number): World => ({
  ...coins(0.8, 0.5, 0.2),
  meansAt: (t) => (t < at ? [0.8, 0.5, 0.2] : [0.2, 0.5, 0.8]),
})

/** Which arm is best depends on the context. */
export const contextual: World = {
  arms: 3,
  contextAt: (rng) => Float64Array.of(drawNormal(rng), drawNormal(rng)),
  meansAt: (_, [a, b]) => [0.3 + a!, 0.3 - a! + 0.5 * b!, 0.2 + b!],
  pay: (mean, rng) => mean + 0.5 * drawNormal(rng),
}

/** Expected regret to always choosing the best arm, summed up after each choice. */
export function regrets(bandit: Bandit, world: World, n: number, seed: string): number[] {
  // another stream than the bandit's own, or the same draw would choose an arm and its reward
  const rng = new SeededRng(`${seed}/world`)
  let total = 0
  return Array.from({ length: n }, (_, t) => {
    const context = world.contextAt?.(rng) ?? new Float64Array(0)
    const means = world.meansAt(t, context)
    const arm = bandit.choose(context)
    bandit.update(arm, world.pay(means[arm]!, rng), context)
    total += Math.max(...means) - means[arm]!
    return total
  })
}

/** Mean of the last regret over five seeds. */
export function meanRegret(create: (seed: string) => Bandit, world: World, n: number): number {
  const seeds = ['1', '2', '3', '4', '5']
  return seeds.reduce((sum, seed) => sum + regrets(create(seed), world, n, seed).at(-1)!, 0) / seeds.length
}

/** Chooses each arm equally often. */
export class Uniform implements Bandit {
  readonly arms: number
  readonly seen: number = 0
  readonly #rng: SeededRng

  constructor(arms: number, seed: string) {
    this.arms = arms
    this.#rng = new SeededRng(seed)
  }

  choose(): number {
    return Math.floor(this.#rng.next() * this.arms)
  }

  update(): void {}

  toJSON(): ReturnType<SeededRng['toJSON']> {
    return this.#rng.toJSON()
  }
}
