import type { JsonObject, JsonValue, Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkHalfLife, checkObservation, checkVector, integer, nonNegative, oneOf } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from '../abilities.ts'
import { checkCount, corrupt, count } from '../checks.ts'
import { packMember, type Restore, restoreMember } from '../members.ts'
import { newestShare } from '../newest-share.ts'
import { sizeOf } from '../size.ts'
import {
  type Correlations,
  checkCorrelations,
  correlationOf,
  createCorrelations,
  fadeCorrelations,
  learnCorrelations,
} from './correlation.ts'
import {
  checkInformation,
  createInformation,
  fadeInformation,
  type Information,
  informationOf,
  learnInformation,
} from './information.ts'
import { selectBest } from './select-best.ts'

/** Options of {@link FeatureSelection}. */
export type FeatureSelectionOptions = {
  /** What learns from the selected features. */
  readonly learner: Learner
  /** Length of the feature vectors. */
  readonly features: number
  /** Features that the learner gets to see. */
  readonly best: number
  /**
   * How a feature is rated: by its absolute `"correlation"` with the label, or by the mutual `"information"` of eight
   * bins of it and the label's two sides, which also finds what is not a line. @defaultValue "correlation"
   */
  readonly score: 'correlation' | 'information'
  /** Observations after which one counts half in the ratings. @defaultValue 5000 */
  readonly halfLife: number
  /** Observations before the first selection; until then the learner sees all features. @defaultValue 200 */
  readonly minSamples: number
  /** Observations from one selection to the next. @defaultValue 100 */
  readonly every: number
  /** How much higher, as a share, a feature must be rated than the one whose place it takes. @defaultValue 0.2 */
  readonly margin: number
}

type Settings = Omit<FeatureSelectionOptions, 'learner'>
type Ratings = { readonly correlation: Correlations } | { readonly information: Information }
/** `held` counts the observations behind the ratings. */
type State = { seen: number; held: number; selected: Uint8Array; ratings: Ratings }

const fresh = ({ features, score }: Pick<Settings, 'features' | 'score'>): State => ({
  seen: 0,
  held: 0,
  selected: new Uint8Array(features).fill(1),
  ratings:
    score === 'correlation'
      ? { correlation: createCorrelations(features) }
      : { information: createInformation(features) },
})

/**
 * Shows a learner only the features that have told most about the labels so far.
 *
 * Every feature is rated on each label, its own past fading with `halfLife`; every `every` labels the `best` ones are
 * selected anew, and a newcomer must be rated clearly higher to displace one. What is not selected is missing (NaN) to
 * the learner, so vectors keep their length and positions keep their meaning; how it treats missing values is the
 * learner's own affair. A selection uses only labels before it.
 *
 *     correlation:  |cov(x, y)| / (sd(x) sd(y))        information:  Σ p(b, k) ln (p(b, k) / (p(b) p(k))) - bias
 *
 * Each feature is rated alone: two that say the same both get in, and two that say something only together (an
 * exclusive or) are both missed. O(features) a label beside the learner.
 *
 * It can `refit`, `forget` and `explain` when its learner can; features that are not selected have no part in it. To
 * forget keeps the selection until `minSamples` observations are behind new ratings.
 *
 * @see River, `feature_selection.SelectKBest`, which has no memory, no margin and no way to fade
 *
 * @example
 * ```ts
 * const learner = new FeatureSelection({ learner: new LogisticRegression({ features: 40 }), features: 40, best: 8 })
 * learner.selected // positions in the vector
 * ```
 */
export class FeatureSelection implements Learner, Sized {
  static readonly type: string = 'feature-selection'
  static readonly version: number = 2

  readonly task: 'binary' | 'regression'
  readonly learner: Learner
  readonly options: Settings
  readonly #decay: number
  readonly #shown: Vector
  readonly #scores: Float64Array
  #state: State

  constructor({
    learner,
    features,
    best,
    score = 'correlation',
    halfLife = 5000,
    minSamples = 200,
    every = 100,
    margin = 0.2,
  }: Partial<FeatureSelectionOptions> & Pick<FeatureSelectionOptions, 'learner' | 'features' | 'best'>) {
    this.options = {
      features: count('features', features),
      best: integer('best', best),
      score: oneOf('score', score, ['correlation', 'information']),
      halfLife: checkHalfLife('halfLife', halfLife),
      minSamples: integer('minSamples', minSamples),
      every: integer('every', every),
      margin: nonNegative('margin', margin),
    }
    if (best > features) {
      throw new TradeLearnError('INVALID_OPTION', `"best" must be at most the ${features} features, got ${best}.`)
    }
    this.task = learner.task
    this.learner = learner
    this.#decay = decayOf(halfLife)
    this.#shown = new Float64Array(features)
    this.#scores = new Float64Array(features)
    this.#state = fresh(this.options)
    // lets the learner refuse the length before anything is learned
    learner.predict(this.#shown)

    if (isRefittable(learner))
      lend(
        this,
        refitInTurn(() => [learner]),
      )
    if (isForgetful(learner)) {
      lend(this, {
        forget: (keep) => {
          // first, as it refuses what is no number of observations
          learner.forget(keep)
          this.#forget(integer('keep', keep, 0, 'INVALID_INPUT'))
        },
      })
    }
    if (isExplainable(learner)) {
      lend(this, {
        explains: learner.explains,
        baseValue: (x) => learner.baseValue(this.#show(x)),
        explain: (x) => learner.explain(this.#show(x)),
      })
    }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Positions of the features that the learner sees, ascending. */
  get selected(): readonly number[] {
    const positions: number[] = []
    for (const [j, mark] of this.#state.selected.entries()) if (mark === 1) positions.push(j)
    return positions
  }

  /** How every feature is rated, copied. */
  get scores(): Float64Array {
    return this.#rate().slice()
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state) + sizeOf(this.learner)
  }

  predict(x: Vector): number {
    return this.learner.predict(this.#show(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, minSamples, every, best, margin } = this.options
    checkObservation(this.task, x, features, y, weight)
    const s = this.#state
    this.learner.learn(this.#show(x), y, weight)
    const { ratings } = s
    if ('correlation' in ratings) learnCorrelations(ratings.correlation, x, y, weight, this.#decay)
    else learnInformation(ratings.information, x, y, weight, this.#decay)
    s.seen++
    s.held++
    if (s.held < minSamples || (s.seen - minSamples) % every !== 0) return
    // all are marked before the first selection
    if (this.selected.length > best) s.selected.fill(0)
    selectBest(this.#rate(), s.selected, best, margin)
  }

  toJSON(): Snapshot {
    return snapshot(FeatureSelection, this.options, { ...this.#state, learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): FeatureSelection {
    const { version, options, state } = checkSnapshot(FeatureSelection, json)
    const { learner: _, ...rest } = state
    // version 1 could not forget its ratings
    const own: JsonObject = version === 1 ? { ...rest, held: rest['seen'] ?? null } : rest
    const settings = unpackState(options, TEMPLATE, 'options')
    // before anything of that size is made
    const selected = unpackState<Uint8Array>(own['selected'] as JsonValue, new Uint8Array(0), 'state.selected')
    if (selected.length !== settings.features || selected.some((mark) => mark > 1)) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"state.selected" must be ${settings.features} marks of 0 or 1, got ${show(selected)}.`,
      )
    }
    const learner = restoreMember(state, 'learner', FeatureSelection.type, restore)
    const selection = new FeatureSelection({ ...settings, learner })
    selection.#state = checkState(unpackState(own, fresh(settings)))
    return selection
  }

  /** A copy of `x` in which what is not selected is missing. */
  #show(x: Vector): Vector {
    checkVector(x, this.options.features)
    const { selected } = this.#state
    const shown = this.#shown
    for (let j = 0; j < x.length; j++) shown[j] = selected[j] === 1 ? x[j]! : NaN
    return shown
  }

  /** Shrinks the weight behind the ratings to that of the newest `keep` observations. */
  #forget(keep: number): void {
    const s = this.#state
    const { ratings } = s
    const share = newestShare(keep, s.held, this.options.halfLife)
    if (share === 0) s.ratings = fresh(this.options).ratings
    else if ('correlation' in ratings) fadeCorrelations(ratings.correlation, share)
    else fadeInformation(ratings.information, share)
    s.held = Math.min(s.held, keep)
  }

  #rate(): Float64Array {
    const { ratings } = this.#state
    const scores = this.#scores
    if ('correlation' in ratings) {
      for (let j = 0; j < scores.length; j++) scores[j] = correlationOf(ratings.correlation, j)
    } else for (let j = 0; j < scores.length; j++) scores[j] = informationOf(ratings.information, j)
    return scores
  }
}

const TEMPLATE: Settings = {
  features: 0,
  best: 0,
  score: 'correlation',
  halfLife: 0,
  minSamples: 0,
  every: 0,
  margin: 0,
}

/** Passes a state that learning can lead to. */
function checkState(state: State): State {
  const { seen, held, ratings } = state
  if (checkCount('state.held', held) > checkCount('state.seen', seen)) corrupt('state.held', `at most ${seen}`, held)
  if ('correlation' in ratings) checkCorrelations('state.ratings', ratings.correlation)
  else checkInformation('state.ratings', ratings.information)
  return state
}
