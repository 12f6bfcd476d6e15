import { clamp } from '../../core/math.ts'
import type { ReasonCode } from '../../decision/reasons.ts'
import type { Decision } from '../../market.ts'
import type { Health } from './health.ts'

type Count = { n: number; hits: number }

/** How the models that decide now have done since they took over: plain data. */
export type ModelRecord = {
  /** What they are called; null before anything was seen. */
  version: string | null
  /** When they took over. */
  since: number
  accuracy: Count
  /** Trades that they would take, and all signals that they were asked about. */
  taken: Count
  all: Count
  latency: Count
  /** Ten bins of the probability said: how many, how many came true, and the sum of what was said. */
  readonly bins: { readonly n: Float64Array; readonly hits: Float64Array; readonly sums: Float64Array }
}

/** A reliability diagram usually has ten. */
const BINS = 10

/** Reasons with which the model was not asked, so that what became of the signal is not its doing. */
const NOT_ASKED: ReadonlySet<string> = new Set<ReasonCode>([
  'MIN_DATA',
  'INVALID_PREDICTION',
  'STALE_MODEL',
  'FEATURES_INCOMPLETE',
  'OUT_OF_DISTRIBUTION',
])

/** Nothing is known of them yet. */
export function createModelRecord(version: string | null, since: number): ModelRecord {
  const none = (): Count => ({ n: 0, hits: 0 })
  const bin = (): Float64Array => new Float64Array(BINS)
  return {
    ...{ version, since, accuracy: none(), taken: none(), all: none(), latency: none() },
    bins: { n: bin(), hits: bin(), sums: bin() },
  }
}

/** Takes in how one of their decisions ended. One half takes no side; a prediction that is no number says nothing. */
export function scoreRecord(record: ModelRecord, { model, prediction }: Decision, y: 0 | 1): void {
  const { probability: p } = prediction
  if (!(p >= 0 && p <= 1) || model.reasons.some(({ code }) => NOT_ASKED.has(code))) return
  if (p !== 0.5) addTo(record.accuracy, p > 0.5 === (y === 1))
  addTo(record.all, y === 1)
  if (model.action !== 'skip') addTo(record.taken, y === 1)
  const { n, hits, sums } = record.bins
  const bin = clamp(Math.floor(p * BINS), 0, BINS - 1)
  n[bin]!++
  hits[bin]! += y
  sums[bin]! += p
}

/** Counts one more. */
export function addTo(tally: Count, hit: boolean): void {
  tally.n++
  if (hit) tally.hits++
}

/** The bins as rules read them. */
export function calibrationOf({ n, hits, sums }: ModelRecord['bins']): NonNullable<Health['calibration']> {
  return Array.from(n, (count, bin) => ({ n: count, hits: hits[bin]!, mean: count > 0 ? sums[bin]! / count : 0 }))
}
