/** |x| up to 1e-35 as a float counts as 0: LightGBM's kZeroThreshold. */
const TINY = 1.0000000180025095e-35

/** LightGBM reads values this near to 0 as 0. */
export const TINY_IS_ZERO = 0
/** LightGBM with `zero_as_missing`: those are missing. */
export const ZERO_IS_MISSING = 1
/** XGBoost and CatBoost look at the nearest float. */
export const FLOAT32 = 2
/** XGBoost's categories: below 0 none, even those that would be cut to 0. */
export const CATEGORY32 = 3
/** 1 where the value is the column's own, else 0: CatBoost's one-hot questions. */
export const EQUALS = 4

/** What the trees see of a vector: for each of their columns a feature and how it is read. */
export type Columns = {
  readonly feature: Int32Array
  /** One of the readings above. */
  readonly kind: Uint8Array
  /** What `EQUALS` compares with. */
  readonly value: Float64Array
}

/** Writes the columns of `x` into `out`. */
export function columnsInto({ feature, kind, value }: Columns, x: Float64Array, out: Float64Array): void {
  for (let c = 0; c < feature.length; c++) {
    const v = x[feature[c]!]!
    const how = kind[c]!
    if (how === TINY_IS_ZERO) out[c] = v >= -TINY && v <= TINY ? 0 : v
    else if (how === FLOAT32) out[c] = Math.fround(v)
    else if (how === ZERO_IS_MISSING) out[c] = v >= -TINY && v <= TINY ? Number.NaN : v
    else if (how === CATEGORY32) out[c] = v < 0 ? -1 : Math.fround(v)
    else out[c] = v === value[c]! ? 1 : 0
  }
}

/** Columns while a file is being read: the first `features` are the features, read as their first question wants. */
export type ColumnList = {
  readonly kind: number[]
  readonly feature: number[]
  readonly value: number[]
  readonly known: Map<string, number>
}

/** No columns but the features, which nothing has asked for yet. */
export function createColumnList(features: number): ColumnList {
  const list: ColumnList = { kind: [], feature: [], value: [], known: new Map() }
  for (let f = 0; f < features; f++) {
    list.kind.push(-1)
    list.feature.push(f)
    list.value.push(0)
  }
  return list
}

/** The column that reads `feature` as `kind`; another one is added where the feature is read in two ways. */
export function columnOf({ kind, feature, value, known }: ColumnList, f: number, how: number, equal = 0): number {
  if (kind[f] === -1) {
    kind[f] = how
    value[f] = equal
    return f
  }
  if (kind[f] === how && value[f] === equal) return f
  const key = `${f} ${how} ${equal}`
  const column = known.get(key)
  if (column !== undefined) return column
  known.set(key, kind.length)
  kind.push(how)
  feature.push(f)
  value.push(equal)
  return kind.length - 1
}

/** The finished columns. */
export function finishColumns({ kind, feature, value }: ColumnList): Columns {
  return {
    feature: Int32Array.from(feature),
    kind: Uint8Array.from(kind, (how) => (how < 0 ? TINY_IS_ZERO : how)),
    value: Float64Array.from(value),
  }
}
