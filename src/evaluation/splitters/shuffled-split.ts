import type { Fold, Range, Splitter } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { shuffle } from '../../core/draw.ts'
import { SeededRng } from '../../core/rng.ts'

/** Options of {@link ShuffledSplit}. */
export type ShuffledSplitOptions = {
  /** Parts that each are tested on once. @defaultValue 5 */
  readonly folds: number
  /** @defaultValue 0 */
  readonly seed: number | string
}

/**
 * Shuffled k-fold cross-validation: here only to show how it cheats. Never judge a trading model by it.
 *
 * It deals rows to folds at random, so that nearly every test row has training rows a few bars before and after it
 * whose labels were made from the same prices. A model that merely recognises the date looks skilled: on hourly SPY
 * it reports an AUC of 0.66 where walking forward gives 0.51. It breaks the third law of a splitter by design.
 *
 * @example
 * ```ts
 * const dream = walkForward(dataset, createLearner, new ShuffledSplit())
 * const truth = walkForward(dataset, createLearner, new WalkForward({ train: 2000, test: 250 }))
 * ```
 */
export class ShuffledSplit implements Splitter {
  readonly options: ShuffledSplitOptions

  constructor({ folds = 5, seed = 0 }: Partial<ShuffledSplitOptions> = {}) {
    this.options = { folds: integer('folds', folds, 2), seed }
  }

  *split(times: ArrayLike<number>): Generator<Fold, void, void> {
    const { folds, seed } = this.options
    // deal the folds out evenly, then shuffle the hands
    const dealt = shuffle(
      new SeededRng(seed),
      Uint32Array.from({ length: times.length }, (_, row) => row % folds),
    )
    for (let fold = 0; fold < Math.min(folds, times.length); fold++) {
      yield {
        train: rangesWhere(dealt, (part) => part !== fold),
        test: rangesWhere(dealt, (part) => part === fold),
      }
    }
  }
}

/** The runs of rows whose part passes. */
function rangesWhere(dealt: Uint32Array, passes: (part: number) => boolean): Range[] {
  const ranges: Range[] = []
  let start = -1
  for (let row = 0; row <= dealt.length; row++) {
    const inside = row < dealt.length && passes(dealt[row]!)
    if (inside && start < 0) start = row
    if (!inside && start >= 0) {
      ranges.push({ start, end: row })
      start = -1
    }
  }
  return ranges
}
