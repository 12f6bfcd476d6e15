import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { AdaptiveParameters, ClosedSignal } from '../../../src/decision/adaptive-parameters/index.ts'

export const HOUR = 3_600_000
const START = 1_700_000_000_000
const ATR = 0.01

/** A world in which the parameters' approved values are the best there are, but for what `edges` says. */
export type World = {
  readonly seed: string
  readonly signals: number
  /** Labels are open for so many signals; neighbours share their shocks. */
  readonly open?: number
  /** Mean return in ATR of a signal with this probability, before noise; the one of a world at rest where left out. */
  readonly mean?: (probability: number, vote: number) => number
  /** Mean advantage of each distance over 2 ATR, in ATR. */
  readonly stopEdge?: (distance: number) => number
}

/**
 * Above the threshold trades earn 0.25 ATR, which deserves the full size at an edge of 0.05 and a variance of some 3;
 * below it nothing.
 */
export const atRest = (probability: number): number => (probability > 0.6 ? 0.25 : 0)

/** Signals of that world, one an hour, in the order in which their outcomes are known. */
export function* closedSignals(parameters: AdaptiveParameters, world: World): Generator<ClosedSignal, void, void> {
  const { seed, signals, open = 1, mean = atRest, stopEdge = () => 0 } = world
  const rng = new SeededRng(seed)
  const shocks = Float64Array.from({ length: signals + open }, () => drawNormal(rng))
  const { stopAtr, targetAtr } = parameters.distances
  for (let i = 0; i < signals; i++) {
    let shock = 0
    for (let j = 0; j < open; j++) shock += shocks[i + j]!
    const probability = 0.45 + 0.35 * rng.next()
    const votes = parameters.options.sources.map(() => (rng.next() < 0.5 ? 1 : -1))
    const gain = mean(probability, votes[0] ?? 0) + (1.5 * shock) / Math.sqrt(open)
    const time = START + i * HOUR
    yield {
      time,
      closedAt: time + open * HOUR,
      probability,
      wanted: probability > 0.6,
      // symmetric bounds leave the mean nearly as it was
      netReturn: Math.max(-3.5, Math.min(3.5, gain)) * ATR,
      atr: ATR,
      votes,
      stopReturns: Float64Array.from(stopAtr, (distance) => (stopEdge(distance) + 1.5 * drawNormal(rng)) * ATR),
      targetReturns: Float64Array.from(targetAtr, () => 1.5 * drawNormal(rng) * ATR),
    }
  }
}
