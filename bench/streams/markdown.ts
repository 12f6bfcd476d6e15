/** Rows as a Markdown table, the first the header; columns of figures are aligned right. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(3, ...rows.map((row) => (row[c] ?? '').length)))
  const right = widths.map((_, c) => rows.slice(1).every((row) => /^[-+]?[\d.,]*( ?[±×/%].*)?$/.test(row[c] ?? '')))
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, c) => (right[c] ? (row[c] ?? '').padStart(width) : (row[c] ?? '').padEnd(width))).join(' | ')} |`
  const rule = widths.map((width, c) => (right[c] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  const [header, ...body] = rows
  return [line(header ?? []), line(rule), ...body.map(line)].join('\n')
}

/** A number with some decimals; a dash where there is none. */
export const fixed = (value: number, decimals: number): string => (Number.isNaN(value) ? '-' : value.toFixed(decimals))

/** A number with three significant digits; a dash where there is none. */
export const short = (value: number): string => (Number.isNaN(value) ? '-' : String(Number(value.toPrecision(3))))

/** Bytes in thousands. */
export const kilobytes = (bytes: number): string => short(bytes / 1000)
