/** One cell: numbers come out as JavaScript writes them, so round first; NaN is "N/A", what is missing is empty. */
export type Cell = string | number | boolean | null | undefined

/** Between two columns. */
const GAP = '  '

/** A figure as people write it: 12, -0.5, +3.1 %, 1,204, 0.48 to 0.53, 2.4x. */
const FIGURE = /^[-+−]?[\d.,]+(e[-+]?\d+)?\s?(%|x|bp)?( to [-+−]?[\d.,]+(e[-+]?\d+)?\s?(%|x|bp)?)?$/i
/** What may stand among figures without making their column one of words. */
const NO_FIGURE = /^(N\/A.*|[-–—]?)$/

/**
 * Rows as an aligned table for the terminal; the first row is the header.
 *
 * A column whose cells are all figures (or gaps) is aligned right, any other left. Control characters are taken out,
 * so that a name from a file cannot move the cursor or change colours.
 *
 * @example
 * ```ts
 * formatTable([['metric', 'model', 'n'], ['AUC', '0.512', 1204]])
 * ```
 */
export function formatTable(rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(textOf))
  const columns = Math.max(0, ...texts.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...texts.map((row) => widthOf(row[c] ?? ''))))
  const right = widths.map((_, c) => isFigures(texts.slice(1).map((row) => row[c] ?? '')))
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, c) => {
        const text = cells[c] ?? ''
        const space = ' '.repeat(width - widthOf(text))
        return right[c] ? space + text : text + space
      })
      .join(GAP)
      .trimEnd()
  const [header, ...body] = texts
  if (header === undefined) return ''
  return [line(header), widths.map((width) => '─'.repeat(width)).join(GAP), ...body.map(line)].join('\n')
}

function isFigures(cells: readonly string[]): boolean {
  return cells.some((cell) => FIGURE.test(cell)) && cells.every((cell) => FIGURE.test(cell) || NO_FIGURE.test(cell))
}

function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number' && Number.isNaN(cell)) return 'N/A'
  return String(cell).replace(/\p{Cc}+/gu, ' ')
}

/** Columns on the terminal: combining marks take none, East Asian wide characters and emoji two. */
function widthOf(text: string): number {
  const bare = text.replace(/\p{M}|\u200d/gu, '')
  const wide = bare.match(
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Emoji_Presentation}/gu,
  )
  return [...bare].length + (wide?.length ?? 0)
}
