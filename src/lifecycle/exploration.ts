import { fraction, integer, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { SeededRng } from '../core/rng.ts'
import { resize } from '../decision/apply-limits.ts'
import { percent } from '../decision/reasons.ts'
import type { Plan, Reason } from '../market.ts'

/** How much is tried of what the model would skip. */
export type ExplorationOptions = {
  /** Share of would-be skips that are taken after all, at most 0.1; 0 is off. @defaultValue 0 */
  readonly share: number
  /** Position of such a trade, as a fraction of equity: the smallest that the venue takes. @defaultValue 0.005 */
  readonly size: number
  /** Most of them on one day. @defaultValue 3 */
  readonly maxPerDay: number
  /** Makes the choice repeatable, and another one than other bots'. @defaultValue 'explore' */
  readonly seed: string
  /**
   * Reasons that may stand behind a skip that is explored. Any other (a limit, a halt, an abstention, one that is not known
   * here) stands against it. @defaultValue the model's own opinions: SKIP_BAND, EV_NEGATIVE, EV_POSITIVE, and what was learnt besides:
   * ADAPTED, SOURCES
   */
  readonly reasons: readonly string[]
}

/** A signal on which the model has decided. */
export type ExplorableDecision = {
  /** The decision's id. */
  readonly id: string
  /** What the model wants. */
  readonly model: Plan
  /** What would be done without it, after limits and kill switch. */
  readonly baseline: Plan
  /** Value of the account. */
  readonly equity: number
  /** Trades explored on this day so far. */
  readonly exploredToday: number
}

/** What is to be done, and with which probability it was to be a trade. */
export type Explored = {
  readonly plan: Plan
  readonly explored: boolean
  /** Probability, before the draw, that this signal would be traded: log it. */
  readonly propensity: number
}

/** A larger share would be a strategy of its own. */
const MOST = 0.1

/** Checked, frozen options; what is left out gets its default. @throws `INVALID_OPTION` */
export function createExploration({
  share = 0,
  size = 0.005,
  maxPerDay = 3,
  seed = 'explore',
  reasons = ['SKIP_BAND', 'EV_NEGATIVE', 'EV_POSITIVE', 'ADAPTED', 'SOURCES'],
}: Partial<ExplorationOptions> = {}): ExplorationOptions {
  if (!(fraction('share', share) <= MOST)) {
    throw new TradeLearnError('INVALID_OPTION', `"share" must be at most ${MOST}, got ${show(share)}.`)
  }
  if (!Array.isArray(reasons) || !reasons.every((code) => typeof code === 'string')) {
    throw new TradeLearnError('INVALID_OPTION', `"reasons" must be a list of codes, got ${show(reasons)}.`)
  }
  return Object.freeze({
    share,
    size: positive('size', fraction('size', size)),
    maxPerDay: integer('maxPerDay', maxPerDay, 0),
    seed: text('seed', seed),
    reasons: Object.freeze([...reasons]),
  })
}

/**
 * Takes a small, known share of the signals that the model would skip, at the smallest size, so that the log can tell what
 * skipping costs.
 *
 * Candles say what a skipped signal would have returned at the prices of the chart; only a real order says at which price
 * it would have been filled. With the propensity logged, {@link offPolicyValue} corrects for the choice.
 *
 * A trade is made only where the baseline would trade after all limits, no larger than the baseline's, at the baseline's
 * bracket, and only where nothing but the model's opinion stands against it. Whether is decided by hash of seed and id, so
 * asking again, or after a restart, gives the same answer.
 *
 * Pure. O(reasons).
 *
 * @throws `INVALID_INPUT` for an id, equity or count that cannot be
 *
 * @example
 * ```ts
 * const exploration = createExploration({ share: 0.02, size: 0.002 })
 * const { plan, explored, propensity } = explore({ id, model, baseline, equity, exploredToday: 0 }, exploration)
 * ```
 */
export function explore(decision: ExplorableDecision, options: ExplorationOptions): Explored {
  const { id, model, baseline, equity, exploredToday } = decision
  text('id', id, 'INVALID_INPUT')
  positive('equity', equity, 'INVALID_INPUT')
  integer('exploredToday', exploredToday, 0, 'INVALID_INPUT')
  if (model.action !== 'skip') return { plan: model, explored: false, propensity: 1 }

  const { share, size, maxPerDay, seed, reasons } = options
  const isOpinion = ({ code }: Reason): boolean => reasons.includes(code)
  const possible =
    share > 0 &&
    exploredToday < maxPerDay &&
    baseline.action !== 'skip' &&
    model.reasons.length > 0 &&
    model.reasons.every(isOpinion)
  const trial = possible ? smallest(baseline, size, equity, share) : model
  if (trial.action === 'skip') return { plan: model, explored: false, propensity: 0 }
  const drawn = new SeededRng(seed).fork(id).next() < share
  return { plan: drawn ? trial : model, explored: drawn, propensity: share }
}

/** The baseline's plan at the smallest size; a skip where that buys nothing. */
function smallest(baseline: Plan, size: number, equity: number, share: number): Plan {
  const text = `One of the ${percent(share)} of skipped signals that are tried at the smallest size.`
  const sized = resize({ ...baseline, reasons: [] }, Math.min(size, baseline.size), equity, [
    { code: 'EXPLORED', text },
  ])
  if (sized.action === 'skip') return sized
  return { ...sized, action: 'reduce', quantity: Math.min(sized.quantity, baseline.quantity) }
}
