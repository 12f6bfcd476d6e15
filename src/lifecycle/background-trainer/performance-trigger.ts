import type { Snapshot } from '../../contracts.ts'
import { checkHalfLife, integer, openFraction } from '../../core/check.ts'
import { addDecayed, createDecayedMoments, decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp, logLossOf, normalQuantile } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { RetrainTrigger, RetrainWish } from './retrain-trigger.ts'
import type { SettledRow } from './settled-row.ts'

/** Options of {@link PerformanceTrigger}. */
export type PerformanceTriggerOptions = {
  /** Rows after which a loss counts half. @defaultValue 200 */
  readonly halfLife: number
  /** Rows before anything is said, and again after a wish. @defaultValue 100 */
  readonly minSamples: number
  /** How sure it must be that the model is worse than the base rate, at one look. @defaultValue 0.99 */
  readonly confidence: number
}

const fresh = () => ({ rows: 0, rate: createDecayedMoments(), excess: createDecayedMoments() })

/**
 * Asks for a retraining when the model's probabilities are worse than the base rate: its recent log loss lies above that of
 * always saying the recent share of winners, by more than chance explains.
 *
 * The mean excess of decayed losses is held against its standard error at a normal quantile. It looks after every row, so
 * false wishes are some times as frequent as 1 - confidence says; they cost a retraining, no money. O(1).
 */
export class PerformanceTrigger implements RetrainTrigger {
  static readonly type: string = 'performance-trigger'
  static readonly version: number = 1

  readonly options: PerformanceTriggerOptions
  #state: ReturnType<typeof fresh> = fresh()

  constructor({ halfLife = 200, minSamples = 100, confidence = 0.99 }: Partial<PerformanceTriggerOptions> = {}) {
    this.options = {
      halfLife: checkHalfLife('halfLife', halfLife),
      minSamples: integer('minSamples', minSamples, 2),
      confidence: openFraction('confidence', confidence),
    }
  }

  observe({ probability, y, labelEnd }: SettledRow): RetrainWish | undefined {
    if (Number.isNaN(probability)) return undefined
    const s = this.#state
    const { halfLife, minSamples, confidence } = this.options
    const decay = decayOf(halfLife)
    const { rate, excess } = s
    // what it was before this label
    const baseRate = (rate.mean * rate.n + 1) / (rate.n + 2)
    addDecayed(excess, logLossOf(y, clamp(probability, 1e-6, 1 - 1e-6)) - logLossOf(y, baseRate), decay)
    addDecayed(rate, y, decay)
    s.rows++
    if (s.rows < minSamples) return undefined
    // weights that fade by `decay` know as much as n (1 + decay) / 2 equal ones or so
    const effective = Math.max(2, (excess.n * (1 + decay)) / 2)
    const error = Math.sqrt(excess.variance / effective)
    if (!(excess.mean > normalQuantile(confidence) * error)) return undefined
    const evidence = { rows: s.rows, excess: excess.mean, standardError: error, baseRate }
    this.#state = fresh()
    return {
      cause: 'performance',
      trigger: 'log loss above the base rate',
      time: labelEnd,
      text: `The log loss lies ${evidence.excess.toFixed(4)} above the base rate's (standard error ${error.toFixed(4)}).`,
      evidence,
    }
  }

  tick(): undefined {
    return undefined
  }

  toJSON(): Snapshot {
    return snapshot(PerformanceTrigger, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PerformanceTrigger {
    const { options, state } = checkSnapshot(PerformanceTrigger, json)
    const template = { halfLife: 0, minSamples: 0, confidence: 0 }
    const trigger = new PerformanceTrigger(unpackState(options, template, 'options'))
    const saved = unpackState(state, fresh())
    integer('state.rows', saved.rows, 0, 'CORRUPT_SNAPSHOT')
    const { rate, excess } = saved
    const sound =
      rate.n >= 0 &&
      rate.mean >= 0 &&
      rate.mean <= 1 &&
      excess.n >= 0 &&
      excess.variance >= 0 &&
      Number.isFinite(excess.mean)
    if (!sound) throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "performance-trigger" must hold moments of losses.')
    trigger.#state = saved
    return trigger
  }
}
