import type { JsonValue, Serializable, Sized } from '../contracts.ts'
import { holds, type Law, sameNumber } from './law.ts'

/** The laws of {@link Sized}, for a trained part and its copy. */
export function sizeLaws<T extends Serializable>(trained: () => T, copy: (part: T) => T): Law[] {
  return [
    {
      name: 'states the bytes that its state takes, after a restart too',
      run: () => {
        const part = trained() as T & Sized
        const { sizeInBytes } = part
        const arrays = bytesOfArrays(part.toJSON().state)
        holds(Number.isFinite(sizeInBytes) && sizeInBytes > 0, `a size must be above 0 and finite, got ${sizeInBytes}`)
        holds(
          sizeInBytes >= arrays,
          `the typed arrays of the snapshot take ${arrays} bytes, sizeInBytes says ${sizeInBytes}`,
        )
        sameNumber((copy(part) as T & Sized).sizeInBytes, sizeInBytes, 'sizeInBytes after a restart')
      },
    },
  ]
}

/** Bytes of all packed typed arrays in a snapshot. */
function bytesOfArrays(json: JsonValue): number {
  if (json === null || typeof json !== 'object') return 0
  if (Array.isArray(json)) return json.reduce<number>((sum, item) => sum + bytesOfArrays(item as JsonValue), 0)
  const record = json as { readonly [key: string]: JsonValue }
  const { $: kind, data } = record
  if (typeof kind === 'string' && typeof data === 'string') return (data.replace(/=+$/, '').length * 3) >> 2
  return Object.values(record).reduce<number>((sum, item) => sum + bytesOfArrays(item), 0)
}
