import type { Metric, Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { checkScoredWindow, createScoredWindow, pushScored, type ScoredWindow } from './scored-window.ts'

/** Options of {@link Rolling}. */
export type RollingOptions = {
  /** Newest observations that count. */
  readonly window: number
}

/**
 * Any metric of this folder over the newest observations only.
 *
 * It keeps the window and plays it through a fresh metric when the value is read, so nothing drifts as it would by
 * adding and taking away. An update is O(1), reading is O(window).
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
  static readonly version: number = 1

  readonly better: 'higher' | 'lower'
  readonly options: RollingOptions
  readonly #create: () => Metric
  #state: ScoredWindow = createScoredWindow()

  /** `create` makes the metric, empty; it is called for every reading. */
  constructor(create: () => Metric, { window }: RollingOptions) {
    this.options = { window: integer('window', window) }
    this.better = create().better
    this.#create = create
  }

  get value(): number {
    const { predictions, labels, weights, head, size } = this.#state
    const metric = this.#create()
    const start = size < this.options.window ? 0 : head
    for (let i = 0; i < size; i++) {
      const at = start + i < size ? start + i : start + i - size
      metric.update(labels[at]!, predictions[at]!, weights[at]!)
    }
    return metric.value
  }

  /** Memory that its window takes, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    pushScored(this.#state, this.options.window, y, prediction, counted)
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
    rolling.#state = checkScoredWindow(unpackState(state, createScoredWindow()), rolling.options.window)
    return rolling
  }
}

function asMetric(part: Serializable): Metric {
  if ('update' in part && 'value' in part && 'better' in part) return part as Metric
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"rolling" must hold a metric, got ${show(part.toJSON().type)}.`)
}
