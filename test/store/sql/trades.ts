import { SeededRng } from '../../../src/core/rng.ts'
import type { Decision, Label } from '../../../src/market.ts'
import type { DecisionRecord, OutcomeRecord } from '../../../src/store/sql/index.ts'

const HOUR = 3_600_000
const START = Date.UTC(2024, 0, 1)

/** Made-up trades, always the same. */
export function trades(
  n: number,
): readonly { readonly record: DecisionRecord; readonly outcome: OutcomeRecord | null }[] {
  const rng = new SeededRng('trades')
  return Array.from({ length: n }, (_, i) => {
    const probability = rng.next()
    const action = probability > 0.6 ? 'take' : probability > 0.4 ? 'reduce' : 'skip'
    const time = START + i * 7 * HOUR
    const plan = {
      action,
      size: action === 'skip' ? 0 : action === 'take' ? 0.1 : 0.05,
      quantity: 1,
      price: 100,
      stop: 98,
      target: 104,
      reasons: [{ code: 'TAKE_BAND', text: 'It’s above, "so" 1 < 2 & \u0000 done' }],
    } as const
    const decision: Decision = {
      ...plan,
      id: `t-${i}`,
      symbol: ['BTC/USDT', 'ETH/USDT', "O'Neil; --"][i % 3]!,
      side: i % 2 ? 'long' : 'short',
      time,
      prediction: {
        probability,
        ...(i % 4 ? { probabilityLow: probability / 2 } : {}),
        expectedReturn: probability / 50 - 0.01,
        interval: { low: -0.02, high: i % 5 ? 0.03 : Infinity, coverage: 0.9 },
        stopRisk: 0.4,
        trades: i,
      },
      mode: 'live',
      model: plan,
    }
    const win = rng.next() < probability
    const label: Label = {
      id: decision.id,
      y: win ? 1 : 0,
      netReturn: win ? 0.04 * rng.next() : -0.02 * rng.next(),
      exitReason: win ? 'target' : 'stop',
      exitPrice: win ? 104 : 98,
      exitTime: time + 5 * HOUR,
      ambiguous: i % 11 === 0,
      maxFavorable: 0.01,
      maxAdverse: 0.02,
      bars: 5,
    }
    const record: DecisionRecord = {
      decision,
      names: ['rsi', 'trend', '__proto__'],
      x: Float64Array.of(rng.next() * 100, i % 4 ? rng.next() : Number.NaN, -0),
      schema: 'f00dcafe',
      meta: { confidence: 0.5, source: 'nul \u0000 half \ud800' },
      model: { id: 'champion', version: 3, hash: 'abc' },
      arm: i % 10 ? 'champion' : 'challenger',
      propensity: i % 10 ? 0.9 : 0.1,
      latency: (i % 20) / 10,
      watchers: [
        { model: { id: 'challenger' }, prediction: decision.prediction, action: i % 3 ? 'take' : 'skip', size: 0.02 },
      ],
    }
    return { record, outcome: i % 9 === 8 ? null : { label, source: action === 'skip' ? 'candles' : 'bot' } }
  })
}
