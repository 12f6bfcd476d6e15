import type { JsonValue } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { type Frame, frameOf, KIND, readFrame } from './frame.ts'
import { edit, type Fs, writeAll } from './fs.ts'
import { snapshotName } from './names.ts'

/** Layout of the files; raised when it changes. */
export const FORMAT = 1

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** The JSON of a value. @throws `INVALID_INPUT` */
export function encodeJson(name: string, value: JsonValue): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    text = undefined
  }
  if (text === undefined) throw new TradeLearnError('INVALID_INPUT', `"${name}" must be JSON, got ${show(value)}.`)
  return encoder.encode(text)
}

const decodeJson = (payload: Uint8Array): JsonValue => JSON.parse(decoder.decode(payload)) as JsonValue

/** The value of a payload, or undefined where it is none: the checksum of a frame says nothing about who wrote it. */
export function tryDecodeJson(payload: Uint8Array): JsonValue | undefined {
  try {
    return decodeJson(payload)
  } catch {
    return undefined
  }
}

/** What the first frame of a file says of it; what is missing is 0 and empty. */
export function identityOf(frame: Frame): { readonly format: number; readonly store: string } {
  const { format, store } = (tryDecodeJson(frame.payload) ?? {}) as { readonly [name: string]: unknown }
  return { format: typeof format === 'number' ? format : 0, store: typeof store === 'string' ? store : '' }
}

/** Whose file it is, as its first frame says. @throws `UNSUPPORTED_VERSION` */
export function readIdentity(name: string, frame: Frame): string {
  const { format, store } = identityOf(frame)
  if (format > FORMAT) {
    throw new TradeLearnError('UNSUPPORTED_VERSION', `${name} must have format ${FORMAT} or older, got ${format}.`)
  }
  return store
}

/** The bytes of a snapshot: a frame that says whose it is, and one that holds the value. */
export function encodeSnapshot(store: string, epoch: number, seq: number, value: JsonValue): Uint8Array {
  const header = { kind: KIND.snapshot, epoch, seq, batch: seq, previous: 0 } as const
  const head = frameOf(header, encodeJson('identity', { format: FORMAT, store }))
  const body = frameOf({ ...header, previous: head.crc }, encodeJson('value', value))
  const bytes = new Uint8Array(head.bytes.length + body.bytes.length)
  bytes.set(head.bytes)
  bytes.set(body.bytes, head.bytes.length)
  return bytes
}

/** What a snapshot holds, or undefined where it is damaged. @throws `UNSUPPORTED_VERSION` */
export function decodeSnapshot(
  name: string,
  bytes: Uint8Array,
  seq: number,
): { readonly store: string; readonly value: JsonValue } | undefined {
  const head = readFrame(bytes, 0)
  if (head?.kind !== KIND.snapshot || head.seq !== seq) return undefined
  const store = readIdentity(name, head)
  const body = readFrame(bytes, head.end)
  if (body?.kind !== KIND.snapshot || body.seq !== seq || body.previous !== head.crc) return undefined
  const value = body.end === bytes.length ? tryDecodeJson(body.payload) : undefined
  return value === undefined ? undefined : { store, value }
}

/**
 * Writes a file so that its name stands for all of it or for nothing: under another name first, synced before it is renamed,
 * and the directory synced after.
 */
export async function writeSnapshot(
  fs: Fs,
  directory: string,
  seq: number,
  bytes: Uint8Array,
  durability: Durability,
): Promise<void> {
  const path = `${directory}/${snapshotName(seq)}`
  const draft = `${path}.tmp`
  await fs.unlink(draft)
  try {
    await edit(fs, draft, 'create', async (fd) => {
      await writeAll(fs, fd, bytes, 0)
      await durability.syncFile(fd)
    })
  } catch (error) {
    // on a full disk it would be what stands in the way of opening anew
    await fs.unlink(draft).catch(() => {})
    throw error
  }
  await fs.rename(draft, path)
  await durability.syncDirectory(directory)
}

/** How files are made to outlive the machine; where a store need not, both do nothing. */
export type Durability = {
  readonly syncFile: (fd: number) => Promise<void>
  readonly syncDirectory: (path: string) => Promise<void>
}
