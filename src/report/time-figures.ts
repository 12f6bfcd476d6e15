import { show, TradeLearnError } from '../core/errors.ts'
import type { Figure, Table, TimeChart } from './figure.ts'
import { formatNumber, formatTime, isNumber, plotted } from './format.ts'
import type { ReportDriftMark, ReportHalt, ReportRolling, ReportSection, ReportValue } from './report-data.ts'

type Line = { readonly name: string; readonly values: readonly ReportValue[] }

/** The colours of lines after the first, in order; they start over beyond the last. */
const BASELINE_COLOURS = ['--line-2', '--line-3', '--line-4', '--line-5']

/** The equity lines with drift marks and halts; `undefined` where the section has none of them. */
export function equityFigure({ equity, driftMarks = [], halts = [] }: ReportSection): Figure | undefined {
  if (equity === undefined) {
    if (driftMarks.length === 0 && halts.length === 0) return undefined
    return { ...EQUITY_TEXT, summary: 'No data.', tables: eventTables(driftMarks, halts) }
  }
  const { times, series, unit = 'equity (start = 1)' } = equity
  for (const line of series) checkLine(`equity of ${line.name}`, times, line.values)
  const lines = series.map(({ name, values }, i) => ({
    name,
    values: values.map(plotted),
    colour: i === 0 ? '--line-1' : BASELINE_COLOURS[(i - 1) % BASELINE_COLOURS.length]!,
    dashed: false,
  }))
  const marks = driftMarks.filter(({ time }) => isNumber(time)).map(({ time, label }) => ({ time, label }))
  const spans = halts.filter((halt) => isNumber(halt.from) && isNumber(halt.to)).map(({ from, to }) => ({ from, to }))
  const chart: TimeChart = { kind: 'time', times, lines, unit, marks, spans }
  return {
    ...EQUITY_TEXT,
    summary: summarize('Equity', times, series),
    ...drawn(chart),
    key: [
      ...(marks.length > 0 ? [{ sign: 'mark', text: 'change of the market noticed (drift)' } as const] : []),
      ...(spans.length > 0 ? [{ sign: 'span', text: 'trading halted' } as const] : []),
    ],
    tables: [{ title: 'Numbers', table: lineTable(times, series) }, ...eventTables(driftMarks, halts)],
  }
}

const EQUITY_TEXT: Pick<Figure, 'title' | 'explanation'> = {
  title: 'Equity',
  explanation:
    'Value of the account over time, costs included: the model earns its keep only where its line ends above the others or falls less deep on the way.',
}

/** A figure over a moving window, with what to hold it against. */
export function rollingFigure({ name, times, values, reference, unit, explanation }: ReportRolling): Figure {
  checkLine(name, times, values)
  const series: Line[] = [{ name: unit ?? 'value', values }]
  if (reference !== undefined) {
    const level = reference.values
    const other = typeof level === 'number' ? times.map(() => level) : level
    checkLine(reference.name, times, other)
    series.push({ name: reference.name, values: other })
  }
  const lines = series.map((line, i) => ({
    name: line.name,
    values: line.values.map(plotted),
    colour: i === 0 ? '--line-1' : '--line-2',
    dashed: i > 0,
  }))
  return {
    title: name,
    explanation:
      explanation ??
      (reference
        ? `The solid line is measured over a moving window; hold it against the dashed line, ${reference.name}.`
        : 'The line is measured over a moving window, so each point repeats most of the trades of the one before it.'),
    summary: summarize(name, times, series),
    ...drawn({ kind: 'time', times, lines, unit: unit ?? 'value', marks: [], spans: [] }),
    tables: [{ title: 'Numbers', table: lineTable(times, series) }],
  }
}

/** The chart, unless there is not a single point on it. */
function drawn(chart: TimeChart): Pick<Figure, 'chart'> {
  return chart.lines.some(({ values }) => values.some((value) => value !== null)) ? { chart } : {}
}

function checkLine(name: string, times: readonly number[], values: readonly ReportValue[]): void {
  if (times.length !== values.length) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"${name}" must have a value for each of ${times.length} times, got ${values.length}.`,
    )
  }
  for (let i = 0; i < times.length; i++) {
    if (isNumber(times[i]) && (i === 0 || times[i]! >= times[i - 1]!)) continue
    throw new TradeLearnError('INVALID_INPUT', `"${name}" must have ascending times, got ${show(times[i])} at ${i}.`)
  }
}

/** Where a line starts and ends, and how far it went. */
function lineTable(times: readonly number[], lines: readonly Line[]): Table {
  const words = ['first', 'lowest', 'highest', 'last']
  return {
    columns: [{ name: '', numeric: false }, ...words.map((name) => ({ name, numeric: true }))],
    rows: lines.flatMap(({ name, values }) => {
      const at = times.map((_, i) => i).filter((i) => isNumber(values[i]))
      if (at.length === 0) return [[name, ...words.map(() => formatNumber(NaN))]]
      const value = (i: number): number => values[i]!
      const lowest = at.reduce((best, i) => (value(i) < value(best) ? i : best))
      const highest = at.reduce((best, i) => (value(i) > value(best) ? i : best))
      const cell = (i: number): string => `${formatNumber(value(i))} (${formatTime(times[i]!)})`
      return [[name, ...[at[0]!, lowest, highest, at.at(-1)!].map(cell)]]
    }),
  }
}

function summarize(what: string, times: readonly number[], lines: readonly Line[]): string {
  if (times.length === 0) return `${what}: no data.`
  const ends = lines.map(({ name, values }) => `${name} ends at ${formatNumber(values.findLast(isNumber))}`)
  return `${what} from ${formatTime(times[0]!)} to ${formatTime(times.at(-1)!)}: ${ends.join(', ')}.`
}

function eventTables(marks: readonly ReportDriftMark[], halts: readonly ReportHalt[]): Figure['tables'] {
  const text = (name: string) => ({ name, numeric: false })
  return [
    {
      title: `Drift marks (${marks.length})`,
      table: {
        columns: [text('time'), text('what')],
        rows: marks.map(({ time, label }) => [formatTime(time), label]),
      },
    },
    {
      title: `Trading halts (${halts.length})`,
      table: {
        columns: [text('from'), text('to'), text('why')],
        rows: halts.map(({ from, to, reason }) => [formatTime(from), formatTime(to), reason]),
      },
    },
  ]
}
