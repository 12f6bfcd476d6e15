import { show, TradeLearnError } from '../../core/errors.ts'
import { type Candidate, compare, type Scan } from './candidate.ts'
import { addToSearchTree, isSearchTree, LINKS, pruneSearchTree, scanSearchTree, VALUE } from './e-bst.ts'
import type { RegressionTreeOptions } from './options.ts'
import { addToSlots, areSlots, clearSlots, META, radiusFrom, SLOT, scanSlots, sumSlots } from './quantizer.ts'

/**
 * What leaves keep of the features, in places that are given to leaves and come back when these split.
 *
 * A place holds so many numbers a feature in `data` and `meta`, and with search trees in `links` and `used`.
 */
export type Observers = {
  /** Whether a place has an owner. */
  taken: Uint8Array
  /** Slots, or values. */
  data: Float64Array
  /** What a quantizer keeps beside its slots; with search trees the weight, mean and deviations of all targets. */
  meta: Float64Array
  /** Children in the search trees, and values in use. */
  links: Int32Array
  used: Int32Array
}

/** Numbers that a search tree keeps beside its values. */
const SUMS = 3

/** Bounds of what is observed: 1e300 leaves room for differences. */
const MOST_VALUE = 1e300

const metaOf = ({ observer }: RegressionTreeOptions): number => (observer === 'quantizer' ? META : SUMS)

/** So many places; 0 gives the template of a saved state. */
export function createObservers(options: RegressionTreeOptions, places: number): Observers {
  const { features, slots, observer } = options
  const all = places * features
  const searching = observer === 'e-bst'
  return {
    taken: new Uint8Array(places),
    data: new Float64Array(all * slots * (searching ? VALUE : SLOT)),
    meta: new Float64Array(all * metaOf(options)),
    links: new Int32Array(searching ? all * slots * LINKS : 0),
    used: new Int32Array(searching ? all : 0),
  }
}

/** A place, empty, the first that is free. `parent` is the place of the leaf above, -1 for none. */
export function takePlace(observers: Observers, options: RegressionTreeOptions, parent: number): number {
  let place = observers.taken.indexOf(0)
  if (place < 0) {
    place = observers.taken.length
    const larger = createObservers(options, Math.min(options.maxLeaves + 1, Math.max(1, 2 * place)))
    for (const name of ['taken', 'data', 'meta', 'links', 'used'] as const) larger[name].set(observers[name])
    Object.assign(observers, larger)
  }
  observers.taken[place] = 1
  const { features, slots, observer, radius } = options
  for (let f = 0; f < features; f++) {
    const at = place * features + f
    if (observer === 'quantizer') {
      const own =
        radius === 'deviation' ? (parent < 0 ? 0 : radiusFrom(observers.meta, (parent * features + f) * META)) : radius
      clearSlots(observers.meta, at * META, own)
      observers.data.fill(0, at * slots * SLOT, (at + 1) * slots * SLOT)
    } else {
      observers.used[at] = 0
      observers.meta.fill(0, at * SUMS, (at + 1) * SUMS)
    }
  }
  return place
}

/** Gives a place back. */
export function leavePlace({ taken }: Observers, place: number): void {
  taken[place] = 0
}

/** Takes a row in at a place, but for its missing values. O(features) with slots. */
export function observe(
  observers: Observers,
  options: RegressionTreeOptions,
  place: number,
  x: Float64Array,
  y: number,
  weight: number,
): void {
  const { features, slots, observer, radius } = options
  const { data, meta, links, used } = observers
  const fixed = radius === 'deviation' ? 0 : radius
  for (let f = 0; f < features; f++) {
    const raw = x[f]!
    if (raw !== raw) continue
    const value = raw > MOST_VALUE ? MOST_VALUE : raw < -MOST_VALUE ? -MOST_VALUE : raw
    const at = place * features + f
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

/** Compares all features of a leaf of weight `n` by their best splits. */
export function search(
  observers: Observers,
  options: RegressionTreeOptions,
  place: number,
  n: number,
  candidate: Candidate,
): void {
  const { features, slots, observer } = options
  const { data, meta, links, used } = observers
  const { scan } = candidate
  for (let f = 0; f < features; f++) {
    const at = place * features + f
    begin(observers, options, at, n, scan)
    if (observer === 'quantizer') scanSlots(data, at * slots * SLOT, meta, at * META, scan)
    else scanSearchTree(data, links, at * slots, used[at]!, scan)
    compare(candidate, f)
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
  for (let at = place * options.features; at < (place + 1) * options.features; at++) {
    begin(observers, options, at, n, scan)
    const { data, links, used } = observers
    used[at] = pruneSearchTree(data, links, at * options.slots, used[at]!, scan, least)
  }
}

/** Throws unless observers that were read back have the lengths that the options ask for and links that lead somewhere. */
export function checkObservers(observers: Observers, options: RegressionTreeOptions): void {
  const { taken, data, meta, links, used } = observers
  const { features, slots, observer } = options
  const places = taken.length
  const all = places * features
  const searching = observer === 'e-bst'
  let sound = places <= options.maxLeaves + 1 && data.length === all * slots * (searching ? VALUE : SLOT)
  sound &&= meta.length === all * metaOf(options) && meta.every((value) => value === value)
  sound &&= links.length === (searching ? all * slots * LINKS : 0) && used.length === (searching ? all : 0)
  sound &&= taken.every((flag) => flag <= 1)
  for (let at = 0; sound && at < all; at++) {
    if (searching) sound = used[at]! >= 0 && used[at]! <= slots && isSearchTree(links, at * slots, used[at]!)
    else sound = areSlots(meta, at * META, slots)
  }
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved observers must fit the options, got ${show(places)} places that do not.`,
  )
}
