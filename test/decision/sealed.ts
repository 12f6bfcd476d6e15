import type { JsonObject, Snapshot } from '../../src/contracts.ts'
import { canonicalJson } from '../../src/core/canonical-json.ts'
import { fnv1a } from '../../src/core/hash.ts'

/** A snapshot of a kill switch with the seal that belongs to what it holds. */
export function sealed(json: Snapshot): Snapshot {
  const { seal: _, ...state } = json.state as JsonObject & { seal: string }
  return { ...json, state: { ...state, seal: fnv1a(canonicalJson({ options: json.options, state })) } }
}
