import { type Layout, SIZE, STOP, TARGET, THRESHOLD, WEIGHTS } from './options.ts'

/** The values in use: frozen, so whoever holds them while deciding sees no change. */
export type AdaptiveValues = {
  readonly entryThreshold: number
  /** At most 1. */
  readonly sizeMultiplier: number
  readonly stopAtr: number
  readonly targetAtr: number
  /** One a source, in the order of `sources`. */
  readonly weights: readonly number[]
}

/** The values at the given positions of the grids. */
export function valuesAt({ grids }: Layout, index: Int32Array): AdaptiveValues {
  const at = (parameter: number): number => grids[parameter]!.values[index[parameter]!]!
  return Object.freeze({
    entryThreshold: at(THRESHOLD),
    sizeMultiplier: at(SIZE),
    stopAtr: at(STOP),
    targetAtr: at(TARGET),
    weights: Object.freeze(Array.from({ length: index.length - WEIGHTS }, (_, i) => at(WEIGHTS + i))),
  })
}
