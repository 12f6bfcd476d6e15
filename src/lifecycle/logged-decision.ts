import type { JsonObject } from '../contracts.ts'
import { finite, fraction, oneOf, text, time } from '../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import type { State } from '../core/state.ts'
import type { ExitReason, Plan, Prediction, Side } from '../market.ts'

/** What became of a signal. */
export type LoggedOutcome = {
  /** 1 if the net return is positive, else 0. */
  readonly y: 0 | 1
  readonly netReturn: number
  readonly exitReason: ExitReason
  /** When it was known. */
  readonly knownAt: number
}

/** A decision as it is kept for judging policies afterwards: plain data. */
export type LoggedDecision = {
  readonly id: string
  readonly symbol: string
  readonly side: Side
  readonly time: number
  /** Who decided: the arm of a rollout (`"champion"`, `"challenger"`, `"baseline"`, ...). */
  readonly arm: string
  readonly modelVersion: string
  /** Probability, before anything was drawn (arm, exploration), that this signal would be traded. */
  readonly propensity: number
  /** Whether the bot was told to trade it. */
  readonly traded: boolean
  /** Whether that was to explore a would-be skip. */
  readonly explored: boolean
  readonly prediction: Prediction
  /** What the model wanted, and what would have been done without it. */
  readonly model: Plan
  readonly baseline: Plan
  /** How the bot's own trade went, and what candles say of the baseline's bracket; null while not known. */
  readonly trade: LoggedOutcome | null
  readonly candles: LoggedOutcome | null
}

/** A decision whose outcome lies ahead. */
export type NewDecision = Omit<LoggedDecision, 'trade' | 'candles'>

/** Texts longer than this are no ids or names. */
const TEXT_LENGTH = 200

const PLAN = { action: '', size: 0, quantity: 0, price: 0, stop: 0, target: 0, reasons: [{ code: '', text: '' }] }
const PREDICTION = {
  probability: 0,
  expectedReturn: 0,
  interval: { low: 0, high: 0, coverage: 0 },
  stopRisk: 0,
  trades: 0,
}
const DECISION = {
  id: '',
  symbol: '',
  side: '',
  time: 0,
  arm: '',
  modelVersion: '',
  propensity: 0,
  traded: false,
  explored: false,
  prediction: PREDICTION,
  model: PLAN,
  baseline: PLAN,
  trade: null,
  candles: null,
}

/** As a decision looks in a snapshot; outcomes may be null and are checked apart. */
export function templateFor({ prediction }: JsonObject): State {
  const isBounded = Object.hasOwn(Object(prediction) as object, 'probabilityLow')
  return isBounded ? { ...DECISION, prediction: { ...PREDICTION, probabilityLow: 0 } } : DECISION
}

/** The fields that are kept, in order, whatever else the caller's object holds. */
export function copyOf(decision: LoggedDecision): LoggedDecision {
  const { probability, probabilityLow, expectedReturn, interval, stopRisk, trades } = decision.prediction
  const { low, high, coverage } = interval
  const bound = probabilityLow === undefined ? {} : { probabilityLow }
  return Object.freeze({
    id: decision.id,
    symbol: decision.symbol,
    side: decision.side,
    time: decision.time,
    arm: decision.arm,
    modelVersion: decision.modelVersion,
    propensity: decision.propensity,
    traded: decision.traded,
    explored: decision.explored,
    prediction: { probability, ...bound, expectedReturn, interval: { low, high, coverage }, stopRisk, trades },
    model: planOf(decision.model),
    baseline: planOf(decision.baseline),
    trade: decision.trade,
    candles: decision.candles,
  })
}

function planOf({ action, size, quantity, price, stop, target, reasons }: Plan): Plan {
  return { action, size, quantity, price, stop, target, reasons: reasons.map(({ code, text }) => ({ code, text })) }
}

/** Throws unless a decision can have been made. */
export function checkDecision(decision: LoggedDecision, code: ErrorCode): void {
  for (const name of ['id', 'symbol', 'arm', 'modelVersion'] as const) {
    if (text(name, decision[name], code).length > TEXT_LENGTH)
      wrong(name, `at most ${TEXT_LENGTH} long`, decision[name], code)
  }
  oneOf('side', decision.side, ['long', 'short'], code)
  time('time', decision.time, code)
  const { propensity, traded, explored, prediction, model, baseline, trade, candles } = decision
  fraction('propensity', propensity, code)
  if (typeof traded !== 'boolean' || (traded ? propensity === 0 : propensity === 1)) {
    wrong('traded', `true or false, and possible at a propensity of ${propensity}`, traded, code)
  }
  if (typeof explored !== 'boolean' || (explored && !traded))
    wrong('explored', 'false where nothing was traded', explored, code)
  finite('prediction.expectedReturn', prediction.expectedReturn, code)
  if (prediction.probabilityLow !== undefined) fraction('prediction.probabilityLow', prediction.probabilityLow, code)
  for (const { action } of [model, baseline]) oneOf('action', action, ['take', 'reduce', 'skip'], code)
  if (trade !== null) checkOutcome(trade, decision.time, code)
  if (candles !== null) checkOutcome(candles, decision.time, code)
}

/** Throws unless an outcome can have followed a decision made then. */
export function checkOutcome(outcome: LoggedOutcome, made: number, code: ErrorCode): void {
  finite('netReturn', outcome.netReturn, code)
  oneOf('exitReason', outcome.exitReason, ['target', 'stop', 'time', 'exit'], code)
  if (outcome.y !== (outcome.netReturn > 0 ? 1 : 0)) wrong('y', 'whether the net return is positive', outcome.y, code)
  if (!(time('knownAt', outcome.knownAt, code) >= made))
    wrong('knownAt', 'not before the decision', outcome.knownAt, code)
}

/** Throws what was wanted and what came. */
export function wrong(name: string, wanted: string, got: unknown, code: ErrorCode): never {
  throw new TradeLearnError(code, `"${name}" must be ${wanted}, got ${show(got)}.`)
}
