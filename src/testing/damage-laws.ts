import type { JsonObject, JsonValue, Serializable, Snapshot } from '../contracts.ts'
import { packState, type State, unpackState } from '../core/state.ts'
import { broken, type Law, stateOf } from './law.ts'

/** Numbers that no state, and hardly an option, should hold. */
const WILD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e300] as const
/** Numbers of a snapshot that are tried at most, spread evenly over it. */
const MOST_LEAVES = 60

/**
 * The law of a snapshot in which one number was damaged: it is refused with a coded error, or what comes of it works.
 *
 * `use` is to throw where the restored part says what it must not; afterwards it must still be possible to save it.
 */
export function damageLaws<T extends Serializable>(
  trained: () => T,
  reread: (json: Snapshot) => T,
  use: (part: T) => void,
): Law[] {
  return [
    {
      name: 'a snapshot with a wild number is refused with a coded error, or restores what still works',
      run: () => {
        const whole = stateOf(trained())
        const places = numbersIn(JSON.parse(whole) as Snapshot)
        const stride = Math.max(1, places.length / MOST_LEAVES)
        for (let k = 0; k < places.length; k += stride) {
          const place = places[Math.floor(k)]!
          for (const value of WILD) {
            const json = JSON.parse(whole) as Snapshot
            if (damage(json, place, value)) tryOut(json, `${place.join('.')} = ${value}`, reread, use)
          }
        }
      },
    },
  ]
}

function tryOut<T extends Serializable>(
  json: Snapshot,
  what: string,
  reread: (json: Snapshot) => T,
  use: (part: T) => void,
): void {
  let part: T
  try {
    part = reread(json)
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === 'string') return
    broken(`a snapshot with ${what} must be refused with a coded error, got ${String(error)}`)
  }
  try {
    use(part)
    reread(JSON.parse(stateOf(part)) as Snapshot)
  } catch (error) {
    broken(`restored from a snapshot with ${what}: ${String(error)}`)
  }
}

/** Where a number stands: keys, and at last a position where it is one of a packed array. */
type Place = readonly (string | number)[]

/** The numbers of options and state; of a packed array the first, the middle and the last. */
function numbersIn({ options, state }: Snapshot): Place[] {
  const places: Place[] = []
  const visit = (json: JsonValue, path: Place): void => {
    if (typeof json === 'number') places.push(path)
    if (json === null || typeof json !== 'object') return
    if (!isPacked(json)) {
      for (const [key, value] of Object.entries(json)) visit(value as JsonValue, [...path, key])
    } else if (!('data' in json)) places.push(path)
    else {
      const { length } = unpackArray(json)
      for (const at of new Set([0, length >> 1, length - 1])) if (at >= 0 && at < length) places.push([...path, at])
    }
  }
  visit({ options, state }, [])
  return places
}

/** Writes a number there; false where its array cannot hold it. */
function damage(json: Snapshot, place: Place, value: number): boolean {
  let [owner, key]: [Record<string, JsonValue>, string] = [json as unknown as Record<string, JsonValue>, '']
  const keys = place.filter((step) => typeof step === 'string')
  for (const [i, step] of keys.entries()) {
    if (i + 1 < keys.length) owner = owner[step] as Record<string, JsonValue>
    key = step
  }
  const at = place.at(-1)
  if (typeof at === 'string') {
    owner[key] = packState(value)
    return true
  }
  const array = unpackArray(owner[key] as JsonObject)
  array[at!] = value
  owner[key] = packState(array as State)
  return Object.is(array[at!], value)
}

const isPacked = (json: object): json is JsonObject => typeof (json as { $?: unknown }).$ === 'string'

function unpackArray(json: JsonObject): { length: number; [at: number]: number } {
  return unpackState(json, null as never) as { length: number; [at: number]: number }
}
