import type { JsonObject, JsonValue } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { packRecord, type State, unpackState } from '../../core/state.ts'
import type { ModelDay } from './model-day.ts'
import { newModelDay } from './model-day.ts'
import type { DecisionRecord, ModelRecord, OutcomeRecord } from './records.ts'

/** A version of a model as the learner's life shows it. */
export type SeenModel = Pick<ModelRecord, 'id' | 'version' | 'status' | 'statusSince' | 'createdAt'> & {
  /** The one that decided before; empty for none. */
  readonly before: string
}

/** Something that is to become a row. */
export type RowToTell =
  | { readonly kind: 'decision'; readonly record: Omit<DecisionRecord, 'names' | 'schema' | 'policyHash'> }
  | { readonly kind: 'outcome'; readonly record: OutcomeRecord }
  | { readonly kind: 'model'; readonly record: SeenModel }
  | { readonly kind: 'day'; readonly record: ModelDay }

/** One that waits. `again`: it may be there already, for the past is lived through again. */
export type ToldRow = RowToTell & { readonly again: boolean }

const KINDS: readonly string[] = ['decision', 'outcome', 'model', 'day']

/** A row as JSON that keeps every number. */
export const packRow = (row: ToldRow): JsonObject => packRecord(row as unknown as { readonly [key: string]: State })

/** Reads back what {@link packRow} wrote; what is in it is checked when it is recorded. @throws `CORRUPT_SNAPSHOT` */
export function unpackRow(json: JsonValue, path: string): ToldRow {
  const row = unpackState<{ kind: string; record: State; again: boolean }>(
    json,
    { kind: '', record: {}, again: false },
    path,
  )
  if (!KINDS.includes(row.kind)) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${path}.kind" must be one of ${KINDS.join(', ')}.`)
  }
  if (row.kind === 'day') unpackDay((json as JsonObject)['record']!, `${path}.record`)
  if (row.kind === 'model') unpackModel((json as JsonObject)['record']!, `${path}.record`)
  // whether or not it was stored before the crash, nobody knows
  return { ...row, again: true } as unknown as ToldRow
}

/** Reads back a day. @throws `CORRUPT_SNAPSHOT` */
export function unpackDay(json: JsonValue, path: string): ModelDay {
  const day = unpackState(json, { ...newModelDay('', 0), predictions: [0], outcomes: [0] }, path)
  if (day.predictions.length !== day.outcomes.length) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${path}" must hold an outcome for each prediction.`)
  }
  return day
}

/** Reads back a model. @throws `CORRUPT_SNAPSHOT` */
export function unpackModel(json: JsonValue, path: string): SeenModel {
  const template = { id: '', version: 0, status: '', statusSince: 0, createdAt: 0, before: '' }
  return unpackState(json, template, path) as SeenModel
}
