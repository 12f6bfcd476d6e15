import type { DriftDetector, DriftLevel, Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkHalfLife, integer, oneOf, positive } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue } from './check-value.ts'
import { isCount, readState } from './read-state.ts'

/** Options of {@link ScaleFree}. */
export type ScaleFreeOptions = {
  /** What the detector sees: where the values lie, or how far from their mean. @defaultValue 'mean' */
  readonly watch: 'mean' | 'spread'
  /** Values after which the weight of the past has halved. @defaultValue 1000 */
  readonly halfLife: number
  /**
   * Deviations beyond which a value counts no further; fewer give the detector a larger share of its range.
   * @defaultValue 3
   */
  readonly clip: number
  /** Values that set the first scale, unseen by the detector; again after each drift. @defaultValue 30 */
  readonly minSamples: number
}

/** Values come no larger, see {@link checkValue}, and no more of them can be counted. */
const LARGEST = 1e100
const MOST_VALUES: number = Number.MAX_SAFE_INTEGER

type State = { level: DriftLevel; seen: number; reference: DecayedMoments }

const fresh = (level: DriftLevel): State => ({ level, seen: 0, reference: createDecayedMoments() })

/**
 * Puts the values before a drift detector on a scale of 0 to 1, whatever their unit.
 *
 * Each value is compared with the exponentially weighted mean and deviation of the values before it:
 *
 *     z = (x - mean) / deviation,  kept within ±clip
 *     watch 'mean':   (z + clip) / (2 clip)       a change of level shows
 *     watch 'spread': |z| / clip                  a change of volatility shows
 *
 * The reference follows the stream slowly, so a change must be found within some `halfLife` values or it becomes the
 * new normal. After a drift the reference and the detector both start again: values on the old scale cannot be
 * compared with values on the new.
 *
 * O(1) per value besides the detector. Use it before any detector that watches losses or returns. With an ADWIN of
 * default options a tripled volatility, or a mean moved by one deviation, is found after about 100 values
 * (`test/drift/scale-free.test.ts`); a mean return that moves by a twentieth of the volatility stays hidden.
 *
 * @example
 * ```ts
 * const detector = new ScaleFree(() => new ADWIN(), { watch: 'spread' })
 * for (const r of [2e-4, -1e-4, 3e-4]) if (detector.update(r) === 'drift') widenStops()
 * ```
 */
export class ScaleFree implements DriftDetector, Sized {
  static readonly type: string = 'scale-free'
  static readonly version: number = 1

  readonly options: ScaleFreeOptions
  readonly #create: () => DriftDetector
  readonly #decay: number
  /** What `create` makes, for snapshots. */
  readonly #pristine: Snapshot
  #detector: DriftDetector
  #state: State = fresh('stable')

  constructor(
    create: () => DriftDetector,
    { watch = 'mean', halfLife = 1000, clip = 3, minSamples = 30 }: Partial<ScaleFreeOptions> = {},
  ) {
    this.options = {
      watch: oneOf('watch', watch, ['mean', 'spread']),
      halfLife: checkHalfLife('halfLife', halfLife),
      clip: positive('clip', clip),
      minSamples: integer('minSamples', minSamples, 2),
    }
    this.#decay = decayOf(halfLife)
    this.#create = create
    this.#detector = create()
    this.#pristine = this.#detector.toJSON()
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  /** Its own state, the text of what `create` makes, and the state of the detector inside, where that one says. */
  get sizeInBytes(): number {
    const inner = 'sizeInBytes' in this.#detector ? (this.#detector as DriftDetector & Sized).sizeInBytes : 0
    return bytesOf(this.#state) + JSON.stringify(this.#pristine).length + inner
  }

  update(value: number): DriftLevel {
    checkValue(value)
    const { watch, clip, minSamples } = this.options
    const state = this.#state
    const { mean, variance } = state.reference
    state.level = 'stable'
    if (state.seen < minSamples) state.seen++
    else {
      // a stream that never moved has no deviation: its mean is 0 on the scale, anything else is out at the end
      const z = value === mean ? 0 : clamp((value - mean) / Math.sqrt(variance), -clip, clip)
      state.level = this.#detector.update(watch === 'mean' ? (z + clip) / (2 * clip) : Math.abs(z) / clip)
    }
    if (state.level === 'drift') {
      this.#state = fresh('drift')
      this.#detector = this.#create()
    } else addDecayed(state.reference, value, this.#decay)
    return this.#state.level
  }

  toJSON(): Snapshot {
    const detector = { ...this.#detector.toJSON() }
    return snapshot(ScaleFree, this.options, { ...this.#state, detector, pristine: { ...this.#pristine } })
  }

  /** Reads back what {@link toJSON} wrote; `restore` must know the detector inside. */
  static fromJSON(json: Snapshot, restore: (nested: Snapshot) => Serializable): ScaleFree {
    const { options, state } = checkSnapshot(ScaleFree, json)
    const { detector, pristine, ...own } = state
    const inner = nested({ detector: detector ?? null }, 'detector', ScaleFree.type)
    const first = nested({ pristine: pristine ?? null }, 'pristine', ScaleFree.type)
    const create = (): DriftDetector => asDetector(restore(first))
    const template: ScaleFreeOptions = { watch: 'mean', halfLife: 0, clip: 0, minSamples: 0 }
    const wrapper = new ScaleFree(create, unpackState(options, template, 'options'))
    wrapper.#detector = asDetector(restore(inner))
    wrapper.#state = readState(ScaleFree.type, own, fresh('stable'), ({ seen, reference }) => {
      const { n, mean, variance } = reference
      // what detectors take, and a little more for the last bits
      const most = 2 * LARGEST
      return (
        isCount(seen) &&
        Math.abs(mean) <= most &&
        n >= 0 &&
        n <= MOST_VALUES &&
        variance >= 0 &&
        variance <= most * most
      )
    })
    return wrapper
  }
}

function asDetector(part: Serializable): DriftDetector {
  if ('update' in part && 'level' in part) return part as DriftDetector
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"scale-free" must hold detectors, got ${show(part.toJSON().type)}.`)
}
