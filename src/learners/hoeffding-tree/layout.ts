import { TradeLearnError } from '../../core/errors.ts'
import type { HoeffdingTreeOptions } from './options.ts'

/** Numbers that every observer keeps of a class's values: n, mean, m2, min, max, in this order. */
export const MOMENTS = 5

/** Bytes of a node with its counts of `classes` classes; the arrays of {@link Tree}. */
const nodeBytes = (classes: number): number => 4 * 6 + 8 + 1 + 8 * classes

/** Where things stand in a tree's arrays, and how large these may become: all that follows from the options. */
export type Layout = {
  readonly features: number
  readonly classes: number
  /** Features that a leaf looks at. */
  readonly slots: number
  /** Numbers kept of one class and feature. */
  readonly width: number
  /** Bins of a histogram; 0 without one. */
  readonly bins: number
  /** Nominal features, and categories of each. */
  readonly nominals: number
  readonly categories: number
  /** The rank of a feature among the nominal ones; -1 for numeric features. */
  readonly nominalAt: Int32Array
  /** Leaves and places for statistics, at most. */
  readonly maxLeaves: number
  readonly maxPlaces: number
}

/**
 * The layout of a tree whose nodes take `extra` bytes beside their own, and of which `places` nodes a leaf keep
 * statistics: 1, or 2 where branches do so too.
 *
 * Nodes may take half of `maxBytes`, statistics the rest.
 */
export function createLayout(options: HoeffdingTreeOptions, classes: number, extra = 0, places: 1 | 2 = 1): Layout {
  const { features, featuresPerLeaf: slots, nominal, categories, observer, maxBytes } = options
  const nominalAt = new Int32Array(features).fill(-1)
  for (const [i, feature] of nominal.entries()) nominalAt[feature] = i
  const bins = observer === 'histogram' ? options.bins : 0
  // a bin is its two ends and its weight; one more bin than asked for while two are being merged
  const width = MOMENTS + (bins > 0 ? 1 + 3 * (bins + 1) : 0)
  const placeBytes = 8 * classes * (slots * width + nominal.length * categories) + 4 * (slots + 1) + 1 + 8 * 4
  const perLeaf = 2 * (nodeBytes(classes) + extra)
  // some numbers that count, each 8 bytes
  const most = maxBytes - 64
  const maxLeaves = Math.max(1, Math.min(options.maxLeaves, Math.floor(most / 2 / perLeaf)))
  const maxPlaces = Math.min(places * maxLeaves, Math.floor((most - maxLeaves * perLeaf) / placeBytes))
  if (maxPlaces < 1) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"maxBytes" must be at least ${64 + perLeaf + placeBytes}, the size of one leaf, got ${maxBytes}.`,
    )
  }
  return {
    features,
    classes,
    slots,
    width,
    bins,
    nominals: nominal.length,
    categories,
    nominalAt,
    maxLeaves,
    maxPlaces,
  }
}

/** The category of a value: its code, or the last category for large codes and for what is no code. */
export function categoryOf(value: number, categories: number): number {
  return value >= 0 && value < categories - 1 && Number.isInteger(value) ? value : categories - 1
}
