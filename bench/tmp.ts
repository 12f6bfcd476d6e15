import { AUC, category, defaultFeatures, FeatureEngineer, KillSwitch, numeric, replay, simulateMarket, bayesAuc } from 'tradelearn'
for (const change of ['flip', 'none'] as const) {
const t = performance.now()
const market = simulateMarket({ seed: 'q1', signals: 6000, change })
const features = new FeatureEngineer({ ...defaultFeatures(), meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') } })
const r = replay({ ...market, learner: { mode: 'live', features: features as never, killSwitch: new KillSwitch({ losses: Infinity, drawdown: Infinity }) } })
const auc = (a: number, b: number) => { const m = new AUC(), best = new AUC(); for (const [i, s] of r.signals.entries()) if (i >= a && i < b) { m.update(s.label.y, s.decision.prediction.probability); best.update(market.truth[i]!.y, market.truth[i]!.probability) } return [m.value, best.value] }
console.log(change, r.signals.length, performance.now() - t, auc(1500, 3000), auc(3000, 3600), auc(4500, 6000), r.learner.status().drift.marks, r.refits, r.signals.every((s, i) => s.label.y === market.truth[i]!.y))
}
