import type { State } from './state.ts'

/** Bytes of a number, and of what else takes one slot of a record. */
const SLOT = 8

/** Bytes that a state record takes: its typed arrays, and eight for each other value. */
export function bytesOf(state: State): number {
  if (state === null || typeof state !== 'object') return SLOT
  if (ArrayBuffer.isView(state)) return SLOT + state.byteLength
  let bytes = 0
  for (const value of Object.values(state)) bytes += bytesOf(value as State)
  return bytes
}
