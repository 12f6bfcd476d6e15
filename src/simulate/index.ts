export { type BayesAuc, bayesAuc } from './bayes-auc.ts'
export type { EdgeChange, SimulatedMeta, SimulatedSignal } from './edge.ts'
export { type MarketOptions, type SignalTruth, type SimulatedMarket, simulateMarket } from './simulate-market.ts'
export { type RandomWalkOptions, simulateRandomWalk } from './simulate-random-walk.ts'
