import type { DriftDetector, Serializable, Snapshot } from '../../contracts.ts'
import { oneOf } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp, logLossOf } from '../../core/math.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { type State, unpackState } from '../../core/state.ts'
import type { RetrainTrigger, RetrainWish } from './retrain-trigger.ts'
import type { SettledRow } from './settled-row.ts'

/** Options of {@link DriftTrigger}. */
export type DriftTriggerOptions = {
  /** `'loss'`: log loss of the calibrated probability. `'prediction'`: the probability itself. */
  readonly watch: 'loss' | 'prediction'
  readonly detector: DriftDetector
}

/** A certain prediction that fails costs 14 nats; kept at 3, one of them is not yet a change of the market. */
const LARGEST_LOSS = 3

/**
 * Asks for a retraining when a drift detector has found a change in the model's losses or in its predictions.
 *
 * Losses tell that the model has become worse; predictions, which need no labels to change, that it is used where it was
 * not before. Rows without a prediction are passed over. Costs what the detector costs.
 *
 * @example
 * ```ts
 * new DriftTrigger({ watch: 'loss', detector: new ScaleFree(() => new ADWIN({ direction: 'up' })) })
 * ```
 */
export class DriftTrigger implements RetrainTrigger {
  static readonly type: string = 'drift-trigger'
  static readonly version: number = 1

  readonly watch: 'loss' | 'prediction'
  readonly detector: DriftDetector
  #rows = 0

  constructor({ watch, detector }: DriftTriggerOptions) {
    this.watch = oneOf('watch', watch, ['loss', 'prediction'])
    this.detector = detector
  }

  observe({ probability, y, labelEnd }: SettledRow): RetrainWish | undefined {
    if (Number.isNaN(probability)) return undefined
    this.#rows++
    const value =
      this.watch === 'loss' ? Math.min(logLossOf(y, clamp(probability, 1e-6, 1 - 1e-6)), LARGEST_LOSS) : probability
    if (this.detector.update(value) !== 'drift') return undefined
    const { type } = this.detector.toJSON()
    const rows = this.#rows
    this.#rows = 0
    return {
      cause: 'drift',
      trigger: `drift of ${this.watch}`,
      time: labelEnd,
      text: `${type} found a change of the ${this.watch === 'loss' ? 'losses' : 'predictions'} after ${rows} rows.`,
      evidence: { detector: type, rows, value },
    }
  }

  tick(): undefined {
    return undefined
  }

  toJSON(): Snapshot {
    return snapshot(
      DriftTrigger,
      { watch: this.watch },
      {
        rows: this.#rows,
        detector: this.detector.toJSON() as unknown as State,
      },
    )
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: (nested: Snapshot) => Serializable): DriftTrigger {
    const { options, state } = checkSnapshot(DriftTrigger, json)
    const { watch } = unpackState(options, { watch: '' }, 'options')
    const detector = restore(nested(state, 'detector', DriftTrigger.type))
    if (!('update' in detector && 'level' in detector)) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "drift-trigger" must hold a drift detector, got something else.')
    }
    const trigger = new DriftTrigger({ watch: watch as 'loss', detector: detector as DriftDetector })
    const { detector: _, ...own } = state
    trigger.#rows = unpackState(own, { rows: 0 }).rows
    return trigger
  }
}
