export { type OffPolicyDifference, offPolicyDifference } from './off-policy-difference.ts'
export { type OffPolicyValue, offPolicyValue, type Refusal, type ValueEstimate } from './off-policy-value.ts'
export type { OffPolicyOptions, OffPolicyRow, TargetPolicy } from './rows.ts'
