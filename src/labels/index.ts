export { averageUniqueness } from './average-uniqueness.ts'
export { type Excursions, labelFromOutcome } from './label-from-outcome.ts'
export { TripleBarrier, type TripleBarrierOptions } from './triple-barrier.ts'
