import type { Sized, Snapshot, Vector } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkVector } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { countBelow, countUpTo, createSortedWindow, pushSorted, type SortedWindow } from '../core/sorted-window.ts'
import { type State as Plain, unpackState } from '../core/state.ts'
import { FeatureDrift } from '../drift/index.ts'
import { createColumns, loadColumns, saveColumns } from '../features/transformers/window-columns.ts'
import {
  byBadness,
  type FeatureHealth,
  type FeatureIssue,
  type FeatureNumbers,
  type FeatureSummary,
  issuesOf,
  summarise,
} from './feature-health.ts'
import { type FeatureMonitorOptions, isOther, OPTIONS, type Resolved, resolve } from './feature-monitor-options.ts'
import type { Monitor } from './parts.ts'

/** Of each feature: shares of late, its newest value with its runs, and when it last drifted (NaN for never). */
type State = {
  seen: number
  readonly missing: DecayedMoments[]
  /** Values outside the range; of undeclared categories, those that there were. */
  readonly outside: DecayedMoments[]
  readonly last: Float64Array
  readonly run: Float64Array
  readonly longest: Float64Array
  readonly driftedAt: Float64Array
  readonly distance: Float64Array
}

/** A quantile of 1 % of fewer values than these says nothing. */
const LEAST_REFERENCE = 50
/** A run that is this many times as long as any before it is no accident. */
const LONGER = 3
/** After this many times what counts as stuck, the value is how the feature is now. */
const ACCEPTED = 10
/**
 * Watches every feature of a bot's signals for faults of its data and for changes of the market, and says so in words.
 *
 * - `INCOMPLETE`: no more than 95 % of late were there. Shares halve in weight every `halfLife` vectors.
 * - `STUCK`: one value for more than `stuckAfter` vectors in a row and three times its longest run before. A feature of two
 *   values at most (a side, a flag) cannot be told from a bot that has changed its mind, so it is never stuck; and a value
 *   that stays ten times as long as that is how the feature is now. Missing values interrupt no run.
 * - `UNSEEN`: a text that `category` does not name, so that `<key>.other` holds, in more than 5 %.
 * - `OUT_OF_RANGE`: more than 20 % outside the quantiles of the reference, which are its first 300 values.
 * - `DRIFTED`: `FeatureDrift` found another distribution within the last `halfLife` vectors. It tests all features together
 *   and bounds the share of false reports, for vectors that are independent; `driftEvery` brings them nearer to that. The
 *   feature's range is then learnt anew: what is reported is the new normal.
 *
 * `learn` takes in a vector of the past, such as a row that models were trained on, as reference alone; `update` takes in
 * a new one: judged first, and a reference afterwards while that is not full.
 *
 * Vectors are those of all symbols in turn: a feed that stands still for one of many shows in `CandleInspector`, not here.
 *
 * O(features) a vector, and O(log reference) with a short move of memory more for each while references fill; a test of
 * distributions every `reference / 3` vectors. Some `3.4 reference` numbers a feature: 8 kB.
 *
 * @see E. Breck and others (2019), "Data validation for machine learning", MLSys
 *
 * @example
 * ```ts
 * const monitor = new FeatureMonitor({ schema: engineer.schema })
 * for (const x of trainingRows) monitor.learn(x)
 * monitor.update(engineer.vector(signal))
 * for (const { text } of monitor.issues()) console.log(text)
 * ```
 */
export class FeatureMonitor implements Monitor, Sized {
  static readonly type: string = 'feature-monitor'
  static readonly version: number = 1

  readonly options: Resolved
  readonly #decay: number
  /** 1 for the outputs that say that a category was not declared. */
  readonly #isOther: Uint8Array
  readonly #drift: FeatureDrift | null
  #references: SortedWindow[]
  #state: State
  /** The summary after so many vectors: whoever goes along is told it with every candle. */
  #summary: { readonly seen: number; readonly value: FeatureSummary } | undefined

  constructor(options: Partial<FeatureMonitorOptions> & Pick<FeatureMonitorOptions, 'schema'>) {
    this.options = resolve(options)
    const { names, kinds, halfLife, reference } = this.options
    const features = names.length
    const window = Math.max(10, Math.floor(reference / 3)) // 10 is the shortest that can be tested
    const { drift = new FeatureDrift({ features, reference, window }) } = options
    if (drift !== null && drift?.options?.features !== features) {
      const got = show(drift?.options?.features)
      throw new TradeLearnError('INVALID_OPTION', `"drift" must watch the schema's ${features} features, got ${got}.`)
    }
    this.#drift = drift
    this.#decay = decayOf(halfLife)
    this.#isOther = Uint8Array.from(names, (name, i) => Number(isOther(name, kinds[i])))
    this.#references = [...createColumns(features, reference)]
    this.#state = {
      seen: 0,
      missing: Array.from({ length: features }, createDecayedMoments),
      outside: Array.from({ length: features }, createDecayedMoments),
      last: new Float64Array(features).fill(NaN),
      run: new Float64Array(features),
      longest: new Float64Array(features),
      driftedAt: new Float64Array(features).fill(NaN),
      distance: new Float64Array(features).fill(NaN),
    }
  }

  // ---------------------------------------------------------------- queries

  /** The features that it watches, in order. */
  get names(): readonly string[] {
    return this.options.names
  }

  /** Number of vectors taken in, those learned included. */
  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state) + bytesOf(this.#references) + (this.#drift?.sizeInBytes ?? 0)
  }

  /** Every feature with its numbers and what is wrong with it: worst first, and the sound ones in the schema's order. */
  report(): readonly FeatureHealth[] {
    const tests = this.#drift?.report
    const rows = this.names.map((_, i) => {
      const numbers = this.#numbersOf(i)
      const issues = issuesOf(numbers, this.options)
      const complete = issues.every(({ code }) => code !== 'INCOMPLETE')
      const { distance = NaN, falseDiscoveryRate = NaN } = tests?.[i] ?? {}
      return { ...numbers, complete, distance, falseDiscoveryRate, issues }
    })
    return rows.sort((a, b) => byBadness(a.issues[0], b.issues[0]))
  }

  /** All that is wrong, worst first. */
  issues(): readonly FeatureIssue[] {
    return this.names.flatMap((_, i) => issuesOf(this.#numbersOf(i), this.options)).sort(byBadness)
  }

  /** The names behind the issues, in short. */
  get summary(): FeatureSummary {
    const { missing, seen } = this.#state
    if (this.#summary?.seen !== seen) {
      let absent = 0
      for (const { n, mean } of missing) absent += n > 0 ? mean : NaN
      this.#summary = { seen, value: summarise(this.issues(), 1 - absent / missing.length) }
    }
    return this.#summary.value
  }

  // --------------------------------------------------------------- commands

  /** Takes in a vector of the past as reference, in the place of the oldest where that is full; it is not judged. */
  learn(x: Vector): void {
    checkVector(x, this.names.length)
    const state = this.#state
    state.seen++
    for (let i = 0; i < x.length; i++) {
      const value = x[i]!
      if (value !== value) continue
      follow(state, i, value)
      pushSorted(this.#references[i]!, value)
    }
    this.#watch(x)
  }

  /** Takes in the next vector, which it neither modifies nor keeps. */
  update(x: Vector): void {
    const { reference, names } = this.options
    checkVector(x, names.length)
    const state = this.#state
    const { missing, outside } = state
    const references = this.#references
    const decay = this.#decay
    const least = Math.min(LEAST_REFERENCE, reference)
    state.seen++
    for (let i = 0; i < x.length; i++) {
      const value = x[i]!
      addDecayed(missing[i]!, value === value ? 0 : 1, decay)
      if (value !== value) continue
      const past = references[i]!
      if (this.#isOther[i] === 1) addDecayed(outside[i]!, value > 0 ? 1 : 0, decay)
      else if (past.size >= least) {
        addDecayed(outside[i]!, value < this.#lowOf(past) || value > this.#highOf(past) ? 1 : 0, decay)
      }
      follow(state, i, value)
      if (past.size < reference) pushSorted(past, value)
    }
    this.#watch(x)
  }

  // --------------------------------------------------------------- mechanics

  /** Shows a vector to the drift detector. A feature that has drifted learns its range anew. */
  #watch(x: Vector): void {
    const { seen, outside, driftedAt, distance } = this.#state
    if (seen % this.options.driftEvery !== 0 || this.#drift?.update(x) !== 'drift') return
    for (const test of this.#drift.report) {
      if (!test.drifted) continue
      driftedAt[test.feature] = seen
      distance[test.feature] = test.distance
      outside[test.feature] = createDecayedMoments()
      this.#references[test.feature] = createSortedWindow(this.options.reference)
    }
  }

  // values of the reference themselves, not between two of them: what equals them must not lie outside by a rounding
  #lowOf({ sorted, size }: SortedWindow): number {
    return sorted[Math.floor(this.options.lower * (size - 1))]!
  }
  #highOf({ sorted, size }: SortedWindow): number {
    return sorted[Math.ceil(this.options.upper * (size - 1))]!
  }

  #numbersOf(i: number): FeatureNumbers {
    const { names, halfLife, minSamples, reference } = this.options
    const { seen, missing, outside, last, run, longest, driftedAt, distance } = this.#state
    // weights add up to 1.44 half-lives at most
    const enough = Math.min(minSamples, halfLife)
    const shareOf = ({ n, mean }: DecayedMoments): number => (n >= enough ? mean : NaN)
    const past = this.#references[i]!
    const isKnown = past.size >= Math.min(LEAST_REFERENCE, reference)
    return {
      feature: names[i]!,
      completeness: 1 - shareOf(missing[i]!),
      outside: this.#isOther[i] === 1 ? NaN : shareOf(outside[i]!),
      low: isKnown ? this.#lowOf(past) : NaN,
      high: isKnown ? this.#highOf(past) : NaN,
      unseen: this.#isOther[i] === 1 ? shareOf(outside[i]!) : NaN,
      value: last[i]!,
      run: run[i]!,
      longestRun: longest[i]!,
      stuck: this.#isStuck(i),
      driftedAgo: seen - driftedAt[i]!,
      driftDistance: distance[i]!,
    }
  }

  #isStuck(i: number): boolean {
    const run = this.#state.run[i]!
    const limit = Math.max(this.options.stuckAfter, LONGER * this.#state.longest[i]!)
    return run > limit && run <= ACCEPTED * limit && hasThree(this.#references[i]!)
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    return snapshot(FeatureMonitor, this.options, {
      ...this.#state,
      references: saveColumns(this.#references),
      drift: (this.#drift?.toJSON() ?? null) as unknown as Plain,
    })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): FeatureMonitor {
    const { options, state } = checkSnapshot(FeatureMonitor, json)
    const { names, kinds, ...rest } = unpackState(options, OPTIONS, 'options')
    const { references, drift, ...numbers } = state
    const own = unpackState(numbers, TEMPLATE)
    checkState(own, names.length)
    // before anything is made: the file's options alone must not make it allocate
    const columns = loadColumns(nested(state, 'references', FeatureMonitor.type) as never, names.length, rest.reference)
    const watched = drift === null ? null : FeatureDrift.fromJSON(nested(state, 'drift', FeatureMonitor.type))
    const monitor = new FeatureMonitor({ ...rest, schema: { names, kinds }, drift: watched })
    monitor.#references = [...columns]
    monitor.#state = own
    return monitor
  }
}

/** Counts how often a feature has been `value` in a row. */
function follow({ last, run, longest }: State, i: number, value: number): void {
  if (value === last[i]) run[i]!++
  else {
    if (run[i]! > longest[i]!) longest[i] = run[i]!
    last[i] = value
    run[i] = 1
  }
}

/** Whether a window holds three different values. O(log size). */
function hasThree(window: SortedWindow): boolean {
  const { sorted, size } = window
  return size > 2 && countUpTo(window, sorted[0]!) < countBelow(window, sorted[size - 1]!)
}

const TEMPLATE: State = {
  seen: 0,
  missing: [createDecayedMoments()],
  outside: [createDecayedMoments()],
  last: new Float64Array(0),
  run: new Float64Array(0),
  longest: new Float64Array(0),
  driftedAt: new Float64Array(0),
  distance: new Float64Array(0),
}

/** Throws unless a state that was read is one that vectors of so many features can lead to. */
function checkState(state: State, features: number): void {
  const { seen, missing, outside, last, run, longest, driftedAt, distance } = state
  const isShare = ({ n, mean, variance }: DecayedMoments): boolean =>
    n >= 0 && n <= seen && mean >= 0 && mean <= 1 && variance >= 0 && variance <= 1
  const isRun = (length: number): boolean => Number.isInteger(length) && length >= 0 && length <= seen
  const sound =
    Number.isSafeInteger(seen) &&
    [missing, outside, last, run, longest, driftedAt, distance].every(({ length }) => length === features) &&
    [...missing, ...outside].every(isShare) &&
    [...run, ...longest].every(isRun) &&
    driftedAt.every((at) => Number.isNaN(at) || isRun(at)) &&
    [...last, ...distance].every((value) => Math.abs(value) !== Infinity)
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `"feature-monitor" must hold shares and runs of ${features} features that vectors can lead to.`,
  )
}
