import type { Clock } from '../contracts.ts'
import { clamp } from '../core/math.ts'

/** Where progress is written: `process.stderr`, or anything like it. */
export type ProgressStream = {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Options of {@link Progress}. */
export type ProgressOptions = {
  /** What is being done, e.g. `"Replaying"`. */
  readonly label: string
  /** @defaultValue `process.stderr`, so that results on stdout can be piped */
  readonly stream: ProgressStream
  /** @defaultValue the system's clock */
  readonly clock: Clock
}

/** Cells of the bar. */
const BAR = 24
/** A terminal is redrawn at most this often, in milliseconds: faster cannot be read and slows the work. */
const REDRAW_MS = 100
/** Taken where the terminal does not say how wide it is. */
const COLUMNS = 80

type State = { start: number; drawn: number; tenth: number; done: boolean }

/**
 * One line that says how far a long job is, how long it has taken, and how long it will take.
 *
 * On a terminal the line is redrawn in place; elsewhere (a log file, CI) a line is written every 10 %. The time left
 * assumes that the rest goes as fast as what is done.
 *
 * @example
 * ```ts
 * const progress = new Progress({ label: 'Replaying' })
 * for (const [i, candle] of candles.entries()) {
 *   learner.onCandle(candle)
 *   progress.update(i / candles.length)
 * }
 * progress.finish()
 * ```
 */
export class Progress {
  readonly options: ProgressOptions
  #state: State

  constructor({
    label,
    stream = process.stderr,
    clock = { now: () => Date.now() },
  }: Partial<ProgressOptions> & Pick<ProgressOptions, 'label'>) {
    this.options = { label, stream, clock }
    this.#state = { start: clock.now(), drawn: Number.NEGATIVE_INFINITY, tenth: 0, done: false }
  }

  /** Tells how much is done, from 0 to 1. */
  update(fraction: number): void {
    const { stream, clock } = this.options
    const s = this.#state
    if (s.done) return
    const part = clamp(Number.isNaN(fraction) ? 0 : fraction, 0, 1)
    if (stream.isTTY) {
      const now = clock.now()
      if (now - s.drawn < REDRAW_MS) return
      s.drawn = now
      // back to the first column, the line, and nothing of an older, longer one
      stream.write(`\r${this.#line(part).slice(0, (stream.columns ?? COLUMNS) - 1)}\u001b[K`)
      return
    }
    // a hair above, as ten times 0.1 added up falls short of 1
    const tenth = Math.floor(part * 10 + 1e-9)
    if (tenth <= s.tenth) return
    s.tenth = tenth
    stream.write(`${this.#line(part)}\n`)
  }

  /** Writes the last line, at 100 %. Later calls do nothing. */
  finish(): void {
    const { stream } = this.options
    const s = this.#state
    if (s.done) return
    s.drawn = Number.NEGATIVE_INFINITY
    this.update(1)
    s.done = true
    if (stream.isTTY) stream.write('\n')
  }

  /** Leaves the line as it is, where the work ended before its time. Later calls do nothing. */
  stop(): void {
    const { stream } = this.options
    const s = this.#state
    // what comes next must not stand on the same line
    if (!s.done && stream.isTTY && s.drawn > Number.NEGATIVE_INFINITY) stream.write('\n')
    s.done = true
  }

  #line(part: number): string {
    const elapsed = this.options.clock.now() - this.#state.start
    const filled = Math.round(part * BAR)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled)
    const left = part > 0 && part < 1 ? `, ${duration((elapsed * (1 - part)) / part)} left` : ''
    // rounded down: 100 % is said only when it is done
    const percent = String(Math.floor(part * 100 + 1e-9)).padStart(3)
    return `${this.options.label} ${bar} ${percent} %  ${duration(elapsed)}${left}`
  }
}

/** 0:07, 12:30, 1:02:03. */
function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
