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
  checkText(text)
  try {
    return JSON.parse(text) as Snapshot
  } catch (error) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `A snapshot must be whole JSON text, got ${text.length} characters that do not parse (${(error as Error).message}).`,
    )
  }
}

/** Brackets that may be open at once: those of {@link DEEPEST} composites, each some levels down in the one around it. */
const DEEPEST_TEXT = 1000

/**
 * Throws where text nests so deep that parsing it alone would hold up everything (5 million brackets took 2 seconds), or says a
 * thing twice: parsers take the last, and what a person has read may be the first.
 */
function checkText(text: string): void {
  // the keys of each object that is open; undefined for an array
  const open: (Set<string> | undefined)[] = []
  let isKey = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      const start = i
      i = endOfString(text, i)
      const keys = open.at(-1)
      // what is no JSON is seen by the parser
      if (isKey && keys) addKey(keys, text.slice(start, i + 1), start)
      isKey = false
    }
    // { and [, then } and ], then a comma
    else if (c === 123 || c === 91) {
      isKey = c === 123
      if (open.push(isKey ? new Set() : undefined) <= DEEPEST_TEXT) continue
      const wanted = `A snapshot's text must be nested at most ${DEEPEST_TEXT} deep`
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `${wanted}, got more at character ${i}.`)
    } else if (c === 125 || c === 93) open.pop()
    else if (c === 44) isKey = open.at(-1) !== undefined
  }
}

function addKey(keys: Set<string>, quoted: string, at: number): void {
  let key = quoted
  try {
    // the same letter can be written in several ways
    if (quoted.includes('\\')) key = JSON.stringify(JSON.parse(quoted))
  } catch {
    // the parser says what is wrong with it
  }
  if (keys.has(key)) {
    const wanted = 'A snapshot must say each thing once'
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `${wanted}, got ${key.slice(0, 100)} twice at character ${at}.`)
  }
  keys.add(key)
}

/** Where the string that begins at `start` ends: at the first quote with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end
    while (text.charCodeAt(before - 1) === BACKSLASH) before--
    if ((end - before) % 2 === 0) return end
  }
  return text.length
}
const QUOTE = 34
const BACKSLASH = 92

/** A nested snapshot, as it stands inside a composite's state. */
export function nested(state: JsonObject, key: string, owner: string): Snapshot {
  const value = state[key]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold a snapshot "${key}", got ${show(value)}.`)
  }
  return value as unknown as Snapshot
}
