import type { Learner, Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer, nonNegative } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { clamp, sigmoid } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { boost, moveBorders, scoreOf } from './boost.ts'
import {
  type Committee,
  checkCommittee,
  createCommittee,
  createKernel,
  emptyCommittee,
  type Kernel,
  plant,
} from './committee.ts'
import {
  checkFeatureBins,
  createFeatureBins,
  encode,
  type FeatureBins,
  lookAtBorders,
  remember,
} from './feature-bins.ts'
import {
  resolveOptions,
  type StreamingGradientBoostingInput,
  type StreamingGradientBoostingOptions,
} from './options.ts'

/** `trust` scales the score, `evidence` is what is behind it; mean and m2 are those of the values of a regression. */
type State = {
  seen: number
  trust: number
  evidence: number
  n: number
  mean: number
  m2: number
  readonly bins: FeatureBins
  readonly committee: Committee
}

/** Weights and values beyond these count as these, so that no sum overflows. */
const MOST_WEIGHT = 1e12
const MOST_VALUE = 1e100
/** What is kept of the evidence for the trust from one row to the next: about 1000 rows. */
const FADE_TRUST = 0.999
/** Rows of evidence that the trust of 1 starts with. */
const PRIOR_ROWS = 10

/**
 * Boosted trees that learn from a stream: each tree learns what those before it still get wrong, and all go with the time.
 *
 * For every row each stage is told the rest that the stages before it leave, as gradient g = y - p and hessian h = p (1 - p) (in
 * regressions the error and 1), and its leaf moves towards g / h with weight h. The prediction is that of the score
 *
 *     p = sigmoid(a Σ η tree_m(x)),   tree_m(x) = Σ g / (Σ h + λ) over what the leaf remembers
 *
 * Three things let it follow a world that changes. A leaf keeps several memories, which forget at different speed, and a
 * tree answers from the one that lately foresaw most: on noise that is the longest. A new tree always grows beside one of
 * the old ones, and stays in its stead if it did better. And the trust a in the score is itself learnt, so that
 * probabilities are right even where there is nothing to find.
 *
 * A leaf splits once its best split would have made the labels it saw 1/δ times as likely. Values are sorted into bins
 * whose borders follow the stream; missing values have a bin of their own and go left.
 *
 * `predict` takes O(stages x depth), `learn` O(stages x (depth + features)) and now and then an attempt to split; memory
 * is at most `stages` x `maxLeaves` x `features` x `bins` x 16 bytes, most of it only while trees grow: a tree that is
 * full gives its histograms back. Weights count as that many observations: scale them to a mean of 1.
 *
 * The best single learner here on streams with interactions and drift. On noise with some hundreds of rows a linear
 * model is safer. Where neighbouring labels depend on each other, put it into a {@link TemporallyAugmented}.
 *
 * @see N. Gunasekara, B. Pfahringer, H. M. Gomes, A. Bifet (2024), "Gradient boosted trees for evolving data streams",
 *   Machine Learning 113
 *
 * @example
 * ```ts
 * const model = new StreamingGradientBoosting({ features: 2, stages: 30 })
 * const p = model.predict(Float64Array.of(0.3, NaN)) // P(y = 1)
 * model.learn(Float64Array.of(0.3, NaN), 1)
 * ```
 */
export class StreamingGradientBoosting implements Learner, Sized {
  static readonly type: string = 'streaming-gradient-boosting'
  static readonly version: number = 1

  readonly options: StreamingGradientBoostingOptions
  readonly #kernel: Kernel
  #state: State

  constructor(options: StreamingGradientBoostingInput) {
    this.options = resolveOptions(options)
    this.#kernel = createKernel(this.options)
    this.#state = {
      ...fresh(),
      bins: createFeatureBins(this.options.features, this.options.bins),
      committee: createCommittee(this.#kernel),
    }
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Trees planted so far: those at the start, and one whenever a stage was renewed. */
  get planted(): number {
    return this.#state.committee.planted
  }

  /** Leaves of all stages. */
  get leaves(): number {
    const { order, leaves } = this.#state.committee
    return order.subarray(0, this.options.stages).reduce((sum, slot) => sum + leaves[slot]!, 0)
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { bins, committee } = this.#state
    let sum = 8 * 10
    for (const part of [...Object.values(bins), ...Object.values(committee)]) {
      if (typeof part !== 'number') sum += part.byteLength
    }
    return sum
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    const { trust, mean, committee } = this.#state
    const score = trust * scoreOf(this.#kernel, committee, x)
    return this.options.task === 'binary' ? sigmoid(score) : mean + score
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, task, bins: width, renewEvery } = this.options
    checkObservation(task, x, features, y, weight)
    const kernel = this.#kernel
    const state = this.#state
    const { bins, committee } = state
    const w = Math.min(weight, MOST_WEIGHT)
    state.seen++
    if (remember(bins, x)) this.#lookAtBorders()
    encode(bins, width, x, kernel.codes)

    // how far was the score to be trusted?
    const target = task === 'binary' ? y : this.#center(clamp(y, -MOST_VALUE, MOST_VALUE), w)
    const score = scoreOf(kernel, committee, x)
    const p = task === 'binary' ? sigmoid(state.trust * score) : 0
    const error = target - (task === 'binary' ? p : state.trust * score)
    const unit = task === 'binary' ? 1 : state.m2 / state.n
    state.evidence = FADE_TRUST * state.evidence + w * (task === 'binary' ? p * (1 - p) : 1) * score * score
    const step = (w * error * score) / (state.evidence + PRIOR_ROWS * unit)
    if (Number.isFinite(step)) state.trust = clamp(state.trust + step, 0, MOST_TRUST)

    // teach the trees
    const { decays, rowDecays } = kernel
    for (let k = 0; k < decays.length; k++) rowDecays[k] = w === 1 ? decays[k]! : Math.exp(w * Math.log(decays[k]!))
    boost(kernel, committee, bins, x, target, w)
    if (++committee.since >= renewEvery) renew(kernel, committee)
  }

  toJSON(): Snapshot {
    return snapshot(StreamingGradientBoosting, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): StreamingGradientBoosting {
    const { options, state } = checkSnapshot(StreamingGradientBoosting, json)
    const resolved = resolveOptions(
      unpackState(options, { ...resolveOptions({ features: 1 }), halfLives: [0] }, 'options'),
    )
    const kernel = createKernel(resolved)
    const any = new Float64Array(0)
    const read: State = unpackState(state, {
      ...fresh(),
      bins: { seen: 0, borders: any, recent: any },
      committee: emptyCommittee(kernel, 0),
    })
    integer('state.seen', read.seen, 0, 'CORRUPT_SNAPSHOT')
    for (const name of ['trust', 'evidence', 'n', 'm2'] as const) {
      nonNegative(`state.${name}`, read[name], 'CORRUPT_SNAPSHOT')
    }
    if (!(Math.abs(read.mean) <= MOST_VALUE && read.trust <= MOST_TRUST)) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"state.mean" must be a mean of values and "state.trust" at most ${MOST_TRUST}, got ${show(read.mean)} and ${show(read.trust)}.`,
      )
    }
    checkCommittee(read.committee, kernel)
    checkFeatureBins(read.bins, resolved.features, resolved.bins)
    const model = new StreamingGradientBoosting(resolved)
    model.#state = read
    return model
  }

  /** Lets the histograms follow where the borders of the bins go. */
  #lookAtBorders(): void {
    const kernel = this.#kernel
    const { bins, committee } = this.#state
    lookAtBorders(bins, this.options.features, this.options.bins, (feature, old, low, high) =>
      moveBorders(kernel, committee, bins, feature, old, low, high),
    )
  }

  /** The deviation of a value from the mean of those before it, which it then joins. */
  #center(y: number, weight: number): number {
    const state = this.#state
    const deviation = y - state.mean
    state.n += weight
    state.mean += (weight * deviation) / state.n
    state.m2 += weight * deviation * (y - state.mean)
    return deviation
  }
}

/** A trust of 10 in a score is as good as certainty. */
const MOST_TRUST = 10

const fresh = (): Omit<State, 'bins' | 'committee'> => ({ seen: 0, trust: 1, evidence: 0, n: 0, mean: 0, m2: 0 })

/** Puts the new tree in the old one's stead where it did better; then the next stage gets a new tree beside its own. */
function renew(kernel: Kernel, committee: Committee): void {
  const { stages } = kernel.options
  const { order, losses, renewing } = committee
  if (losses[1]! < losses[0]!) {
    const old = order[renewing]!
    order[renewing] = order[stages]!
    order[stages] = old
  }
  committee.renewing = (renewing + 1) % stages
  committee.since = 0
  losses.fill(0)
  plant(kernel, committee, order[stages]!)
}
