/** Events from one number to another, both included. */
export type Range = { readonly from: number; readonly to: number }

/** Something in a journal that is not as it should be, or that one should know. */
export type Finding = {
  /** `'note'`: no reason to worry, such as what a power loss leaves behind. */
  readonly severity: 'damage' | 'note'
  readonly file: string
  readonly offset: number | null
  /** The first event that is concerned. */
  readonly seq: number | null
  readonly message: string
}

/** Reads a file of a journal, or notes why it cannot be read. */
export type Read = (name: string) => Promise<Uint8Array | undefined>

export const damage = (file: string, offset: number | null, seq: number | null, message: string): Finding => ({
  severity: 'damage',
  file,
  offset,
  seq,
  message,
})
export const note = (
  file: string,
  message: string,
  offset: number | null = null,
  seq: number | null = null,
): Finding => ({ severity: 'note', file, offset, seq, message })

/** "Event 7", "Events 7 to 9". */
export const eventsOf = ({ from, to }: Range): string => (from === to ? `Event ${from}` : `Events ${from} to ${to}`)

export const countOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)

/** Ascending numbers as ranges. */
export function rangesOf(ascending: readonly number[]): Range[] {
  const out: { from: number; to: number }[] = []
  for (const seq of ascending) {
    const open = out.at(-1)
    if (open && open.to === seq - 1) open.to = seq
    else out.push({ from: seq, to: seq })
  }
  return out
}

/** What of ranges lies in `from` to `to`. */
export const within = (ranges: readonly Range[], from: number, to: number): Range[] =>
  ranges
    .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
    .filter((range) => range.from <= range.to)

/** What of `from` to `to` lies in none of the ranges, which ascend. */
export function gapsIn(ranges: readonly Range[], from: number, to: number): Range[] {
  const out: Range[] = []
  let next = from
  for (const range of within(ranges, from, to)) {
    if (range.from > next) out.push({ from: next, to: range.from - 1 })
    next = Math.max(next, range.to + 1)
  }
  if (next <= to) out.push({ from: next, to })
  return out
}
