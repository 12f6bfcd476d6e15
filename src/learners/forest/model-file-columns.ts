/** Bytes that one number of a column takes; 0 where all are 0 and none is stored. Low bytes first on every machine. */
export type Width = 0 | 1 | 2 | 4

/** The least width that holds every number of a column. */
export function widthOf(column: ArrayLike<number>): Width {
  let most = 0
  for (let i = 0; i < column.length; i++) if (column[i]! > most) most = column[i]!
  if (most === 0) return 0
  return most < 256 ? 1 : most < 65_536 ? 2 : 4
}

/** Writes a column of whole numbers from 0 up. */
export function writeColumn(bytes: Uint8Array, at: number, column: ArrayLike<number>, width: Width): void {
  for (let i = 0; i < column.length; i++) {
    for (let b = 0; b < width; b++) bytes[at + i * width + b] = column[i]! >>> (8 * b)
  }
}

/** Reads `n` whole numbers into `out`, less `shift`. */
export function readColumn(bytes: Uint8Array, at: number, width: Width, out: Int32Array, shift: number): void {
  const n = out.length
  if (width === 0) out.fill(-shift)
  if (width === 1) for (let i = 0; i < n; i++) out[i] = bytes[at + i]! - shift
  if (width === 2) for (let i = 0; i < n; i++) out[i] = (bytes[at + 2 * i]! | (bytes[at + 2 * i + 1]! << 8)) - shift
  if (width === 4) for (let i = 0; i < n; i++) out[i] = word(bytes, at + 4 * i) - shift
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

/** Writes doubles, to the bit. */
export function writeDoubles(bytes: Uint8Array, at: number, column: Float64Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let i = 0; i < column.length; i++) view.setFloat64(at + 8 * i, column[i]!, true)
}

/** Whether this machine's typed arrays are little-endian, as nearly all are. */
export const isLittleEndian = (): boolean => new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Doubles as a view where `native` byte order and alignment allow it, else as a copy. */
export function readDoubles(bytes: Uint8Array, at: number, n: number, native: boolean): Float64Array {
  const offset = bytes.byteOffset + at
  if (native && offset % 8 === 0) return new Float64Array(bytes.buffer, offset, n)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) out[i] = view.getFloat64(at + 8 * i, true)
  return out
}

/** Words of 32 bits, likewise. */
export function readWords(bytes: Uint8Array, at: number, n: number, native: boolean): Uint32Array {
  const offset = bytes.byteOffset + at
  if (native && offset % 4 === 0) return new Uint32Array(bytes.buffer, offset, n)
  const out = new Uint32Array(n)
  for (let i = 0; i < n; i++) out[i] = word(bytes, at + 4 * i)
  return out
}
