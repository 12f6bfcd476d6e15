import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/index.ts'
import type { Dataset } from '../../../src/evaluation/index.ts'

export const HOUR = 3_600_000
/** A Monday at midnight. */
export const MONDAY: number = Date.UTC(2020, 0, 6)

/** How signals come about. */
export type SignalsOptions = {
  /** Hours that each label is open; neighbours share that much of their returns. */
  readonly overlap: number
  /** By how much signals between 14:00 and 14:59 UTC return less. */
  readonly hurt: number
  /** Multiplies the returns. */
  readonly size: number
}

/** Signals at irregular hours whose returns have nothing to do with their kinds, except as `hurt` says. */
export function signals(
  n: number,
  seed: number | string,
  { overlap = 8, hurt = 0, size = 0.004 }: Partial<SignalsOptions> = {},
): Dataset {
  const rng = new SeededRng(seed)
  const shocks = Float64Array.from({ length: 2 * n + overlap }, () => drawNormal(rng))
  const [times, netReturns, side, regime, symbol]: [number[], number[], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
    [],
  ]
  const rows: Float64Array[] = []
  let [hour, slow, mood] = [0, 0, 'calm']
  for (let i = 0; i < n; i++) {
    // a bar apart half of the time, else together or two bars apart
    hour += rng.next() < 0.5 ? 1 : 2 * drawInteger(rng, 2)
    if (rng.next() < 0.02) mood = ['calm', 'wild', 'rising'][drawInteger(rng, 3)]!
    slow = 0.98 * slow + drawNormal(rng)
    let sum = 0
    for (let k = 0; k < overlap; k++) sum += shocks[hour + k]!
    times.push(MONDAY + hour * HOUR)
    netReturns.push(size * (sum / Math.sqrt(overlap) + 0.2 * drawNormal(rng)) - (hour % 24 === 14 ? hurt : 0))
    rows.push(Float64Array.of(drawNormal(rng), slow))
    side.push(rng.next() < 0.5 ? 'long' : 'short')
    regime.push(mood)
    symbol.push(`S${drawInteger(rng, 4)}`)
  }
  return {
    rows,
    y: netReturns.map((value) => Number(value > 0)),
    netReturns,
    times,
    labelEnds: times.map((time) => time + overlap * HOUR),
    names: ['noise', 'slow'],
    groups: { side, regime, symbol },
  }
}
