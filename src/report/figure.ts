import { escapeHtml } from './escape.ts'
import type { ReportTone } from './report-data.ts'

/** A chart over time: lines, vertical marks, shaded spans. */
export type TimeChart = {
  readonly kind: 'time'
  readonly times: readonly number[]
  readonly lines: readonly {
    readonly name: string
    /** Which of the page's colours. */
    readonly colour: string
    readonly dashed: boolean
    readonly values: readonly (number | null)[]
  }[]
  readonly unit: string
  readonly marks: readonly { readonly time: number; readonly label: string }[]
  readonly spans: readonly { readonly from: number; readonly to: number }[]
}

/** Observed against predicted frequencies, with the ends of the intervals. */
export type CalibrationChart = {
  readonly kind: 'calibration'
  /** Both axes run over it, so that the diagonal is the diagonal. */
  readonly range: readonly [number, number]
  readonly predicted: readonly number[]
  readonly observed: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
  readonly count: readonly number[]
}

/** Stacked counts with a rate over them. */
export type ConfidenceChart = {
  readonly kind: 'confidence'
  readonly labels: readonly string[]
  readonly take: readonly number[]
  readonly reduce: readonly number[]
  readonly skip: readonly number[]
  readonly winRate: readonly (number | null)[]
}

/** Lines over shares of something, the first in a band of its interval. */
export type ShareChart = {
  readonly kind: 'share'
  /** Ascending, 0 to 1. */
  readonly shares: readonly number[]
  readonly over: string
  readonly unit: string
  /** Whether values are fractions to be shown in per cent. */
  readonly percent: boolean
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
  /** A level to hold them against. */
  readonly level: { readonly name: string; readonly value: number }
}

/** What the page's script draws. */
export type Chart = TimeChart | CalibrationChart | ConfidenceChart | ShareChart

/** A table of text; the first column names the row, the others are aligned right where `numeric`. */
export type Table = {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[]
  readonly rows: readonly (readonly string[])[]
  /** How each row is coloured, if it is. */
  readonly tones?: readonly (ReportTone | undefined)[]
}

/** A chart with everything that makes it readable, also without a screen or a script. */
export type Figure = {
  readonly title: string
  /** One sentence that says how to read it. */
  readonly explanation: string
  /** What it shows, for those who cannot see it. */
  readonly summary: string
  /** Nothing to draw where left out. */
  readonly chart?: Chart
  /** Signs on the chart that its legend does not name. */
  readonly key?: readonly { readonly sign: 'mark' | 'span' | 'whisker' | 'band'; readonly text: string }[]
  /** The numbers behind it. */
  readonly tables: readonly { readonly title: string; readonly table: Table }[]
}

/** The HTML of a figure; its chart is drawn into the element with `data-chart`, an index into the page's charts. */
export function renderFigure(figure: Figure, index: number): string {
  const { title, explanation, summary, chart, key = [], tables } = figure
  const signs = key.map(({ sign, text }) => `<span><i class="sign ${sign}"></i>${escapeHtml(text)}</span>`)
  const drawing = chart
    ? `<div class="chart ${chart.kind}" data-chart="${index}" role="img" aria-label="${escapeHtml(summary)}"></div>` +
      (signs.length > 0 ? `<p class="key">${signs.join('')}</p>` : '')
    : '<p class="empty">No data.</p>'
  return `<figure class="${chart?.kind === 'time' ? 'wide' : 'half'}">
<h3>${escapeHtml(title)}</h3>
${drawing}
<figcaption>${escapeHtml(explanation)}</figcaption>
${tables.map((entry) => renderDetails(entry.title, entry.table)).join('\n')}
</figure>`
}

function renderDetails(title: string, table: Table): string {
  if (table.rows.length === 0) return ''
  return `<details><summary>${escapeHtml(title)}</summary>${renderTable(table, title)}</details>`
}

/** The HTML of a table in a box that scrolls sideways on narrow screens, also by keyboard. */
export function renderTable({ columns, rows, tones }: Table, label: string): string {
  const align = (column: number) => (columns[column]?.numeric ? ' class="number"' : '')
  const head = columns.map(({ name }, i) => `<th scope="col"${align(i)}>${escapeHtml(name)}</th>`).join('')
  const body = rows.map((cells, n) => {
    const row = cells.map((cell, i) => {
      const [open, close] = i === 0 ? ['<th scope="row"', '</th>'] : ['<td', '</td>']
      return `${open}${align(i)}>${escapeHtml(cell)}${close}`
    })
    const tone = tones?.[n]
    return `<tr${tone ? ` class="${tone}"` : ''}>${row.join('')}</tr>`
  })
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}"><table>
<thead><tr>${head}</tr></thead>
<tbody>${body.join('\n')}</tbody>
</table></div>`
}
