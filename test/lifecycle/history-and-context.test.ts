import { describe, expect, test } from 'vitest'
import type { ClosedTrade } from '../../src/features/closed-trade.ts'
import { category, FeatureEngineer, level, numeric, optional, recentWinRate } from '../../src/features/index.ts'
import { correlationToPositions } from '../../src/features/peers.ts'
import { hashedText } from '../../src/features/text.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import { buildDataset, replay, TradeLearner } from '../../src/lifecycle/index.ts'
import type { Account, Signal } from '../../src/market.ts'
import { account, candleAt, errorOf, HOUR, patient, START, smallModels, stateOf, still } from './helpers.ts'

const options = () => {
  const features = new FeatureEngineer({
    candles: { close: level() },
    history: {
      source: recentWinRate(Infinity, { by: 'source' }),
      side: recentWinRate(Infinity, { by: 'side' }),
    },
    context: { held: correlationToPositions(3) },
    meta: { source: category('rules', 'ai'), why: optional(hashedText({ buckets: 2 })) },
  })
  const models = smallModels(features.schema.size)
  return { features, models, mode: 'live' as const, killSwitch: patient(), clock: still }
}
type Asked = Signal<{ readonly source: string; readonly why?: string | null }> & {
  readonly meta: { readonly source: string; readonly why?: string | null }
}
const signalAt = (bar: number, source: string, side: Signal['side'] = 'long', why?: string): Asked => {
  const meta = why === undefined ? { source } : { source, why }
  return { symbol: 'A', side, time: START + bar * HOUR, meta }
}
const moves = [100, 101, 99, 102, 100, 103]
const warm = (given = options()) => {
  const learner = new TradeLearner<Asked>(given)
  moves.forEach((close, bar) => {
    learner.onCandle(candleAt('A', bar, close))
    learner.onCandle(candleAt('B', bar, 200 - close))
  })
  return learner
}
/** What a decision was made on. */
const seen = (learner: TradeLearner<Asked>, id: string) =>
  Object.fromEntries(learner.explain(id).causes.map(({ feature, value }) => [feature, value]))

describe('a closed trade', () => {
  test('counts for later signals by what its own said of itself, through a restart', () => {
    let learner = warm()
    const first = learner.decide(signalAt(6, 'ai', 'long'), account)
    const second = learner.decide(signalAt(6, 'rules', 'short'), account)
    learner = TradeLearner.restore<Asked>(stateOf(learner), options())
    learner.learn(first.id, { exitPrice: 110, exitTime: START + 7 * HOUR })
    learner.learn(second.id, { exitPrice: 110, exitTime: START + 7 * HOUR })
    const [ai, rules] = ['ai', 'rules'].map((source) => seen(learner, learner.decide(signalAt(7, source), account).id))
    expect([ai!['source'], rules!['source']]).toEqual([1, 0])
    expect([ai!['side'], rules!['side']]).toEqual([1, 1])
  })

  test('counts from its exit on, and not before, however early it is told', () => {
    const learner = warm()
    const { id } = learner.decide(signalAt(6, 'ai'), account)
    learner.learn(id, { exitPrice: 110, exitTime: START + 9 * HOUR })
    const at = (bar: number) => seen(learner, learner.decide(signalAt(bar, 'ai'), account).id)['source']
    expect([7, 8, 9, 10].map(at)).toEqual([NaN, NaN, 1, 1])
  })

  test('of a skipped signal counts as what it would have been', () => {
    const learner = warm()
    learner.halt()
    expect(learner.decide(signalAt(6, 'ai'), account).action).toBe('skip')
    learner.onCandle(candleAt('A', 6, 200, 103))
    learner.resume('test')
    expect(seen(learner, learner.decide(signalAt(7, 'ai'), account).id)['source']).toBe(1)
  })

  test('does not keep long texts waiting with it', () => {
    const learner = warm()
    const long = `I think ${'that it may rise and '.repeat(50)}so on`
    const { id } = learner.decide(signalAt(6, 'ai', 'long', long), account)
    learner.decide(signalAt(6, 'ai', 'long', 'short and sweet'), account)
    expect(seen(learner, id)['why.0']).not.toBeNaN()
    expect(stateOf(learner)).not.toContain('it may rise')
    expect(stateOf(learner)).toContain('short and sweet')
  })

  test('is told whole to features in buildDataset and in replay', () => {
    for (const play of ['dataset', 'replay'] as const) {
      const trades: ClosedTrade[] = []
      const { features, ...learner } = options()
      const told = Object.assign(features, {
        settle(trade: ClosedTrade) {
          trades.push(trade)
          FeatureEngineer.prototype.settle.call(features, trade)
        },
      })
      const candles = [...moves, 120, 121].map((close, bar) => candleAt('A', bar, close, moves[bar - 1] ?? close))
      const signals = [signalAt(3, 'ai'), signalAt(4, 'rules', 'short')]
      const labeler = new TripleBarrier({ maxBars: 2, costs: 0 })
      if (play === 'dataset') buildDataset<Asked>({ candles, signals, features: told, labeler })
      else replay<Asked>({ candles, signals, learner: { ...learner, features: told, labeler } })
      expect(trades, play).toHaveLength(2)
      for (const [i, { symbol, side, time, exitTime, won, netReturn, meta }] of trades.entries()) {
        expect({ symbol, side, time, meta }).toEqual(signals.find((signal) => signal.side === side))
        expect(exitTime).toBeGreaterThanOrEqual(time)
        expect(won, `${play} ${i}`).toBe(netReturn > 0 ? 1 : 0)
        expect(netReturn).not.toBe(0)
      }
    }
  })
})

describe('what the account holds', () => {
  const holding: Account = { equity: 1e5, positions: [{ symbol: 'B', side: 'long', notional: 1000 }] }

  test('reaches the features of a decision, and those of a prediction for that account', () => {
    const learner = warm()
    // B is the mirror of A, so a long of it is nearly a short of A
    const held = seen(learner, learner.decide(signalAt(6, 'ai'), holding).id)['held'] as number
    expect(held).toBeLessThan(-0.9)
    const fresh = warm()
    expect(seen(fresh, fresh.decide(signalAt(6, 'ai'), account).id)['held']).toBeNaN()
    expect(warm().predict(signalAt(6, 'ai'), holding)).toEqual(learner.predict(signalAt(6, 'ai'), holding))
  })

  test('includes what was decided since the last bar', () => {
    const learner = warm()
    expect(learner.decide(signalAt(6, 'ai'), account).action).not.toBe('skip')
    expect(seen(learner, learner.decide(signalAt(6, 'ai', 'short'), account).id)['held']).toBe(-1)
  })

  test('is refused where it makes no sense, changing nothing', () => {
    const learner = warm()
    for (const positions of ['all', [null], [{ symbol: 'B', side: 'up', notional: 1 }]]) {
      const before = stateOf(learner)
      const { code } = errorOf(() => learner.decide(signalAt(6, 'ai'), { equity: 1e5, positions: positions as never }))
      expect(code).toBe('INVALID_ACCOUNT')
      expect(errorOf(() => learner.predict(signalAt(6, 'ai'), { equity: 1, positions: positions as never })).code).toBe(
        code,
      )
      expect(stateOf(learner)).toBe(before)
    }
  })
})

test('a learner saved by version 1 goes on: what its open signals said of themselves is not known', () => {
  const make = () => ({
    ...options(),
    features: new FeatureEngineer({
      candles: { close: level() },
      history: { rate: recentWinRate(), alike: recentWinRate(9, { by: 'sure' }) },
      meta: { sure: numeric() },
    }),
    models: smallModels(4),
  })
  type Sure = Signal<{ readonly sure: number }> & { readonly meta: { readonly sure: number } }
  const learner = new TradeLearner<Sure>({ ...make(), models: smallModels(4) })
  for (let bar = 0; bar < 4; bar++) learner.onCandle(candleAt('A', bar, 100))
  const signal = { symbol: 'A', side: 'long', time: START + 4 * HOUR, meta: { sure: 1 } } as const
  const { id } = learner.decide(signal, account)
  const old = JSON.parse(stateOf(learner))
  old.version = 1
  for (const entry of old.state.book.open) delete entry.meta
  const again = TradeLearner.restore<Sure>(JSON.stringify(old), make())
  for (const one of [learner, again]) one.learn(id, { exitPrice: 110, exitTime: START + 4 * HOUR })
  const values = [learner, again].map((one) => {
    const { causes } = one.explain(one.decide(signal, account).id)
    return ['rate', 'alike'].map((name) => causes.find(({ feature }) => feature === name)?.value)
  })
  expect(values).toEqual([
    [1, 1],
    [1, NaN],
  ])
  expect(again.toJSON().version).toBe(6)
})
