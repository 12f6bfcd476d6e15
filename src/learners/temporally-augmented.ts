import type { Contribution, Learner, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer } from '../core/check.ts'
import { decayOf } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import { checkAmounts, corrupt, count } from './checks.ts'
import { sortByMagnitude } from './contributions.ts'
import { packMember, type Restore, restoreMember } from './members.ts'
import { sizeOf } from './size.ts'

/** Options of {@link TemporallyAugmented}. */
export type TemporallyAugmentedOptions = {
  /** Length of the feature vectors that it is given. */
  readonly features: number
  /** Makes the learner, for vectors of the length that it is told. */
  readonly create: (features: number) => Learner
  /** How many of the last labels the learner is shown. @defaultValue 2 */
  readonly labels: number
  /** Half-lives, in observations, of the running means that it is shown. @defaultValue [5, 25] */
  readonly halfLives: readonly number[]
}

type Settings = Omit<TemporallyAugmentedOptions, 'create'>
type State = {
  seen: number
  /** The newest labels, the last first; NaN where there were none yet. */
  readonly recent: Float64Array
  /** For each half-life the mean of each feature, then that of the labels; and the weights behind them. */
  readonly means: Float64Array
  readonly trust: Float64Array
}

/** So that no snapshot can ask for all memory. */
const MOST_LABELS = 1024
const MOST_HALF_LIVES = 32

/**
 * Gives any learner a memory: beside x it sees the last labels, and how far x lies from where it has been lately.
 *
 *     x, y₋₁ … y₋ₙ, and for each half-life h:  x - mean_h(x),  mean_h(y)
 *
 * Where neighbouring labels depend on each other, as in most streams in time, a learner that treats rows as strangers
 * leaves the easiest part on the table. Only what has been learnt before is shown, never the row's own label. Labels must
 * come back before the next prediction: where they are late, training sees fresher ones than predicting will, and
 * relies on them too much.
 *
 * Costs what the learner costs with (1 + half-lives) · d + labels + half-lives features. It can `refit`, `forget` and
 * `explain` where its learner can; the contributions of means of a feature are the feature's, those of labels are part
 * of the base value. Put a `StandardScaler` inside, in `create`.
 *
 * @see I. Žliobaitė et al. (2015), "Evaluation methods and decision theory for classification of streaming data with
 *   temporal dependence", Machine Learning 98
 *
 * @example
 * ```ts
 * const learner = new TemporallyAugmented({
 *   features: 2,
 *   create: (features) =>
 *     new Pipeline({
 *       transformer: new StandardScaler({ features }),
 *       learner: new LogisticRegression({ features, learningRate: 0.03 }),
 *     }),
 * })
 * learner.learn(Float64Array.of(61_000, 0.4), 1)
 * ```
 */
export class TemporallyAugmented implements Learner, Sized {
  static readonly type: string = 'temporally-augmented'
  static readonly version: number = 1

  readonly options: Settings
  readonly learner: Learner
  readonly #decays: Float64Array
  readonly #wide: Float64Array
  #state: State

  constructor({
    features,
    create,
    labels = 2,
    halfLives = [5, 25],
  }: Partial<TemporallyAugmentedOptions> & Pick<TemporallyAugmentedOptions, 'features' | 'create'>) {
    this.options = {
      features: count('features', features),
      labels: count('labels', labels, 0, MOST_LABELS),
      halfLives: checkHalfLives(halfLives),
    }
    this.#decays = Float64Array.from(halfLives, decayOf)
    this.#wide = new Float64Array(widthOf(this.options))
    this.#state = fresh(this.options)
    this.learner = create(this.#wide.length)
    const { learner } = this
    if (isRefittable(learner))
      lend(
        this,
        refitInTurn(() => [learner]),
      )
    if (isForgetful(learner)) {
      lend(this, {
        forget: (keep) => {
          this.#forget(integer('keep', keep, 0, 'INVALID_INPUT'))
          learner.forget(keep)
        },
      })
    }
    if (isExplainable(learner)) {
      lend(this, {
        explains: learner.explains,
        baseValue: (x) => {
          const wide = this.#widen(x)
          return finite(learner.baseValue(wide) + this.#gather(learner.explain(wide)).rest)
        },
        explain: (x) => this.#gather(learner.explain(this.#widen(x))).parts,
      })
    }
  }

  get task(): 'binary' | 'regression' {
    return this.learner.task
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes; a learner that keeps no account counts with its snapshot's text. */
  get sizeInBytes(): number {
    const { recent, means, trust } = this.#state
    return recent.byteLength + means.byteLength + trust.byteLength + 8 + sizeOf(this.learner)
  }

  predict(x: Vector): number {
    return this.learner.predict(this.#widen(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, labels } = this.options
    checkObservation(this.task, x, features, y, weight)
    this.learner.learn(this.#widen(x), y, weight)

    // only now remember the row
    const { recent, means, trust } = this.#state
    for (let i = labels - 1; i > 0; i--) recent[i] = recent[i - 1]!
    if (labels > 0) recent[0] = y
    const decays = this.#decays
    for (let h = 0, at = 0; h < decays.length; h++) {
      for (let i = 0; i <= features; i++, at++) {
        const value = i < features ? x[i]! : y
        if (value !== value) continue
        const n = trust[at]! * decays[h]! + 1
        // so that a constant stays exactly itself: a scaler would make noise of the last bits
        const gap = finite(value - means[at]!)
        means[at] = n > 1 ? means[at]! + gap / n : value
        trust[at] = n
      }
    }
    this.#state.seen++
  }

  toJSON(): Snapshot {
    return snapshot(TemporallyAugmented, this.options, { ...this.#state, learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): TemporallyAugmented {
    const { options, state } = checkSnapshot(TemporallyAugmented, json)
    const { learner: _, ...own } = state
    const read = unpackState(options, { features: 0, labels: 0, halfLives: [0] }, 'options')
    const member = restoreMember(state, 'learner', 'temporally-augmented', restore)
    const learner = new TemporallyAugmented({ ...read, create: () => member })
    const s = unpackState(own, { ...fresh(learner.options), means: new Float64Array(0), trust: new Float64Array(0) })
    const { means, trust, recent } = fresh(learner.options)
    if (!Number.isSafeInteger(s.seen) || s.seen < 0) corrupt('state.seen', 'a whole number of at least 0', s.seen)
    if (s.recent.length !== recent.length) corrupt('state.recent', `an array of ${recent.length}`, s.recent)
    checkAmounts('state.trust', s.trust, trust.length)
    if (s.means.length !== means.length) corrupt('state.means', `an array of ${means.length}`, s.means)
    for (const list of [s.recent, s.means]) {
      if (list.some((value) => value === Infinity || value === -Infinity)) corrupt('state', 'finite', Infinity)
    }
    learner.#state = s
    // a learner for vectors of another length refuses this one
    learner.predict(new Float64Array(read.features))
    return learner
  }

  /** x and what is remembered beside it, in the scratch vector. */
  #widen(x: Vector): Vector {
    const { features, labels } = this.options
    checkVector(x, features)
    const { recent, means, trust } = this.#state
    const wide = this.#wide
    wide.set(x)
    wide.set(recent, features)
    let to = features + labels
    for (let at = 0; at < means.length; at++, to++) {
      const i = at % (features + 1)
      const mean = trust[at]! > 0 ? means[at]! : NaN
      wide[to] = i < features ? finite(x[i]! - mean) : mean
    }
    return wide
  }

  /** Adds up what belongs to the same feature; the rest belongs to the labels. */
  #gather(wide: readonly Contribution[]): { parts: Contribution[]; rest: number } {
    const { features, labels } = this.options
    const amounts = new Float64Array(features)
    let rest = 0
    for (const { feature, amount } of wide) {
      const own = feature < features ? feature : feature - features - labels
      if (own < 0 || own % (features + 1) === features) rest += amount
      else amounts[own % (features + 1)]! += amount
    }
    const parts = Array.from(amounts, (amount, feature) => ({ feature, amount: finite(amount) }))
    return { parts: sortByMagnitude(parts), rest }
  }

  #forget(keep: number): void {
    const { recent, trust } = this.#state
    for (let i = keep; i < recent.length; i++) recent[i] = NaN
    for (let i = 0; i < trust.length; i++) trust[i] = Math.min(trust[i]!, keep)
  }
}

/** A number that may have overflowed, as large as can be. */
const finite = (value: number): number => clamp(value, -Number.MAX_VALUE, Number.MAX_VALUE)

const widthOf = ({ features, labels, halfLives }: Settings): number =>
  features + labels + halfLives.length * (features + 1)

function fresh({ features, labels, halfLives }: Settings): State {
  const n = halfLives.length * (features + 1)
  return { seen: 0, recent: new Float64Array(labels).fill(NaN), means: new Float64Array(n), trust: new Float64Array(n) }
}

function checkHalfLives(list: readonly number[]): readonly number[] {
  if (!Array.isArray(list) || list.length > MOST_HALF_LIVES) {
    throw new TradeLearnError('INVALID_OPTION', `"halfLives" must list at most ${MOST_HALF_LIVES}, got ${show(list)}.`)
  }
  return list.map((halfLife: number) => checkHalfLife('halfLives', halfLife))
}
