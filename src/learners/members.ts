import type { JsonObject, JsonValue, Learner, Serializable, Snapshot } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { nested } from '../core/snapshot.ts'

/** Rebuilds the parts of a composite. */
export type Restore = (nested: Snapshot) => Serializable

/** A learner's snapshot as a value that fits into its owner's state. */
export function packMember(member: Serializable): JsonObject {
  const { type, version, options, state } = member.toJSON()
  return { type, version, options, state }
}

/** The learner that its owner's state holds under `key`. */
export function restoreMember(state: JsonObject, key: string, owner: string, restore: Restore): Learner {
  return asLearner(restore(nested(state, key, owner)), owner)
}

/** The learners that their owner's state holds in a list under `key`. */
export function restoreMembers(state: JsonObject, key: string, owner: string, restore: Restore): Learner[] {
  const list: JsonValue | undefined = state[key]
  if (!Array.isArray(list)) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold a list "${key}", got ${show(list)}.`)
  }
  return list.map((member: Snapshot) => asLearner(restore(member), owner))
}

function asLearner(member: Serializable, owner: string): Learner {
  if ('predict' in member && 'learn' in member) return member as Learner
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold learners, got ${show(member.toJSON().type)}.`)
}
