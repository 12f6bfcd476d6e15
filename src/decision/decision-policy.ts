import type { Policy } from '../contracts.ts'
import { oneOf, positive, text } from '../core/check.ts'
import { clamp, logit, normalQuantile, sigmoid } from '../core/math.ts'
import type { Plan, Prediction, Reason } from '../market.ts'
import { type Abstention, abstentionFrom } from './abstention.ts'
import { checkAccount } from './account.ts'
import { applyLimits, onlyClosing, resize } from './apply-limits.ts'
import { bracketFor, isKnown } from './bracket.ts'
import type { DecisionContext } from './decision-context.ts'
import { checkPolicyOptions, type DecisionPolicyOptions, type DecisionPolicySettings } from './policy-options.ts'
import { because, percent } from './reasons.ts'
import { betSize, kellyShare, wilsonLow } from './sizing.ts'

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
 * `sizing` puts another size in the place of the first line's and, where it is smaller, of the second's: a fraction of
 * Kelly's share at the lower bound of p, or López de Prado's bet size. That bound is the prediction's own where it has
 * one, else Wilson's for as many labels as one of ten equally full bins of a reliability diagram holds.
 *
 * The model is not asked where it has seen too little, has learned nothing for too long, where features are missing or
 * the signal is unlike those before; `abstentions` says what is done then, and a reason says why.
 *
 * A band at 0.6 is only as good as its bracket: p breaks even at (stop + costs) / (stop + target), which is one half
 * for equal distances and one third for a target twice as far as the stop. Where the expected value contradicts the
 * band, a reason says so; `expectedValue: 'veto'` skips what does not pay, and `bandsAround: 'break-even'` moves the bands.
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
  /** The normal quantile of `kellyConfidence`. */
  readonly #z: number

  constructor(options: DecisionPolicySettings = {}) {
    this.options = checkPolicyOptions(options)
    this.#z = normalQuantile(this.options.kellyConfidence)
  }

  /** Names the operator's limits: equal limits have equal fingerprints, so that a log can say under which it was decided. */
  get limitsFingerprint(): string {
    return this.options.limits.fingerprint
  }

  /** The plan without a model: every signal at the base size, under the same limits and kill switch. */
  baseline(context: DecisionContext): Plan {
    const { signal, atr, account, halted, probe = null, ledger, time } = context
    const { baseSize, probeSize, fallbackVolatility, limits } = this.options
    text('signal.symbol', signal.symbol, 'INVALID_SIGNAL')
    oneOf('signal.side', signal.side, ['long', 'short'], 'INVALID_SIGNAL')
    const price = positive('signal.price', signal.price, 'INVALID_SIGNAL')
    checkAccount(account)

    const reasons = [because('BASELINE', `Without a model, the base size is ${percent(baseSize)} of equity.`)]
    if (!isKnown(atr) && (signal.stop === undefined || signal.target === undefined)) {
      const assumed = `No volatility is known yet; ${percent(fallbackVolatility)} of the price is assumed.`
      reasons.push(because('WARMING_UP', assumed))
    }
    let size = baseSize
    if (probe !== null) {
      // anything but null counts as a reason, as with `halted`
      size = Math.min(baseSize, probeSize)
      const cause = `${probe?.code ?? 'cause unknown'}: ${probe?.text ?? 'no text came with it.'}`
      reasons.push(because('PROBE', `A probe of ${percent(size)} of equity is all that may be traded (${cause}).`))
    }
    const bracket = bracketFor(signal, atr, this.options, null)
    const wish: Plan = { action: 'take', size, quantity: 0, price, ...bracket, reasons }
    if (halted === null) return applyLimits(wish, signal, account, limits, ledger, time)
    // anything but null counts as halted: a cause that got lost on the way must not set trading free
    const cause = `Trading is halted (${halted?.code ?? 'cause unknown'}): ${halted?.text ?? 'no text came with it.'}`
    return onlyClosing({ ...wish, reasons: [because('KILL_SWITCH', cause)] }, signal, account, ledger, time)
  }

  decide(prediction: Prediction, context: DecisionContext): Plan {
    const base = this.baseline(context)
    if (base.action === 'skip') return base
    const abstention = abstentionFrom(prediction, context, this.options)
    const plan = abstention === null ? this.#model(prediction, context, base) : this.#instead(abstention, context, base)
    if (this.options.closing === 'judged' || plan.size === base.size) return plan
    const { signal, account, ledger, time } = context
    const closing = onlyClosing({ ...base, reasons: plan.reasons }, signal, account, ledger, time)
    return closing.size > plan.size ? closing : plan
  }

  /** What is done where the model is not asked. */
  #instead({ reason, instead }: Abstention, { account: { equity } }: DecisionContext, base: Plan): Plan {
    if (instead === 'skip') return { ...resize(base, 0, equity, []), reasons: [reason] }
    const size = Math.min(base.size, this.options.probeSize)
    if (instead === 'baseline' || size === base.size) return { ...base, reasons: [reason, ...base.reasons] }
    const probe = because('PROBE', `A probe of ${percent(size)} of equity.`)
    const sized = resize({ ...base, action: 'reduce' }, size, equity, [])
    return { ...sized, quantity: Math.min(sized.quantity, base.quantity), reasons: [reason, probe, ...notesOf(base)] }
  }

  /** What the model makes of the baseline's plan. */
  #model(prediction: Prediction, { signal, atr, account }: DecisionContext, base: Plan): Plan {
    const { costs } = this.options
    // the model's bracket differs from the baseline's in the target only, so the risk at the stop stays the same
    const bracket = bracketFor(signal, atr, this.options, prediction)
    const stop = Math.abs(base.price - bracket.stop) / base.price
    const target = Math.abs(base.price - bracket.target) / base.price
    const p = prediction.probability
    const { action, share, reasons } = this.#judge(prediction, stop, target, base.size)

    const sized = resize({ ...base, ...bracket, action }, base.size * share, account.equity, [])
    const value = p * target - (1 - p) * stop - costs
    return {
      ...sized,
      quantity: Math.min(sized.quantity, base.quantity),
      reasons: [...reasons, ...contradiction(action, value), ...notesOf(base)],
    }
  }

  /** What a prediction is worth between a stop and a target, as a share of the baseline's size. */
  #judge(prediction: Prediction, stop: number, target: number, size: number): Verdict {
    const { sizing, expectedValue, reduceTo, costs } = this.options
    const breakEven = (stop + costs) / (stop + target)
    const p = prediction.probability
    const { band, confidence, above, below } = this.#band(p, breakEven)
    const won = `Win probability ${percent(p)}`
    if (band === 'skip') return skipped(because('SKIP_BAND', `${won} is below ${percent(below)}: skipped.`))
    const value = p * target - (1 - p) * stop - costs
    if (expectedValue === 'veto' && !(value > 0)) {
      return skipped(because('EV_VETO', `${won} is worth ${percent(value)} of the price at this bracket: skipped.`))
    }

    const wished = this.#sized(prediction, confidence, stop, target, size)
    const share = clamp(band === 'reduce' ? Math.min(wished, reduceTo) : wished, 0, 1)
    if (!(share > 0) && sizing !== 'confidence') {
      const where = `${won} leaves nothing to size by, break-even being ${percent(breakEven)}: skipped.`
      return skipped(because('NO_EDGE', where))
    }
    const reason =
      band === 'take'
        ? because('TAKE_BAND', `${won} is above ${percent(above)}: ${percent(share)} of the baseline.`)
        : because(
            'REDUCE_BAND',
            `${won} is between ${percent(below)} and ${percent(above)}: ${percent(share)} of the baseline.`,
          )
    return { action: band, share, reasons: [reason] }
  }

  /** The band that a probability falls into, its borders, and the share of the baseline by confidence. */
  #band(p: number, breakEven: number): Band {
    const { takeAbove, skipBelow, bandsAround, reduceTo, takeFrom } = this.options
    const shift = bandsAround === 'half' ? 0 : logit(breakEven)
    const above = shift === 0 ? takeAbove : sigmoid(logit(takeAbove) + shift)
    const below = shift === 0 ? skipBelow : sigmoid(logit(skipBelow) + shift)
    if (p > above) {
      const confidence = clamp(takeFrom + ((1 - takeFrom) * (p - above)) / (1 - above), 0, 1)
      return { band: 'take', confidence, above, below }
    }
    return { band: p < below ? 'skip' : 'reduce', confidence: reduceTo, above, below }
  }

  /** The share of the baseline's size that `sizing` wishes for; below 0 where there is no edge. */
  #sized(prediction: Prediction, confidence: number, stop: number, target: number, size: number): number {
    const { sizing, bandsAround, kellyFraction, costs } = this.options
    const { probability, probabilityLow, trades } = prediction
    if (sizing === 'confidence') return confidence
    const even = bandsAround === 'half' ? 0.5 : (stop + costs) / (stop + target)
    if (sizing === 'bet-size') return betSize(probability, even)
    const low = probabilityLow ?? wilsonLow(probability, trades / BINS, this.#z)
    return (kellyFraction * kellyShare(low, target - costs, stop + costs)) / size
  }
}

/** A reliability diagram usually has ten bins, and labels are about as many in each. */
const BINS = 10

type Band = {
  readonly band: Plan['action']
  readonly confidence: number
  readonly above: number
  readonly below: number
}

type Verdict = { readonly action: Plan['action']; readonly share: number; readonly reasons: readonly Reason[] }

function skipped(reason: Reason): Verdict {
  return { action: 'skip', share: 0, reasons: [reason] }
}

/** The reasons of a baseline that say more than that it is one. */
function notesOf({ reasons }: Plan): readonly Reason[] {
  return reasons.filter(({ code }) => code !== 'BASELINE')
}

/** A note where the expected value, a fraction of the price, points the other way than the verdict. */
function contradiction(action: Plan['action'], value: number): Reason[] {
  const amount = `The expected value is ${percent(value)} of the price at this bracket`
  if (action === 'skip') return value > 0 ? [because('EV_POSITIVE', `${amount}, although it is skipped.`)] : []
  return value > 0 ? [] : [because('EV_NEGATIVE', `${amount}, although the band says ${action}.`)]
}
