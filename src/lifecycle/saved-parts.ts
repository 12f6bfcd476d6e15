import type { Codec, JsonObject, JsonValue, Learner, Serializable, Snapshot } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { nested, restore } from '../core/snapshot.ts'
import { KillSwitch } from '../decision/index.ts'
import type { Signal } from '../market.ts'
import { checkTask, type Features, type Guard, type Parts } from './parts.ts'

/** A part's snapshot as a value that fits into its owner's state. */
export function packPart(part: Serializable): JsonObject {
  return { ...part.toJSON() }
}

/** Snapshots of all parts, by name. */
export function packParts<S extends Signal>({ detectors, ...parts }: Parts<S>): JsonObject {
  return {
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, packPart(part)])),
    detectors: detectors.map(packPart),
  }
}

/**
 * Reads back what {@link packParts} wrote into `state.parts`.
 *
 * A `KillSwitch` keeps what it has seen and whether it is halted, but its thresholds are the operator's: those of
 * `guard`, built from today's configuration. One that cannot be read comes back halted.
 */
export function unpackParts<S extends Signal>(state: JsonObject, codecs: readonly Codec[], guard: Guard): Parts<S> {
  const parts = nested(state, 'parts', 'trade-learner') as unknown as JsonObject
  const read = (name: string): Serializable => restore(nested(parts, name, 'trade-learner'), codecs)
  const saved = nested(parts, 'killSwitch', 'trade-learner')
  const configured = guard.toJSON()
  return {
    features: read('features') as Features<S>,
    labeler: read('labeler') as Parts['labeler'],
    killSwitch:
      configured.type === KillSwitch.type && saved.type === KillSwitch.type
        ? KillSwitch.restoreOrHalt(saved, (guard as KillSwitch).options)
        : (restore(saved, codecs) as Guard),
    success: checkTask('success', read('success') as Learner, 'binary'),
    expectedReturn: checkTask('expectedReturn', read('expectedReturn') as Learner, 'regression'),
    stopRisk: checkTask('stopRisk', read('stopRisk') as Learner, 'binary'),
    interval: read('interval') as Parts['interval'],
    detectors: list(parts['detectors']).map((json) =>
      restore(json as unknown as Snapshot, codecs),
    ) as unknown as Parts['detectors'],
  }
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"detectors" must be an array, got ${show(value)}.`)
}
