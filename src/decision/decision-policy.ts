import type { Policy } from '../contracts.ts'
import { fraction, integer, oneOf, openFraction, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp, logit, sigmoid } from '../core/math.ts'
import type { Account, Plan, Prediction, Reason } from '../market.ts'
import { type BracketOptions, bracketFor, type Entry, isKnown } from './bracket.ts'
import { checkAccount } from './account.ts'
import { applyLimits, createLimits, type LimitOptions, type Limits, onlyClosing, resize } from './limits.ts'
import { because, percent } from './reasons.ts'
import type { RiskLedger } from './risk-ledger.ts'

/** Options of {@link DecisionPolicy}. */
export type DecisionPolicyOptions = BracketOptions & {
  /** Win probability above which a signal is taken. @defaultValue 0.6 */
  readonly takeAbove: number
  /** Win probability below which it is skipped; from here to `takeAbove` it is reduced. @defaultValue 0.4 */
  readonly skipBelow: number
  /** `"half"`: the bands mean what they say. `"break-even"`: they are moved, in log-odds, so that they lie around the
   *  bracket's break-even probability as they were given around one half. @defaultValue 'half' */
  readonly bandsAround: 'half' | 'break-even'
  /** Position of a trade at full size, as a fraction of equity. @defaultValue 0.1 */
  readonly baseSize: number
  /** Share of the base size in the reduce band. @defaultValue 0.5 */
  readonly reduceTo: number
  /** Share of the base size at the edge of the take band, rising to 1 at certainty; 1 for no sizing by confidence.
   *  @defaultValue 0.5 */
  readonly takeFrom: number
  /** Closed trades before the model decides; until then the baseline does. @defaultValue 100 */
  readonly minTrades: number
  /**
   * Novelty above which the model abstains: at 0.995 one usual signal in 200 is turned away. 1 for never.
   * @defaultValue 0.995
   */
  readonly maxNovelty: number
  /** What the operator allows. */
  readonly limits: Limits
}

/** What a decision depends on besides the prediction. */
export type DecisionContext = {
  /** The signal, its price filled in. */
  readonly signal: Entry
  /** Average true range in price units; NaN while unknown. */
  readonly atr: number
  readonly account: Account
  /** Closed trades learned from. */
  readonly trades: number
  /** How unlike the past the signal's features are, 0 to 1: the share of past signals that were less so. Unknown where left out. */
  readonly novelty?: number
  /** Why the kill switch has halted trading (its `cause`), or null while it has not. */
  readonly halted: Reason | null
  /** What the account does not show; limits on orders and on the loss of a day need it. Read, never changed. */
  readonly ledger?: RiskLedger
  /** Now, by the clock of the account's ledger, epoch milliseconds; needed with a ledger. */
  readonly time?: number
}

/**
 * Turns a prediction into a plan: take, reduce or skip, how much, and between which stop and target.
 *
 * First comes the baseline: every signal at the base size, made smaller by the operator's limits, and nothing new
 * while the kill switch is down. The model then shrinks or vetoes that plan and can do nothing else, so no
 * prediction, however wrong, makes a trade larger than the bot alone would have made it:
 *
 *     p > take band    size = baseline (f + (1 - f)(p - take) / (1 - take))     f = takeFrom
 *     between          size = baseline reduceTo
 *     p < skip band    none
 *
 * Where the signal is unlike those that the model has learned from (`novelty`), it is not asked and the signal is skipped.
 *
 * A band at 0.6 is only as good as its bracket: p breaks even at (stop + costs) / (stop + target), which is one half
 * for equal distances and one third for a target twice as far as the stop. Where the expected value contradicts the
 * band, a reason says so; `bandsAround: 'break-even'` moves the bands.
 *
 * Pure: equal questions get equal answers. O(open positions).
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapters 3 (meta-labelling) and 10 (sizing)
 *
 * @example
 * ```ts
 * const policy = new DecisionPolicy({ takeAbove: 0.58, limits: { maxRisk: 0.005 } })
 * const plan = policy.decide(prediction, { signal, atr, account, trades: 240, halted: null })
 * if (plan.action !== 'skip') broker.buy(plan.quantity, plan.stop, plan.target)
 * ```
 */
export class DecisionPolicy implements Policy<Prediction, DecisionContext, Plan> {
  readonly options: DecisionPolicyOptions

  constructor(
    options: Partial<Omit<DecisionPolicyOptions, 'limits'>> & { readonly limits?: LimitOptions | undefined } = {},
  ) {
    const { takeAbove = 0.6, skipBelow = 0.4, bandsAround = 'half' } = options
    const { baseSize = 0.1, reduceTo = 0.5, takeFrom = 0.5 } = options
    const { stopAtr = 2, targetAtr = 2, targetStretch = 1.5, fallbackVolatility = 0.02, costs = 0.001 } = options
    const { minTrades = 100, maxNovelty = 0.995 } = options
    if (!(fraction('skipBelow', skipBelow) <= fraction('takeAbove', takeAbove)))
      wrong('skipBelow', skipBelow, takeAbove)
    if (!(fraction('reduceTo', reduceTo) <= fraction('takeFrom', takeFrom))) wrong('reduceTo', reduceTo, takeFrom)
    // a tenth of the price is far beyond any venue, and below it every target fits
    if (!(fraction('costs', costs) <= 0.1)) wrong('costs', costs, 0.1)
    if (!(positive('targetStretch', targetStretch) >= 1)) wrong('1 / targetStretch', 1 / targetStretch, 1)
    this.options = Object.freeze({
      takeAbove,
      skipBelow,
      bandsAround: oneOf('bandsAround', bandsAround, ['half', 'break-even']),
      baseSize: fraction('baseSize', baseSize),
      reduceTo,
      takeFrom,
      stopAtr: positive('stopAtr', stopAtr),
      targetAtr: positive('targetAtr', targetAtr),
      targetStretch,
      fallbackVolatility: openFraction('fallbackVolatility', fallbackVolatility),
      costs,
      minTrades: integer('minTrades', minTrades, 0),
      maxNovelty: fraction('maxNovelty', maxNovelty),
      limits: createLimits(options.limits),
    })
  }

  /** The plan without a model: every signal at the base size, under the same limits and kill switch. */
  baseline(context: DecisionContext): Plan {
    const { signal, atr, account, halted, ledger, time } = context
    const { baseSize, fallbackVolatility, limits } = this.options
    text('signal.symbol', signal.symbol, 'INVALID_SIGNAL')
    oneOf('signal.side', signal.side, ['long', 'short'], 'INVALID_SIGNAL')
    const price = positive('signal.price', signal.price, 'INVALID_SIGNAL')
    checkAccount(account)

    const reasons = [because('BASELINE', `Without a model, the base size is ${percent(baseSize)} of equity.`)]
    if (!isKnown(atr) && (signal.stop === undefined || signal.target === undefined)) {
      const assumed = `No volatility is known yet; ${percent(fallbackVolatility)} of the price is assumed.`
      reasons.push(because('WARMING_UP', assumed))
    }
    const bracket = bracketFor(signal, atr, this.options, null)
    const wish: Plan = { action: 'take', size: baseSize, quantity: 0, price, ...bracket, reasons }
    if (halted === null) return applyLimits(wish, signal, account, limits, ledger, time)
    // anything but null counts as halted: a cause that got lost on the way must not set trading free
    const cause = `Trading is halted (${halted?.code ?? 'cause unknown'}): ${halted?.text ?? 'no text came with it.'}`
    return onlyClosing({ ...wish, reasons: [because('KILL_SWITCH', cause)] }, signal, account, ledger, time)
  }

  decide(prediction: Prediction, context: DecisionContext): Plan {
    const { signal, atr, account, trades, novelty = 0 } = context
    const { minTrades, maxNovelty, costs } = this.options
    const base = this.baseline(context)
    if (base.action === 'skip') return base
    if (!(trades >= minTrades)) {
      const text = `The model has learned from ${trades} of the ${minTrades} closed trades it needs to decide.`
      return { ...base, reasons: [because('MIN_DATA', text), ...base.reasons] }
    }
    const fault = faultOf(prediction)
    if (fault !== null)
      return { ...resize(base, 0, account.equity, []), reasons: [because('INVALID_PREDICTION', fault)] }

    // written so that a score that is no number abstains too
    if (!(novelty <= maxNovelty)) {
      const text = `Of past signals ${percent(novelty)} were less unlike what came before them; the model abstains above ${percent(maxNovelty)}.`
      return { ...resize(base, 0, account.equity, []), reasons: [because('OUT_OF_DISTRIBUTION', text)] }
    }

    // the model's bracket differs from the baseline's in the target only, so the risk at the stop stays the same
    const bracket = bracketFor(signal, atr, this.options, prediction)
    const stop = Math.abs(base.price - bracket.stop) / base.price
    const target = Math.abs(base.price - bracket.target) / base.price
    const p = prediction.probability
    const { action, share, reason } = this.#judge(p, (stop + costs) / (stop + target))

    const sized = resize({ ...base, ...bracket, action }, base.size * share, account.equity, [])
    const value = p * target - (1 - p) * stop - costs
    return {
      ...sized,
      quantity: Math.min(sized.quantity, base.quantity),
      reasons: [reason, ...contradiction(action, value), ...base.reasons.filter(({ code }) => code !== 'BASELINE')],
    }
  }

  /** The band that a probability falls into, and the share of the baseline that it is worth. */
  #judge(p: number, breakEven: number): { action: Plan['action']; share: number; reason: Reason } {
    const { takeAbove, skipBelow, bandsAround, reduceTo, takeFrom } = this.options
    const shift = bandsAround === 'half' ? 0 : logit(breakEven)
    const take = shift === 0 ? takeAbove : sigmoid(logit(takeAbove) + shift)
    const skip = shift === 0 ? skipBelow : sigmoid(logit(skipBelow) + shift)

    if (p > take) {
      const share = clamp(takeFrom + ((1 - takeFrom) * (p - take)) / (1 - take), 0, 1)
      const text = `Win probability ${percent(p)} is above ${percent(take)}: ${percent(share)} of the baseline.`
      return { action: 'take', share, reason: because('TAKE_BAND', text) }
    }
    if (p < skip) {
      const text = `Win probability ${percent(p)} is below ${percent(skip)}: skipped.`
      return { action: 'skip', share: 0, reason: because('SKIP_BAND', text) }
    }
    const text = `Win probability ${percent(p)} is between ${percent(skip)} and ${percent(take)}: ${percent(reduceTo)} of the baseline.`
    return { action: 'reduce', share: reduceTo, reason: because('REDUCE_BAND', text) }
  }
}

/** A note where the expected value, a fraction of the price, points the other way than the band. */
function contradiction(action: Plan['action'], value: number): Reason[] {
  const amount = `The expected value is ${percent(value)} of the price at this bracket`
  if (action === 'skip') return value > 0 ? [because('EV_POSITIVE', `${amount}, although the band says skip.`)] : []
  return value > 0 ? [] : [because('EV_NEGATIVE', `${amount}, although the band says ${action}.`)]
}

/** What is wrong with a prediction, or null. Open ends of the interval are fine: "I do not know" is an answer. */
function faultOf(prediction: Prediction): string | null {
  if (typeof prediction !== 'object' || prediction === null) return `Wanted a prediction, got ${show(prediction)}.`
  const { probability, expectedReturn, stopRisk, interval } = prediction
  if (!isShare(probability)) return `The probability must be from 0 to 1, got ${show(probability)}.`
  if (!Number.isFinite(expectedReturn)) return `The expected return must be finite, got ${show(expectedReturn)}.`
  if (!isShare(stopRisk)) return `The stop risk must be from 0 to 1, got ${show(stopRisk)}.`
  if (!(interval?.low <= interval?.high)) {
    return `The interval must run from low to high, got ${show(interval?.low)} to ${show(interval?.high)}.`
  }
  return null
}

const isShare = (value: number): boolean => Number.isFinite(value) && value >= 0 && value <= 1

function wrong(name: string, value: number, most: number): never {
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${show(most)}, got ${show(value)}.`)
}
