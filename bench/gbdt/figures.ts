import { type Cell, formatTable } from '../../src/cli/table.ts'
import { duration } from '../speed/timings.ts'
import type { Spread } from './rounds.ts'

/** What is promised of a figure: of ours, or of ours over the peer's. */
export type Goal =
  | { readonly kind: 'ratio'; readonly atMost: number }
  | { readonly kind: 'ours'; readonly atMost: number }
  | { readonly kind: 'ours'; readonly atLeast: number }

/** One line of the table. Times are in milliseconds. */
export type Figure = {
  readonly what: string
  /** How to write the numbers. */
  readonly unit: 'time' | 'rows a second' | 'bytes' | 'number'
  readonly ours: Spread | undefined
  readonly peer?: { readonly name: string; readonly spread: Spread } | undefined
  readonly goal?: Goal | undefined
  /** Why there is nothing to see, or what else to know. */
  readonly note?: string
}

/** Ours over the peer's. */
export function ratioOf({ ours, peer }: Figure): number {
  return ours && peer ? ours.median / peer.spread.median : Number.NaN
}

/** Whether the promise is kept; `undefined` where there is none, or nothing to tell by. */
export function isMet(figure: Figure): boolean | undefined {
  const { goal, ours } = figure
  if (!goal) return undefined
  const value = goal.kind === 'ratio' ? ratioOf(figure) : (ours?.median ?? Number.NaN)
  if (Number.isNaN(value)) return undefined
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast
}

/** A figure that is missing, and why. */
export const missing = (what: string, note: string, goal?: Goal): Figure => ({
  what,
  unit: 'time',
  ours: undefined,
  goal,
  note,
})

/** All figures as a table; medians with their quartiles. */
export function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure): Cell[] => {
    const { what, unit, ours, peer, goal, note } = figure
    const met = isMet(figure)
    const ratio = ratioOf(figure)
    return [
      what,
      ours ? written(ours, unit) : '-',
      peer ? `${peer.name}: ${written(peer.spread, unit)}` : '-',
      Number.isNaN(ratio) ? '-' : ratio.toFixed(2),
      goal ? goalText(goal, unit) : '-',
      met === undefined ? '-' : met ? 'met' : 'MISSED',
      note ?? '',
    ]
  })
  return formatTable([['what', 'ours (quartiles)', 'peer (quartiles)', 'ratio', 'goal', 'met', ''], ...rows])
}

function written({ median, low, high, n }: Spread, unit: Figure['unit']): string {
  return n > 1 ? `${single(median, unit)} (${single(low, unit)} to ${single(high, unit)})` : single(median, unit)
}

function single(value: number, unit: Figure['unit']): string {
  if (Number.isNaN(value)) return 'N/A'
  switch (unit) {
    case 'time':
      return duration(value)
    case 'bytes':
      return `${(value / 1e6).toFixed(0)} MB`
    case 'rows a second':
      return `${(value / 1e6).toPrecision(3)} M/s`
    case 'number':
      return String(Number(value.toPrecision(3)))
  }
}

function goalText(goal: Goal, unit: Figure['unit']): string {
  if (goal.kind === 'ratio') return `ratio ≤ ${goal.atMost}`
  return 'atMost' in goal ? `≤ ${single(goal.atMost, unit)}` : `≥ ${single(goal.atLeast, unit)}`
}
