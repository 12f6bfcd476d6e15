import { clamp } from '../../core/math.ts'
import { addTrade, createWinRateEvidence, isBelow, type WinRateEvidence } from '../../decision/win-rate-evidence.ts'
import type { SettledSignal } from './rollout-event.ts'
import type { RolloutOptions } from './rollout-options.ts'

/** What the guards have seen. */
export type GuardState = {
  /** The candidate's own account, which starts at 1, and its peak. */
  equity: number
  peak: number
  /** Its own trades against the win rate of all signals, less the slack. */
  wins: WinRateEvidence
  /** That rate, as it was at the newest trade. */
  floor: number
  /** Its calls against a share of right ones, that ends it and that pauses it. */
  ends: WinRateEvidence
  pauses: WinRateEvidence
  /** Its predictions in time, against 99 in 100. */
  inTime: WinRateEvidence
  /** Signals that it was given, against its share; of this step. */
  given: WinRateEvidence
}

/** A fault, with the numbers. */
export type Fault = {
  readonly cause: 'DRAWDOWN' | 'WIN_RATE' | 'ACCURACY' | 'LATENCY' | 'SAMPLE_RATIO'
  readonly text: string
}

/** Signals before the win rate of all means anything. */
const BASE_SIGNALS = 20
const IN_TIME = 0.99

/** Nothing seen yet. */
export function createGuards(): GuardState {
  return {
    equity: 1,
    peak: 1,
    wins: createWinRateEvidence(),
    floor: 0,
    ends: createWinRateEvidence(),
    pauses: createWinRateEvidence(),
    inTime: createWinRateEvidence(),
    given: createWinRateEvidence(),
  }
}

/** Takes in a settled signal; `winRate` is that of the `known` signals before it. */
export function guardSettled(
  g: GuardState,
  { arm, y, netReturn, size, right }: SettledSignal,
  winRate: number,
  known: number,
  { winRateSlack, endBelowAccuracy, pauseBelowAccuracy }: RolloutOptions,
): void {
  if (arm === 'candidate' && size > 0) {
    g.equity *= Math.max(0, 1 + size * netReturn)
    g.peak = Math.max(g.peak, g.equity)
    if (known >= BASE_SIGNALS) {
      // a rate of 0 or 1 would be proved wrong by one trade
      g.floor = clamp(winRate - winRateSlack, 0.01, 0.99)
      addTrade(g.wins, y === 1, g.floor)
    }
  }
  if (right === undefined) return
  if (endBelowAccuracy > 0 && endBelowAccuracy < 1) addTrade(g.ends, right, endBelowAccuracy)
  if (pauseBelowAccuracy > 0 && pauseBelowAccuracy < 1) addTrade(g.pauses, right, pauseBelowAccuracy)
}

/** Takes in how long a prediction took; what is no number counts as too long. */
export function guardLatency(g: GuardState, ms: number, { latency }: RolloutOptions): void {
  addTrade(g.inTime, ms <= latency, IN_TIME)
}

/** What ends a candidate, if anything does. */
export function fatal(g: GuardState, { maxDrawdown, endBelowAccuracy, falseAlarm }: RolloutOptions): Fault | null {
  const fall = 1 - g.equity / g.peak
  if (!(fall <= maxDrawdown)) {
    return {
      cause: 'DRAWDOWN',
      text: `Its account has fallen ${show(fall)} below its peak; more than ${show(maxDrawdown)} ends it.`,
    }
  }
  if (isBelow(g.wins, g.floor, falseAlarm)) {
    const { wins, n } = g.wins
    return {
      cause: 'WIN_RATE',
      text: `${wins} wins in its ${n} trades show a win rate below ${show(g.floor)}, that of all signals less the slack.`,
    }
  }
  if (isBelow(g.ends, endBelowAccuracy, falseAlarm)) {
    const { wins, n } = g.ends
    return { cause: 'ACCURACY', text: `${wins} right of ${n} calls show an accuracy below ${show(endBelowAccuracy)}.` }
  }
  if (isBelow(g.inTime, IN_TIME, falseAlarm)) {
    const { wins, n } = g.inTime
    return { cause: 'LATENCY', text: `${n - wins} of ${n} predictions were late, which shows more than one in 100.` }
  }
  return null
}

/** What pauses a candidate, if anything does. */
export function doubtful(
  g: GuardState,
  share: number,
  { pauseBelowAccuracy, falseAlarm }: RolloutOptions,
): Fault | null {
  if (isBelow(g.pauses, pauseBelowAccuracy, falseAlarm)) {
    const { wins, n } = g.pauses
    return {
      cause: 'ACCURACY',
      text: `${wins} right of ${n} calls show an accuracy below ${show(pauseBelowAccuracy)}.`,
    }
  }
  if (g.given.logE >= -Math.log(falseAlarm)) {
    const { wins, n } = g.given
    return {
      cause: 'SAMPLE_RATIO',
      text: `It was given ${wins} of ${n} signals, which is not a share of ${show(share)}: the assignment is broken.`,
    }
  }
  return null
}

const show = (value: number): string => `${(100 * value).toFixed(1)} %`
