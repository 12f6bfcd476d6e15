import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Port,
  SqliteStore,
  type SqliteStoreOptions,
  serveSqlite,
  sqliteDatabase,
  threadedSqlite,
} from '../../../src/store/sql/index.ts'
import { codeOf, opened, storeConformance } from '../conformance.ts'
import { SQLITES } from './sqlite-drivers.ts'

let folder = ''
const stores: SqliteStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined)
  rmSync(folder, { recursive: true, force: true })
})
const file = (): string => join(folder, 'x.db')
function kept(options: SqliteStoreOptions): SqliteStore {
  const store = new SqliteStore(options)
  stores.push(store)
  return store
}

for (const { name, open, skip } of SQLITES) {
  describe.skipIf(skip !== undefined)(`SQLite over ${name}${skip ? ` (skipped: ${skip})` : ''}`, () => {
    test('commits to the write-ahead log and waits for the disk', async () => {
      const driver = open(file())
      const { recovery } = await opened(kept({ driver, stream: 'a' }))
      expect(recovery.warnings).toEqual([])
      expect(driver.prepare('PRAGMA journal_mode').all()).toEqual([{ journal_mode: 'wal' }])
      expect(driver.prepare('PRAGMA synchronous').all()).toEqual([{ synchronous: 2 }])
    })

    test('a database in memory is refused, or a warning where that was asked for', async () => {
      expect(await codeOf(opened(kept({ driver: open(':memory:'), stream: 'a' })))).toBe('STORE_UNSAFE')
      const { recovery } = await opened(kept({ driver: open(':memory:'), stream: 'a', survives: 'process-kill' }))
      expect(recovery.warnings).toEqual([expect.stringMatching(/in memory/)])
    })

    test('a file that somebody else is writing to is tried again, without holding up this thread', async () => {
      const { store } = await opened(kept({ driver: open(file()), stream: 'a' }))
      const other = open(file())
      other.exec('BEGIN IMMEDIATE')
      let turns = 0
      const turning = setInterval(() => turns++, 1)
      const done = store.append('patient')
      setTimeout(() => other.exec('COMMIT'), 100)
      expect(await done).toBe(1)
      clearInterval(turning)
      expect(turns).toBeGreaterThan(5)
      other.close()
    })

    test('one that stays busy fails the store, and the next one finds what was acknowledged', async () => {
      const { store } = await opened(kept({ driver: open(file()), stream: 'a', patience: 30 }))
      await store.append(1)
      const other = open(file())
      other.exec('BEGIN IMMEDIATE')
      expect(await codeOf(store.append(2))).toBe('STORE_FAILED')
      expect(store.failure?.message).toMatch(/did not answer/)
      other.close()
      expect(await codeOf(store.append(3))).toBe('STORE_FAILED')
      await codeOf(store.close())
      const { seen } = await opened(kept({ driver: open(file()), stream: 'a' }))
      expect(seen).toEqual([{ seq: 1, event: 1 }])
    })

    test('a full disk fails the store; what was acknowledged is there, and with room again so is the rest', async () => {
      const driver = open(file())
      const { store } = await opened(kept({ driver, stream: 'a' }))
      await store.append('small')
      driver.prepare('PRAGMA max_page_count = 1').all()
      expect(await codeOf(store.append('x'.repeat(500_000)))).toBe('STORE_FAILED')
      expect(store.failure?.message).toMatch(/full/)
      await codeOf(store.close())
      const again = await opened(kept({ driver: open(file()), stream: 'a' }))
      expect(again.seen).toEqual([{ seq: 1, event: 'small' }])
      expect(await again.store.append('x'.repeat(500_000))).toBe(2)
    })

    test('a file that is none of SQLite’s is refused', async () => {
      writeFileSync(file(), 'not a database, '.repeat(1000))
      expect(await codeOf(opened(kept({ driver: open(file()), stream: 'a' })))).toBe('STORE_FAILED')
    })

    test('two streams of one file have a writer each', async () => {
      const left = await opened(kept({ driver: open(file()), stream: 'left' }))
      const right = await opened(kept({ driver: open(file()), stream: 'right' }))
      const both = Array.from({ length: 50 }, (_, i) => Promise.all([left.store.append(i), right.store.append(i)]))
      expect((await Promise.all(both)).at(-1)).toEqual([50, 50])
    })

    test('a store whose thread ends fails and says so', async () => {
      const worker = new Worker('setTimeout(() => process.exit(3), 50)', { eval: true })
      const store = kept({ database: threadedSqlite(worker as Port), stream: 'a' })
      expect(await codeOf(opened(store))).toBe('STORE_FAILED')
    })
  })

  storeConformance(
    `SqliteStore behind a port, over ${name}`,
    async () => {
      const place = mkdtempSync(join(tmpdir(), 'tradelearn-sqlite-'))
      const ports: MessageChannel[] = []
      return {
        store: () => {
          const channel = new MessageChannel()
          ports.push(channel)
          serveSqlite(channel.port2 as Port, sqliteDatabase({ driver: open(join(place, 'x.db')) }))
          return new SqliteStore({ database: threadedSqlite(channel.port1 as Port), stream: 'a', lockWait: 60 })
        },
        free: async () => {
          for (const { port1 } of ports) port1.close()
          rmSync(place, { recursive: true, force: true })
        },
      }
    },
    skip,
  )
}

test('what is no driver is refused', () => {
  for (const driver of [undefined, null, {}, 'trades.db']) {
    const make = (): unknown => new SqliteStore({ driver: driver as never, stream: 'a' })
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
})
