import { DecisionPolicy, KillSwitch, RiskLedger } from '../../src/decision/index.ts'
import { category, defaultFeatures, FeatureEngineer, numeric } from '../../src/features/index.ts'
import { PrototypeNovelty } from '../../src/learners/index.ts'
import {
  DecisionLog,
  defaultModels,
  FeatureMonitor,
  type JournalReplay,
  type RestoreOptions,
  Rollout,
  replayJournal,
  TradeLearner,
} from '../../src/lifecycle/index.ts'
import { type SimulatedSignal, simulateMarket } from '../../src/simulate/index.ts'
import { JournalStore, nodeFs, readJournal } from '../../src/store/index.ts'

/** Signals of the life; enough for boosted trees, calibration and a rollout's first steps. */
const SIGNALS = 900

/** Every part that a learner may have, so that whatever computes otherwise somewhere shows. */
export function fixedOptions(): RestoreOptions<SimulatedSignal> {
  const features = new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  })
  const policy = new DecisionPolicy({
    ...{ minTrades: 60, sizing: 'bet-size', bandsAround: 'break-even', targetWithin: 'interval' },
    limits: { maxRisk: 0.02, maxPositions: 8 },
  })
  return {
    features,
    policy,
    models: defaultModels(features.schema.size, { refitEvery: 60 }),
    rollout: new Rollout({
      name: 'fixed',
      steps: [0, 0.25, 0.5].map((share) => ({ share, hold: 0, signals: 30, evidence: 0.01, approval: false })),
      pauseBelowAccuracy: 0.05,
      endBelowAccuracy: 0.01,
    }),
    killSwitch: new KillSwitch({ losses: 8, drawdown: 0.5 }),
    ledger: new RiskLedger(),
    novelty: new PrototypeNovelty({ features: features.schema.size }),
    monitor: new FeatureMonitor({ schema: features.schema }),
    companions: [new DecisionLog()],
    exploration: { share: 0.1 },
    outcomeLag: 3_600_000,
    // latencies are part of a journal; these are the same everywhere
    clock: { now: () => 0 },
  }
}

/** Lives a life that is the same everywhere, with two restarts, in a journal in `directory`. */
export async function liveFixedLife(directory: string): Promise<void> {
  const { candles, signals } = simulateMarket({
    seed: 'fixed life',
    signals: SIGNALS,
    spacing: 12,
    maxBars: 10,
    symbols: ['A', 'B'],
    strength: 2,
  })
  const open = () =>
    TradeLearner.open<SimulatedSignal>({
      ...fixedOptions(),
      store: new JournalStore({ directory, mode: 'none', keepSnapshots: 100 }),
      snapshotEvery: 3000,
    })
  let learner = await open()
  const restarts = new Set([Math.floor(candles.length / 3), Math.floor(candles.length / 2)])
  let next = 0
  let equity = 100_000
  const held: { readonly id: string; readonly due: number; readonly price: number; readonly size: number }[] = []
  for (const [i, candle] of candles.entries()) {
    if (restarts.has(i)) {
      await learner.close()
      learner = await open()
    }
    learner.onCandle(candle)
    while (next < signals.length && signals[next]!.time <= candle.time) {
      const { id, action, price, size } = learner.decide(signals[next++]!, { equity, positions: [] })
      // the bot closes two in three of its trades itself, and cancels some
      if (action === 'skip') continue
      if (next % 9 === 0) await learner.cancel(id)
      else if (next % 3 > 0) held.push({ id, due: i + 6, price, size })
    }
    while (held.length > 0 && held[0]!.due <= i) {
      const { id, price, size } = held.shift()!
      const exit = price * (1 + ((candle.close / candle.open - 1) % 0.02))
      equity *= 1 + (size * (exit - price)) / price
      await learner.learn(id, { exitPrice: exit, exitTime: candle.time }).catch(() => {})
    }
    if (learner.status().killSwitch.halted && i % 50 === 0) await learner.resume('go on')
    if (learner.refitDue) for (const _ of learner.refit());
    if (i % 200 === 0) await learner.stored()
  }
  await learner.close()
}

/** Lives through it again. */
export async function replayFixedLife(directory: string): Promise<JournalReplay> {
  return replayJournal(await readJournal(nodeFs, directory), fixedOptions())
}
