import type { JsonObject, Metric, Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight } from './check-score.ts'
import {
  checkValueWindow,
  createScoredWindow,
  createValueWindow,
  pushScored,
  type ScoredWindow,
} from './scored-window.ts'

/** Options of {@link Rolling}. */
export type RollingOptions = {
  /** Newest observations that count. */
  readonly window: number
}

/**
 * Any metric of this folder over the newest observations only.
 *
 * It keeps the window and plays it through a fresh metric when the value is read, so nothing drifts as it would by
 * adding and taking away. What the metric refuses it refuses too. An update costs one of a fresh metric, reading is
 * O(window).
 *
 * @example
 * ```ts
 * const accuracy = new Rolling(() => new Accuracy(), { window: 200 })
 * accuracy.update(1, 0.7)
 * accuracy.value // 1
 * ```
 */
export class Rolling implements Metric, Sized {
  static readonly type: string = 'rolling'
  static readonly version: number = 2

  readonly better: 'higher' | 'lower'
  readonly options: RollingOptions
  readonly #create: () => Metric
  #state: ScoredWindow<Float64Array> = createValueWindow()

  /** `create` makes the metric, empty; it is called for every update and reading. */
  constructor(create: () => Metric, { window }: RollingOptions) {
    this.options = { window: integer('window', window) }
    this.better = create().better
    this.#create = create
  }

  get value(): number {
    return this.#played().value
  }

  /** The metric, after all that is in the window. */
  #played(): Metric {
    const { predictions, labels, weights, head, size } = this.#state
    const metric = this.#create()
    const start = size < this.options.window ? 0 : head
    for (let i = 0; i < size; i++) {
      const at = start + i < size ? start + i : start + i - size
      metric.update(labels[at]!, predictions[at]!, weights[at]!)
    }
    return metric
  }

  /** Throws unless the metric takes what was read back. */
  #tryOut(): void {
    try {
      this.#played()
    } catch (error) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"rolling" must hold what its metric takes: ${(error as Error).message}`,
      )
    }
  }

  /** Memory that its window takes, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    // it knows which labels and predictions there can be
    this.#create().update(y, prediction, weight)
    const [value, predicted] = [checkValue('y', y), checkValue('prediction', prediction)]
    pushScored(this.#state, this.options.window, value, predicted, checkWeight(weight))
  }

  toJSON(): Snapshot {
    const written = snapshot(Rolling, this.options, this.#state)
    return { ...written, options: { ...written.options, metric: { ...this.#create().toJSON() } } }
  }

  /** Reads back what {@link toJSON} wrote; the caller also names the codec of the metric inside. */
  static fromJSON(json: Snapshot, restore: (nested: Snapshot) => Serializable): Rolling {
    const { options, state } = checkSnapshot(Rolling, json)
    const metric = nested(options, 'metric', 'rolling')
    const { window } = unpackState(options, { window: 0, metric: {} }, 'options')
    const rolling = new Rolling(() => asMetric(restore(metric)), { window })
    rolling.#state = checkValueWindow(
      json.version === 1 ? fromLabels(state) : unpackState(state, createValueWindow()),
      window,
    )
    rolling.#tryOut()
    return rolling
  }
}

/** Version 1 knew labels of 0 and 1 only. */
function fromLabels(state: JsonObject): ScoredWindow<Float64Array> {
  const window = unpackState(state, createScoredWindow())
  return { ...window, labels: Float64Array.from(window.labels) }
}

function asMetric(part: Serializable): Metric {
  if ('update' in part && 'value' in part && 'better' in part) return part as Metric
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"rolling" must hold a metric, got ${show(part.toJSON().type)}.`)
}
