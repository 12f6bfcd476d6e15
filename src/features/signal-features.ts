import type { Vector } from '../contracts.ts'
import type { Signal } from '../market.ts'

/** Numbers that can be read off the signal itself. */
export interface SignalFeature<Out extends string = string> {
  readonly kind: string
  readonly outputs: readonly Out[]
  /** Writes the numbers; pure. */
  read(signal: Signal, out: Vector, at: number): void
}

const DAY_MS = 86_400_000

/** 1 for long, -1 for short. Without it a model cannot tell a good long from a bad short. */
export function tradeSide(): SignalFeature<'value'> {
  return {
    kind: 'tradeSide',
    outputs: ['value'],
    read({ side }, out, at) {
      out[at] = side === 'long' ? 1 : -1
    },
  }
}

/**
 * Which of some symbols the signal is about, as its position in the list; missing for any other.
 *
 * A code and not a quantity: use it as the `column` of `ByGroup`, which keeps a model of each symbol's own once there
 * are trades enough for one.
 */
export function symbolCode(...symbols: readonly [string, ...string[]]): SignalFeature<'value'> {
  return {
    kind: `symbolCode(${JSON.stringify(symbols)})`,
    outputs: ['value'],
    read({ symbol }, out, at) {
      const position = symbols.indexOf(symbol)
      out[at] = position < 0 ? NaN : position
    },
  }
}

/**
 * The time of day in UTC as a point on a circle, so that 23:59 lies next to 00:00.
 *
 *     sin, cos of 2 pi (time since midnight) / (24 hours)
 */
export function hourOfDay(): SignalFeature<'sin' | 'cos'> {
  return {
    kind: 'hourOfDay',
    outputs: ['sin', 'cos'],
    read({ time }, out, at) {
      writeAngle(time, DAY_MS, out, at)
    },
  }
}

/** The day of the week in UTC as a point on a circle, so that Sunday lies next to Monday, which is at angle 0. */
export function dayOfWeek(): SignalFeature<'sin' | 'cos'> {
  return {
    kind: 'dayOfWeek',
    outputs: ['sin', 'cos'],
    read({ time }, out, at) {
      // day 0 of the epoch, 1970-01-01, was a Thursday: 3 days after Monday
      writeAngle(Math.floor(time / DAY_MS) + 3, 7, out, at)
    },
  }
}

/** Writes sine and cosine of where `position` stands on a circle of such length; whole rounds are taken off exactly. */
function writeAngle(position: number, length: number, out: Vector, at: number): void {
  const angle = (2 * Math.PI * (position - Math.floor(position / length) * length)) / length
  out[at] = Math.sin(angle)
  out[at + 1] = Math.cos(angle)
}
