import { fraction, integer, oneOf, openFraction, positive } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { BracketOptions } from './bracket.ts'
import { createLimits, type LimitOptions, type Limits } from './limits.ts'

/** What is done where the model is not asked: nothing, a probe, or what would be done without a model. */
export type Instead = 'skip' | 'probe' | 'baseline'

/** Situations in which the model is not asked, and what is done instead. */
export type Abstentions = {
  /** Fewer closed trades than `minTrades`. @defaultValue 'baseline' */
  readonly tooFewTrades: Instead
  /** Novelty above `maxNovelty`. @defaultValue 'skip' */
  readonly novel: Instead
  /** No label learned for more than `maxModelAge`. @defaultValue 'skip' */
  readonly stale: Instead
  /** A larger share of the features missing than `maxMissing`. @defaultValue 'skip' */
  readonly incomplete: Instead
}

/** Options of `DecisionPolicy`. */
export type DecisionPolicyOptions = BracketOptions & {
  /** Win probability above which a signal is taken. @defaultValue 0.6 */
  readonly takeAbove: number
  /** Win probability below which it is skipped; from here to `takeAbove` it is reduced. @defaultValue 0.4 */
  readonly skipBelow: number
  /** `"half"`: the bands mean what they say. `"break-even"`: they are moved, in log-odds, so that they lie around the
   *  bracket's break-even probability as they were given around one half. @defaultValue 'half' */
  readonly bandsAround: 'half' | 'break-even'
  /** Where the band says take or reduce and the expected value, p target - (1 - p) stop - costs, is not positive:
   *  `"note"` gives a reason, `"veto"` skips. @defaultValue 'note' */
  readonly expectedValue: 'note' | 'veto'
  /** Position of a trade at full size, as a fraction of equity. @defaultValue 0.1 */
  readonly baseSize: number
  /** Position of a probe, as a fraction of equity; never more than `baseSize`. @defaultValue 0.01 */
  readonly probeSize: number
  /** What the size of a taken signal comes from, as a share of the baseline: `"confidence"` from `takeFrom` to 1 across
   *  the take band, `"kelly"` a fraction of Kelly's share at the probability's lower bound, `"bet-size"` López de
   *  Prado's. In the reduce band none gives more than `reduceTo`. @defaultValue 'confidence' */
  readonly sizing: 'confidence' | 'kelly' | 'bet-size'
  /** Share of the base size in the reduce band. @defaultValue 0.5 */
  readonly reduceTo: number
  /** Share of the base size at the edge of the take band, rising to 1 at certainty; 1 for no sizing by confidence.
   *  @defaultValue 0.5 */
  readonly takeFrom: number
  /** Part of Kelly's share that is used. @defaultValue 0.25 */
  readonly kellyFraction: number
  /** How sure it is that the probability lies above its lower bound. @defaultValue 0.9 */
  readonly kellyConfidence: number
  /** Closed trades before the model decides. @defaultValue 100 */
  readonly minTrades: number
  /**
   * Novelty above which the model is not asked: at 0.995 one usual signal in 200 is turned away. 1 for never.
   * @defaultValue 0.995
   */
  readonly maxNovelty: number
  /** Milliseconds without a new label after which the model is not asked. @defaultValue Infinity */
  readonly maxModelAge: number
  /** Share of missing features above which the model is not asked; 1 for never. @defaultValue 1 */
  readonly maxMissing: number
  /** What is done where the model is not asked. */
  readonly abstentions: Abstentions
  /** The part of an order that closes an opposite position: `"judged"` by the model like any other, or `"free"`, so that
   *  nothing the model says, or fails to say, stands against it. Limits and halts never do. @defaultValue 'judged' */
  readonly closing: 'judged' | 'free'
  /** What the operator allows. */
  readonly limits: Limits
}

/** Options as an operator writes them: what is left out gets its default. */
export type DecisionPolicySettings = Partial<Omit<DecisionPolicyOptions, 'limits' | 'abstentions'>> & {
  readonly limits?: LimitOptions | undefined
  readonly abstentions?: Partial<Abstentions> | undefined
}

/** Checked options, frozen. @throws `INVALID_OPTION` */
export function checkPolicyOptions(options: DecisionPolicySettings): DecisionPolicyOptions {
  const { takeAbove = 0.6, skipBelow = 0.4, bandsAround = 'half', expectedValue = 'note' } = options
  const { baseSize = 0.1, probeSize = 0.01, sizing = 'confidence', reduceTo = 0.5, takeFrom = 0.5 } = options
  const { kellyFraction = 0.25, kellyConfidence = 0.9, closing = 'judged', targetWithin = 'stretch' } = options
  const { stopAtr = 2, targetAtr = 2, targetStretch = 1.5, fallbackVolatility = 0.02, costs = 0.001 } = options
  const { minTrades = 100, maxNovelty = 0.995, maxModelAge = Infinity, maxMissing = 1 } = options
  const { tooFewTrades = 'baseline', novel = 'skip', stale = 'skip', incomplete = 'skip' } = options.abstentions ?? {}
  if (!(fraction('skipBelow', skipBelow) <= fraction('takeAbove', takeAbove))) wrong('skipBelow', skipBelow, takeAbove)
  if (!(fraction('reduceTo', reduceTo) <= fraction('takeFrom', takeFrom))) wrong('reduceTo', reduceTo, takeFrom)
  // a tenth of the price is far beyond any venue, and below it every target fits
  if (!(fraction('costs', costs) <= 0.1)) wrong('costs', costs, 0.1)
  if (!(positive('targetStretch', targetStretch) >= 1)) wrong('1 / targetStretch', 1 / targetStretch, 1)
  const instead = (name: string, value: Instead): Instead =>
    oneOf(`abstentions.${name}`, value, ['skip', 'probe', 'baseline'])
  return Object.freeze({
    takeAbove,
    skipBelow,
    bandsAround: oneOf('bandsAround', bandsAround, ['half', 'break-even']),
    expectedValue: oneOf('expectedValue', expectedValue, ['note', 'veto']),
    baseSize: fraction('baseSize', baseSize),
    probeSize: fraction('probeSize', probeSize),
    sizing: oneOf('sizing', sizing, ['confidence', 'kelly', 'bet-size']),
    reduceTo,
    takeFrom,
    kellyFraction: fraction('kellyFraction', kellyFraction),
    kellyConfidence: openFraction('kellyConfidence', kellyConfidence),
    stopAtr: positive('stopAtr', stopAtr),
    targetAtr: positive('targetAtr', targetAtr),
    targetStretch,
    targetWithin: oneOf('targetWithin', targetWithin, ['stretch', 'interval']),
    fallbackVolatility: openFraction('fallbackVolatility', fallbackVolatility),
    costs,
    minTrades: integer('minTrades', minTrades, 0),
    maxNovelty: fraction('maxNovelty', maxNovelty),
    maxModelAge: maxModelAge === Infinity ? maxModelAge : positive('maxModelAge', maxModelAge),
    maxMissing: fraction('maxMissing', maxMissing),
    abstentions: Object.freeze({
      tooFewTrades: instead('tooFewTrades', tooFewTrades),
      novel: instead('novel', novel),
      stale: instead('stale', stale),
      incomplete: instead('incomplete', incomplete),
    }),
    closing: oneOf('closing', closing, ['judged', 'free']),
    limits: createLimits(options.limits),
  })
}

function wrong(name: string, value: number, most: number): never {
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${show(most)}, got ${show(value)}.`)
}
