import { type DriftDetector, SeededRng } from 'tradelearn'
import { drawFlag, drawNormal } from '../../src/core/draw.ts'
import type { Kind } from './false-alarms.ts'

/** Values of a stream. */
const LENGTH = 10_000
/** Values before the first change. */
const STILL = 5000
/** Values that a gradual change takes. */
const GRADUAL = 2000
/** Values of a regime that comes back. */
const REGIME = 1250

/**
 * How far a stream has gone from its first regime, 0, to its second, 1, at one value; `changes` are where rises begin.
 */
export type Scenario = {
  readonly name: string
  readonly changes: readonly number[]
  readonly share: (i: number) => number
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'abrupt', changes: [STILL], share: (i) => Number(i >= STILL) },
  { name: 'gradual', changes: [STILL], share: (i) => Math.max(0, Math.min(1, (i - STILL) / GRADUAL)) },
  {
    name: 'recurring',
    changes: [STILL, STILL + 2 * REGIME],
    share: (i) => Number(i >= STILL && Math.floor((i - STILL) / REGIME) % 2 === 0),
  },
]

/** Error rates of the two regimes: a hit rate of 55 % that falls to 40 %. */
const RATES = [0.45, 0.6] as const
/** Means of the two regimes, in standard deviations. */
const MEANS = [0, 0.5] as const

export type Outcome = {
  /**
   * Values from a rise to the first alarm after it, one for each rise; Infinity where there was none before the next
   * change.
   */
  readonly delays: readonly number[]
  /** Alarms before the first change, and values up to it. */
  readonly falseAlarms: number
  readonly still: number
}

/** Plays one stream. A gradual change mixes the two regimes, more and more of the second. */
export function playScenario(
  detector: DriftDetector,
  kind: Kind,
  { name, changes, share }: Scenario,
  seed: number,
): Outcome {
  const rng = new SeededRng(`${kind} ${name} ${seed}`)
  const delays = changes.map(() => Infinity)
  let falseAlarms = 0
  for (let i = 0; i < LENGTH; i++) {
    const second = drawFlag(rng, share(i)) ? 1 : 0
    const value = kind === 'errors' ? Number(drawFlag(rng, RATES[second])) : MEANS[second] + drawNormal(rng)
    if (detector.update(value) !== 'drift') continue
    if (i < STILL) falseAlarms++
    changes.forEach((from, k) => {
      // a regime that comes back lasts for so long; another change lasts to the end
      const until = changes.length > 1 ? from + REGIME : LENGTH
      if (i >= from && i < until && delays[k] === Infinity) delays[k] = i - from + 1
    })
  }
  return { delays, falseAlarms, still: STILL }
}
