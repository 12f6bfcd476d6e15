import { SeededRng } from '../../../src/core/rng.ts'
import type { Forest } from '../../../src/learners/forest/forest.ts'
import type { ModelContent } from '../../../src/learners/forest/model-file.ts'
import { AWKWARD, drawForest } from './scorer-forests.ts'

/** A model with questions of both sorts, awkward thresholds, odd numbers everywhere, names and notes. */
export function drawModel(seed: string, trees = 4, outputs = 1, leaves = 6): ModelContent {
  const rng = new SeededRng(seed)
  const forest = drawForest(
    {
      features: 5,
      outputs,
      leaves: Array.from({ length: trees }, () => 1 + Math.floor(rng.next() * leaves)),
      thresholds: AWKWARD,
      categorical: 0.3,
      depth: 0.5,
      covers: 'shares',
    },
    () => rng.next(),
  )
  for (let i = 0; i < forest.gain.length; i++) if (forest.feature[i]! >= 0) forest.gain[i] = rng.next() * 1e-300
  return {
    forest,
    link: outputs > 1 ? 'softmax' : 'sigmoid',
    names: ['rsi', 'größe', '\ud800', '"quoted"', ''],
    meta: { trainedOn: 'SPY', auc: 0.1 + 0.2, folds: [1, null, { deep: true }] },
  }
}

/** Vectors around the thresholds and the categories, with missing values. */
export function drawRows(seed: string, rows: number, features = 5): Float64Array[] {
  const rng = new SeededRng(seed)
  const odd = [Number.NaN, ...AWKWARD.filter(Number.isFinite), 31.9, 63, 1e300]
  return Array.from({ length: rows }, () =>
    Float64Array.from({ length: features }, () =>
      rng.next() < 0.5 ? odd[Math.floor(rng.next() * odd.length)]! : Math.floor(rng.next() * 100) - 2,
    ),
  )
}

/** The bits of every array of a forest, so that -0 and 0 differ and NaN equals itself. */
export function bitsOf(forest: Forest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(forest).map(([key, value]) => [
      key,
      typeof value === 'number'
        ? String(value)
        : `${value.constructor.name} ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`,
    ]),
  )
}

/** The code of what `act` throws; the error itself where it has none. */
export function codeOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
  return 'nothing thrown'
}
