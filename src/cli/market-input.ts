import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { TradeLearnError } from '../core/errors.ts'
import {
  category,
  type Declaration,
  defaultFeatures,
  FeatureEngineer,
  flag,
  numeric,
  optional,
} from '../features/index.ts'
import type { Strategy } from '../lifecycle/index.ts'
import type { Candle, Signal } from '../market.ts'
import { readCandles, readSignals } from './csv.ts'
import { RULES } from './rules.ts'

/** The options that say where prices and signals come from. */
export type MarketFlags = {
  readonly candles: string
  readonly symbol?: string
  readonly signals?: string
  readonly rule: string
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
}

/** Candles, signals and fresh features that fit both. */
export type MarketInput = {
  readonly candles: readonly Candle[]
  readonly signals: readonly Signal[] | Strategy
  readonly features: () => FeatureEngineer
  readonly source: string
}

/** Reads what the options name; a signals file's own columns become features. */
export function readMarket({ candles: file, symbol, signals: signalsFile, rule }: MarketFlags): MarketInput {
  const name = symbol ?? basename(file).replace(/\.csv(\.gz)?$/i, '')
  const { candles, notes } = readCandles(file, { symbol: name })
  const read = signalsFile === undefined ? undefined : readSignals(signalsFile)
  const signals = read?.signals ?? RULES[rule]!()
  for (const note of [...notes, ...(read?.notes ?? [])]) console.error(note)
  const declaration: Declaration = {
    ...defaultFeatures(),
    meta: typeof signals === 'function' ? {} : metaFeatures(signals),
  }
  return {
    candles,
    signals,
    features: () => new FeatureEngineer(declaration),
    source: `${basename(file)}, ${candles.length} candles; signals ${signalsFile === undefined ? `by the rule ${rule}` : `from ${basename(signalsFile)}`}`,
  }
}

/** Words of one column that become features of their own; more would be an identifier rather than a category. */
const MOST_WORDS = 50

function metaFeatures(signals: readonly Signal[]): NonNullable<Declaration['meta']> {
  const names = [...new Set(signals.flatMap(({ meta }) => Object.keys(meta ?? {})))]
  return Object.fromEntries(
    names.map((name) => {
      const values = signals.map(({ meta }) => meta?.[name]).filter((value) => value !== null && value !== undefined)
      if (values.every((value) => typeof value === 'number')) return [name, optional(numeric())]
      if (values.every((value) => typeof value === 'boolean')) return [name, optional(flag())]
      const words = [...new Set(values.map(String))].sort()
      if (words.length <= MOST_WORDS && values.every((value) => typeof value === 'string')) {
        return [name, optional(category(...(words as [string, ...string[]])))]
      }
      throw new TradeLearnError(
        'INVALID_INPUT',
        `The signals' column "${name}" must hold numbers, true/false, or at most ${MOST_WORDS} different words, got ` +
          `${words.length} different values.`,
      )
    }),
  )
}
