import type { Figure, ShareChart } from './figure.ts'
import { formatNumber, formatPercent, isNumber, plotted } from './format.ts'
import type { ReportRange, SweepPoint } from './report-data.ts'

/** Win rate and expectancy over the share of the signals that is taken. */
export function sweepFigures(sweep: readonly SweepPoint[]): readonly Figure[] {
  const points = [...sweep].sort((a, b) => a.coverage - b.coverage)
  return [
    figureOf(points, {
      title: 'Win rate by share taken',
      unit: 'share that won',
      what: 'won',
      percent: true,
      of: ({ precision }) => precision,
    }),
    figureOf(points, {
      title: 'Return by share taken',
      unit: 'mean net return a trade',
      what: 'net return',
      percent: true,
      of: ({ expectancy }) => expectancy,
    }),
  ]
}

type Kind = {
  readonly title: string
  readonly unit: string
  readonly what: string
  readonly percent: boolean
  readonly of: (point: SweepPoint) => ReportRange
}

function figureOf(points: readonly SweepPoint[], { title, unit, what, percent, of }: Kind): Figure {
  const all = points.at(-1)
  const digits = what === 'won' ? 1 : 3
  const show = (value: ReportRange['value']): string => formatPercent(value, digits)
  const known = points.filter((point) => isNumber(of(point).value))
  const column = (pick: (range: ReportRange) => ReportRange['value']): (number | null)[] =>
    known.map((point) => plotted(pick(of(point))))
  const level = all === undefined ? null : plotted(of(all).value)
  const chart: ShareChart | undefined =
    known.length === 0 || level === null
      ? undefined
      : {
          kind: 'share',
          shares: known.map(({ coverage }) => coverage),
          over: 'share of the signals taken',
          unit,
          percent,
          name: what,
          values: column(({ value }) => value),
          low: column(({ low }) => low),
          high: column(({ high }) => high),
          level: { name: 'take every signal', value: level },
        }
  return {
    title,
    explanation:
      'From left to right, from only the most probable signals to all of them: a model that knows something starts above the dashed line. The best point is the best of many looks, so choose none by this alone.',
    summary:
      known.length === 0
        ? `${title}: no data.`
        : `${title}: ${show(of(known[0]!).value)} of the most probable ${formatPercent(known[0]!.coverage, 0)}, ${show(of(known.at(-1)!).value)} of ${formatPercent(known.at(-1)!.coverage, 0)}.`,
    ...(chart && { chart }),
    key: [{ sign: 'band', text: '95 % interval' }],
    tables: [
      {
        title: 'Numbers',
        table: {
          columns: ['from probability', 'share taken', what, '95 % interval'].map((name) => ({ name, numeric: true })),
          rows: points.map((point) => {
            const { value, low, high } = of(point)
            return [
              formatNumber(point.threshold),
              formatPercent(point.coverage),
              show(value),
              isNumber(low) ? `${show(low)} to ${show(high)}` : '\u2013',
            ]
          }),
        },
      },
    ],
  }
}
