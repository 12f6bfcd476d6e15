/**
 * Online learning for trading bots. Everything but `tradelearn/testing`; each folder is also a subpath of its own.
 *
 * @packageDocumentation
 */
export type * from './contracts.ts'
export * from './core/index.ts'
export * from './decision/index.ts'
export * from './drift/index.ts'
export * from './evaluation/index.ts'
export * from './features/index.ts'
export * from './labels/index.ts'
export * from './learners/index.ts'
export * from './lifecycle/index.ts'
export type * from './market.ts'
export * from './market-data/index.ts'
export * from './metrics/index.ts'
export * from './report/index.ts'
export * from './significance/index.ts'
export * from './simulate/index.ts'
export * from './study/index.ts'
