import type { State } from '../../core/state.ts'
import type { Health } from './health.ts'

/** In order of urgency. */
export type Severity = 'info' | 'warning' | 'critical'

/** Numbers and names behind an alert. */
export type Evidence = { readonly [name: string]: number | string }

/** What a rule has found, and where. */
export type Finding = {
  /** What it is about: `"all"`, a symbol, an arm. One alert a scope. */
  readonly scope: string
  readonly text: string
  readonly evidence: Evidence
  /** What it is, where another is told anew in the same scope: the code of a lock, say. The text may change unheard. */
  readonly about?: string
}

/**
 * How often a rule alarms while nothing is wrong: at most so many times in 1,000 trades; never, because it reads what is
 * so (`"deterministic"`); or as often as the detector that it reads.
 */
export type FalseAlarms = number | 'deterministic' | 'of its source'

/** One thing that is watched. */
export type AlertRule<Memory extends State = State> = {
  /** Capitals, digits and underscores. */
  readonly code: string
  readonly severity: Severity
  /** Rules of one topic are stages of one alert, of which the most urgent stands. @defaultValue the code */
  readonly topic?: string
  /** `"state"`: raised once while it is so, and recovered after. `"event"`: told once. */
  readonly kind: 'state' | 'event'
  readonly falseAlarms: FalseAlarms
  /** What it remembers before it has read anything: plain data. */
  start(): Memory
  /** What is found in a record; undefined where that cannot be said, so that what stands stands. Changes nothing but its memory. */
  read(health: Health, memory: Memory, time: number): readonly Finding[] | undefined
}

/** Something that a person should know. */
export type Alert = Finding & {
  /** Why it is told now. `"changed"`: it stood before, and is about something else now. */
  readonly kind: 'raised' | 'escalated' | 'changed' | 'repeated' | 'recovered' | 'event'
  readonly code: string
  readonly severity: Severity
  readonly falseAlarms: FalseAlarms
  /** When it is told, and since when it has been so; epoch milliseconds. */
  readonly time: number
  readonly since: number
}
