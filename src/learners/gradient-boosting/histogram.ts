/**
 * Histograms of gradients: the inner loop of all training.
 *
 * Three ideas make it quick.
 *
 * 1. A row's gradient and hessian are rounded to whole numbers g and h and travel in one double, g + h · 2^-26. Sums
 *    stay exact in its 53 bits, so they do not depend on the order of rows, a parent's minus a child's is the other
 *    child's to the bit, and one addition does the work of two. All hessians together stay below a half, so that the
 *    whole number next to a sum is its gradient.
 * 2. Bins lie row after row, four to a 32-bit word, so a word is read once for four additions.
 * 3. Features are cut into tiles of twelve, sixteen or twenty. A tile's rows are added into one fixed scratch array at offsets
 *    that the compiler knows, and copied to their place from there, in the same pass that takes them away from the
 *    parent.
 */

/** One hessian of a packed pair. */
export const HESSIAN_UNIT: number = 1 / 67_108_864

/** Some columns of bins, cut into tiles. */
export type Matrix = {
  /** The feature behind each column. */
  readonly columns: Int32Array
  /** Of each tile, three to five words a row, row after row; bytes beyond the last column are 0. */
  readonly tiles: readonly Tile[]
}

type Tile = { readonly stride: Stride; readonly words: Int32Array }
type Stride = 3 | 4 | 5

/** Lays the given columns of `byFeature`, which holds `rows` bins a feature, row after row. */
export function packColumns(byFeature: Uint8Array, rows: number, columns: Int32Array): Matrix {
  const tiles: Tile[] = []
  const words = Math.max(3, Math.ceil(columns.length / 4))
  for (let word = 0; word < words; ) {
    const stride = strideOf(words - word)
    tiles.push(packTile(byFeature, rows, columns.subarray(4 * word, 4 * (word + stride)), stride))
    word += stride
  }
  return { columns, tiles }
}

/** The next tile where so many words are left, at least three, so that tiles of three to five words cover all. */
function strideOf(left: number): Stride {
  if (left === 3 || left === 6) return 3
  return left === 7 || left % 4 === 0 ? 4 : 5
}

function packTile(byFeature: Uint8Array, rows: number, columns: Int32Array, stride: Stride): Tile {
  const words = new Int32Array(rows * stride)
  for (let c = 0; c < columns.length; c++) {
    const column = byFeature.subarray(columns[c]! * rows, (columns[c]! + 1) * rows)
    packColumn(column, words, stride, c >> 2, 8 * (c & 3))
  }
  return { stride, words }
}

function packColumn(column: Uint8Array, words: Int32Array, stride: number, word: number, shift: number): void {
  for (let i = 0, at = word; i < column.length; i++, at += stride) words[at] = words[at]! | (column[i]! << shift)
}

/** Cells kept for a feature in the scratch array, whatever its number of bins. */
const CELLS = 256

/** The scratch array, and the loops over it. */
const TILE = /* @__PURE__ */ createTile()

/**
 * Writes the histogram of the rows `rows[start]` to `rows[end - 1]`, and takes it away from `parent` where given, which
 * leaves the histogram of the parent's other rows there.
 *
 * `packed[i]` belongs to the row `rows[i]`; column c has `bins[c]` bins, from `width · c` on in a histogram.
 */
export function addRows(
  { tiles }: Matrix,
  rows: Int32Array,
  start: number,
  end: number,
  packed: Float64Array,
  bins: Int32Array,
  width: number,
  out: Float64Array,
  parent: Float64Array | undefined,
): void {
  let first = 0
  for (const { stride, words } of tiles) {
    if (stride === 5) TILE.addFiveWords(words, rows, start, end, packed)
    else if (stride === 4) TILE.addFourWords(words, rows, start, end, packed)
    else TILE.addThreeWords(words, rows, start, end, packed)
    const next = first + 4 * stride
    const last = Math.min(next, bins.length)
    for (let c = first; c < last; c++) {
      if (parent === undefined) TILE.moveCells((c - first) * CELLS, bins[c]!, out, c * width)
      else TILE.splitCells((c - first) * CELLS, bins[c]!, out, parent, c * width)
    }
    // columns that only fill up the last words
    for (let c = Math.max(first, last); c < next; c++) TILE.clear((c - first) * CELLS)
    first = next
  }
}

/**
 * Makes the scratch array and the loops that use it, once. They stand inside a function so that the array is a constant
 * to the compiler, whose address and length it then writes into the loops: bundlers turn constants of a module into
 * variables, and the loops would be a third slower.
 */
function createTile() {
  /** Sums of the tile in work; all 0 between two calls, which never overlap as they never wait. */
  const tile = new Float64Array(20 * 256)

  function clear(at: number): void {
    tile[at] = 0
  }

  /** Moves sums out of the scratch array. */
  function moveCells(from: number, count: number, out: Float64Array, at: number): void {
    for (let b = 0; b < count; b++) {
      out[at + b] = tile[from + b]!
      tile[from + b] = 0
    }
  }

  /** Moves sums out of the scratch array and takes them away from the parent's. */
  function splitCells(from: number, count: number, out: Float64Array, parent: Float64Array, at: number): void {
    for (let b = 0; b < count; b++) {
      const sum = tile[from + b]!
      tile[from + b] = 0
      out[at + b] = sum
      parent[at + b] = parent[at + b]! - sum
    }
  }

  /** Adds twenty features of each row to the scratch array. Written out, so that every offset is a constant. */
  function addFiveWords(words: Int32Array, rows: Int32Array, start: number, end: number, packed: Float64Array): void {
    for (let i = start; i < end; i++) {
      const v = packed[i]!
      const at = Math.imul(rows[i]!, 5)
      const a = words[at]!
      const b = words[at + 1]!
      const c = words[at + 2]!
      const d = words[at + 3]!
      const e = words[at + 4]!
      tile[a & 255]! += v
      tile[256 | ((a >>> 8) & 255)]! += v
      tile[512 | ((a >>> 16) & 255)]! += v
      tile[768 | (a >>> 24)]! += v
      tile[1024 | (b & 255)]! += v
      tile[1280 | ((b >>> 8) & 255)]! += v
      tile[1536 | ((b >>> 16) & 255)]! += v
      tile[1792 | (b >>> 24)]! += v
      tile[2048 | (c & 255)]! += v
      tile[2304 | ((c >>> 8) & 255)]! += v
      tile[2560 | ((c >>> 16) & 255)]! += v
      tile[2816 | (c >>> 24)]! += v
      tile[3072 | (d & 255)]! += v
      tile[3328 | ((d >>> 8) & 255)]! += v
      tile[3584 | ((d >>> 16) & 255)]! += v
      tile[3840 | (d >>> 24)]! += v
      tile[4096 | (e & 255)]! += v
      tile[4352 | ((e >>> 8) & 255)]! += v
      tile[4608 | ((e >>> 16) & 255)]! += v
      tile[4864 | (e >>> 24)]! += v
    }
  }

  /** The same for sixteen features. */
  function addFourWords(words: Int32Array, rows: Int32Array, start: number, end: number, packed: Float64Array): void {
    for (let i = start; i < end; i++) {
      const v = packed[i]!
      const at = rows[i]! << 2
      const a = words[at]!
      const b = words[at + 1]!
      const c = words[at + 2]!
      const d = words[at + 3]!
      tile[a & 255]! += v
      tile[256 | ((a >>> 8) & 255)]! += v
      tile[512 | ((a >>> 16) & 255)]! += v
      tile[768 | (a >>> 24)]! += v
      tile[1024 | (b & 255)]! += v
      tile[1280 | ((b >>> 8) & 255)]! += v
      tile[1536 | ((b >>> 16) & 255)]! += v
      tile[1792 | (b >>> 24)]! += v
      tile[2048 | (c & 255)]! += v
      tile[2304 | ((c >>> 8) & 255)]! += v
      tile[2560 | ((c >>> 16) & 255)]! += v
      tile[2816 | (c >>> 24)]! += v
      tile[3072 | (d & 255)]! += v
      tile[3328 | ((d >>> 8) & 255)]! += v
      tile[3584 | ((d >>> 16) & 255)]! += v
      tile[3840 | (d >>> 24)]! += v
    }
  }

  /** The same for twelve features. */
  function addThreeWords(words: Int32Array, rows: Int32Array, start: number, end: number, packed: Float64Array): void {
    for (let i = start; i < end; i++) {
      const v = packed[i]!
      const at = Math.imul(rows[i]!, 3)
      const a = words[at]!
      const b = words[at + 1]!
      const c = words[at + 2]!
      tile[a & 255]! += v
      tile[256 | ((a >>> 8) & 255)]! += v
      tile[512 | ((a >>> 16) & 255)]! += v
      tile[768 | (a >>> 24)]! += v
      tile[1024 | (b & 255)]! += v
      tile[1280 | ((b >>> 8) & 255)]! += v
      tile[1536 | ((b >>> 16) & 255)]! += v
      tile[1792 | (b >>> 24)]! += v
      tile[2048 | (c & 255)]! += v
      tile[2304 | ((c >>> 8) & 255)]! += v
      tile[2560 | ((c >>> 16) & 255)]! += v
      tile[2816 | (c >>> 24)]! += v
    }
  }

  return { clear, moveCells, splitCells, addFiveWords, addFourWords, addThreeWords }
}
