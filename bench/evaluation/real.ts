import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildDataset,
  defaultFeatures,
  type Evaluation,
  evaluate,
  FeatureEngineer,
  SeededRng,
  shuffleCandles,
  TripleBarrier,
  WalkForward,
} from 'tradelearn'
import { readCandles } from '../../src/cli/csv.ts'
import { LEARNERS } from './skill.ts'

/** Hourly prices of three kinds of markets. */
const MARKETS = { SPY: 'spy_1h.csv.gz', AAPL: 'aapl_1h.csv.gz', EURUSD: 'eurusd_1h.csv.gz' } as const
const HOUR = 3_600_000

/** What was found on one market by one learner. */
export type RealRow = { readonly market: string; readonly learner: string; readonly evaluation: Evaluation }

/** Textbook indicators and a triple barrier on each hour's close, long, 10 basis points a round trip. */
export async function realMarkets(folder: string, onDone: (row: RealRow) => void): Promise<readonly RealRow[]> {
  const rows: RealRow[] = []
  for (const [market, file] of Object.entries(MARKETS)) {
    const path = join(folder, file)
    if (!existsSync(path)) continue
    const { candles } = readCandles(path, { symbol: market })
    const make = (given: typeof candles) =>
      buildDataset({
        candles: given,
        features: new FeatureEngineer(defaultFeatures()),
        labeler: new TripleBarrier({ maxBars: 24, costs: 0.001 }),
        signals: ({ symbol, time, close }) => ({ symbol, side: 'long', time: time + HOUR, price: close }),
      })
    const dataset = make(candles)
    const n = dataset.rows.length
    for (const learner of Object.keys(LEARNERS)) {
      const evaluation = await evaluate(dataset, LEARNERS[learner]!, {
        splitter: new WalkForward({ train: Math.floor(n / 3), test: Math.ceil(n / 12) }),
        onRandomWalk: () => make(shuffleCandles(candles, new SeededRng(market))),
        parts: ['canaries'],
        // whoever looks at six results and shows the best has had six chances
        trials: Object.keys(MARKETS).length * Object.keys(LEARNERS).length,
        resamples: 300,
      })
      rows.push({ market, learner, evaluation })
      onDone(rows.at(-1)!)
    }
  }
  return rows
}
