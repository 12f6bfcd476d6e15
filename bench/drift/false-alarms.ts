import { type DriftDetector, FeatureDrift, type FeatureDriftOptions, type Rng, SeededRng } from 'tradelearn'
import { drawFlag, drawNormal } from '../../src/core/draw.ts'

/** What stationary streams are made of: errors of a rate near a half, or normal values. */
export type Kind = 'errors' | 'normal'

/** Error rates that the promise covers; each is a third of every count. */
export const RATES: readonly number[] = [0.45, 0.475, 0.5]

/** How often a detector alarmed while nothing changed. */
export type FalseAlarms = { readonly values: number; readonly alarms: number }

/** Plays stationary streams until there are `enough` alarms, or `most` values. */
export function countFalseAlarms(
  create: () => DriftDetector,
  kind: Kind,
  { enough, most, seed }: { readonly enough: number; readonly most: number; readonly seed: string },
): FalseAlarms {
  const streams: readonly ((rng: Rng) => number)[] =
    kind === 'normal' ? [drawNormal] : RATES.map((rate) => (rng) => Number(drawFlag(rng, rate)))
  let values = 0
  let alarms = 0
  streams.forEach((draw, i) => {
    const rng = new SeededRng(`${seed} ${i}`)
    const detector = create()
    const share = most / streams.length
    let own = 0
    let n = 0
    while (n < share && own < enough / streams.length) {
      n++
      if (detector.update(draw(rng)) === 'drift') own++
    }
    values += n
    alarms += own
  })
  return { values, alarms }
}

/** Plays vectors of normal values without change until there are `enough` false reports. */
export function countFalseReports(
  options: Partial<FeatureDriftOptions> & { features: number },
  enough: number,
): FalseAlarms {
  const rng = new SeededRng(`reports of ${options.test}`)
  const drift = new FeatureDrift(options)
  const x = new Float64Array(options.features)
  let alarms = 0
  while (alarms < enough) {
    for (let i = 0; i < x.length; i++) x[i] = drawNormal(rng)
    if (drift.update(x) === 'drift') alarms++
  }
  return { values: drift.seen, alarms }
}
