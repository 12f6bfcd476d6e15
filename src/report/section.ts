import { escapeHtml } from './escape.ts'
import { type Chart, type Figure, renderFigure, renderTable } from './figure.ts'
import { formatNumber, isNumber, MISSING } from './format.ts'
import { calibrationFigure, confidenceFigure } from './probability-figures.ts'
import type { FeatureImportance, ReportMetric, ReportSection, ReportTable } from './report-data.ts'
import { sweepFigures } from './sweep-figures.ts'
import { equityFigure, rollingFigure } from './time-figures.ts'

/** More features than this and the page stops being a summary. */
const MOST_FEATURES = 20

/** What stands where a column does not apply. */
const NONE = '\u2013'

/** The HTML of one run. The charts to draw are appended to `charts`. */
export function renderSection(section: ReportSection, id: string, charts: Chart[]): string {
  const { title, intro, metrics, calibration, confidence, rolling = [], sweep, importance, tables = [] } = section
  const figures = [
    equityFigure(section),
    ...rolling.map(rollingFigure),
    calibration && calibrationFigure(calibration.bins),
    confidence && confidenceFigure(confidence),
    ...(sweep ? sweepFigures(sweep) : []),
  ].filter((figure): figure is Figure => figure !== undefined)
  const drawings = figures.map((figure) => {
    const html = renderFigure(figure, charts.length)
    if (figure.chart) charts.push(figure.chart)
    return html
  })
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${escapeHtml(title)}</h2>
${intro ? `<p class="intro">${escapeHtml(intro)}</p>` : ''}
${metrics ? renderMetrics(metrics, title) : ''}
<div class="figures">
${drawings.join('\n')}
${importance ? renderImportance(importance) : ''}
${tables.map(renderReportTable).join('\n')}
</div>
</section>`
}

/** The model's numbers beside those of the baselines, one column a baseline, in the order in which they first appear. */
function renderMetrics(metrics: readonly ReportMetric[], title: string): string {
  if (metrics.length === 0) return '<p class="empty">No metrics.</p>'
  const baselines = [...new Set(metrics.flatMap((metric) => metric.baselines.map(({ name }) => name)))]
  const intervals = metrics.some(({ interval }) => interval !== undefined)
  const notes = metrics.some(({ note }) => note !== undefined)
  const columns = [
    { name: 'Metric', numeric: false },
    { name: 'Model', numeric: true },
    ...(intervals ? [{ name: 'Interval', numeric: true }] : []),
    ...baselines.map((name) => ({ name, numeric: true })),
    { name: 'n', numeric: true },
    ...(notes ? [{ name: 'Note', numeric: false }] : []),
  ]
  const rows = metrics.map((metric) => {
    const { name, model, interval, n, note } = metric
    // an empty model is a gap to know about, an empty baseline one that does not apply
    const baseline = (column: string): string => {
      const value = metric.baselines.find((entry) => entry.name === column)?.value
      return value ? (n > 0 ? value : MISSING) : NONE
    }
    return [
      name,
      n > 0 && model ? model : MISSING,
      ...(intervals ? [n > 0 && interval ? interval : NONE] : []),
      ...baselines.map(baseline),
      formatNumber(n),
      ...(notes ? [note ?? ''] : []),
    ]
  })
  return `<div class="metrics">${renderTable({ columns, rows }, `Metrics: ${title}`)}</div>`
}

/** A table with its heading and how to read it. */
function renderReportTable({ title, explanation, columns, rows }: ReportTable): string {
  const table = { columns, rows: rows.map(({ cells }) => cells), tones: rows.map(({ tone }) => tone) }
  return `<figure class="wide table"><h3>${escapeHtml(title)}</h3>
${rows.length === 0 ? '<p class="empty">Nothing.</p>' : renderTable(table, title)}
<figcaption>${escapeHtml(explanation)}</figcaption>
</figure>`
}

/** Features by magnitude, as bars from a common zero line. */
function renderImportance(all: readonly FeatureImportance[]): string {
  const usable = all.filter(({ amount }) => isNumber(amount)).sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount))
  const shown = usable.slice(0, MOST_FEATURES)
  const lowest = Math.min(0, ...shown.map(({ amount }) => amount))
  const highest = Math.max(0, ...shown.map(({ amount }) => amount))
  const span = highest - lowest || 1
  const place = (amount: number): string => (((amount - lowest) / span) * 100).toFixed(2)
  const rows = shown.map(({ name, amount }) => {
    const from = place(Math.min(0, amount))
    const width = ((Math.abs(amount) / span) * 100).toFixed(2)
    // attributes of an SVG instead of inline styles, which the page's security policy forbids
    const bar = `<svg aria-hidden="true" width="100%" height="12"><rect class="${amount < 0 ? 'below' : 'above'}" x="${from}%" width="${width}%" height="12" rx="2"/></svg>`
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="bar">${bar}</td><td class="number">${formatNumber(amount)}</td></tr>`
  })
  const rest = usable.length - shown.length
  const body =
    rows.length === 0
      ? '<p class="empty">No data.</p>'
      : `<table class="bars"><thead class="unseen"><tr><th scope="col">feature</th><th scope="col">bar</th><th scope="col">amount</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>${rest > 0 ? `<p class="key">and ${rest} more that matter less</p>` : ''}`
  return `<figure class="wide"><h3>What the model looks at</h3>
${body}
<figcaption>Longer bars matter more to this model's predictions; that says nothing about causes, and related features share what belongs to both.</figcaption>
</figure>`
}
