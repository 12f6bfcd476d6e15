export type { Fs, Holder } from './fs.ts'
export { JournalStore, type JournalStoreOptions } from './journal-store.ts'
export { nodeFs } from './node-fs.ts'
export * from './sql/index.ts'
