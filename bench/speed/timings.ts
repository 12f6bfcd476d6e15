import { performance } from 'node:perf_hooks'

/** Durations of many calls of one thing, in milliseconds. */
export class Timings {
  readonly name: string
  #samples: number[] = []

  constructor(name: string) {
    this.name = name
  }

  get calls(): number {
    return this.#samples.length
  }

  get total(): number {
    return this.#samples.reduce((sum, each) => sum + each, 0)
  }

  /** The value that a share of `q` of the calls did not exceed (nearest rank). */
  quantile(q: number): number {
    const ascending = Float64Array.from(this.#samples).sort()
    return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)] ?? Number.NaN
  }

  /** Runs `act` and notes how long it took. */
  time<T>(act: () => T): T {
    const start = performance.now()
    const result = act()
    this.#samples.push(performance.now() - start)
    return result
  }
}

/** 0.42 µs, 3.1 ms, 2.5 s: three significant digits and the unit that fits. */
export function duration(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return 'N/A'
  const [value, unit] =
    milliseconds < 1
      ? [milliseconds * 1000, 'µs']
      : milliseconds < 1000
        ? [milliseconds, 'ms']
        : [milliseconds / 1000, 's']
  return `${Number(value.toPrecision(3))} ${unit}`
}
