/**
 * A restart in the middle of everything: nothing is lost, and no bit differs from never having stopped.
 *
 *     npx tsx examples/restart.ts
 *
 * Two bots see the same market. One runs through; the other is killed while trades are open, and starts again from the
 * file that it saved. In the end their snapshots are the same text.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultFeatures, FeatureEngineer, type Signal, simulateMarket, TradeLearner } from 'tradelearn'

const { candles, signals } = simulateMarket({ seed: 'restart', signals: 600 })
const account = { equity: 50_000, positions: [] }
const folder = mkdtempSync(join(tmpdir(), 'tradelearn-'))
const file = join(folder, 'learner.json')

/** Options come from the program at every start, and only what was learned from the file. */
const options = () => ({ features: new FeatureEngineer(defaultFeatures()) })

/** Plays the bars from `from` to `to`. Trades are not reported here, so the learner follows them on candles. */
function play(learner: TradeLearner, from: number, to: number): void {
  for (const candle of candles.slice(from, to)) {
    for (const { meta: _, ...signal } of signalsAt.get(`${candle.symbol} ${candle.time}`) ?? []) {
      learner.cancel(learner.decide(signal, account).id)
    }
    learner.onCandle(candle)
    if (learner.refitDue) for (const _ of learner.refit());
  }
}
const signalsAt = Map.groupBy(signals, ({ symbol, time }) => `${symbol} ${time}`)

/** Writes beside the old file and swaps, so that a crash leaves one of the two whole. */
function save(learner: TradeLearner): void {
  writeFileSync(`${file}.new`, JSON.stringify(learner))
  renameSync(`${file}.new`, file)
}
