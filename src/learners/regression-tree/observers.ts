import { show, TradeLearnError } from '../../core/errors.ts'
import { SeededRng } from '../../core/rng.ts'
import { drawFeatures } from '../draw-features.ts'
import { type Candidate, compare, type Scan } from './candidate.ts'
import { addToSearchTree, areValues, isSearchTree, LINKS, pruneSearchTree, scanSearchTree, VALUE } from './e-bst.ts'
import type { RegressionTreeOptions } from './options.ts'
import { addToSlots, areSlots, areSums, clearSlots, META, radiusFrom, SLOT, scanSlots, sumSlots } from './quantizer.ts'
import { areMoments } from './tree.ts'

/**
 * What leaves keep of the features, in places that are given to leaves and come back when these split.
 *
 * A place looks at `featuresPerLeaf` features. It holds so many numbers a feature in `data` and `meta`, and with search
 * trees in `links` and `used`.
 */
export type Observers = {
  /** Times that a leaf has drawn its features. */
  draws: number
  /** Whether a place has an owner. */
  taken: Uint8Array
  /** Features that a place looks at, rising. */
  feature: Int32Array
  /** Slots, or values. */
  data: Float64Array
  /** What a quantizer keeps beside its slots; with search trees the weight, mean and deviations of all targets. */
  meta: Float64Array
  /** Children in the search trees, and values in use. */
  links: Int32Array
  used: Int32Array
}

const ARRAYS = ['taken', 'feature', 'data', 'meta', 'links', 'used'] as const

/** Numbers that a search tree keeps beside its values. */
const SUMS = 3

/** Bounds of what is observed: 1e300 leaves room for differences. */
const MOST_VALUE = 1e300

const metaOf = ({ observer }: RegressionTreeOptions): number => (observer === 'quantizer' ? META : SUMS)

/** So many places; 0 gives the template of a saved state. */
export function createObservers(options: RegressionTreeOptions, places: number): Observers {
  const { featuresPerLeaf, slots, observer } = options
  const all = places * featuresPerLeaf
  const searching = observer === 'e-bst'
  return {
    draws: 0,
    taken: new Uint8Array(places),
    feature: new Int32Array(all),
    data: new Float64Array(all * slots * (searching ? VALUE : SLOT)),
    meta: new Float64Array(all * metaOf(options)),
    links: new Int32Array(searching ? all * slots * LINKS : 0),
    used: new Int32Array(searching ? all : 0),
  }
}

/** A place, empty, the first that is free, with features drawn for it. `parent` is that of the leaf above, -1 for none. */
export function takePlace(observers: Observers, options: RegressionTreeOptions, parent: number): number {
  let place = observers.taken.indexOf(0)
  if (place < 0) {
    place = observers.taken.length
    const larger = createObservers(options, Math.min(options.maxLeaves + 1, Math.max(1, 2 * place)))
    for (const name of ARRAYS) larger[name].set(observers[name])
    larger.draws = observers.draws
    Object.assign(observers, larger)
  }
  observers.taken[place] = 1
  chooseFeatures(observers, options, place)
  const { featuresPerLeaf, slots, observer } = options
  for (let at = place * featuresPerLeaf; at < (place + 1) * featuresPerLeaf; at++) {
    if (observer === 'quantizer') {
      clearSlots(observers.meta, at * META, firstRadius(observers, options, at, parent))
      observers.data.fill(0, at * slots * SLOT, (at + 1) * slots * SLOT)
    } else {
      observers.used[at] = 0
      observers.meta.fill(0, at * SUMS, (at + 1) * SUMS)
    }
  }
  return place
}

/** All features, or some of them, drawn at random. */
function chooseFeatures(observers: Observers, options: RegressionTreeOptions, place: number): void {
  const { features, featuresPerLeaf, seed } = options
  const { feature } = observers
  const first = place * featuresPerLeaf
  if (featuresPerLeaf === features) {
    for (let f = 0; f < features; f++) feature[first + f] = f
    return
  }
  // the n-th leaf's draw depends on the seed and n alone
  const rng = new SeededRng(seed).fork(`leaf ${observers.draws++}`)
  drawFeatures(rng, features, featuresPerLeaf, feature, first)
}

/** The radius that slots start with: by what the parent saw of the feature, and 0 where it did not look at it. */
function firstRadius(observers: Observers, options: RegressionTreeOptions, at: number, parent: number): number {
  const { featuresPerLeaf: width, radius } = options
  if (radius !== 'deviation') return radius
  if (parent < 0) return 0
  const { feature, meta } = observers
  const above = feature.subarray(parent * width, (parent + 1) * width).indexOf(feature[at]!)
  return above < 0 ? 0 : radiusFrom(meta, (parent * width + above) * META)
}

/** Gives a place back. */
export function leavePlace({ taken }: Observers, place: number): void {
  taken[place] = 0
}

/** Lets all places go for good. */
export function letGo(observers: Observers, options: RegressionTreeOptions): void {
  const { draws } = observers
  Object.assign(observers, createObservers(options, 0), { draws })
}

/** Takes a row in at a place, but for its missing values. O(featuresPerLeaf) with slots. */
export function observe(
  observers: Observers,
  options: RegressionTreeOptions,
  place: number,
  x: Float64Array,
  y: number,
  weight: number,
): void {
  const { featuresPerLeaf, slots, observer, radius } = options
  const { feature, data, meta, links, used } = observers
  const fixed = radius === 'deviation' ? 0 : radius
  const end = (place + 1) * featuresPerLeaf
  for (let at = place * featuresPerLeaf; at < end; at++) {
    const raw = x[feature[at]!]!
    if (raw !== raw) continue
    const value = raw > MOST_VALUE ? MOST_VALUE : raw < -MOST_VALUE ? -MOST_VALUE : raw
    if (observer === 'quantizer') addToSlots(data, at * slots * SLOT, slots, meta, at * META, fixed, value, y, weight)
    else {
      used[at] = addToSearchTree(data, links, at * slots, used[at]!, slots, value, y, weight)
      const n = meta[at * SUMS]! + weight
      const deviation = y - meta[at * SUMS + 1]!
      meta[at * SUMS] = n
      meta[at * SUMS + 1] = meta[at * SUMS + 1]! + (weight / n) * deviation
      meta[at * SUMS + 2] = meta[at * SUMS + 2]! + weight * Math.max(0, deviation * (y - meta[at * SUMS + 1]!))
    }
  }
}

/** Sets the scan to what is known of a feature at a place of a leaf with weight `n`. */
function begin(observers: Observers, options: RegressionTreeOptions, at: number, n: number, scan: Scan): void {
  const { data, meta } = observers
  if (options.observer === 'quantizer') sumSlots(data, at * options.slots * SLOT, meta, at * META, scan)
  else {
    scan.n = meta[at * SUMS]!
    scan.mean = meta[at * SUMS + 1]!
    scan.m2 = meta[at * SUMS + 2]!
  }
  scan.share = Math.min(1, scan.n / n)
  scan.least = options.minBranchWeight
  scan.merit = 0
}

/** Compares the features that a leaf of weight `n` looks at by their best splits. */
export function search(
  observers: Observers,
  options: RegressionTreeOptions,
  place: number,
  n: number,
  candidate: Candidate,
): void {
  const { featuresPerLeaf, slots, observer } = options
  const { feature, data, meta, links, used } = observers
  const { scan } = candidate
  for (let at = place * featuresPerLeaf; at < (place + 1) * featuresPerLeaf; at++) {
    begin(observers, options, at, n, scan)
    if (observer === 'quantizer') scanSlots(data, at * slots * SLOT, meta, at * META, scan)
    else scanSearchTree(data, links, at * slots, used[at]!, scan)
    compare(candidate, feature[at]!)
  }
}

/** Lets search trees drop values at which a split would take away less than `least`. */
export function dropPoorValues(
  observers: Observers,
  options: RegressionTreeOptions,
  place: number,
  n: number,
  least: number,
  { scan }: Candidate,
): void {
  if (options.observer !== 'e-bst') return
  const { featuresPerLeaf } = options
  for (let at = place * featuresPerLeaf; at < (place + 1) * featuresPerLeaf; at++) {
    begin(observers, options, at, n, scan)
    const { data, links, used } = observers
    used[at] = pruneSearchTree(data, links, at * options.slots, used[at]!, scan, least)
  }
}

/**
 * Throws unless observers that were read back have the lengths that the options ask for, links that lead somewhere, and
 * numbers that targets up to `most` can lead to.
 */
export function checkObservers(observers: Observers, options: RegressionTreeOptions, most: number): void {
  const { draws, taken, feature, data, meta, links, used } = observers
  const { features, featuresPerLeaf, slots, observer } = options
  const places = taken.length
  const all = places * featuresPerLeaf
  const searching = observer === 'e-bst'
  let sound = places <= options.maxLeaves + 1 && data.length === all * slots * (searching ? VALUE : SLOT)
  sound &&= meta.length === all * metaOf(options) && meta.every((value) => value === value)
  sound &&= searching ? areMoments(meta, most) && areValues(data, most) : areSums(data, most)
  sound &&= links.length === (searching ? all * slots * LINKS : 0) && used.length === (searching ? all : 0)
  sound &&= taken.every((flag) => flag <= 1) && Number.isSafeInteger(draws) && draws >= 0 && feature.length === all
  for (let at = 0; sound && at < all; at++) {
    const f = feature[at]!
    const rising = at % featuresPerLeaf === 0 || f > feature[at - 1]!
    if (taken[Math.floor(at / featuresPerLeaf)] === 1 && !(rising && f >= 0 && f < features)) sound = false
    else if (searching) sound = used[at]! >= 0 && used[at]! <= slots && isSearchTree(links, at * slots, used[at]!)
    else sound = areSlots(meta, at * META, slots)
  }
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved observers must fit the options, got ${show(places)} places that do not.`,
  )
}
