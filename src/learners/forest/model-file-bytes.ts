import type { JsonObject } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { Forest } from './forest.ts'
import { checkContent, MODEL_LINKS, type ModelContent } from './model-file.ts'
import {
  isLittleEndian,
  readColumn,
  readDoubles,
  readWords,
  type Width,
  widthOf,
  writeColumn,
  writeDoubles,
} from './model-file-columns.ts'
import { crc32, crcTables } from './model-file-crc.ts'

/** "tlm" between bytes that mail, text editors and line-ending conversions are known to spoil, as PNG does it. */
const MAGIC = [0x89, 0x74, 0x6c, 0x6d, 0x0d, 0x0a, 0x1a, 0x0a] as const
/** The newest layout that this release reads, and the one it writes. */
const VERSION = 1
const HEADER = 64

/** How many of everything there are, from which every section's place follows. */
type Sizes = {
  readonly outputs: number
  readonly trees: number
  readonly nodes: number
  readonly words: number
  readonly text: number
  /** Widths of the columns of whole numbers. */
  readonly root: Width
  readonly output: Width
  readonly feature: Width
  readonly child: Width
  readonly set: Width
}

/** The sections in their order, with the numbers that each has and the bytes that a number takes. */
function sectionsOf({ outputs, trees, nodes, words, text, root, output, feature, child, set }: Sizes) {
  return [
    ['base', outputs, 8],
    ['threshold', nodes, 8],
    ['value', nodes, 8],
    ['gain', nodes, 8],
    ['cover', nodes, 8],
    ['sets', words, 4],
    ['roots', trees, root],
    ['output', trees, output],
    ['feature', nodes, feature],
    ['set', nodes, set],
    ['left', nodes, child],
    ['right', nodes, child],
    ['missingLeft', nodes, 1],
    ['text', text, 1],
  ] as const
}
type Section = ReturnType<typeof sectionsOf>[number][0]

/** Where each section begins, which is at multiples of 8, and where the file ends. */
function layOut(sizes: Sizes): { readonly [section in Section | 'end']: number } {
  const places: { [section in Section | 'end']?: number } = {}
  let at = HEADER
  for (const [section, n, width] of sectionsOf(sizes)) {
    places[section] = at
    at += Math.ceil((n * width) / 8) * 8
  }
  places.end = at
  return places as { readonly [section in Section | 'end']: number }
}

/**
 * Writes a model as a compact binary file: doubles as they are, whole numbers in as few bytes as fit, checksums over
 * header and content. What has no meaning is written as 0: a leaf's children. `docs/model-file.md` has the layout.
 *
 * @throws `INVALID_INPUT` where the model could not be read back
 *
 * @example
 * ```ts
 * await writeFile('model.tlm', modelToBytes({ forest: model.forest, link: 'sigmoid' }))
 * ```
 */
export function modelToBytes(model: ModelContent): Uint8Array {
  checkContent(model, 'INVALID_INPUT')
  const { forest, link, names, meta } = model
  const { base, roots, output, sets, threshold, value, gain, cover, missingLeft } = forest
  const note = names === undefined && meta === undefined ? '' : JSON.stringify({ names, meta })
  const text = new TextEncoder().encode(note)
  const feature = forest.feature.map((f) => f + 1)
  const set = forest.set.map((start, i) => (forest.feature[i]! < 0 ? 0 : start + 1))
  const left = forest.left.map((child, i) => (forest.feature[i]! < 0 ? 0 : child - i))
  const right = forest.right.map((child, i) => (forest.feature[i]! < 0 ? 0 : child - i))
  const child = Math.max(widthOf(left), widthOf(right)) as Width
  const widths = { root: widthOf(roots), output: widthOf(output), feature: widthOf(feature), child, set: widthOf(set) }
  const sizes = {
    outputs: base.length,
    trees: roots.length,
    nodes: feature.length,
    words: sets.length,
    text: text.length,
    ...widths,
  }
  const at = layOut(sizes)
  const bytes = new Uint8Array(at.end)
  writeDoubles(bytes, at.base, base)
  writeDoubles(bytes, at.threshold, threshold)
  writeDoubles(bytes, at.value, value)
  writeDoubles(bytes, at.gain, gain)
  writeDoubles(bytes, at.cover, cover)
  writeColumn(bytes, at.sets, sets, 4)
  writeColumn(bytes, at.roots, roots, widths.root)
  writeColumn(bytes, at.output, output, widths.output)
  writeColumn(bytes, at.feature, feature, widths.feature)
  writeColumn(bytes, at.set, set, widths.set)
  writeColumn(bytes, at.left, left, child)
  writeColumn(bytes, at.right, right, child)
  bytes.set(missingLeft, at.missingLeft)
  bytes.set(text, at.text)
  writeHeader(bytes, forest.features, MODEL_LINKS.indexOf(link), sizes)
  return bytes
}

function writeHeader(bytes: Uint8Array, features: number, link: number, sizes: Sizes): void {
  const { outputs, trees, nodes, words, text, root, output, feature, child, set } = sizes
  const view = new DataView(bytes.buffer)
  const tables = crcTables()
  bytes.set(MAGIC)
  const numbers = [VERSION, HEADER, bytes.length, features, outputs, trees, nodes, words, text]
  for (const [i, number] of numbers.entries()) view.setUint32(8 + 4 * i, number, true)
  bytes.set([link, root, output, feature, child, set], 44)
  view.setUint32(56, crc32(bytes, HEADER, bytes.length, tables), true)
  view.setUint32(60, crc32(bytes, 0, HEADER - 4, tables), true)
}

/**
 * Reads what {@link modelToBytes} wrote. Nothing is set up beyond the file's own size, and a file that differs by a
 * single bit is refused. The doubles are views of `bytes` where their alignment allows it: do not change `bytes`
 * afterwards.
 *
 * @throws `CORRUPT_MODEL`, or `UNSUPPORTED_VERSION` for files of newer releases
 */
export function modelFromBytes(bytes: Uint8Array): ModelContent {
  return readModel(bytes, isLittleEndian())
}

/** {@link modelFromBytes} on a machine whose byte order is, or is not, the file's. */
export function readModel(input: Uint8Array, native: boolean): ModelContent {
  if (!(input instanceof Uint8Array)) corrupt('an Uint8Array', show(input))
  // a plain view, as subclasses may differ
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
  const { features, link, sizes } = readHeader(bytes)
  const { outputs, trees, nodes, words, text, root, output, feature, child, set } = sizes
  const at = layOut(sizes)
  if (at.end !== bytes.length) corrupt(`${at.end} bytes for what its header announces`, bytes.length)
  const column = (begin: number, n: number, width: Width, shift = 0): Int32Array => {
    const out = new Int32Array(n)
    readColumn(bytes, begin, width, out, shift)
    return out
  }
  const asked = column(at.feature, nodes, feature, 1)
  const forest: Forest = {
    features,
    base: readDoubles(bytes, at.base, outputs, native),
    roots: column(at.roots, trees, root),
    output: column(at.output, trees, output),
    feature: asked,
    threshold: readDoubles(bytes, at.threshold, nodes, native),
    set: column(at.set, nodes, set, 1),
    sets: readWords(bytes, at.sets, words, native),
    left: fromOffsets(column(at.left, nodes, child), asked),
    right: fromOffsets(column(at.right, nodes, child), asked),
    missingLeft: bytes.slice(at.missingLeft, at.missingLeft + nodes),
    value: readDoubles(bytes, at.value, nodes, native),
    gain: readDoubles(bytes, at.gain, nodes, native),
    cover: readDoubles(bytes, at.cover, nodes, native),
  }
  const model = { forest, link, ...readText(bytes.subarray(at.text, at.text + text)) }
  checkContent(model, 'CORRUPT_MODEL')
  return model
}

/** Children are stored as their distance from the parent. */
function fromOffsets(column: Int32Array, feature: Int32Array): Int32Array {
  for (let i = 0; i < column.length; i++) if (feature[i]! >= 0) column[i]! += i
  return column
}

function readHeader(bytes: Uint8Array): { features: number; link: ModelContent['link']; sizes: Sizes } {
  if (bytes.length < HEADER) corrupt(`at least ${HEADER} bytes`, bytes.length)
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) corrupt('the first 8 bytes of a model file', 'others')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = (at: number): number => view.getUint32(at, true)
  const [version, header, total] = [number(8), number(12), number(16)]
  // these four hold for every version: the header's length, its checksum in its last 4 bytes, and the file's length
  if (header < HEADER || header > bytes.length) corrupt('a header within it', `one of ${header} bytes`)
  const tables = crcTables()
  if (crc32(bytes, 0, header - 4, tables) !== number(header - 4)) corrupt('an undamaged header', 'a wrong checksum')
  if (total !== bytes.length) corrupt(`${total} bytes`, bytes.length)
  if (version > VERSION) {
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      `The model file has version ${version}; this release reads up to ${VERSION}. Update tradelearn.`,
    )
  }
  if (version < 1 || header !== HEADER) corrupt(`a header of ${HEADER} bytes`, `${header} in version ${version}`)
  if (crc32(bytes, HEADER, bytes.length, tables) !== number(56)) corrupt('undamaged content', 'a wrong checksum')
  const link = MODEL_LINKS[bytes[44]!] ?? corrupt('a known link', bytes[44]!)
  const width = (at: number): Width => {
    const bytesEach = bytes[at]!
    return bytesEach <= 2 || bytesEach === 4 ? (bytesEach as Width) : corrupt('widths of 0, 1, 2 or 4', bytesEach)
  }
  const sizes = {
    outputs: number(24),
    trees: number(28),
    nodes: number(32),
    words: number(36),
    text: number(40),
    root: width(45),
    output: width(46),
    feature: width(47),
    child: width(48),
    set: width(49),
  }
  // columns of zeros are not stored, so their length must be bounded by one that is
  if (sizes.trees > sizes.nodes) corrupt(`at most ${sizes.nodes} trees`, sizes.trees)
  return { features: number(20), link, sizes }
}

function readText(bytes: Uint8Array): Pick<ModelContent, 'names' | 'meta'> {
  if (bytes.length === 0) return {}
  let note: unknown
  try {
    note = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    corrupt('names and "meta" as JSON', (error as Error).message)
  }
  if (typeof note !== 'object' || note === null) corrupt('names and "meta" as an object', show(note))
  const { names, meta } = note as { names?: readonly string[]; meta?: JsonObject }
  return { ...(names === undefined ? {} : { names }), ...(meta === undefined ? {} : { meta }) }
}

function corrupt(wanted: string, got: string | number): never {
  throw new TradeLearnError('CORRUPT_MODEL', `A model file must have ${wanted}, got ${got}.`)
}
