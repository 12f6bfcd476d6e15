import { type DecisionContext, DecisionPolicy } from '../../src/decision/index.ts'
import { AdaptivePolicy } from '../../src/lifecycle/index.ts'
import type { Prediction } from '../../src/market.ts'
import { parametersAt } from '../../test/lifecycle/adaptive-policy/learnt.ts'
import { live, newLearner, toldMarket } from '../../test/lifecycle/adaptive-policy/market.ts'
import { machine } from '../machine.ts'

// What steering by learnt values costs: time a decision, and the size that a source worth nothing takes off.
// npx tsx bench/lifecycle/adaptive-policy.ts

const { cpu, node } = machine()
console.log(`${cpu}, Node ${node}\n`)

const context: DecisionContext = {
  signal: { symbol: 'A', side: 'long', price: 100 },
  ...{ atr: 1, account: { equity: 10_000, positions: [] }, trades: 500, halted: null, meta: { a: -1, b: 1 } },
}
const prediction: Prediction = {
  ...{ probability: 0.7, expectedReturn: 0.007, interval: { low: -0.02, high: 0.02, coverage: 0.9 } },
  ...{ stopRisk: 0.4, trades: 500 },
}
const record = [500, 300, 500, 200, 500, 250, 500, 250]
const all = { entryThreshold: 0.63, sizeMultiplier: 0.8, stopAtr: 2.4, targetAtr: 2.2 }
for (const [name, policy] of [
  ['DecisionPolicy', new DecisionPolicy()],
  ['all values approved', new AdaptivePolicy()],
  ['all values learnt', new AdaptivePolicy({ parameters: parametersAt(all) })],
  ['two sources voting', new AdaptivePolicy({ parameters: parametersAt({}, { sources: ['a', 'b'] }, record) })],
] as const) {
  for (let i = 0; i < 200_000; i++) policy.decide(prediction, context)
  const start = process.hrtime.bigint()
  for (let i = 0; i < 300_000; i++) policy.decide(prediction, context)
  console.log(`${name}: ${(Number(process.hrtime.bigint() - start) / 3e8).toFixed(1)} us a decision`)
}

let [decided, lowered, plain, kept] = [0, 0, 0, 0]
for (const seed of ['x', 'y', 'z']) {
  const settings = { minTrades: 0, costs: 0.003, skipBelow: 0.6 }
  const adaptive = new AdaptivePolicy({ ...settings, parameters: parametersAt({}, { sources: ['coin'] }) })
  const market = toldMarket({ seed, signals: 2000, strength: 1.5 }, (truth) => truth)
  live(newLearner(adaptive, 0.003), market, ({ reasons, size, prediction: { probability } }) => {
    decided++
    kept += size
    if (reasons.some(({ code }) => code === 'SOURCES')) lowered++
    // what a DecisionPolicy takes of it
    plain += probability > 0.6 ? 0.1 * (0.5 + (0.5 * (probability - 0.6)) / 0.4) : 0
  })
}
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
console.log(
  `a source worth nothing lowers ${percent(lowered / decided)} of decisions and ${percent(1 - kept / plain)} of the size`,
)
