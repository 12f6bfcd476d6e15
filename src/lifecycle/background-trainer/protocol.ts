import type { JsonObject, Vector } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { Side } from '../../market.ts'
import type { DailyAnalysis, WeeklyAnalysis } from './analysis.ts'
import type { RetrainPlan, RetrainReport } from './report.ts'
import type { SettledRow } from './settled-row.ts'

/** What both sides of a retraining speak; raised with every change of a message or of what is done with it. */
export const RETRAIN_PROTOCOL = 1

/** Settled rows as columns of numbers, which can be handed to a thread without a copy. */
export type RetrainTable = {
  readonly features: number
  /** Row after row. */
  readonly x: Float64Array
  readonly y: Float64Array
  readonly netReturns: Float64Array
  readonly stops: Float64Array
  readonly times: Float64Array
  readonly labelEnds: Float64Array
  /** What the model in charge said at the time; NaN where it said nothing. */
  readonly champion: Float64Array
}

/** What a message is about; the same in a job and in all that is said of it. */
export type Heading = {
  readonly protocol: number
  readonly id: number
  /** Fingerprint of the features' schema. */
  readonly schema: string
  /** Hash of the decision policy that the models are for. */
  readonly policy: string
}

/** What a thread is asked to do. */
export type RetrainJob = Heading & {
  readonly retrain: 'job'
  readonly recipe: string
  readonly plan: RetrainPlan
  readonly table: RetrainTable
}

/** A look at settled rows that a thread is asked for. */
export type AnalysisJob = Heading & {
  readonly retrain: 'analyse'
  readonly which: 'daily' | 'weekly'
  readonly table: RetrainTable
  /** Of each row. */
  readonly symbols: readonly string[]
  readonly sides: readonly Side[]
}

/** Rows and what the thread's own models say of them, in order: `success`, `expectedReturn`, `stopRisk` of each row. */
export type GoldenRows = { readonly x: Float64Array; readonly outputs: Float64Array }

/** Snapshots of the models as JSON in UTF-8, with a hash over all of their bytes. */
export type PackedModels = {
  readonly success: Uint8Array
  readonly expectedReturn: Uint8Array
  readonly stopRisk: Uint8Array
  readonly hash: string
}

/** What a thread says of its job. */
export type RetrainReply = Heading &
  (
    | { readonly retrain: 'progress'; readonly done: number }
    | {
        readonly retrain: 'candidate'
        readonly models: PackedModels
        readonly golden: GoldenRows
        readonly report: RetrainReport
      }
    | { readonly retrain: 'rejected'; readonly code: string; readonly text: string; readonly report: RetrainReport }
    | { readonly retrain: 'analysis'; readonly analysis: DailyAnalysis | WeeklyAnalysis }
    | { readonly retrain: 'failed'; readonly code: string; readonly text: string }
  )

/** The names of the models, in the order in which golden rows hold their outputs. */
export const MODEL_NAMES = ['success', 'expectedReturn', 'stopRisk'] as const

/** Rows as columns. */
export function tableOf(rows: readonly SettledRow[], features: number): RetrainTable {
  const column = (of: (row: SettledRow) => number): Float64Array => Float64Array.from(rows, of)
  const x = new Float64Array(rows.length * features)
  for (const [i, row] of rows.entries()) x.set(row.x, i * features)
  return {
    features,
    x,
    y: column(({ y }) => y),
    netReturns: column(({ netReturn }) => netReturn),
    stops: column(({ stopHit }) => stopHit),
    times: column(({ time }) => time),
    labelEnds: column(({ labelEnd }) => labelEnd),
    champion: column(({ probability }) => probability),
  }
}

/** The rows that a job for a look is about; they have no ids. */
export function rowsOfAnalysis({ table, symbols, sides }: AnalysisJob): SettledRow[] {
  const { y, netReturns, stops, times, labelEnds, champion } = table
  return rowsOf(table).map((x, i) => ({
    id: String(i),
    symbol: symbols[i]!,
    side: sides[i]!,
    time: times[i]!,
    labelEnd: labelEnds[i]!,
    x,
    probability: champion[i]!,
    y: y[i] as 0 | 1,
    netReturn: netReturns[i]!,
    stopHit: stops[i] as 0 | 1,
  }))
}

/** The vectors of a table: views, not copies. */
export function rowsOf({ x, features, y }: Pick<RetrainTable, 'x' | 'features' | 'y'>): Vector[] {
  return Array.from(y, (_, i) => x.subarray(i * features, (i + 1) * features))
}

/** The buffers of a table, to be handed over. */
export function buffersOf(table: RetrainTable): ArrayBuffer[] {
  return Object.values(table)
    .filter((value) => typeof value === 'object')
    .map(({ buffer }) => buffer as ArrayBuffer)
}

/** The heading alone. */
export function headingOf({ protocol, id, schema, policy }: Heading): Heading {
  return { protocol, id, schema, policy }
}

/**
 * Why a message cannot be of this job; `undefined` where it can.
 *
 * A worker of another release, of other features or of another policy must not hand in a model.
 */
export function mismatchOf(wanted: Heading, got: Heading): string | undefined {
  for (const name of ['protocol', 'id', 'schema', 'policy'] as const) {
    if (got?.[name] !== wanted[name]) return `"${name}" must be ${show(wanted[name])}, got ${show(got?.[name])}`
  }
  return undefined
}

/** Bytes that are hashed in one step: about a quarter of a millisecond. */
const HASHED_A_STEP = 1 << 18

/**
 * The 32-bit FNV-1a hash of bytes, as 8 hexadecimal digits: it finds damage, it keeps out no one. About 1 ms a MB, in steps, each
 * yielding the fraction done.
 */
export function* hashInSteps(parts: readonly Uint8Array[]): Generator<number, string, void> {
  const total = parts.reduce((sum, { length }) => sum + length, 0)
  let hash = 0x811c9dc5
  let done = 0
  for (const bytes of parts) {
    for (let start = 0; start < bytes.length; start += HASHED_A_STEP) {
      const step = bytes.subarray(start, start + HASHED_A_STEP)
      for (let i = 0; i < step.length; i++) hash = Math.imul(hash ^ step[i]!, 0x01000193)
      done += step.length
      yield done / total
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

/** That hash, at once. */
export function hashBytes(...parts: readonly Uint8Array[]): string {
  const steps = hashInSteps(parts)
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}

/** Throws where a value that a thread has sent is no plain record. */
export function asRecord(name: string, value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new TradeLearnError('CORRUPT_MODEL', `"${name}" must be an object, got ${show(value)}.`)
}
