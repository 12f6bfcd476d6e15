import { basename } from 'node:path'
import { Command } from 'commander'
import { type ErrorCode, TradeLearnError } from '../core/errors.ts'
import { inClosingOrder } from '../lifecycle/closing-times.ts'
import { freshFeatures, plainSignal, runFeatures } from '../lifecycle/feature-run.ts'
import { assertNoLookahead, assertWarm, type NoLookaheadOptions, type WarmOptions } from '../lifecycle/index.ts'
import type { Candle } from '../market.ts'
import { readCandles } from './csv.ts'
import { type FeaturesModule, readFeatures } from './features-module.ts'
import { whole, within } from './numbers.ts'
import { Progress } from './progress.ts'
import { formatTable } from './table.ts'

type Flags = {
  readonly candles: string
  readonly symbol?: string
  readonly features?: string
  readonly cuts: number
  readonly within?: number
  readonly tolerance: number
}

/** `tradelearn check-features`. */
export function checkFeaturesCommand(): Command {
  return new Command('check-features')
    .description(
      'Proves on your candles that no feature knows the future, and counts how many candles each needs until its value no longer depends on where the series starts. Ends with exit code 1 where one does not pass.',
    )
    .requiredOption(
      '-c, --candles <file>',
      'candles as CSV (.csv or .csv.gz): time, open, high, low, close, volume, symbol',
    )
    .option('--symbol <name>', "symbol of a file without a symbol column (default: the file's name)")
    .option(
      '-f, --features <module>',
      'module of yours that exports as default a declaration, a FeatureEngineer, or a function (candles) => FeatureEngineer; with features of `meta` also a function `signal(candle)` (default: defaultFeatures())',
    )
    .option('--cuts <n>', 'moments at which the future is changed', whole(), 20)
    .option('--within <n>', 'candles that every feature must be content with (default: half of them)', whole())
    .option(
      '--tolerance <fraction>',
      "largest difference that counts as none, as a fraction of the feature's size",
      within(1e-12, 0.1),
      1e-6,
    )
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const module = await readFeatures(flags.features)
  const { candles: given, notes } = readCandles(
    flags.candles,
    flags.symbol === undefined ? {} : { symbol: flags.symbol },
  )
  for (const note of notes) console.error(note)
  // as a live bot gets them: a day's bar after the hours of its day
  const { candles } = inClosingOrder(given)
  const source = flags.features === undefined ? 'the default features' : basename(flags.features)
  const { cuts, tolerance } = flags

  const look = proofOf(candles, module, { cuts })
  console.log(
    `No look-ahead: ${look.features} features of ${source} on ${candles.length} candles; the future was changed at ` +
      `${look.cuts} moments, and ${look.compared} vectors before it are the same to the bit.`,
  )
  const symbol = mostFrequent(candles)
  // candles are counted of the symbol of the last one
  const upTo = candles.slice(0, candles.findLastIndex((candle) => candle.symbol === symbol) + 1)
  const warm = warmthOf(upTo, module, {
    tolerance,
    ...(flags.within !== undefined && { within: flags.within }),
  })
  const defined = definedShares(candles, module)
  // those that tell nothing come last
  const known = (name: string): number => Math.sign(defined[name]!)
  const rows = Object.entries(warm.needed).sort(([x, a], [y, b]) => known(y) - known(x) || b - a)
  console.log(
    `\n${formatTable([
      ['feature', 'candles needed', 'has a value'],
      ...rows.map(([name, needed]) => [name, known(name) === 0 ? 'N/A' : needed, percent(defined[name]!)]),
    ])}`,
  )
  console.log(
    `\nWarm after ${warm.candles} candles of ${symbol}: from then on no feature differs by more than ${tolerance} of its size, ` +
      'wherever the series starts. Feed that many before the first decision.',
  )
  const never = rows.filter(([name]) => known(name) === 0).map(([name]) => name)
  if (never.length > 0) {
    console.log(`Not shown by these candles, as they have no value on any of them: ${never.join(', ')}.`)
  }
}

function proofOf(candles: readonly Candle[], module: FeaturesModule, options: Partial<NoLookaheadOptions>) {
  return watched('no look-ahead', module, (onProgress) =>
    assertNoLookahead(module.features, candles, { ...options, ...signalOf(module), onProgress }),
  )
}

function warmthOf(candles: readonly Candle[], module: FeaturesModule, options: Partial<WarmOptions>) {
  return watched('warm-up', module, (onProgress) =>
    assertWarm(module.features, candles, { ...options, ...signalOf(module), onProgress }),
  )
}

const signalOf = ({ signal }: FeaturesModule): Pick<FeaturesModule, 'signal'> =>
  signal === undefined ? {} : { signal }

/** Runs a proof under a progress bar; a signal that lacks `meta` is refused with the way out. */
function watched<T>(label: string, { signal }: FeaturesModule, prove: (onProgress: (done: number) => void) => T): T {
  const progress = new Progress({ label })
  try {
    const report = prove((done) => progress.update(done))
    progress.finish()
    return report
  } catch (error) {
    progress.stop()
    const { code, message } = error as { code?: ErrorCode; message: string }
    if (code !== 'INVALID_SIGNAL' || signal !== undefined) throw error
    throw new TradeLearnError(code, `${message} Export a function \`signal(candle)\` beside the features.`)
  }
}

/** The symbol with the most candles: what is traded, rather than the days of an index beside its hours. */
function mostFrequent(candles: readonly Candle[]): string {
  const counts = new Map<string, number>()
  for (const { symbol } of candles) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  return [...counts].reduce((most, each) => (each[1] > most[1] ? each : most))[0]
}

/** The share of candles at which each feature has a value, by name. */
function definedShares(candles: readonly Candle[], module: FeaturesModule): { readonly [feature: string]: number } {
  const features = freshFeatures(module.features, candles)
  const { names } = features.schema
  const counts = new Float64Array(names.length)
  runFeatures(features, candles, module.signal ?? plainSignal, candles.keys(), (x) => {
    for (let k = 0; k < counts.length; k++) if (!Number.isNaN(x[k])) counts[k]!++
  })
  return Object.fromEntries(names.map((name, k) => [name, counts[k]! / candles.length]))
}

/** Rounded down: 100 % is said only of all. */
const percent = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)} %`
