import { basename } from 'node:path'
import { Command, Option } from 'commander'
import type { Candle } from '../market.ts'
import {
  type CandleFlag,
  CandleInspector,
  type DateOrder,
  type NormalizedSeries,
  normalizeSeries,
  type Timeframe,
} from '../market-data/index.ts'
import { type RowFile, readRows } from './csv.ts'
import { whole } from './numbers.ts'
import { type Cell, formatTable } from './table.ts'

type Flags = {
  readonly candles: string
  readonly symbol?: string
  readonly timeframe?: Timeframe
  readonly dateOrder?: DateOrder
  readonly first: number
  readonly json?: boolean
  readonly strict?: boolean
}

/** A line of the file that is no candle, and why. */
type BadLine = { readonly line: number; readonly code: string; readonly message: string }

/** What `tradelearn check-candles --json` prints. */
type Findings = Pick<NormalizedSeries, 'order' | 'gaps'> & {
  readonly file: string
  readonly rows: number
  readonly candles: number
  readonly symbols: readonly SymbolSummary[]
  readonly leftOut: readonly BadLine[]
  readonly flags: readonly CandleFlag[]
}
type SymbolSummary = {
  readonly symbol: string
  readonly candles: number
  readonly from: number
  readonly to: number
  /** Candles without a volume. */
  readonly noVolume: number
}

/** `tradelearn check-candles`. */
export function checkCandlesCommand(): Command {
  return new Command('check-candles')
    .description(
      'Says what is wrong with a file of candles: rows that are none, doubles, gaps, and candles that are odd among their neighbours (bad prints, splits, dead feeds). It repairs nothing.',
    )
    .requiredOption(
      '-c, --candles <file>',
      'candles as CSV (.csv or .csv.gz): time, open, high, low, close, volume, symbol',
    )
    .option('--symbol <name>', "symbol of a file without a symbol column (default: the file's name)")
    .option(
      '-t, --timeframe <length>',
      'length of a bar, such as 1h or 1d: gaps and bars still open are looked for too',
    )
    .addOption(
      new Option('--date-order <order>', 'how dates such as 02/03/2017 are meant').choices([
        'month/day/year',
        'day/month/year',
      ]),
    )
    .option('--first <n>', 'findings of a kind that are shown', whole(), 3)
    .option('--json', 'print all findings as JSON')
    .option('--strict', 'end with exit code 1 where a row is no candle')
    .action(run)
}

function run(flags: Flags): void {
  const found = findIn(flags)
  console.log(flags.json ? JSON.stringify(found, null, 2) : textOf(found, flags))
  if (found.candles === 0 || (flags.strict && found.leftOut.length > 0)) process.exitCode = 1
}

function findIn({ candles: path, symbol, timeframe, dateOrder }: Flags): Findings {
  const file = readRows(path)
  const { candles, issues, gaps, order } = normalizeSeries(file.rows, {
    symbol: symbol ?? basename(path).replace(/\.csv(\.gz)?$/i, ''),
    ...(timeframe !== undefined && { timeframe, now: Date.now() }),
    ...(dateOrder !== undefined && { dateOrder }),
  })
  const symbols = summaries(candles)
  const inspector = new CandleInspector({ maxSymbols: Math.max(1, symbols.length) })
  return {
    file: basename(path),
    rows: file.rows.length + file.ragged.length,
    candles: candles.length,
    order,
    symbols,
    leftOut: badLines(file, issues),
    gaps,
    flags: candles.flatMap((candle) => inspector.update(candle)),
  }
}

function badLines({ lines, ragged }: RowFile, issues: NormalizedSeries['issues']): BadLine[] {
  const bad = issues.map(({ code, row, message }) => ({ line: lines[row]!, code, message }))
  return [...bad, ...ragged.map((each) => ({ code: 'INVALID_INPUT', ...each }))].sort((a, b) => a.line - b.line)
}

function summaries(candles: readonly Candle[]): SymbolSummary[] {
  const found = new Map<string, { symbol: string; candles: number; from: number; to: number; noVolume: number }>()
  for (const { symbol, time, volume } of candles) {
    let summary = found.get(symbol)
    if (!summary) found.set(symbol, (summary = { symbol, candles: 0, from: time, to: time, noVolume: 0 }))
    summary.candles++
    summary.to = time
    if (volume === undefined) summary.noVolume++
  }
  return [...found.values()]
}

/** Symbols that are listed; a file may hold thousands. */
const MOST_SYMBOLS = 20

function textOf({ file, rows, candles, order, symbols, leftOut, gaps, flags }: Findings, by: Flags): string {
  const { first, timeframe } = by
  const parts = [
    `${file}: ${rows} rows, ${order}; ${candles} sound candles.`,
    table(
      ['symbol', 'candles', 'from', 'to', 'without volume'],
      symbols
        .slice(0, MOST_SYMBOLS)
        .map((each) => [each.symbol, each.candles, day(each.from), day(each.to), each.noVolume]),
    ),
    ...(symbols.length > MOST_SYMBOLS ? [`and ${symbols.length - MOST_SYMBOLS} more symbols.`] : []),
    `\nRows left out: ${leftOut.length}`,
    table(
      ['code', 'rows', 'line', 'what is wrong'],
      grouped(leftOut, first, ({ line, message }) => [line, message]),
    ),
  ]
  if (by.dateOrder === undefined && leftOut.some(({ message }) => message.includes('`dateOrder`'))) {
    parts.push('Say --date-order to have such dates read.')
  }
  if (timeframe === undefined) parts.push('\nGaps: not looked for; say --timeframe, e.g. 1h.')
  else if (gaps.length === 0) parts.push('\nGaps: 0')
  else {
    const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0)
    const widest = gaps.toSorted((a, b) => b.missing - a.missing).slice(0, first)
    parts.push(
      `\nGaps: ${gaps.length}, ${missing} candles of ${timeframe} missing (markets that close have one each night or weekend); the widest:`,
      table(
        ['symbol', 'after', 'before', 'missing'],
        widest.map(({ symbol, after, before, missing: wide }) => [symbol, minute(after), minute(before), wide]),
      ),
    )
  }
  parts.push(
    `\nCandles to look at: ${flags.length}`,
    table(
      ['code', 'candles', 'time', 'what is odd'],
      grouped(flags, first, ({ time, message }) => [minute(time), message]),
    ),
  )
  return parts.filter((part) => part !== '').join('\n')
}

/** The first findings of each code, the most frequent code first, each with its count. */
function grouped<T extends { readonly code: string }>(
  findings: readonly T[],
  first: number,
  cells: (finding: T) => readonly Cell[],
): Cell[][] {
  const byCode = new Map<string, T[]>()
  for (const finding of findings) {
    const same = byCode.get(finding.code)
    if (same) same.push(finding)
    else byCode.set(finding.code, [finding])
  }
  return [...byCode]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([code, all]) =>
      all.slice(0, first).map((one, i) => [...(i === 0 ? [code, all.length] : ['', '']), ...cells(one)]),
    )
}

const table = (header: readonly Cell[], rows: readonly (readonly Cell[])[]): string =>
  rows.length === 0 ? '' : formatTable([header, ...rows])

const minute = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ')
const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
