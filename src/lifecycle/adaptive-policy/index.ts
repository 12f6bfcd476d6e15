export { AdaptivePolicy, type AdaptiveReport } from './adaptive-policy.ts'
export type { AdaptivePolicyOptions } from './adaptive-policy-options.ts'
