import type { JsonValue, Serializable, Snapshot } from '../../src/contracts.ts'
import { packRecord, type State, unpackState } from '../../src/core/state.ts'

/** A snapshot's parts, unpacked, to be spoilt at will. */
// biome-ignore lint/suspicious/noExplicitAny: a test reaches into any shape
export type Parts = any

/** An object's snapshot as `change` leaves it. */
export function edited(whole: Serializable, change: (state: Parts, options: Parts) => void): Snapshot {
  const json = JSON.parse(JSON.stringify(whole)) as Snapshot
  const open = (part: JsonValue): { [key: string]: State } => unpackState(part, {})
  const [state, options] = [open(json.state), open(json.options)]
  change(state, options)
  return { ...json, options: packRecord(options), state: packRecord(state) }
}

/** The code of the error that is thrown; `undefined` for none, and what else it was for one without a code. */
export function codeOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
  return undefined
}

/** The most numbers that a `Float64Array` made meanwhile was to hold. */
export function largestArray(act: () => void): number {
  const Own = globalThis.Float64Array
  let most = 0
  globalThis.Float64Array = new Proxy(Own, {
    construct(target, args: [unknown], newTarget) {
      if (typeof args[0] === 'number') most = Math.max(most, args[0])
      return Reflect.construct(target, args, newTarget === globalThis.Float64Array ? target : newTarget)
    },
  })
  try {
    act()
  } finally {
    globalThis.Float64Array = Own
  }
  return most
}
