import type { Codec, JsonObject, Snapshot } from '../contracts.ts'
import { show, TradeLearnError } from './errors.ts'
import { packRecord, type State } from './state.ts'

/** Builds the snapshot of an object whose class is its own codec. */
export function snapshot(
  { type, version }: Pick<Codec, 'type' | 'version'>,
  options: { readonly [key: string]: State },
  state: { readonly [key: string]: State },
): Snapshot {
  return { type, version, options: packRecord(options), state: packRecord(state) }
}

/** Checks that a snapshot is whole, of the codec's type and not from a newer release. */
export function checkSnapshot({ type, version }: Pick<Codec, 'type' | 'version'>, snapshot: Snapshot): Snapshot {
  if (typeof snapshot !== 'object' || snapshot === null || typeof snapshot.type !== 'string') {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `A snapshot must be an object with type, version, options and state, got ${show(snapshot)}.`,
    )
  }
  if (snapshot.type !== type) {
    throw new TradeLearnError('UNKNOWN_SNAPSHOT', `Wanted a "${type}" snapshot, got ${show(snapshot.type)}.`)
  }
  if (!Number.isSafeInteger(snapshot.version) || snapshot.version < 1) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `A "${type}" snapshot must have a whole version number, got ${show(snapshot.version)}.`,
    )
  }
  if (snapshot.version > version) {
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      `The "${type}" snapshot has version ${snapshot.version}; this release reads up to ${version}. Update tradelearn.`,
    )
  }
  for (const part of ['options', 'state'] as const) {
    if (typeof snapshot[part] !== 'object' || snapshot[part] === null || Array.isArray(snapshot[part])) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `A "${type}" snapshot must have an object "${part}", got ${show(snapshot[part])}.`,
      )
    }
  }
  return snapshot
}

/**
 * Restores an object from its snapshot.
 *
 * The caller names the codecs it is willing to run, which keeps bundles small and keeps a file from choosing what
 * gets constructed.
 *
 * @throws `UNKNOWN_SNAPSHOT`, `UNSUPPORTED_VERSION` or `CORRUPT_SNAPSHOT`
 *
 * @example
 * ```ts
 * const detector = restore(JSON.parse(text), [ADWIN, PageHinkley]) // ADWIN | PageHinkley
 * ```
 */
export function restore<C extends Codec>(snapshot: Snapshot, codecs: readonly C[]): ReturnType<C['fromJSON']> {
  return restoreAt(snapshot, codecs, 0)
}

/** Composites nested deeper than this are none of ours, and would overflow the stack; as deep as plain values may go. */
const DEEPEST = 64

function restoreAt<C extends Codec>(
  snapshot: Snapshot,
  codecs: readonly C[],
  depth: number,
): ReturnType<C['fromJSON']> {
  if (depth > DEEPEST) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `Snapshots must be nested at most ${DEEPEST} deep, got one in deeper.`,
    )
  }
  const codec = codecs.find(({ type }) => type === (snapshot as Snapshot | null)?.type)
  if (!codec) {
    const known = codecs.map(({ type }) => `"${type}"`).join(', ')
    throw new TradeLearnError(
      'UNKNOWN_SNAPSHOT',
      `No codec for ${show((snapshot as Snapshot | null)?.type)}; given: ${known}.`,
    )
  }
  return codec.fromJSON(checkSnapshot(codec, snapshot), (nested) =>
    restoreAt<Codec>(nested, codecs, depth + 1),
  ) as ReturnType<C['fromJSON']>
}

/** Reads JSON text, with a coded error where it was cut short or altered. */
export function parseSnapshot(text: string): Snapshot {
  try {
    return JSON.parse(text) as Snapshot
  } catch (error) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `A snapshot must be whole JSON text, got ${text.length} characters that do not parse (${(error as Error).message}).`,
    )
  }
}

/** A nested snapshot, as it stands inside a composite's state. */
export function nested(state: JsonObject, key: string, owner: string): Snapshot {
  const value = state[key]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold a snapshot "${key}", got ${show(value)}.`)
  }
  return value as unknown as Snapshot
}
