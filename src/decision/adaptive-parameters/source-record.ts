import { clamp } from '../../core/math.ts'

/**
 * How often trades were won after each source's vote, as plain data: three sums of the same layout, of which the last is
 * the oldest. Two numbers (trades, wins) for all trades, then four a source: for and against.
 */
export type SourceRecord = {
  readonly fresh: Float64Array
  readonly recent: Float64Array
  readonly settled: Float64Array
}

/** Trades' worth of doubt: so many more make a source's own record count as much as what is usual. */
const DOUBT = 20
/** No source is believed further from what is usual, so that none can dominate by a lucky start. */
export const MOST_LEAN = 0.2

/** No trades yet. */
export function createSourceRecord(sources: number): SourceRecord {
  const length = 2 + 4 * sources
  return { fresh: new Float64Array(length), recent: new Float64Array(length), settled: new Float64Array(length) }
}

/** Takes in a trade with what each source had voted. O(sources). */
export function addVotes({ fresh }: SourceRecord, votes: ArrayLike<number>, won: boolean): void {
  fresh[0]! += 1
  if (won) fresh[1]! += 1
  for (let i = 0; i < votes.length; i++) {
    const at = rowOf(i, votes[i]!)
    if (at < 0) continue
    fresh[at]! += 1
    if (won) fresh[at + 1]! += 1
  }
}

/**
 * Ages the record by one cluster of trades: what one cluster has shown counts from the next but one on, when its trades
 * have closed. A record that knew how trades went that were open at the same time would know part of the answer.
 */
export function ageRecord({ fresh, recent, settled }: SourceRecord, decay: number): void {
  const kept = Math.exp(fresh[0]! * Math.log(decay))
  for (let i = 0; i < settled.length; i++) settled[i] = settled[i]! * kept + recent[i]!
  recent.set(fresh)
  fresh.fill(0)
}

/** Copies what is known of all trades. */
export function copyTrades(from: SourceRecord, to: SourceRecord): void {
  copy(from, to, 0, 2, 0)
}

/** Copies what is known of a source to the place of another. */
export function copySource(from: SourceRecord, to: SourceRecord, source: number, place: number): void {
  copy(from, to, 2 + 4 * source, 6 + 4 * source, 2 + 4 * place)
}

function copy(from: SourceRecord, to: SourceRecord, start: number, end: number, at: number): void {
  for (const age of ['fresh', 'recent', 'settled'] as const) to[age].set(from[age].subarray(start, end), at)
}

/** The win rate that is usual. */
export function usualRate({ settled }: SourceRecord): number {
  return (settled[1]! + 1) / (settled[0]! + 2)
}

/**
 * The win probability after a source's vote: the mean of a Beta posterior whose prior is centred on what is usual. O(1).
 */
export function probabilityAfter(record: SourceRecord, source: number, vote: number, usual: number): number {
  const at = rowOf(source, vote)
  if (at < 0) return usual
  const { settled } = record
  const p = (settled[at + 1]! + DOUBT * usual) / (settled[at]! + DOUBT)
  return clamp(p, usual - MOST_LEAN, usual + MOST_LEAN)
}

/** Whether `record` can have come from trades. */
export function isSourceRecord({ fresh, recent, settled }: SourceRecord): boolean {
  return [fresh, recent, settled].every((sums) => {
    for (let i = 0; i < sums.length; i += 2) {
      const [n, wins] = [sums[i]!, sums[i + 1]!]
      // a little room for rounding; 1e15 keeps whatever is made of them finite
      if (!(n <= 1e15 && wins >= 0 && wins <= n * (1 + 1e-9))) return false
    }
    return true
  })
}

/** Where the trades after such a vote are counted; -1 for none. */
function rowOf(source: number, vote: number): number {
  if (vote > 0) return 2 + 4 * source
  return vote < 0 ? 4 + 4 * source : -1
}
