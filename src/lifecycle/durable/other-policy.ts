import { show, TradeLearnError } from '../../core/errors.ts'
import type { DecisionContext } from '../../decision/index.ts'
import type { Decision, Plan, Prediction } from '../../market.ts'
import type { SettledRow } from '../background-trainer/settled-row.ts'
import type { Companion, DecidedSignal, EndedSignal } from '../companion.ts'
import type { TradePolicy } from '../parts.ts'
import type { Choice, JudgedSignal } from './what-if.ts'

type Signal = { -readonly [key in keyof JudgedSignal]: JudgedSignal[key] }

/**
 * Asks another policy about every decision that is lived through again, and keeps what it says beside what was done.
 *
 * It stands in the place of the bot's own policy, whose answers it passes on: so the other is asked at the very moment of the
 * decision, with the same account, limits, kill switch and ledger. The prediction is the recorded one. As a companion it hears
 * what became of each signal.
 */
export class OtherPolicy implements TradePolicy, Companion {
  readonly #own: TradePolicy
  readonly #other: TradePolicy
  /** What was decided then about the signal that comes next. */
  #then: Decision | null = null
  /** What the other policy says of it. */
  #plan: Plan | null = null
  #failure: unknown
  readonly #signals: Map<string, Signal> = new Map()

  constructor(own: TradePolicy, other: TradePolicy) {
    if (typeof other?.decide !== 'function' || typeof other.baseline !== 'function') {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"policy" must be a policy with "decide" and "baseline", got ${show(other)}.`,
      )
    }
    this.#own = own
    this.#other = other
  }

  get options(): TradePolicy['options'] {
    return this.#own.options
  }

  /** Signals that both have decided on, in the order of their decisions. */
  get signals(): readonly JudgedSignal[] {
    return [...this.#signals.values()]
  }

  /** Says what was decided then about the signal that comes next; null where nothing was. */
  expect(then: Decision | null): void {
    this.#then = then
    this.#plan = null
  }

  /** @throws what the other policy threw */
  check(): void {
    if (this.#failure === undefined) return
    const { message = String(this.#failure) } = this.#failure as Partial<Error>
    throw new TradeLearnError('INVALID_OPTION', `"policy" must answer every question, got: ${message}`)
  }

  baseline(context: DecisionContext): Plan {
    return this.#own.baseline(context)
  }

  decide(prediction: Prediction, context: DecisionContext): Plan {
    const plan = this.#own.decide(prediction, context)
    try {
      this.#plan = this.#other.decide(this.#then?.prediction ?? prediction, context)
    } catch (error) {
      this.#failure ??= error
    }
    return plan
  }

  opened(id: string, time: number, { decision }: DecidedSignal): void {
    const then = this.#then
    if (then === null || this.#plan === null) return
    const { symbol, side } = decision
    const choices = { done: choiceOf(then), model: choiceOf(then.model), other: choiceOf(this.#plan) }
    this.#signals.set(id, { id, symbol, side, time, ...choices, label: null })
  }

  observe({ id, labelEnd }: SettledRow, { label, told }: EndedSignal): void {
    const signal = this.#signals.get(id)
    if (signal) signal.label = { netReturn: label.netReturn, end: labelEnd, told }
  }

  dropped(id: string): void {
    this.#signals.delete(id)
  }
}

const choiceOf = ({ action, size }: Plan): Choice => ({ action, size })
