import type { DriftDetector } from 'tradelearn'

/** Lets a detector watch the values from `start` to `end`. */
export function watchValues(detector: DriftDetector, values: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) detector.update(values[i]!)
}

/**
 * The same function as code of its own, compiled for one class alone, as in a program that has one detector. A loop that
 * has met several classes takes 10 ns a value to find out which one it has, as much as an update of the cheap ones.
 */
export async function ownLoop(name: string): Promise<typeof watchValues> {
  const anew = (await import(`./loop.ts?${encodeURIComponent(name)}`)) as { readonly watchValues: typeof watchValues }
  return anew.watchValues
}
