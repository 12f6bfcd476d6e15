/** What has become of a trial: `'pending'` until it is told. */
export type TrialState = 'pending' | 'complete' | 'pruned' | 'failed'

/** What a trial reported at one of its steps, such as its loss on one fold. */
export type Report = { readonly step: number; readonly value: number }

/** Everything that is known of one trial, as plain data. */
export type TrialRecord<P = { readonly [name: string]: string | number | boolean }> = {
  /** Its number, from 0 up in the order of asking. */
  readonly id: number
  readonly params: P
  readonly state: TrialState
  /** What the objective gave; NaN unless complete. */
  readonly value: number
  /** In ascending order of steps. */
  readonly reports: readonly Report[]
  /** Why it failed; empty otherwise. */
  readonly reason: string
}

/** Whether small or large values are wanted. */
export type Direction = 'minimize' | 'maximize'

/** Whether to go on with a trial. */
export type Verdict = 'go on' | 'prune'

/** How a trial ended: with a value, pruned, or failed for a reason. */
export type TrialOutcome = number | 'pruned' | { readonly failed: string }

/** A trial at work. */
export type Trial<P> = {
  readonly id: number
  readonly params: P
  /** Tells a value of one step; says whether the trial is worth going on with. Steps ascend. */
  report(step: number, value: number): Verdict
}
