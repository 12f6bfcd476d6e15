import type { JsonObject, Snapshot } from '../../contracts.ts'
import { packRecord, unpackState } from '../../core/state.ts'
import { type RegressionTreeInput, resolveOptions } from './options.ts'

/**
 * Brings the snapshot of a `HoeffdingTreeRegressor` to the present version.
 *
 * In version 1 every leaf looked at all features, and had no list of them.
 */
export function migrate(snapshot: Snapshot): Snapshot {
  if (snapshot.version >= 2) return snapshot
  const { features, maxLeaves } = resolveOptions(snapshot.options as unknown as RegressionTreeInput)
  const options = { ...snapshot.options, ...packRecord({ featuresPerLeaf: features, seed: '1' }) }
  const observers = (snapshot.state['observers'] ?? {}) as JsonObject
  const { taken } = unpackState({ taken: observers['taken'] ?? null }, { taken: new Uint8Array(0) }, 'state.observers')
  // more places than that are refused when the rest is checked
  const places = Math.min(taken.length, maxLeaves + 1)
  const feature = Int32Array.from({ length: places * features }, (_, i) => i % features)
  return {
    ...snapshot,
    version: 2,
    options,
    state: { ...snapshot.state, observers: { ...observers, ...packRecord({ draws: 0, feature }) } },
  }
}
