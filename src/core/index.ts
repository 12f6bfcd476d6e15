export { type ErrorCode, TradeLearnError } from './errors.ts'
export { SeededRng } from './rng.ts'
export { parseSnapshot, restore } from './snapshot.ts'
