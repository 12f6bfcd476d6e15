import { openFraction } from '../../core/check.ts'
import { type MeanValue, meanValue } from '../../evaluation/off-policy/mean-value.ts'
import type { Action, Side } from '../../market.ts'

/** What somebody wants to do with a signal. */
export type Choice = {
  readonly action: Action
  /** Position as a fraction of equity. */
  readonly size: number
}

/** A signal with what was done, what another policy would have done, and what became of it. */
export type JudgedSignal = {
  readonly id: string
  readonly symbol: string
  readonly side: Side
  readonly time: number
  /** What the bot was told then. */
  readonly done: Choice
  /** What the model wanted then: another thing in shadow mode, or where a rollout gave the signal to the baseline. */
  readonly model: Choice
  /** What the other policy says to the same prediction. */
  readonly other: Choice
  /** Null while it is open. `told`: the bot's own report of a trade; else what candles say of the baseline's bracket. */
  readonly label: { readonly netReturn: number; readonly end: number; readonly told: boolean } | null
}

/** How one way to choose among the same signals went. Returns are net, as fractions of the entry price. */
export type ChoiceFigures = {
  /** Signals taken, the reduced among them. */
  readonly taken: number
  readonly reduced: number
  readonly perTaken: MeanValue
  /** Of a full position in each that is taken, however small it was; a skipped signal returns 0. */
  readonly perSignal: MeanValue
  /** Size times return, a fraction of equity, for each signal; null where no size is known. */
  readonly onEquity: MeanValue | null
}

/** By how much one way to choose returned more for each signal than another. */
export type Advantage = Pick<ChoiceFigures, 'perSignal' | 'onEquity'>

/** What another policy would have chosen, beside what was chosen. */
export type WhatIf = {
  /** Signals that the other policy was asked about. */
  readonly asked: number
  /** Those that count. */
  readonly signals: number
  /** Those whose label is not known, and those left out since they came after the oldest of these. */
  readonly open: number
  readonly leftOut: number
  /** Signals whose label is the bot's own report of a trade. */
  readonly told: number
  /** Signals that the other policy takes and were not taken then, and the reverse. */
  readonly added: number
  readonly dropped: number
  readonly other: ChoiceFigures
  readonly done: ChoiceFigures
  readonly model: ChoiceFigures
  readonly everything: ChoiceFigures
  /** By how much the other policy returned more. */
  readonly overDone: Advantage
  readonly overEverything: Advantage
}

/** What no replay can know, in plain words. */
export const UNKNOWN_TO_WHAT_IF: readonly string[] = [
  'Fills: a signal that was not traded has the return that candles give its baseline bracket, always filled at its price.',
  'Brackets: one return a signal counts for all, whatever stop and target another policy would set.',
  'Positions: the other policy is asked with the account, limits and halts of then, not with those that it would have made.',
  'Sizes: they do not compound, and no trade moves the market.',
  'Learning: predictions are those of then; what other trades would have taught is not in them.',
  'Luck: intervals hold for one policy that was chosen before. Of many that are tried, one looks good by chance.',
]

/**
 * What another policy would have returned on recorded signals, beside what was done and beside taking everything.
 *
 * Since a label comes for every signal, traded or not, nothing has to be weighed: each way to choose is summed up over the same
 * signals. Intervals count returns together while their labels are open, and are NaN where too few labels fit side by side.
 * Signals end before the oldest that is still open, as a log of what has settled so far holds more quick exits than slow ones.
 *
 * {@link UNKNOWN_TO_WHAT_IF} says what it cannot know. O(n log n).
 *
 * @example
 * ```ts
 * const { signals } = replayJournal(life, options, { policy: new DecisionPolicy({ takeAbove: 0.55 }) })
 * const { overDone } = whatIf(signals)
 * ```
 */
export function whatIf(signals: readonly JudgedSignal[], coverage: number = 0.95): WhatIf {
  openFraction('coverage', coverage)
  const open = signals.filter(({ label }) => label === null)
  const until = open.reduce((oldest, { time }) => Math.min(oldest, time), Infinity)
  const rows = signals.filter(({ label, time }) => label !== null && time < until).sort((a, b) => a.time - b.time)
  const judge = judgeOf(rows, coverage)
  const { other, done, model } = CHOICES
  return {
    asked: signals.length,
    signals: rows.length,
    open: open.length,
    leftOut: signals.length - open.length - rows.length,
    told: rows.filter(({ label }) => label!.told).length,
    added: rows.filter((row) => isTaken(other(row)) && !isTaken(done(row))).length,
    dropped: rows.filter((row) => !isTaken(other(row)) && isTaken(done(row))).length,
    other: judge.figures(other),
    done: judge.figures(done),
    model: judge.figures(model),
    everything: { ...judge.figures(() => EVERYTHING), onEquity: null },
    overDone: judge.over(other, done),
    overEverything: { ...judge.over(other, () => EVERYTHING), onEquity: null },
  }
}

type Chooser = (signal: JudgedSignal) => Choice

const CHOICES = {
  other: (signal: JudgedSignal): Choice => signal.other,
  done: (signal: JudgedSignal): Choice => signal.done,
  model: (signal: JudgedSignal): Choice => signal.model,
} as const
const EVERYTHING: Choice = { action: 'take', size: NaN }

const isTaken = ({ action }: Choice): boolean => action !== 'skip'
/** What a signal returned to who chose so: on a full position, and on equity. */
const returnOf = (choice: Choice, { label }: JudgedSignal): number => (isTaken(choice) ? label!.netReturn : 0)
const gainOf = (choice: Choice, signal: JudgedSignal): number =>
  isTaken(choice) ? choice.size * signal.label!.netReturn : 0

/** Sums up over rows in order of time. */
function judgeOf(
  rows: readonly JudgedSignal[],
  coverage: number,
): {
  readonly figures: (choose: Chooser) => ChoiceFigures
  readonly over: (first: Chooser, second: Chooser) => Advantage
} {
  const mean = (value: (row: JudgedSignal) => number, among: readonly JudgedSignal[] = rows): MeanValue => {
    if (among.length === 0) return { value: NaN, low: NaN, high: NaN, coverage, error: NaN }
    const times = among.map(({ time }) => time)
    const ends = among.map(({ label }) => label!.end)
    return meanValue(Float64Array.from(among, value), times, ends, coverage)
  }
  const figures = (choose: Chooser): ChoiceFigures => {
    const taken = rows.filter((row) => isTaken(choose(row)))
    return {
      taken: taken.length,
      reduced: taken.filter((row) => choose(row).action === 'reduce').length,
      perTaken: mean((row) => row.label!.netReturn, taken),
      perSignal: mean((row) => returnOf(choose(row), row)),
      onEquity: mean((row) => gainOf(choose(row), row)),
    }
  }
  const over = (first: Chooser, second: Chooser): Advantage => ({
    perSignal: mean((row) => returnOf(first(row), row) - returnOf(second(row), row)),
    onEquity: mean((row) => gainOf(first(row), row) - gainOf(second(row), row)),
  })
  return { figures, over }
}
