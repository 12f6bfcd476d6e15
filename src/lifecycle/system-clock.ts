import type { Clock } from '../contracts.ts'

/**
 * The host's clock: epoch milliseconds that never run backwards and resolve microseconds.
 *
 * The one place of the library that reads the time. Only latencies are measured with it; everything that is learned
 * takes its time from candles and signals, so that a replay is exact.
 */
export const systemClock: Clock = { now: () => performance.timeOrigin + performance.now() }
