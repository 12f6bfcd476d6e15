import type { JsonObject, JsonValue, Serializable, Snapshot } from '../contracts.ts'
import { type Law, refuses, stateOf } from './law.ts'

/** The laws of a snapshot from which something is missing, or whose arrays have grown. */
export function shapeLaws<T extends Serializable>(trained: () => T, reread: (json: Snapshot) => T): Law[] {
  return [
    {
      name: 'a snapshot without a part, or of a newer version, is refused with a coded error',
      run: () => {
        const part = trained()
        const whole = JSON.parse(stateOf(part)) as Snapshot
        for (const key of ['options', 'state'] as const) {
          const { [key]: _, ...cut } = whole
          refuses(part, `a snapshot without "${key}"`, () => reread(cut as Snapshot))
        }
        for (const key of Object.keys(whole.state)) {
          const { [key]: _, ...state } = whole.state
          refuses(part, `a snapshot without state.${key}`, () => reread({ ...whole, state }))
        }
        refuses(part, 'a snapshot of a newer version', () => reread({ ...whole, version: 999 }))
      },
    },
    {
      name: 'a snapshot with a longer array is refused with a coded error',
      run: () => {
        const part = trained()
        const whole = JSON.parse(stateOf(part)) as Snapshot
        for (const path of arraysIn(whole.state)) {
          const json = structuredClone(whole) as unknown as { state: JsonObject }
          const array = path.reduce<JsonValue>((json, key) => (json as JsonObject)[key]!, json.state) as JsonObject
          const { data } = array as { data: string }
          // 24 bytes more: a whole number of elements of every type, and of base64's triples
          const bytes = `${atob(data)}${'\0'.repeat(24)}`
          Object.assign(array, { data: btoa(bytes) })
          refuses(part, `a longer state.${path.join('.')}`, () => reread(json as unknown as Snapshot))
        }
      },
    },
  ]
}

/** Where packed arrays stand. */
function arraysIn(json: JsonValue, path: readonly string[] = []): (readonly string[])[] {
  if (json === null || typeof json !== 'object') return []
  const { $: kind, data } = json as JsonObject
  if (typeof kind === 'string') return typeof data === 'string' ? [path] : []
  return Object.entries(json).flatMap(([key, value]) => arraysIn(value as JsonValue, [...path, key]))
}
