import { show, TradeLearnError } from '../core/errors.ts'

/** The newest candles of a symbol, as open times and closes; `head` is where the next goes, `size` how many there are. */
export type Tape = { readonly times: Float64Array; readonly closes: Float64Array; head: number; size: number }

/** A tape with room for so many candles, which may be none. */
export function createTape(capacity: number): Tape {
  return { times: new Float64Array(capacity), closes: new Float64Array(capacity), head: 0, size: 0 }
}

/** Adds a candle; the oldest makes room. O(1). */
export function pushTape(tape: Tape, time: number, close: number): void {
  const capacity = tape.times.length
  if (capacity === 0) return
  tape.times[tape.head] = time
  tape.closes[tape.head] = close
  tape.head = tape.head + 1 === capacity ? 0 : tape.head + 1
  if (tape.size < capacity) tape.size++
}

/** Where the candle of so many candles ago stands in the tape's arrays; `ago` must be below `size`. */
export function tapeIndex({ head, times }: Tape, ago: number): number {
  const at = head - 1 - ago
  return at < 0 ? at + times.length : at
}

/** Throws unless a tape read from a file is one of such capacity. */
export function checkTape({ times, closes, head, size }: Tape, capacity: number, path: string): void {
  const whole = times.length === capacity && closes.length === capacity
  const placed = Number.isInteger(head) && head >= 0 && head < Math.max(capacity, 1)
  if (whole && placed && Number.isInteger(size) && size >= 0 && size <= capacity) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `Snapshot value "${path}" must be a tape of ${capacity}, got ${show(times.length)} with head ${show(head)}, size ${show(size)}.`,
  )
}

/** How two symbols moved together, over the returns between candles that both have. */
export type Together = {
  /** Returns counted. */
  n: number
  meanA: number
  meanB: number
  /** Sums of squared deviations, and of their products. */
  squaresA: number
  squaresB: number
  products: number
}

/**
 * Measures the newest `bars` log returns of two symbols between candles of equal open time.
 *
 * Candles that only one of them has are passed over, so that each pair of returns covers the same stretch of time; and
 * as both tapes lie ready, it does not matter whose candle came first. O(candles looked at). Sums are built as Welford
 * does, so equal returns have deviations of exactly 0.
 */
export function measureTogether(a: Tape, b: Tape, bars: number): Together {
  const sums = { n: 0, meanA: 0, meanB: 0, squaresA: 0, squaresB: 0, products: 0 }
  let laterA = NaN // closes of the common candle found last, which is the later one
  let laterB = NaN
  let i = 0
  let j = 0
  while (i < a.size && j < b.size && sums.n < bars) {
    const atA = tapeIndex(a, i)
    const atB = tapeIndex(b, j)
    const gap = a.times[atA]! - b.times[atB]!
    if (gap !== 0) {
      // passes over the later one: time runs backwards here
      if (gap > 0) i++
      else j++
      continue
    }
    const closeA = a.closes[atA]!
    const closeB = b.closes[atB]!
    if (!Number.isNaN(laterA)) addPair(sums, Math.log(laterA / closeA), Math.log(laterB / closeB))
    laterA = closeA
    laterB = closeB
    i++
    j++
  }
  return sums
}

function addPair(sums: Together, x: number, y: number): void {
  sums.n++
  const dx = x - sums.meanA
  const dy = y - sums.meanB
  sums.meanA += dx / sums.n
  sums.meanB += dy / sums.n
  sums.squaresA += dx * (x - sums.meanA)
  sums.squaresB += dy * (y - sums.meanB)
  sums.products += dx * (y - sums.meanB)
}

/**
 * Logarithms of prices in a straight line come out some 1e-16 apart: what deviates by less than this, root mean square,
 * does not move.
 */
const STILL = 1e-14

/** Whether so many returns, with such a sum of squared deviations, moved. */
const moved = (squares: number, n: number): boolean => squares > n * STILL * STILL

/** Correlation of the newest `bars` common returns, -1 to 1; NaN with fewer of them, and where one did not move. */
export function correlationOf(a: Tape, b: Tape, bars: number): number {
  const { n, squaresA, squaresB, products } = measureTogether(a, b, bars)
  if (n < bars || !moved(squaresA, n) || !moved(squaresB, n)) return NaN
  return Math.min(Math.max(products / Math.sqrt(squaresA) / Math.sqrt(squaresB), -1), 1)
}

/** By how much `a` moved for each unit that `b` did, by least squares; NaN with fewer common returns, and where `b` did not move. */
export function betaOf(a: Tape, b: Tape, bars: number): number {
  const { n, squaresB, products } = measureTogether(a, b, bars)
  return n < bars || !moved(squaresB, n) ? NaN : products / squaresB
}
