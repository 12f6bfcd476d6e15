import type { DriftLevel, Sized, Snapshot, Vector } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkVector, integer, oneOf, openFraction, text } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { DEPENDENCES, type Dependence, jointP, toFalseDiscoveryRates } from '../core/false-discovery.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { packState, unpackState } from '../core/state.ts'
import { checkWindow } from './check-window.ts'
import { type Columns, checkColumns, createColumns, fill, isReady, renew } from './feature-columns.ts'
import { compareFeature, type FeatureTest, TESTS } from './feature-comparison.ts'
import { isCount, readState } from './read-state.ts'
import { checkSlowness, correlationOf, createSlowness, renewSlowness, type Slowness } from './slowness.ts'
import { testLevel } from './test-level.ts'

/** Options of {@link FeatureDrift}. */
export type FeatureDriftOptions = {
  /** Numbers in each vector. */
  readonly features: number
  /** Newest vectors, held against older ones. @defaultValue 200 */
  readonly window: number
  /**
   * Oldest vectors since the last drift, at most: what is held to be normal. At least `window`; short ones hide changes
   * and let false alarms come in clusters. @defaultValue 10 * `window`
   */
  readonly reference: number
  /** Vectors that a reference needs for the first test; it then grows by those that leave the window. @defaultValue `window` */
  readonly minSamples: number
  /**
   * `'ks'` sees any change, `'wasserstein'` large moves of few values too, `'psi'` is what banks report. @defaultValue
   * 'ks'
   */
  readonly test: FeatureTest
  /** Share of the features reported as drifted that may not have. @defaultValue 0.05 */
  readonly falseDiscoveryRate: number
  /**
   * How features may hang together: `'positive'` for the procedure of Benjamini and Hochberg, `'any'` for the more
   * cautious one of Benjamini and Yekutieli. @defaultValue 'positive'
   */
  readonly dependence: Dependence
  /** Vectors from one test to the next. @defaultValue `window`, so that no two tests share a window */
  readonly testEvery: number
  /**
   * Vectors from one false report to the next, on average, while nothing changes. @defaultValue 100 times the larger of
   * `window` and `testEvery`
   */
  readonly falseAlarmEvery: number
  /** Bins of `'psi'`. @defaultValue 10 */
  readonly bins: number
  /** Permutations of `'wasserstein'` at most, up to 1,000,000. @defaultValue twice what the rarest report needs */
  readonly permutations: number
  /** Seed of the permutations. @defaultValue 'seed' */
  readonly seed: string
}

/** What the last test said of one feature. */
export type FeatureReport = {
  readonly feature: number
  /** The KS distance, the PSI, or the Wasserstein distance in the feature's unit; NaN where it could not be tested. */
  readonly distance: number
  /** Chance of such a distance, or of such shares of missing values, while nothing changed; NaN where untested. */
  readonly p: number
  /** The least false discovery rate at which the feature would be reported; NaN where untested. */
  readonly falseDiscoveryRate: number
  /** Share of missing values in the reference and in the window; NaN while they fill. */
  readonly missingBefore: number
  readonly missingNow: number
  /** How closely values follow those before them, 0 to 1, since the feature began anew: its p-value allows for it. */
  readonly correlation: number
  readonly drifted: boolean
}

/** `results` holds five numbers a feature, of the last test: see {@link FeatureDrift.report}. */
type State = {
  level: DriftLevel
  seen: number
  tests: number
  /** Vectors since the last test. */
  tick: number
  columns: Columns
  slowness: Slowness
  results: Float64Array
  drifted: Uint8Array
}

const MOST_FEATURES = 100_000

/** Some ten seconds for each feature that has drifted. */
const MOST_PERMUTATIONS = 1_000_000

/** Numbers in `results` for each feature: distance, p, rate, missing before, missing now. */
const RESULTS = 5

const fresh = ({ features, reference, window }: FeatureDriftOptions): State => ({
  level: 'stable',
  seen: 0,
  tests: 0,
  tick: 0,
  columns: createColumns(features, reference, window),
  slowness: createSlowness(features),
  results: new Float64Array(features * RESULTS).fill(NaN),
  drifted: new Uint8Array(features),
})

/**
 * Watches every feature of a stream of vectors for a change of its distribution, or of how often it is missing, and
 * keeps the false alarms of many features and many tests in hand.
 *
 * Each feature's sliding window is held against its reference, the oldest values since its last drift, every `testEvery`
 * vectors. A feature's p-value is that of its distance, by the Kolmogorov–Smirnov distribution, by the chi-squared
 * approximation of the population stability index, or by permutations of the Wasserstein distance; where values are
 * missing, it is that of the smaller of it and of the exact p-value of their shares. The p-values become false discovery
 * rates over all features.
 *
 * - `'drift'` when the least of Benjamini and Hochberg's rates is rare enough for `falseAlarmEvery`. All features with a
 *   rate of at most `falseDiscoveryRate` are then reported, or else those of the least.
 * - `'warning'` when some rate is at most `falseDiscoveryRate` and none is as rare as that.
 *
 * Measured times between false reports are 0.8 to 1.3 times `falseAlarmEvery`, for 1 to 50 features (`npm run
 * bench:drift`); longer where features hang together, or have ties with `'ks'`.
 *
 * Values that follow each other closely, such as indicators of successive candles, tell less than as many independent ones:
 * p-values allow for the correlation of successive values, as if it fell evenly from one to the next. Measured times
 * are then 0.7 to 2.5 times the stated ones up to correlations of 0.95; at 0.99 a window of 200 holds a value or two,
 * and reports are next to none: take windows of 20 / (1 - correlation) vectors at least. Features that wander for longer
 * than their successive values show, such as noise around a slow trend, are reported too often; and prices drift by
 * themselves, so watch their changes.
 *
 * The features that drifted begin anew: neither the old values nor those of the window, which may be of both regimes, are
 * their new normal. NaN is a missing value; a constant feature is fine.
 *
 * O(features) a vector; a test sorts windows and runs over references, some 25 µs a feature, 90 µs while they grow, and
 * up to 10 µs for each permutation of a feature that is near drifting. Memory: `reference + window` numbers a feature.
 *
 * Watch predictions with it by a vector of one number, or use {@link DistributionDrift}.
 *
 * @example
 * ```ts
 * const drift = new FeatureDrift({ features: 3, falseAlarmEvery: 50_000 })
 * if (drift.update(Float64Array.of(0.1, NaN, 5)) === 'drift') console.log(drift.report.filter(({ drifted }) =>
 * drifted))
 * ```
 */
export class FeatureDrift implements Sized {
  static readonly type: string = 'feature-drift'
  /** 2: `slowness` came. */
  static readonly version: number = 2

  readonly options: FeatureDriftOptions
  /** The chance of a false report that a test may take. */
  readonly #level: number
  #state: State

  constructor(options: Partial<FeatureDriftOptions> & Pick<FeatureDriftOptions, 'features'>) {
    this.options = resolve(options)
    this.#level = testLevel(this.options)
    this.#state = fresh(this.options)
  }

  /** The verdict of the last update. */
  get level(): DriftLevel {
    return this.#state.level
  }

  /** Number of vectors taken in. */
  get seen(): number {
    return this.#state.seen
  }

  /** What the last test said, feature by feature. */
  get report(): readonly FeatureReport[] {
    const { results, drifted, slowness } = this.#state
    return Array.from({ length: this.options.features }, (_, feature) => {
      const [distance, p, rate, before, now] = results.subarray(feature * RESULTS) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ]
      const isDrifted = drifted[feature] === 1
      return {
        feature,
        distance,
        p,
        falseDiscoveryRate: rate,
        missingBefore: before,
        missingNow: now,
        correlation: correlationOf(slowness, feature),
        drifted: isDrifted,
      }
    })
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in the next vector, which it neither modifies nor keeps. */
  update(x: Vector): DriftLevel {
    const { features, minSamples, testEvery } = this.options
    checkVector(x, features)
    const state = this.#state
    state.seen++
    fill(state.columns, state.slowness, x, minSamples)
    state.level = 'stable'
    if (++state.tick < testEvery) return 'stable'
    state.tick = 0
    state.level = this.#test()
    return state.level
  }

  #test(): DriftLevel {
    const { features, dependence, falseDiscoveryRate } = this.options
    const { columns, slowness, results, drifted, tests } = this.#state
    this.#state.tests++
    const rates = new Float64Array(features).fill(NaN)
    results.fill(NaN)
    drifted.fill(0)
    for (let feature = 0; feature < features; feature++) {
      if (!isReady(columns, feature)) continue
      const correlation = correlationOf(slowness, feature)
      const compared = compareFeature(columns, feature, correlation, this.options, tests)
      const { distance, p, missingBefore, missingNow } = compared
      results.set([distance, p, NaN, missingBefore, missingNow], feature * RESULTS)
      rates[feature] = p
    }
    const chance = jointP(rates)
    toFalseDiscoveryRates(rates, dependence)
    let least = Infinity
    for (let feature = 0; feature < features; feature++) {
      results[feature * RESULTS + 2] = rates[feature]!
      if (rates[feature]! < least) least = rates[feature]!
    }
    if (!(chance <= this.#level)) return least <= falseDiscoveryRate ? 'warning' : 'stable'
    const limit = Math.max(falseDiscoveryRate, least)
    for (let feature = 0; feature < features; feature++) {
      if (!(rates[feature]! <= limit)) continue
      drifted[feature] = 1
      renew(columns, feature)
      renewSlowness(slowness, feature)
    }
    return 'drift'
  }

  /** Everything needed to carry on from here. */
  toJSON(): Snapshot {
    return snapshot(FeatureDrift, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): FeatureDrift {
    const { version, options, state } = checkSnapshot(FeatureDrift, json)
    const template = resolve({ features: 1 })
    const read = unpackState(options, { ...template }, 'options')
    // the first layout knew no bound, and wrote down what was not used
    const shape = version > 1 ? read : { ...read, permutations: Math.min(read.permutations, MOST_PERMUTATIONS) }
    checkWindow('features', shape.features, 1, MOST_FEATURES)
    const current = version > 1 ? state : { ...state, slowness: packState(createSlowness(shape.features)) }
    // the arrays of the file first: its options alone must not make it allocate
    const open = fresh({ ...template, features: 0, reference: 0, window: 0 })
    const own = readState(
      FeatureDrift.type,
      current,
      open,
      ({ seen, tests, tick, columns, slowness, results, drifted }) => {
        const { features } = shape
        const lengths = results.length === features * RESULTS && drifted.length === features
        const counts = isCount(seen) && isCount(tests) && isCount(tick)
        return lengths && counts && checkColumns(columns, shape) && checkSlowness(slowness, features)
      },
    )
    const drift = new FeatureDrift(shape)
    drift.#state = own
    return drift
  }
}

/** Fills in what was left out and checks all of it. */
function resolve(options: Partial<FeatureDriftOptions> & Pick<FeatureDriftOptions, 'features'>): FeatureDriftOptions {
  const { features, window = 200, reference = 10 * window, minSamples = window, test = 'ks' } = options
  const { dependence = 'positive', falseDiscoveryRate = 0.05, testEvery = window, bins = 10, seed = 'seed' } = options
  const { falseAlarmEvery = 100 * Math.max(window, testEvery) } = options
  const checked = {
    features: checkWindow('features', features, 1, MOST_FEATURES),
    window: checkWindow('window', window, 10, reference),
    reference: checkWindow('reference', reference, 10),
    minSamples: checkWindow('minSamples', minSamples, 10, reference),
    test: oneOf('test', test, TESTS),
    falseDiscoveryRate: openFraction('falseDiscoveryRate', falseDiscoveryRate),
    dependence: oneOf('dependence', dependence, DEPENDENCES),
    testEvery: integer('testEvery', testEvery),
    falseAlarmEvery: integer('falseAlarmEvery', falseAlarmEvery),
    bins: checkWindow('bins', bins, 2, 1000),
    permutations: 0,
    seed: text('seed', seed),
  }
  // no p-value of permutations is below one in their number, and the least of many features needs a smaller one
  const needed = Math.ceil(features / testLevel(checked))
  const { permutations = Math.min(Math.max(999, 2 * needed), MOST_PERMUTATIONS) } = options
  checkWindow('permutations', permutations, 1, MOST_PERMUTATIONS)
  if (test !== 'wasserstein' || permutations >= needed) return { ...checked, permutations }
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"permutations" must be at least ${needed} for a report to be possible, got ${permutations}.`,
  )
}
