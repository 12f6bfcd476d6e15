import { show, TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'

/** The newest rows that bin borders are drawn from: 512 put 16 values into each of 32 bins. */
const REMEMBERED = 512
/** The first look at the borders, after which looks come at doubled distances until all rows are new, */
const FIRST_LOOK = 32
/** and then as often as this; a look costs O(features x rows log rows). */
const LOOK_EVERY = 1024
/** New borders have to make the fullest bin this much emptier to be worth the move: half, and 2 % of the rows. */
const WORTH_SHARE = 2
const WORTH_ROWS = 0.02

/**
 * Sorts the values of every feature into bins of about equal weight, whose borders follow the stream.
 *
 * Code 0 is a missing value; code c > 0 is a value above border c - 2 and up to border c - 1. Borders that are not in use
 * are infinite. Plain data, for any state record.
 */
export type FeatureBins = {
  /** Rows seen. */
  seen: number
  /** `bins` - 2 borders a feature, ascending. */
  readonly borders: Float64Array
  /** The newest rows, one after the other; row i of the stream stands at i modulo their number. */
  readonly recent: Float64Array
}

/** Told when the borders of a feature move: the old ones, and the lowest and highest value that was looked at. */
export type Moved = (feature: number, old: Float64Array, low: number, high: number) => void

/** No borders yet: all values share a bin. */
export function createFeatureBins(features: number, bins: number): FeatureBins {
  return {
    seen: 0,
    borders: new Float64Array(features * (bins - 2)).fill(Infinity),
    recent: new Float64Array(features * REMEMBERED),
  }
}

/** Whether borders are still guessed from few rows, so that what was counted by them had better be forgotten. */
export const areRough = ({ seen }: FeatureBins): boolean => seen <= REMEMBERED

/** Writes the codes of a row. O(features log bins). */
export function encode({ borders }: FeatureBins, bins: number, x: Float64Array, codes: Uint8Array): void {
  const width = bins - 2
  for (let f = 0; f < codes.length; f++) {
    const value = x[f]!
    if (value !== value) {
      codes[f] = 0
      continue
    }
    // borders below the value
    let low = f * width
    let high = low + width
    while (low < high) {
      const middle = (low + high) >> 1
      if (borders[middle]! < value) low = middle + 1
      else high = middle
    }
    codes[f] = low - f * width + 1
  }
}

/** The value up to which a feature's codes 0 to `code` reach; code 0 alone is below all values. */
export function borderAfter({ borders }: FeatureBins, bins: number, feature: number, code: number): number {
  return code === 0 ? -Infinity : borders[feature * (bins - 2) + code - 1]!
}

/** Remembers a row; returns whether it is time to {@link lookAtBorders}. O(features). */
export function remember(state: FeatureBins, x: Float64Array): boolean {
  state.recent.set(x, (state.seen % REMEMBERED) * x.length)
  const n = ++state.seen
  const early = n >= FIRST_LOOK && n <= REMEMBERED && (n & (n - 1)) === 0
  return early || n % LOOK_EVERY === 0
}

/** Moves the borders that no longer fit the newest rows. */
export function lookAtBorders(state: FeatureBins, features: number, bins: number, moved: Moved): void {
  const rows = Math.min(state.seen, REMEMBERED)
  const column = new Float64Array(rows)
  const width = bins - 2
  for (let f = 0; f < features; f++) {
    let known = 0
    for (let i = 0; i < rows; i++) {
      const value = state.recent[i * features + f]!
      if (value === value) column[known++] = value
    }
    if (known < FIRST_LOOK / 2) continue
    const sorted = column.subarray(0, known).sort()
    const current = state.borders.subarray(f * width, (f + 1) * width)
    const fresh = bordersOf(sorted, width)
    const gain = fullest(sorted, current) - WORTH_SHARE * fullest(sorted, fresh)
    if (gain <= WORTH_ROWS * known) continue
    const old = current.slice()
    current.set(fresh)
    moved(f, old, sorted[0]!, sorted[known - 1]!)
  }
}

/** Borders that cut sorted values into parts of equal size, as far as equal values allow. */
function bordersOf(sorted: Float64Array, width: number): Float64Array {
  const borders = new Float64Array(width).fill(Infinity)
  const n = sorted.length
  const last = sorted[n - 1]!
  let used = 0
  for (let i = 1; i <= width; i++) {
    const value = sorted[Math.min(n - 1, Math.floor((i * n) / (width + 1)))]!
    // a border at the largest value would cut nothing off
    if (value < last && (used === 0 || value > borders[used - 1]!)) borders[used++] = value
  }
  return borders
}

/** Values in the fullest bin. */
function fullest(sorted: Float64Array, borders: Float64Array): number {
  let most = 0
  let from = 0
  for (let c = 0; c <= borders.length; c++) {
    const border = c < borders.length ? borders[c]! : Infinity
    let to = from
    while (to < sorted.length && sorted[to]! <= border) to++
    most = Math.max(most, to - from)
    from = to
  }
  return most
}

/**
 * Sorts what was summed up in a feature's old bins into its new ones, as if the values had been spread evenly over
 * each bin. Bin c of `sums` starts at `from` + c x `stride` and holds `numbers` numbers; `scratch` has room for all.
 */
export function rebin(
  sums: Float64Array,
  from: number,
  stride: number,
  numbers: number,
  old: Float64Array,
  fresh: Float64Array,
  low: number,
  high: number,
  scratch: Float64Array,
): void {
  const width = old.length
  for (let k = 0; k < numbers; k++) {
    // the sums up to each new border
    let cell = 0
    let below = 0
    let total = 0
    for (let c = 0; c <= width; c++) total += sums[from + (c + 1) * stride + k]!
    for (let c = 0; c < width; c++) {
      const border = fresh[c]!
      while (cell < width && old[cell]! <= border) below += sums[from + ++cell * stride + k]!
      const start = cell === 0 ? low : old[cell - 1]!
      const end = cell === width ? high : Math.min(old[cell]!, high)
      // halves, as the way from one end of the numbers to the other is none
      const share = end > start ? clamp((border / 2 - start / 2) / (end / 2 - start / 2), 0, 1) : 1
      scratch[c] = border === Infinity ? total : below + share * sums[from + (cell + 1) * stride + k]!
    }
    // and so between them
    let before = 0
    for (let c = 0; c <= width; c++) {
      const upTo = c < width ? scratch[c]! : total
      sums[from + (c + 1) * stride + k] = upTo - before
      before = upTo
    }
  }
}

/** Throws unless bins that were read back can be worked with. */
export function checkFeatureBins({ seen, borders, recent }: FeatureBins, features: number, bins: number): void {
  const width = bins - 2
  let sound = Number.isSafeInteger(seen) && seen >= 0
  sound &&= recent.length === features * REMEMBERED && borders.length === features * width
  for (let f = 0; sound && f < features; f++) {
    for (let c = f * width; sound && c < (f + 1) * width; c++) {
      const border = borders[c]!
      sound = border > -Infinity && (c === f * width || border > borders[c - 1]! || border === Infinity)
    }
  }
  sound &&= recent.every((value) => Math.abs(value) !== Infinity)
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Saved bins must have ascending borders and finite rows, got ${show(borders)} that has not.`,
  )
}
