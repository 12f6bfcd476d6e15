import type { Arm } from './assign.ts'

/** What a rollout is told. Times are epoch milliseconds, those of the signals and candles; they may run back a little. */
export type RolloutEvent =
  /** A signal was decided, by `arm`. */
  | { readonly kind: 'decided'; readonly time: number; readonly arm: Arm }
  | SettledSignal
  /** A prediction of the candidate took so many milliseconds. */
  | { readonly kind: 'latency'; readonly time: number; readonly ms: number }
  /** A person allows the step that the rollout is in to be left. */
  | { readonly kind: 'approve'; readonly time: number; readonly by: string }
  /** A person stops it where it is, lets it go on, or ends it. */
  | { readonly kind: 'pause' | 'resume' | 'abort'; readonly time: number; readonly by: string; readonly reason: string }
  /** Time has passed. */
  | { readonly kind: 'tick'; readonly time: number }

/** What an operator may tell a rollout. */
export type OperatorEvent = Exclude<RolloutEvent, { kind: 'decided' | 'settled' | 'latency' }> & {
  /** Its name, as whoever challenged was called. @defaultValue whose trial it is; the champion's watches beside that of a challenger */
  readonly rollout?: string
}

/** What became of a signal, whoever decided it, and what the candidate made of it or would have made. */
export type SettledSignal = {
  readonly kind: 'settled'
  /** When its outcome was known. */
  readonly time: number
  /** When it was decided. */
  readonly decidedAt: number
  /** The step in which it was decided (`Rollout.step` then), for which it counts. */
  readonly step: number
  /** Who decided it. */
  readonly arm: Arm
  /** Share of the whole size (the baseline's) that the candidate took or would have taken: 0 for a skip. */
  readonly share: number
  /** The same of the champion. @defaultValue 1: the champion is the baseline, which takes all of every signal */
  readonly championShare?: number
  readonly y: 0 | 1
  /** Net return of the trade, as a fraction of the entry price, whether it was taken or not. */
  readonly netReturn: number
  /** Position as a fraction of equity that was really taken; 0 where it was not traded. */
  readonly size: number
  /** Whether the candidate's probability lay on the right side of one half; undefined where it took no side. */
  readonly right?: boolean
}

/** Where a rollout is. */
export type RolloutStatus = 'running' | 'paused' | 'promoted' | 'ended'

/** Why it went on, stopped or ended. */
export type RolloutCause =
  | 'STARTED'
  | 'EARNED'
  | 'APPROVED'
  | 'DRAWDOWN'
  | 'WIN_RATE'
  | 'ACCURACY'
  | 'LATENCY'
  | 'HARM'
  | 'SILENCE'
  | 'SAMPLE_RATIO'
  | 'OPERATOR'
  | 'RECOVERED'

/** A change of step or status, with what it rests on. */
export type Transition = {
  readonly time: number
  readonly from: { readonly step: number; readonly status: RolloutStatus }
  readonly to: { readonly step: number; readonly status: RolloutStatus }
  readonly cause: RolloutCause
  /** The numbers, for people. */
  readonly text: string
  /** Who said so; empty where no person did. */
  readonly by: string
}
