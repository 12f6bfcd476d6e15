import { expect, test } from 'vitest'
import { defaultFeatures, FeatureEngineer } from '../../src/features/index.ts'
import { replay } from '../../src/lifecycle/index.ts'
import { summarizeReplay } from '../../src/report/index.ts'
import { simulateRandomWalk } from '../../src/simulate/index.ts'

test('an account that hardly moved has grown by 0.0 %, without a sign', () => {
  const market = simulateRandomWalk({ seed: 'still', signals: 60 })
  const result = replay({
    candles: market.candles,
    signals: market.signals.map(({ symbol, side, time }) => ({ symbol, side, time })),
    learner: { mode: 'live', features: new FeatureEngineer({ ...defaultFeatures() }) },
  })
  const [start, end] = [0, 86_400_000].map((later) => market.candles[0]!.time + later) as [number, number]
  const equity = { times: [start, end], learner: [100_000, 99_996], baseline: [100_000, 99_000] }
  const { section, money } = summarizeReplay({ ...result, equity }, { title: 'still' })
  expect(money.learner.growth).toBeLessThan(1)
  expect(section.metrics![0]).toMatchObject({
    name: 'Growth of the account',
    model: '0.0 %',
    baselines: [{ value: '-1.0 %' }, { value: '' }, { value: '' }],
  })
})
