import type { JsonObject, JsonValue, Serializable, Snapshot } from '../contracts.ts'
import { integer, oneOf } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { type State, unpackState } from '../core/state.ts'
import type { OffPolicyRow } from '../evaluation/off-policy/index.ts'
import type { Decision, Label, Plan } from '../market.ts'
import type { SettledRow } from './background-trainer/settled-row.ts'
import type { Companion, DecidedSignal, EndedSignal } from './companion.ts'
import {
  checkDecision,
  checkOutcome,
  copyOf,
  type LoggedDecision,
  type LoggedOutcome,
  type NewDecision,
  templateFor,
  wrong,
} from './logged-decision.ts'

/**
 * Whose word counts for what a skipped signal would have returned. `"candles"`: theirs, as a fact. `"trades"`: only that
 * of trades; candles are an expectation that real fills correct.
 */
export type RowSource = 'candles' | 'trades'

/** Options of {@link DecisionLog}. */
export type DecisionLogOptions = {
  /** Decisions kept; the oldest go first. @defaultValue 10_000 */
  readonly capacity: number
}

/**
 * The newest decisions with what became of them, as rows from which any policy can be valued.
 *
 * Rows end before the oldest decision that is still open: a log of what has settled so far would hold more quick exits than
 * slow ones. `forget` what will never settle, such as a signal of a delisted symbol.
 *
 * O(1) a decision and an outcome; memory bounded by `capacity`.
 *
 * @example
 * ```ts
 * const log = new DecisionLog()
 * const learner = new TradeLearner({ features, mode: 'live', exploration: { share: 0.02 }, companions: [log] })
 * // some hundred signals later
 * offPolicyValue(log.toRows('candles'), () => [0, 1]).direct.value // net return a signal of taking them all
 * ```
 */
export class DecisionLog implements Serializable, Companion {
  static readonly type: string = 'decision-log'
  static readonly version: number = 1

  readonly options: DecisionLogOptions
  #state: Map<string, LoggedDecision> = new Map()

  constructor({ capacity = 10_000 }: Partial<DecisionLogOptions> = {}) {
    this.options = { capacity: integer('capacity', capacity) }
  }

  /** Decisions kept. */
  get size(): number {
    return this.#state.size
  }

  /** Them, oldest first. */
  decisions(): IterableIterator<LoggedDecision> {
    return this.#state.values()
  }

  /** Settled decisions as rows in order of time: 0 is to skip, 1 is to take; rewards are net returns of full positions. */
  toRows(source: RowSource): OffPolicyRow[] {
    oneOf('source', source, ['candles', 'trades'])
    let oldest = Infinity
    for (const decision of this.#state.values()) {
      if (outcomeOf(decision) === null) oldest = Math.min(oldest, decision.time)
    }
    const rows: OffPolicyRow[] = []
    for (const decision of this.#state.values()) {
      if (decision.time < oldest) rows.push(rowOf(decision, outcomeOf(decision)!, source))
    }
    return rows.sort((a, b) => a.time - b.time)
  }

  /** Takes in a decision. @throws `INVALID_INPUT` for one that cannot be or is there already; changes nothing then */
  record(decision: NewDecision): void {
    const logged = copyOf({ ...decision, trade: null, candles: null })
    checkDecision(logged, 'INVALID_INPUT')
    if (this.#state.has(logged.id)) wrong('id', 'new', logged.id, 'INVALID_INPUT')
    this.#state.set(logged.id, logged)
    if (this.#state.size > this.options.capacity) this.#state.delete(this.#state.keys().next().value!)
  }

  /**
   * Takes in what became of one: the bot's own trade, or what candles say of the baseline's bracket. Unknown ids are
   * ignored, for the oldest are forgotten.
   */
  settle(id: string, source: 'trade' | 'candles', label: Label, knownAt: number): void {
    const decision = this.#state.get(id)
    if (decision === undefined) return
    const { y, netReturn, exitReason } = label
    const outcome: LoggedOutcome = Object.freeze({ y, netReturn, exitReason, knownAt })
    checkOutcome(outcome, decision.time, 'INVALID_INPUT')
    oneOf('source', source, ['trade', 'candles'], 'INVALID_INPUT')
    if (source === 'trade' && !decision.traded)
      wrong('source', '"candles" for what was not traded', source, 'INVALID_INPUT')
    this.#state.set(id, Object.freeze({ ...decision, [source]: outcome }))
  }

  /** Takes in a decision of the learner that it goes along with. */
  opened(_id: string, _time: number, { decision, baseline, version }: DecidedSignal): void {
    this.record(loggedOf(decision, baseline, version))
  }

  /** Takes in what became of it. */
  observe({ id }: Pick<SettledRow, 'id'>, { decision, label, told }: EndedSignal): void {
    const traded = this.#state.get(id)?.traded ?? false
    // by another clock a report may be dated before its decision
    this.settle(id, told && traded ? 'trade' : 'candles', label, Math.max(label.exitTime, decision.time))
  }

  /** Takes in that it will have no outcome. */
  dropped(id: string): void {
    this.forget(id)
  }

  /** Drops a decision that will never settle; unknown ids are ignored. */
  forget(id: string): void {
    this.#state.delete(id)
  }

  toJSON(): Snapshot {
    return snapshot(DecisionLog, this.options, { decisions: [...this.#state.values()] as unknown as State })
  }

  /** Goes on where `saved` stopped, with its own capacity. @throws `CORRUPT_SNAPSHOT`, changing nothing */
  resume(saved: Snapshot): void {
    const whole = DecisionLog.fromJSON(saved).#state
    this.#state = new Map([...whole].slice(-this.options.capacity))
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): DecisionLog {
    const { options, state } = checkSnapshot(DecisionLog, json)
    const log = new DecisionLog(unpackState(options, { capacity: 0 }, 'options'))
    unpackState(state, { decisions: [] })
    const decisions = state['decisions'] as readonly JsonValue[]
    if (decisions.length > log.options.capacity) {
      wrong('decisions', `at most ${log.options.capacity}`, decisions.length, 'CORRUPT_SNAPSHOT')
    }
    for (const [i, one] of decisions.entries()) {
      const template = templateFor(Object(one) as JsonObject)
      const decision = unpackState(one, template, `state.decisions[${i}]`) as unknown as LoggedDecision
      checkDecision(decision, 'CORRUPT_SNAPSHOT')
      if (log.#state.has(decision.id)) wrong('id', 'of one decision only', decision.id, 'CORRUPT_SNAPSHOT')
      log.#state.set(decision.id, copyOf(decision))
    }
    return log
  }
}

/** A learner's decision as it is logged: who decided, and how likely it was, before any draw, that it would be traded. */
function loggedOf(decision: Decision, baseline: Plan, version: string): NewDecision {
  const { id, symbol, side, time, action, mode, trial, exploration } = decision
  const byChallenger = trial?.arm === 'candidate' && decision.challenger
  const prediction = byChallenger ? byChallenger.prediction : decision.prediction
  const model = byChallenger ? byChallenger.plan : decision.model
  const traded = action !== 'skip'
  const explored = exploration?.explored ?? false
  const byModel = exploration?.propensity ?? (model.action === 'skip' ? 0 : 1)
  let propensity = mode === 'live' ? byModel : traded ? 1 : 0
  if (trial !== undefined) {
    const candidate = trial.arm === 'candidate' ? trial.propensity : 1 - trial.propensity
    propensity = trial.traded ?? candidate * byModel + (1 - candidate) * (baseline.action === 'skip' ? 0 : 1)
  }
  const arm = trial?.arm ?? (mode === 'live' ? 'model' : 'baseline')
  // an empty name is no name
  const modelVersion = version === '' ? 'first' : version
  return { id, symbol, side, time, arm, modelVersion, propensity, traded, explored, prediction, model, baseline }
}

const outcomeOf = ({ trade, candles }: LoggedDecision): LoggedOutcome | null => trade ?? candles

function rowOf(decision: LoggedDecision, outcome: LoggedOutcome, source: RowSource): OffPolicyRow {
  const { id, time, traded, propensity, prediction, candles } = decision
  const common = {
    id,
    time,
    labelEnd: outcome.knownAt,
    action: traded ? 1 : 0,
    propensities: [1 - propensity, propensity],
    reward: traded ? outcome.netReturn : 0,
  }
  if (source === 'candles') return { ...common, known: [0, outcome.netReturn] }
  return { ...common, known: [0, NaN], expected: [0, candles?.netReturn ?? prediction.expectedReturn] }
}
