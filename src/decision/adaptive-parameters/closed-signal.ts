import { finite, fraction, positive, time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { Layout } from './options.ts'
import { STOP, TARGET, WEIGHTS } from './options.ts'

/** A signal whose outcome is known, traded or followed on candles: what {@link AdaptiveParameters} learns from. */
export type ClosedSignal = {
  /** When it was decided. */
  readonly time: number
  /** When its outcome was known. */
  readonly closedAt: number
  /** Win probability that was predicted at the decision. */
  readonly probability: number
  /** Whether the model's plan was to trade, before any size multiplier; what arm or limit decided does not matter. */
  readonly wanted: boolean
  /** Net return of taking it, as a fraction of the price, by the same kind of bracket for every signal. */
  readonly netReturn: number
  /** Average true range at the decision, as a fraction of the price. */
  readonly atr: number
  /**
   * Net return that each stop distance of the grid would have given, the target as it was: see {@link narrowerBrackets}
   * and {@link BracketProbe}. NaN where it is not known, which is no evidence.
   */
  readonly stopReturns?: ArrayLike<number> | undefined
  /** The same for each target distance. */
  readonly targetReturns?: ArrayLike<number> | undefined
  /** What each source said at the decision: above 0 for the trade, below 0 against it, 0 or NaN nothing. */
  readonly votes?: ArrayLike<number> | undefined
}

/** Throws unless the numbers can be. @throws `INVALID_INPUT` or `INVALID_TIME` */
export function checkClosedSignal(signal: ClosedSignal, layout: Layout): void {
  const code = 'INVALID_INPUT'
  time('time', signal.time)
  if (!(time('closedAt', signal.closedAt) >= signal.time)) {
    throw new TradeLearnError('INVALID_TIME', `"closedAt" must not be before "time", got ${show(signal.closedAt)}.`)
  }
  fraction('probability', signal.probability, code)
  finite('netReturn', signal.netReturn, code)
  positive('atr', signal.atr, code)
  if (typeof signal.wanted !== 'boolean') {
    throw new TradeLearnError(code, `"wanted" must be true or false, got ${show(signal.wanted)}.`)
  }
  checkList('stopReturns', signal.stopReturns, layout.grids[STOP]!.values.length)
  checkList('targetReturns', signal.targetReturns, layout.grids[TARGET]!.values.length)
  checkVotes(signal.votes, layout)
}

/** Throws unless there is a vote a source, where there are any. @throws `INVALID_INPUT` */
export function checkVotes(votes: ClosedSignal['votes'], { names }: Layout): void {
  checkList('votes', votes, names.length - WEIGHTS)
}

function checkList(name: string, values: ArrayLike<number> | undefined, length: number): void {
  if (values === undefined) return
  let fault = values === null || values.length !== length ? show(values) : ''
  for (let i = 0; fault === '' && i < length; i++) {
    const value = values[i]
    if (typeof value !== 'number' || Math.abs(value) === Infinity) fault = `${show(value)} at ${i}`
  }
  if (fault === '') return
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must hold ${length} numbers, finite or NaN, got ${fault}.`)
}
