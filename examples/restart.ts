/**
 * A restart in the middle of everything: nothing is lost, and no bit differs from never having stopped.
 *
 *     npx tsx examples/restart.ts
 *
 * Two bots see the same market. One runs through; the other is killed while trades are open, and starts again from the
 * file that it saved. In the end their snapshots are the same text.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultFeatures, FeatureEngineer, KillSwitch, simulateMarket, TradeLearner } from 'tradelearn'

const { candles, signals } = simulateMarket({ seed: 'restart', signals: 600 })
const signalAt = new Map(signals.map(({ meta: _, ...signal }) => [`${signal.symbol} ${signal.time}`, signal]))
const account = { equity: 50_000, positions: [] }

/** Options come from the program at every start, and from the file only what was learned. */
const options = () => ({
  features: new FeatureEngineer(defaultFeatures()),
  // no trade is reported in this example, so nothing is waited for, and losses on paper are no reason to halt
  reportWithin: 0,
  killSwitch: new KillSwitch({ losses: Number.POSITIVE_INFINITY, latency: Number.POSITIVE_INFINITY }),
})

/** Plays the candles from `from` to `to`; the learner follows each trade on candles. */
function play(learner: TradeLearner, from: number, to: number): TradeLearner {
  for (const candle of candles.slice(from, to)) {
    const signal = signalAt.get(`${candle.symbol} ${candle.time}`)
    if (signal) learner.decide(signal, account)
    learner.onCandle(candle)
    if (learner.refitDue) for (const _ of learner.refit());
  }
  return learner
}

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-'))
const file = join(folder, 'learner.json')
/** Writes beside the old file and swaps them, so that a crash at any moment leaves one of the two whole. */
function save(learner: TradeLearner): void {
  writeFileSync(`${file}.new`, JSON.stringify(learner))
  renameSync(`${file}.new`, file)
}

// one bot that never stops
const steady = play(new TradeLearner(options()), 0, candles.length)

// one that is stopped with trades open
const stop = 9_030
const first = play(new TradeLearner(options()), 0, stop)
save(first)
const { trades, open } = first.status()
console.log(`Stopped after ${trades} trades, with ${open} decisions open and ${statSync(file).size} bytes saved.`)

// the next process: the same program, and the file
const second = TradeLearner.restore(readFileSync(file, 'utf8'), options())
for (const { id, symbol, side, stop, target } of second.openDecisions()) {
  console.log(
    `Still open, so ask the broker: ${id}, ${side} ${symbol}, stop ${stop.toFixed(2)}, target ${target.toFixed(2)}`,
  )
}
play(second, stop, candles.length)

const same = JSON.stringify(second) === JSON.stringify(steady)
console.log(`After ${second.status().trades} trades the two are ${same ? 'equal to the bit' : 'DIFFERENT'}.`)

// a file that was cut short is refused and says why
try {
  TradeLearner.restore(readFileSync(file, 'utf8').slice(0, 1000), options())
} catch (error) {
  const { code, message } = error as { code: string; message: string }
  console.log(`A file that was cut short: ${code}: ${message.slice(0, 90)}…`)
}
rmSync(folder, { recursive: true })
process.exitCode = same ? 0 : 1
