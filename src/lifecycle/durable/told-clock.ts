import type { Clock } from '../../contracts.ts'

/**
 * A clock that is either the host's or told what the host's said: a decision that is made again takes exactly as long as
 * it took then.
 *
 * A decision reads the clock twice, when it begins and when its prediction is there.
 */
export class ToldClock implements Clock {
  readonly #host: Clock
  /** Readings still to give; empty while it is the host's. */
  #told: number[] = []
  #first = Number.NaN
  #last = Number.NaN

  constructor(host: Clock) {
    this.#host = host
  }

  now(): number {
    const reading = this.#told.shift() ?? this.#host.now()
    if (Number.isNaN(this.#first)) this.#first = reading
    this.#last = reading
    return reading
  }

  /** From here on the time between the first and the newest reading is what {@link elapsed} says. */
  restart(): void {
    this.#first = Number.NaN
    this.#last = Number.NaN
  }

  /** Milliseconds between the first and the newest reading; 0 where there is none. */
  get elapsed(): number {
    return Number.isNaN(this.#first) ? 0 : this.#last - this.#first
  }

  /** The next two readings lie `latency` apart. */
  tell(latency: number): void {
    this.#told = [0, latency]
  }

  /** Forgets what it was told and did not say. */
  endTelling(): void {
    this.#told = []
  }
}
