import type { JsonValue, Snapshot } from '../../contracts.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { Sha256, sha256 } from '../../core/sha256.ts'

/** What a model is known by: its content's name and length. */
export type ModelBody = {
  /** SHA-256 of the canonical JSON of its snapshot in UTF-8, as 64 hexadecimal digits. */
  readonly hash: string
  /** Length of that text in bytes. */
  readonly bytes: number
}

/** Whether a text is the name of a content. Nothing else ever becomes part of a path. */
export const isContentHash = (text: string): boolean => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)

/** Passes the name of a content, else throws. */
export function checkHash(hash: string): string {
  if (isContentHash(hash)) return hash
  throw new TradeLearnError('INVALID_INPUT', `"hash" must be 64 hexadecimal digits, got ${show(hash)}.`)
}

/** The one text of a model: equal for equal content, in whatever order its keys were written. @throws `INVALID_INPUT` */
export function modelBytes(model: Snapshot): Uint8Array {
  let text: string | undefined
  try {
    text = canonicalJson(model as unknown as JsonValue)
  } catch {
    text = undefined
  }
  if (typeof model !== 'object' || model === null || text === undefined) {
    throw new TradeLearnError('INVALID_INPUT', `"model" must be a snapshot, got ${show(model)}.`)
  }
  return new TextEncoder().encode(text)
}

/**
 * The name and length of a model's content. Takes about 15 ms a megabyte in one go; where that is too long see
 * {@link hashInSlices}.
 */
export function modelBody(model: Snapshot): ModelBody {
  const bytes = modelBytes(model)
  return { hash: sha256(bytes), bytes: bytes.length }
}

/** Bytes hashed at a time: below a millisecond. */
const SLICE = 65_536

/** The SHA-256 of bytes; other events have their turn every 64 KiB. The bytes must stay as they are meanwhile. */
export async function hashInSlices(bytes: Uint8Array): Promise<string> {
  const hash = new Sha256()
  for (let at = 0; at < bytes.length; at += SLICE) {
    if (at > 0) await new Promise((resolve) => setTimeout(resolve, 0))
    hash.update(bytes.subarray(at, at + SLICE))
  }
  return hash.digest()
}
