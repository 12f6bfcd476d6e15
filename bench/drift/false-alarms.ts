import { type DriftDetector, FeatureDrift, type FeatureDriftOptions, SeededRng } from 'tradelearn'
import { drawFlag, drawNormal } from '../../src/core/draw.ts'

/** What stationary streams are made of: errors, or normal values. */
export type Kind = 'errors' | 'normal'

/** How often a detector alarmed while nothing changed. */
export type FalseAlarms = { readonly values: number; readonly alarms: number }

/** Plays a stream of normal values, or of errors of a `rate`, until there are `enough` alarms, or `most` values. */
export function countFalseAlarms(
  create: () => DriftDetector,
  rate: number | 'normal',
  { enough, most, seed }: { readonly enough: number; readonly most: number; readonly seed: string },
): FalseAlarms {
  const rng = new SeededRng(seed)
  const detector = create()
  let values = 0
  let alarms = 0
  while (values < most && alarms < enough) {
    values++
    const value = rate === 'normal' ? drawNormal(rng) : Number(drawFlag(rng, rate))
    if (detector.update(value) === 'drift') alarms++
  }
  return { values, alarms }
}

/** Vectors whose values follow each other, and when to give up. */
export type Slow = {
  /** Of successive values of each feature. @defaultValue 0 */
  readonly correlation?: number
  /** Vectors to play at most. @defaultValue Infinity */
  readonly most?: number
}

/** Plays vectors of normal values without change until there are `enough` false reports. */
export function countFalseReports(
  options: Partial<FeatureDriftOptions> & { features: number },
  enough: number,
  { correlation = 0, most = Infinity }: Slow = {},
): FalseAlarms {
  const rng = new SeededRng(`reports of ${options.test}`)
  const drift = new FeatureDrift(options)
  const x = new Float64Array(options.features)
  const fresh = Math.sqrt(1 - correlation * correlation)
  let alarms = 0
  while (alarms < enough && drift.seen < most) {
    for (let i = 0; i < x.length; i++) x[i] = correlation * x[i]! + fresh * drawNormal(rng)
    if (drift.update(x) === 'drift') alarms++
  }
  return { values: drift.seen, alarms }
}
