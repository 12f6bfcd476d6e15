export { ClassBalance, type ClassBalanceOptions } from './class-balance.ts'
export { CostWeighting, type CostWeightingOptions } from './cost-weighting.ts'
