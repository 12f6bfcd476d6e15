import type { Reason } from '../../market.ts'

/** A halt of one scope; `code` is empty while there is none. */
export type Lock = {
  readonly code: string
  readonly text: string
  /** When it ends by itself, epoch milliseconds; Infinity for never. */
  readonly until: number
  /** How long it was set for. */
  readonly duration: number
  /** Probe trades sent after its end, and those of them that won. */
  sent: number
  wins: number
}

/** How much trading a scope allows: all, probe trades at the smallest size, or nothing new. */
export type Phase = 'open' | 'half-open' | 'halted'

/** No halt. */
export function noLock(): Lock {
  return { code: '', text: '', until: NaN, duration: NaN, sent: 0, wins: 0 }
}

/** A halt until a time. */
export function lockUntil({ code, text }: Reason, until: number, duration: number): Lock {
  return { code, text, until, duration, sent: 0, wins: 0 }
}

/** Whether a lock's time is over, so that probes count. Where there is no lock there is no such time. */
export function isProbing({ until }: Lock, now: number): boolean {
  return now >= until
}

/** What a scope allows now. Once all probes are out it waits for their outcomes. */
export function phaseOf(lock: Lock, now: number, probes: number): Phase {
  if (lock.code === '') return 'open'
  return isProbing(lock, now) && lock.sent < probes ? 'half-open' : 'halted'
}

/**
 * The lock that a reason leads to, or null where the present one holds as long.
 *
 * An open scope is locked for `duration`, one that was on probation for twice as long as before (but no longer than
 * `longest`), and a halted one no shorter than it is: the first cause is the one to look into, unless a later one holds
 * longer. Where no time is known a lock does not end by itself.
 */
export function locked(lock: Lock, reason: Reason, duration: number, now: number, longest: number): Lock | null {
  const again = isProbing(lock, now) ? Math.min(2 * lock.duration, longest) : 0
  const length = Math.max(duration, again)
  const until = now === -Infinity ? Infinity : now + length
  if (lock.code !== '' && !(until > lock.until)) return null
  // a lock that is prolonged has not lost count of how often it came
  return lockUntil(reason, until, lock.code === '' ? length : Math.max(length, lock.duration))
}
