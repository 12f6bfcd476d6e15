/** Bytes of a part's learnt state: its own account, else the length of its snapshot's text. */
export function sizeOf(part: object): number {
  if ('sizeInBytes' in part && typeof part.sizeInBytes === 'number') return part.sizeInBytes
  return JSON.stringify(part).length
}

/** Bytes of several parts. */
export function sizeOfAll(parts: readonly object[]): number {
  let sum = 0
  for (const part of parts) sum += sizeOf(part)
  return sum
}
