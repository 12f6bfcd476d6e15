import type { JsonObject, JsonValue } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { packRecord, type State, unpackState } from '../../core/state.ts'
import type { Account, Candle, Decision, Outcome, Signal, SignalMeta } from '../../market.ts'
import { copyOutcome } from '../decision-book.ts'
import type { OperatorEvent } from '../rollout/rollout-event.ts'

/**
 * Everything that can happen to a learner from outside, as plain data.
 *
 * A learner is a function of these and of its configuration alone: time comes in with candles and signals, and the one
 * thing that is read from a clock, how long a decision took, is written down with it.
 */
export type LearnerEvent<S extends Signal = Signal> =
  /** The learner was opened: ids that may have been given out before a crash, and lost with it, are left out. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'candle'; readonly candle: Candle }
  | {
      readonly kind: 'decide'
      readonly signal: S
      readonly account: Account
      /** Milliseconds that it took. */
      readonly latency: number
      /** What was decided; null where a part of the user's own failed. */
      readonly decision: Decision | null
    }
  | { readonly kind: 'learn'; readonly id: string; readonly outcome: Outcome }
  | { readonly kind: 'cancel'; readonly id: string }
  | { readonly kind: 'equity'; readonly equity: number }
  | { readonly kind: 'halt' | 'resume'; readonly reason: string }
  /** An operator's word to the rollout, or that time has passed. */
  | { readonly kind: 'rollout'; readonly event: OperatorEvent }
  /** Other models were put in the place of those that decide, or on trial beside them: their snapshots. */
  | { readonly kind: 'models'; readonly version: string; readonly models: JsonObject }
  | { readonly kind: 'challenge'; readonly version: string; readonly models: JsonObject }
  /** A refit has taken its data, or has changed the model. */
  | { readonly kind: 'refit'; readonly step: 'begun' | 'done' }

const CANDLE = { symbol: '', time: 0, open: 0, high: 0, low: 0, close: 0, volume: null }
/** What each kind holds; `null` stands for anything, which is then checked by whoever takes it in. */
const TEMPLATES: { readonly [kind in LearnerEvent['kind']]: { readonly [name: string]: State } } = {
  opened: {},
  candle: { candle: CANDLE },
  decide: { signal: null, account: null, latency: 0, decision: null },
  learn: { id: '', outcome: null },
  cancel: { id: '' },
  equity: { equity: 0 },
  halt: { reason: '' },
  resume: { reason: '' },
  refit: { step: '' },
  rollout: { event: null },
  models: { version: '' },
  challenge: { version: '' },
}

/** An event as JSON that keeps every number. What the library does not know of an object is left out. */
export function packEvent<S extends Signal>(event: LearnerEvent<S>): JsonObject {
  switch (event.kind) {
    case 'candle': {
      const { symbol, time, open, high, low, close, volume = null } = event.candle
      return packRecord({ kind: event.kind, candle: { symbol, time, open, high, low, close, volume } })
    }
    case 'decide': {
      const { kind, signal, account, latency, decision } = event
      return packRecord({
        kind,
        signal: copySignal(signal),
        account: copyAccount(account),
        latency,
        decision: decision as unknown as State,
      })
    }
    case 'learn':
      return packRecord({ kind: event.kind, id: event.id, outcome: copyOutcome(event.outcome) as unknown as State })
    default:
      return packRecord(event as unknown as { readonly [key: string]: State })
  }
}

/** Reads back what {@link packEvent} wrote. @throws `CORRUPT_SNAPSHOT` */
export function unpackEvent(json: JsonValue): LearnerEvent {
  const kind = typeof json === 'object' && json !== null ? (json as JsonObject)['kind'] : undefined
  if (typeof kind !== 'string' || !Object.hasOwn(TEMPLATES, kind)) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `An event must be one of ${Object.keys(TEMPLATES).join(', ')}, got ${show(kind)}.`,
    )
  }
  // snapshots of models stay as they are, for their codecs to read
  const { models, ...own } = json as JsonObject
  const event = unpackState(
    bringsModels({ kind }) ? own : json,
    { kind: '', ...TEMPLATES[kind as LearnerEvent['kind']] },
    'event',
  ) as unknown as LearnerEvent
  if (bringsModels(event)) return { ...event, models: asObject(models) }
  if (event.kind !== 'candle' || event.candle.volume !== null) return event
  const { volume: _, ...candle } = event.candle
  return { ...event, candle }
}

/** Whether an event holds snapshots of models. */
function bringsModels(event: {
  readonly kind: string
}): event is Extract<LearnerEvent, { kind: 'models' | 'challenge' }> {
  return event.kind === 'models' || event.kind === 'challenge'
}

function asObject(json: JsonValue | undefined): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"event.models" must be an object, got ${show(json)}.`)
}

function copySignal({ symbol, side, time, price, stop, target, meta }: Signal): { readonly [key: string]: State } {
  return {
    symbol,
    side,
    time,
    ...(price === undefined ? {} : { price }),
    ...(stop === undefined ? {} : { stop }),
    ...(target === undefined ? {} : { target }),
    ...(meta === undefined ? {} : { meta: copyPlain(meta) }),
  }
}

/** What the bot says of its signal, however long: features may be made of any of it. */
function copyPlain(meta: SignalMeta): { readonly [name: string]: State } {
  return Object.fromEntries(
    Object.entries(meta).filter(
      ([, value]) => value === null || ['number', 'string', 'boolean'].includes(typeof value),
    ),
  )
}

function copyAccount({ equity, positions }: Account): { readonly [key: string]: State } {
  return {
    equity,
    positions: positions.map(({ symbol, side, notional, id }) => ({
      symbol,
      side,
      notional,
      ...(id === undefined ? {} : { id }),
    })),
  }
}
