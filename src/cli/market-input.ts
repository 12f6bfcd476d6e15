import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { show, TradeLearnError } from '../core/errors.ts'
import { type Declaration, defaultFeatures, FeatureEngineer, levelOf, trendOf } from '../features/index.ts'
import type { Strategy } from '../lifecycle/index.ts'
import type { Candle, Signal } from '../market.ts'
import { readCandles, readSignals } from './csv.ts'
import { metaColumns } from './meta-columns.ts'
import { RULES } from './rules.ts'

/** The options that say where prices and signals come from. */
export type MarketFlags = {
  readonly candles: string
  readonly symbol?: string
  readonly signals?: string
  readonly rule: string
  readonly ignore?: readonly string[]
  readonly context?: readonly string[]
}

/** Adds those options to a command. */
export function withMarketInput(command: Command): Command {
  return command
    .requiredOption(
      '-c, --candles <file>',
      'candles as CSV (.csv or .csv.gz): time, open, high, low, close, volume, symbol',
    )
    .option('--symbol <name>', "symbol of a file without a symbol column (default: the file's name)")
    .option(
      '-s, --signals <file>',
      'signals as CSV: time, symbol, side, and if you like price, stop, target, own columns',
    )
    .addOption(
      new Option('-r, --rule <name>', 'built-in rule that makes signals where there is no signals file')
        .choices(Object.keys(RULES))
        .default('rsi-macd'),
    )
    .option('--ignore <columns...>', 'own columns of the signals file that are no features, e.g. ids and notes')
    .option(
      '--context <symbols...>',
      'symbols of the candles file that every signal sees as features, <symbol>_trend and <symbol>_level (a level suits volatility indices and rates); the rule does not trade them',
    )
}

/** Candles, signals and fresh features that fit both. */
export type MarketInput = {
  readonly candles: readonly Candle[]
  readonly signals: readonly Signal[] | Strategy
  readonly features: () => FeatureEngineer
  readonly source: string
}

/** Reads what the options name; a signals file's own columns and the context become features. */
export function readMarket(flags: MarketFlags): MarketInput {
  const { candles: file, symbol, signals: signalsFile, rule, ignore = [], context = [] } = flags
  const name = symbol ?? basename(file).replace(/\.csv(\.gz)?$/i, '')
  const { candles, notes } = readCandles(file, { symbol: name })
  const shown = new Set(context)
  checkContext(shown, candles)
  if (ignore.length > 0 && signalsFile === undefined) {
    throw new TradeLearnError('INVALID_OPTION', '"--ignore" is about the columns of "--signals", got no such file.')
  }
  const read = signalsFile === undefined ? undefined : readSignals(signalsFile)
  const own = read && metaColumns(read.signals, ignore)
  for (const note of [...notes, ...(read?.notes ?? []), ...(own?.notes ?? [])]) console.error(note)
  const declaration: Declaration = {
    ...defaultFeatures(),
    context: Object.fromEntries(
      [...shown].flatMap((other) => [
        [`${other}_trend`, trendOf(other)],
        [`${other}_level`, levelOf(other)],
      ]),
    ),
    meta: own?.features ?? {},
  }
  const origin = signalsFile === undefined ? `by the rule ${rule}` : `from ${basename(signalsFile)}`
  return {
    // of candles that close together those of the context come first, so that a decision at the close knows them
    candles: candles.toSorted((a, b) => a.time - b.time || rank(shown, a) - rank(shown, b)),
    signals: own?.signals ?? sparing(shown, RULES[rule]!()),
    features: () => new FeatureEngineer(declaration),
    source: `${basename(file)}, ${candles.length} candles; signals ${origin}${shown.size > 0 ? `; context ${[...shown].join(', ')}` : ''}`,
  }
}

const rank = (context: ReadonlySet<string>, { symbol }: Candle): number => (context.has(symbol) ? 0 : 1)

/** The rule without signals on the context. */
const sparing =
  (context: ReadonlySet<string>, rule: Strategy): Strategy =>
  (candle) =>
    context.has(candle.symbol) ? undefined : rule(candle)

function checkContext(context: ReadonlySet<string>, candles: readonly Candle[]): void {
  if (context.size === 0) return
  const symbols = new Set(candles.map(({ symbol }) => symbol))
  for (const symbol of context) {
    if (symbols.has(symbol)) continue
    // a file may hold thousands
    const known = [...symbols].slice(0, 20).map(show).join(', ')
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"--context" must name symbols of the candles file (${known}), got ${show(symbol)}.`,
    )
  }
}
