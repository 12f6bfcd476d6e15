import type { Decision, Label } from '../../market.ts'

/** What one day has brought, UTC: plain data. */
export type DayCount = {
  day: number
  signals: number
  taken: number
  reduced: number
  skipped: number
  /** Trades whose end the bot told, those of them that won, and the sum of their net returns. */
  closed: number
  won: number
  netReturn: number
  /** Outcomes learned from, those of skipped signals too. */
  learned: number
}

const DAY = 86_400_000

/** The day that a time is in, UTC. */
export const dayOf = (time: number): number => Math.floor(time / DAY)

/** Nothing has happened on it. */
export function createDayCount(day: number): DayCount {
  return { day, signals: 0, taken: 0, reduced: 0, skipped: 0, closed: 0, won: 0, netReturn: 0, learned: 0 }
}

/** Takes in a decision. */
export function countDecision(count: DayCount, { action }: Decision): void {
  count.signals++
  count[({ take: 'taken', reduce: 'reduced', skip: 'skipped' } as const)[action]]++
}

/** Takes in an outcome; `told` where it is the bot's own report. */
export function countOutcome(count: DayCount, { y, netReturn }: Label, told: boolean): void {
  count.learned++
  if (!told) return
  count.closed++
  count.won += y
  count.netReturn += netReturn
}

/** The numbers of the day for people: returns with six digits. */
export function summaryOf({ day: _, netReturn, ...counts }: DayCount): { readonly [name: string]: number } {
  return { ...counts, netReturn: Math.round(netReturn * 1e6) / 1e6 }
}
