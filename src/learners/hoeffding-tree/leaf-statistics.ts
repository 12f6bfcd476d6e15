import { TradeLearnError } from '../../core/errors.ts'
import { SeededRng } from '../../core/rng.ts'
import { drawFeatures } from '../draw-features.ts'
import { addToHistogram, isHistogram } from './histogram.ts'
import { categoryOf, type Layout, MOMENTS } from './layout.ts'
import { isWeight } from './tree.ts'

/**
 * What nodes have seen, as flat arrays of places that grow when a leaf is made.
 *
 * The features of a place, in ascending order, take its slots from the first on. The numbers of class c in slot s of
 * place p stand together from ((p classes + c) slots + s) width on: the weight n of the known values, their mean, the
 * sum m2 of their squared deviations, the least and the greatest value, then the histogram where there is one. Of a
 * nominal feature only n is kept there, and the weights of its categories in `categories`.
 */
export type LeafStatistics = {
  /** Times that a leaf has drawn its features. */
  draws: number
  /** 1 where a node owns the place. */
  taken: Uint8Array
  /** Features that the node looks at, and how many there are. */
  feature: Int32Array
  used: Int32Array
  cells: Float64Array
  categories: Float64Array
  /** Weight that has come in since the place was taken, and what that was at the last attempt to split. */
  arrived: Float64Array
  lastAttempt: Float64Array
  /** Weight of the observations that the majority class, and naive Bayes, would have got right beforehand. */
  majorityRight: Float64Array
  bayesRight: Float64Array
}

const PER_PLACE = ['arrived', 'lastAttempt', 'majorityRight', 'bayesRight'] as const
const NUMBERS = ['cells', 'categories', ...PER_PLACE] as const

/** Room for `places`; 0 gives the template of a saved state. */
export function createLeafStatistics(layout: Layout, places: number): LeafStatistics {
  const { classes, slots, width, nominals, categories } = layout
  const numbers = (each: number): Float64Array => new Float64Array(places * each)
  return {
    draws: 0,
    taken: new Uint8Array(places),
    feature: new Int32Array(places * slots),
    used: new Int32Array(places),
    cells: numbers(classes * slots * width),
    categories: numbers(classes * nominals * categories),
    arrived: numbers(1),
    lastAttempt: numbers(1),
    majorityRight: numbers(1),
    bayesRight: numbers(1),
  }
}

/** The lowest vacant place, wiped, with features drawn for it; -1 where there is none and no room for more. */
export function takePlace(stats: LeafStatistics, layout: Layout, seed: string): number {
  const { length } = stats.taken
  let place = stats.taken.indexOf(0)
  if (place < 0) {
    if (length >= layout.maxPlaces) return -1
    grow(stats, layout, Math.min(2 * length, layout.maxPlaces))
    place = length
  }
  wipe(stats, layout, place)
  stats.taken[place] = 1
  chooseFeatures(stats, layout, place, seed)
  return place
}

/** Gives a place back. */
export function leavePlace(stats: LeafStatistics, place: number): void {
  stats.taken[place] = 0
}

function grow(stats: LeafStatistics, layout: Layout, places: number): void {
  const larger = createLeafStatistics(layout, places)
  for (const name of NUMBERS) {
    larger[name].set(stats[name])
    stats[name] = larger[name]
  }
  for (const name of ['feature', 'used'] as const) {
    larger[name].set(stats[name])
    stats[name] = larger[name]
  }
  larger.taken.set(stats.taken)
  stats.taken = larger.taken
}

function wipe(stats: LeafStatistics, { classes, slots, width, nominals, categories }: Layout, place: number): void {
  const fill = (values: Float64Array, each: number): void => {
    values.fill(0, place * each, (place + 1) * each)
  }
  fill(stats.cells, classes * slots * width)
  fill(stats.categories, classes * nominals * categories)
  for (const name of PER_PLACE) stats[name][place] = 0
}

/** All features, or as many of them as there are slots, drawn at random. */
function chooseFeatures(stats: LeafStatistics, { features, slots }: Layout, place: number, seed: string): void {
  const { feature, used } = stats
  used[place] = slots
  const first = place * slots
  if (slots === features) {
    for (let f = 0; f < features; f++) feature[first + f] = f
    return
  }
  // the n-th leaf's draw depends on the seed and n alone
  const rng = new SeededRng(seed).fork(`leaf ${stats.draws++}`)
  drawFeatures(rng, features, slots, feature, first)
}

/** Takes one observation of class `y` into a place. Missing values leave their feature's numbers alone. O(features). */
export function observe(
  stats: LeafStatistics,
  layout: Layout,
  place: number,
  x: Float64Array,
  y: number,
  weight: number,
): void {
  const { cells, feature } = stats
  const { slots, width, nominals, bins } = layout
  const first = place * slots
  const end = first + stats.used[place]!
  let i = (place * layout.classes + y) * slots * width
  let last = 0
  let share = 1
  stats.arrived[place]! += weight
  for (let slot = first; slot < end; slot++, i += width) {
    const f = feature[slot]!
    const value = x[f]!
    if (value !== value) continue
    const before = cells[i]!
    const after = before + weight
    cells[i] = after
    if (nominals > 0 && layout.nominalAt[f]! >= 0) {
      stats.categories[categoryCell(layout, place, y, f, value)]! += weight
      continue
    }

    // the range
    if (before === 0) {
      cells[i + 3] = value
      cells[i + 4] = value
    } else if (value < cells[i + 3]!) cells[i + 3] = value
    else if (value > cells[i + 4]!) cells[i + 4] = value

    // Welford's update, as in core/moments.ts; where all values are known one division serves all features
    if (before !== last || slot === first) {
      last = before
      share = weight / after
    }
    const mean = cells[i + 1]!
    const delta = value - mean
    const centre = mean + share * delta
    cells[i + 2]! += weight * delta * (value - centre)
    cells[i + 1] = centre
    if (bins > 0) addToHistogram(cells, i + MOMENTS, bins, value, weight)
  }
}

/** Where the weight of the category of a nominal feature's value stands. */
export function categoryCell(layout: Layout, place: number, y: number, f: number, value: number): number {
  const { classes, nominals, categories } = layout
  return ((place * classes + y) * nominals + layout.nominalAt[f]!) * categories + categoryOf(value, categories)
}

/** Drops the features of a place for which `keep` is 0; the others move up. */
export function dropFeatures(stats: LeafStatistics, layout: Layout, place: number, keep: ArrayLike<number>): void {
  const { classes, slots, width } = layout
  const { cells, feature, used } = stats
  const first = place * slots
  let to = 0
  for (let slot = 0; slot < used[place]!; slot++) {
    if (keep[slot] === 0) continue
    feature[first + to] = feature[first + slot]!
    for (let c = 0; c < classes; c++) {
      const base = (place * classes + c) * slots
      cells.copyWithin((base + to) * width, (base + slot) * width, (base + slot + 1) * width)
    }
    to++
  }
  used[place] = to
}

/** Throws unless statistics that were read back fit the layout. */
export function checkLeafStatistics(stats: LeafStatistics, layout: Layout): void {
  const { features, slots, width, bins, classes } = layout
  const places = stats.taken.length
  const { used, feature, cells } = stats
  let sound = places >= 1 && places <= layout.maxPlaces && Number.isSafeInteger(stats.draws) && stats.draws >= 0
  sound &&= feature.length === places * slots && used.length === places
  sound &&= cells.length === places * classes * slots * width
  sound &&= stats.categories.length === places * classes * layout.nominals * layout.categories
  sound &&= PER_PLACE.every((name) => stats[name].length === places && stats[name].every(isWeight))
  sound &&= stats.categories.every(isWeight)
  for (let place = 0; sound && place < places; place++) {
    if (stats.taken[place] === 0) continue
    sound = used[place]! >= 0 && used[place]! <= slots
    for (let slot = 0; sound && slot < used[place]!; slot++) {
      const f = feature[place * slots + slot]!
      sound = f >= 0 && f < features && (slot === 0 || f > feature[place * slots + slot - 1]!)
    }
    for (let i = place * classes * slots; sound && i < (place + 1) * classes * slots; i++) {
      sound = isWeight(cells[i * width]!) && (bins === 0 || isHistogram(cells, i * width + MOMENTS, bins))
    }
  }
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved leaf statistics must fit ${slots} of ${features} features, got ${places} places that do not.`,
  )
}
