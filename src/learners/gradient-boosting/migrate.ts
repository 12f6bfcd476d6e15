import type { Snapshot } from '../../contracts.ts'
import { packRecord, unpackState } from '../../core/state.ts'
import { createForest } from '../forest/forest.ts'
import { type GradientBoostingInput, resolveOptions } from './options.ts'

/** A forest as version 1 wrote it: one output, numeric questions only. */
const FIRST_FOREST = {
  base: 0,
  roots: new Int32Array(0),
  feature: new Int32Array(0),
  threshold: new Float64Array(0),
  left: new Int32Array(0),
  right: new Int32Array(0),
  missingLeft: new Uint8Array(0),
  value: new Float64Array(0),
  gain: new Float64Array(0),
  rows: new Float64Array(0),
}

/**
 * Brings a snapshot to the present version.
 *
 * Version 1 had fewer options, which get their defaults; a forest without categories and outputs; and moments of the
 * labels, which are now taken from the window.
 */
export function migrate(snapshot: Snapshot): Snapshot {
  if (snapshot.version >= 2) return snapshot
  const { labels: _, forest, ...state } = snapshot.state
  const options = resolveOptions(snapshot.options as unknown as GradientBoostingInput)
  const { base, rows, ...old } = unpackState(forest, FIRST_FOREST, 'state.forest')
  const blank = createForest(options.features, [base], old.roots.length, old.feature.length)
  return {
    ...snapshot,
    version: 2,
    options,
    state: { ...state, forest: packRecord({ ...blank, ...old, cover: rows }) },
  }
}
