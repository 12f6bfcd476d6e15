import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { DecisionPolicy } from '../decision/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import type { Candle, Decision, Label, Signal } from '../market.ts'
import { inClosingOrder } from './closing-times.ts'
import { PaperBroker } from './paper-broker.ts'
import { TradeLearner } from './trade-learner.ts'
import type { TradeLearnerOptions } from './trade-learner-options.ts'

/** A rule that may answer a closed candle with a signal. */
export type Strategy<S extends Signal = Signal> = (candle: Candle) => S | undefined

/** Options of {@link replay}. */
export type ReplayOptions<S extends Signal = Signal> = {
  /** Closed candles of all symbols, each symbol's oldest first; they are played in the order of their closing. */
  readonly candles: readonly Candle[]
  /** The bot's signals, oldest first, or the rule that makes them. */
  readonly signals: readonly S[] | Strategy<S>
  /** How the learner is built; its labeler must be a `TripleBarrier`, which also ends the paper trades. */
  readonly learner: Omit<TradeLearnerOptions<S>, 'labeler' | 'policy'> & {
    readonly labeler?: TripleBarrier
    readonly policy?: DecisionPolicy
  }
  /** Money to start with, for the learner and for the baseline each. @defaultValue 100_000 */
  readonly equity?: number
  /** Candle times after which the operator looks into a halt and lets trading go on. @defaultValue 20 */
  readonly resumeAfter?: number
  /** Called now and then with the fraction done. */
  readonly onProgress?: (done: number) => void
}

/** One signal of a replay and what became of it. */
export type ReplayedSignal = {
  readonly decision: Decision
  /** What became of the signal by the baseline's bracket, whatever was decided. */
  readonly label: Label
  /** When that was known: once the candle that settled it had closed. */
  readonly knownAt: number
  /** The learner's own trade, by its own bracket; `null` where there was none or it is still open. */
  readonly trade: Label | null
  /** Size at which the baseline took it, as a fraction of its equity. */
  readonly baselineSize: number
}

/** Money over time. */
export type EquityCurve = { readonly times: number[]; readonly learner: number[]; readonly baseline: number[] }

/** When the kill switch stood, and why. `to` is NaN where it still stood at the end. */
export type Halt = { readonly from: number; to: number; readonly code: string }

/** A replay, as plain data, and the learner that it left. */
export type ReplayResult<S extends Signal = Signal> = {
  readonly learner: TradeLearner<S>
  /** Settled signals in the order of their decisions. */
  readonly signals: readonly ReplayedSignal[]
  readonly equity: EquityCurve
  readonly halts: readonly Halt[]
  /** Models that were trained anew. */
  readonly refits: number
}

/**
 * Plays candles and signals through a TradeLearner as a live bot would, beside the baseline that takes every signal.
 *
 * A signal of time t is decided before any candle that closes after t is shown, and every prediction is made before
 * its label exists, so the result is out of sample throughout. Both sides trade on paper with the same costs. The
 * baseline has no kill switch. Refits run when they are due, one model a candle.
 *
 * @throws whatever the learner throws; and `INVALID_OPTION` for signals out of order
 */
export function replay<S extends Signal = Signal>(options: ReplayOptions<S>): ReplayResult<S> {
  const steps = replaying(options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * The steps of {@link replay}: progressive validation of learners, detectors, limits and policy together, on the code path
 * that runs live. Yields each signal as soon as it is known what became of it (its `trade` is `null` if that is still
 * open by then) and returns the whole.
 *
 * @example
 * ```ts
 * const loss = new LogLoss()
 * for (const { decision, label } of replaying({ candles, signals, learner })) {
 *   loss.update(label.y, decision.prediction.probability)
 * }
 * ```
 */
export function* replaying<S extends Signal = Signal>(
  options: ReplayOptions<S>,
): Generator<ReplayedSignal, ReplayResult<S>, void> {
  const { signals, equity = 100_000, resumeAfter = 20, onProgress } = options
  integer('resumeAfter', resumeAfter, 0)
  const { features, policy = new DecisionPolicy(), labeler = new TripleBarrier() } = options.learner
  // the broker reports a trade at most maxBars after its bracket was settled on candles
  const reportWithin = Math.max(options.learner.reportWithin ?? 50, labeler.options.maxBars)
  const learner = new TradeLearner<S>({ ...options.learner, policy, labeler, reportWithin })
  const [broker, baseline] = [new PaperBroker(equity, labeler.options), new PaperBroker(equity, labeler.options)]
  const decisions = new Map<string, Decision>()
  const labels = new Map<string, Label>()
  const trades = new Map<string, Label>()
  const knownAt = new Map<string, number>()
  const baselineSizes = new Map<string, number>()
  const curve: EquityCurve = { times: [], learner: [], baseline: [] }
  const halts: Halt[] = []
  let refits = 0
  let next = 0
  let waited = 0
  let clock = Number.NEGATIVE_INFINITY
  const { candles, closes } = inClosingOrder(options.candles)

  const settled: string[] = []
  const signalOf = (id: string): ReplayedSignal => ({
    decision: decisions.get(id)!,
    label: labels.get(id)!,
    trade: trades.get(id) ?? null,
    baselineSize: baselineSizes.get(id)!,
    knownAt: knownAt.get(id)!,
  })

  const answer = (signal: S): void => {
    const decision = learner.decide(signal, broker.account)
    const { id, symbol, side, time, price } = decision
    decisions.set(id, decision)
    if (decision.action !== 'skip') broker.enter(id, symbol, side, time, decision)
    const plan = policy.baseline({
      signal: { ...signal, price },
      atr: features.atr(symbol),
      account: baseline.account,
      trades: 0,
      halted: null,
    })
    baseline.enter(id, symbol, side, time, plan)
    baselineSizes.set(id, plan.size)
  }

  for (const [i, candle] of candles.entries()) {
    if (typeof signals !== 'function') {
      for (; next < signals.length && signals[next]!.time < closes[i]!; next++) {
        if (next > 0 && signals[next]!.time < signals[next - 1]!.time) {
          throw new TradeLearnError(
            'INVALID_OPTION',
            `"signals" must be oldest first; signal ${next} is older than its predecessor.`,
          )
        }
        answer(signals[next]!)
      }
    }
    for (const label of broker.onCandle(candle)) {
      const { exitPrice, exitTime, exitReason } = label
      trades.set(label.id, label)
      learner.learn(label.id, { exitPrice, exitTime, exitReason })
    }
    for (const label of baseline.onCandle(candle)) {
      labels.set(label.id, label)
      knownAt.set(label.id, Math.max(closes[i]!, candle.time + 1))
      settled.push(label.id)
    }
    learner.onCandle(candle)
    if (learner.refitDue) {
      for (const _ of learner.refit());
      refits++
    }
    if (candle.time > clock) {
      clock = candle.time
      waited = watchHalts(learner, halts, clock, waited, resumeAfter)
      curve.times.push(clock)
      curve.learner.push(broker.account.equity)
      curve.baseline.push(baseline.account.equity)
    } else {
      curve.learner[curve.learner.length - 1] = broker.account.equity
      curve.baseline[curve.baseline.length - 1] = baseline.account.equity
    }
    if (typeof signals === 'function') {
      const signal = signals(candle)
      if (signal) answer(signal)
    }
    if (i % 500 === 0) onProgress?.(i / candles.length)
    for (const id of settled.splice(0)) yield signalOf(id)
  }
  onProgress?.(1)
  const known = [...decisions.keys()].filter((id) => labels.has(id))
  return { learner, signals: known.map(signalOf), equity: curve, halts, refits }
}

/** Notes halts and their ends, plays the operator who resumes, and returns how long the present halt has stood. */
function watchHalts(
  learner: {
    status(): { killSwitch: { halted: boolean; cause: { code: string } | null } }
    resume(text: string): void
  },
  halts: Halt[],
  time: number,
  waited: number,
  resumeAfter: number,
): number {
  const { halted, cause } = learner.status().killSwitch
  if (!halted) return 0
  if (waited === 0) halts.push({ from: time, to: Number.NaN, code: cause?.code ?? 'UNKNOWN' })
  if (waited < resumeAfter) return waited + 1
  learner.resume('replay: the operator looked into it')
  halts.at(-1)!.to = time
  return 0
}
