import { show, TradeLearnError } from '../../core/errors.ts'
import { REASONS } from '../reasons.ts'
import { isScope, type Scope } from './scope.ts'

/**
 * One halt, the end of one by won probes (`"close"`), or a reset by the operator. Plain JSON, for a journal.
 */
export type KillSwitchEvent = {
  readonly kind: 'halt' | 'close' | 'reset'
  readonly code: string
  readonly text: string
  /** Closed trades observed by then, since the switch was made. */
  readonly trades: number
  /** What it is about; all trading where left out. */
  readonly scope?: Scope
  /** The latest time told by then, epoch milliseconds; left out where none was. */
  readonly time?: number
  /** When a halt ends by itself; left out where it does not. */
  readonly until?: number
}

/** How a state keeps an event: nothing left out. */
export type WrittenEvent = Required<KillSwitchEvent>

/** Characters kept of a text, so that a snapshot stays small. */
export const TEXT_LENGTH = 500

/** An event without what says nothing, so that it has no number that JSON cannot hold. */
export function toEvent({ kind, code, text, trades, scope, time, until }: WrittenEvent): KillSwitchEvent {
  return Object.freeze({
    kind,
    code,
    text,
    trades,
    ...(scope === 'all' ? {} : { scope }),
    ...(Number.isFinite(time) ? { time } : {}),
    ...(Number.isFinite(until) ? { until } : {}),
  })
}

/** Reads back what {@link toEvent} made. @throws `CORRUPT_SNAPSHOT` */
export function readEvent(event: KillSwitchEvent): WrittenEvent {
  const { kind, code, text, trades, scope = 'all', time = -Infinity, until = Infinity } = event ?? {}
  if (!['halt', 'close', 'reset'].includes(kind)) corrupt('a halt, close or reset', kind)
  if (typeof code !== 'string' || !Object.hasOwn(REASONS, code)) corrupt('one with a known code', code)
  if (typeof text !== 'string') corrupt('one with a text', text)
  if (!(Number.isSafeInteger(trades) && trades >= 0)) corrupt('one with a number of trades', trades)
  if (!isScope(scope)) corrupt('one with a known scope', scope)
  if (typeof time !== 'number') corrupt('one with a time', time)
  if (!(typeof until === 'number' && until > time)) corrupt('one with an end after its time', until)
  return { kind, code, text: text.slice(0, TEXT_LENGTH), trades, scope, time, until }
}

function corrupt(wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `An event of a kill switch must be ${wanted}, got ${show(got)}.`)
}
