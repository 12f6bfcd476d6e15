import { TradeLearnError } from '../../core/errors.ts'

/**
 * What the leaves have seen, as flat arrays that grow when a leaf is made.
 *
 * The numbers of class `c` and feature `f` in leaf `leaf` stand at `(2 leaf + c) features + f`, those of the leaf
 * itself at `leaf`.
 */
export type LeafStatistics = {
  /** Weight of the known values. */
  n: Float64Array
  mean: Float64Array
  /** Sum of squared deviations from the mean. */
  m2: Float64Array
  /** Least and greatest value; meaningless while `n` is 0. */
  min: Float64Array
  max: Float64Array
  /** Weight that has come in since the leaf was made. */
  arrived: Float64Array
  /** What `arrived` was at the last attempt to split. */
  lastAttempt: Float64Array
  /** Weight of the observations that the majority class, and naive Bayes, would have got right beforehand. */
  majorityRight: Float64Array
  bayesRight: Float64Array
}

const PER_FEATURE = ['n', 'mean', 'm2', 'min', 'max'] as const
const PER_LEAF = ['arrived', 'lastAttempt', 'majorityRight', 'bayesRight'] as const

/** Room for `capacity` leaves; 0 gives the template of a saved state. */
export function createLeafStatistics(features: number, capacity: number): LeafStatistics {
  const values = (): Float64Array => new Float64Array(2 * capacity * features)
  const leaves = (): Float64Array => new Float64Array(capacity)
  return {
    n: values(),
    mean: values(),
    m2: values(),
    min: values(),
    max: values(),
    arrived: leaves(),
    lastAttempt: leaves(),
    majorityRight: leaves(),
    bayesRight: leaves(),
  }
}

/** Moves everything into arrays with room for `capacity` leaves. */
export function growLeafStatistics(stats: LeafStatistics, features: number, capacity: number): void {
  const larger = createLeafStatistics(features, capacity)
  for (const name of [...PER_FEATURE, ...PER_LEAF]) {
    larger[name].set(stats[name])
    stats[name] = larger[name]
  }
}

/** Makes a leaf forget what it has seen. */
export function clearLeaf(stats: LeafStatistics, features: number, leaf: number): void {
  for (const name of PER_FEATURE) stats[name].fill(0, 2 * leaf * features, 2 * (leaf + 1) * features)
  for (const name of PER_LEAF) stats[name][leaf] = 0
}

/** Takes one observation of class `y` into a leaf. Missing values leave their feature's numbers alone. O(features). */
export function observe(
  { n, mean, m2, min, max, arrived }: LeafStatistics,
  leaf: number,
  x: Float64Array,
  y: number,
  weight: number,
): void {
  const features = x.length
  const start = (2 * leaf + y) * features
  arrived[leaf]! += weight
  for (let f = 0; f < features; f++) {
    const value = x[f]!
    if (value !== value) continue
    const i = start + f
    const before = n[i]!

    // the range
    if (before === 0 || value < min[i]!) min[i] = value
    if (before === 0 || value > max[i]!) max[i] = value

    // Welford's update, as in core/moments.ts, on flat arrays
    const after = before + weight
    const delta = value - mean[i]!
    const centre = mean[i]! + (weight / after) * delta
    m2[i]! += weight * delta * (value - centre)
    mean[i] = centre
    n[i] = after
  }
}

/** Throws unless statistics that were read back have room for exactly `capacity` leaves. */
export function checkLeafStatistics(stats: LeafStatistics, features: number, capacity: number): void {
  const fits =
    PER_FEATURE.every((name) => stats[name].length === 2 * capacity * features) &&
    PER_LEAF.every((name) => stats[name].length === capacity)
  if (fits) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved leaf statistics must all have room for ${capacity} leaves, got arrays of other lengths.`,
  )
}
