import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type PgClient, PostgresStore, type PostgresStoreOptions } from '../../../src/store/sql/index.ts'
import { codeOf, type Opened, opened } from '../conformance.ts'
import { type Fault, FaultyLine } from './faulty-line.ts'
import { NO_POSTGRES, PostgresServer } from './postgres-server.ts'

let server: PostgresServer
let proxy: FaultyLine
let pool: pg.Pool
let direct: pg.Pool
let streams = 0
let stream = ''
const stores: PostgresStore[] = []
/** The statement alone, not the isolation level of `BEGIN`. */
const COMMIT = 'COMMIT\0'

beforeAll(async () => {
  if (NO_POSTGRES) return
  server = await PostgresServer.start()
  proxy = await FaultyLine.start(server.port)
  pool = new pg.Pool({ ...server.options(), port: proxy.port, max: 3 })
  direct = new pg.Pool(server.options())
  for (const p of [pool, direct]) p.on('error', () => undefined)
}, 60_000)
afterAll(async () => {
  await pool?.end()
  await direct?.end()
  await proxy?.stop()
  await server?.stop()
}, 30_000)
beforeEach(() => {
  stream = `faults-${++streams}`
})
afterEach(async () => {
  proxy?.arm()
  for (const store of stores.splice(0)) await store.close().catch(() => undefined)
})

function make(options: Partial<PostgresStoreOptions> = {}): PostgresStore {
  const store = new PostgresStore({ connection: pool, stream, timeout: 3000, ...options })
  stores.push(store)
  return store
}
const storedEvents = async (): Promise<unknown[]> =>
  (await direct.query('SELECT event FROM tradelearn.ml_events WHERE stream = $1 ORDER BY seq', [stream])).rows.map(
    ({ event }) => event,
  )

describe.skipIf(NO_POSTGRES !== undefined)(
  `PostgreSQL in trouble${NO_POSTGRES ? ` (skipped: ${NO_POSTGRES})` : ''}`,
  () => {
    test.each<[string, Fault]>([
      ['after COMMIT was sent and done', { on: COMMIT, how: 'after' }],
      ['before COMMIT arrived', { on: COMMIT, how: 'before' }],
      ['after the events were inserted', { on: 'INSERT', how: 'after' }],
      ['at the beginning', { on: 'BEGIN', how: 'before' }],
    ])('a connection that breaks %s costs nothing and doubles nothing', async (_, fault) => {
      const { store } = await opened(make())
      const before = proxy.happened
      for (let i = 1; i <= 4; i++) {
        // twice in a row now and then
        proxy.arm(...(i % 2 ? [fault] : [fault, fault]))
        expect(await store.append({ i })).toBe(i)
      }
      expect(proxy.happened - before).toBe(6)
      expect(await storedEvents()).toEqual([{ i: 1 }, { i: 2 }, { i: 3 }, { i: 4 }])
      expect(store.failure).toBeNull()
    })

    test('a line that falls silent counts as broken after a while', async () => {
      const { store } = await opened(make({ timeout: 300 }))
      proxy.arm({ on: COMMIT, how: 'silence' })
      expect(await store.append('a')).toBe(1)
      expect(await storedEvents()).toEqual(['a'])
    })

    test('opening survives a broken connection as well', async () => {
      proxy.arm({ on: COMMIT, how: 'after' }, { on: 'INSERT', how: 'after' }, { on: COMMIT, how: 'after' })
      const { store } = await opened(make())
      expect(await store.append(1)).toBe(1)
    })

    test('who never answers fails the store, for good and by name', async () => {
      const { store } = await opened(make({ patience: 40 }))
      await store.append('stored')
      proxy.arm(...Array.from({ length: 50 }, (): Fault => ({ on: 'BEGIN', how: 'before' })))
      const lost = [store.append('x'), store.append('y')].map(codeOf)
      expect(await Promise.all(lost)).toEqual(['STORE_FAILED', 'STORE_FAILED'])
      proxy.arm()
      expect(await codeOf(store.append('z'))).toBe('STORE_FAILED')
      expect(await codeOf(store.flush())).toBe('STORE_FAILED')
      expect(store.failure?.message).toMatch(/did not answer/)
      await codeOf(store.close())
      const again = await opened(make())
      expect(again.seen.map(({ event }) => event)).toEqual(['stored'])
    })

    test('a client of no pool works, and fails when it breaks', async () => {
      const client = new pg.Client({ ...server.options(), port: proxy.port })
      const { store } = await opened(make({ connection: client, patience: 40 }))
      expect(await store.append(1)).toBe(1)
      proxy.arm({ on: COMMIT, how: 'after' })
      expect(await codeOf(store.append(2))).toBe('STORE_FAILED')
      await codeOf(store.close())
      // it was committed, and nobody was told so
      expect(await storedEvents()).toEqual([1, 2])
    })

    test('a server killed with -9 and started again loses nothing acknowledged, and writing goes on by itself', async () => {
      const { store } = await opened(make({ patience: 60_000, timeout: 10_000 }))
      const acked: number[] = []
      let on = true
      const writing = (async () => {
        for (let i = 1; on; i++) acked.push(await store.append({ i }))
      })()
      for (let round = 0; round < 2; round++) {
        const before = acked.length
        while (acked.length < before + 5) await new Promise((resolve) => setTimeout(resolve, 5))
        await server.kill()
        await server.run()
      }
      const before = acked.length
      while (acked.length < before + 5) await new Promise((resolve) => setTimeout(resolve, 5))
      on = false
      await writing
      expect(store.failure).toBeNull()
      expect(await storedEvents()).toEqual(acked.map((i) => ({ i })))
    }, 60_000)

    test('a writer that was overtaken writes nothing and says so', async () => {
      const { store } = await opened(make())
      await store.append(1)
      await direct.query('UPDATE tradelearn.ml_streams SET epoch = epoch + 1 WHERE stream = $1', [stream])
      expect(await codeOf(store.append(2))).toBe('STORE_LOCKED')
      expect(await codeOf(store.append(3))).toBe('STORE_LOCKED')
      expect(await codeOf(store.saveSnapshot(1, 1))).toBe('STORE_LOCKED')
      expect(await storedEvents()).toEqual([1])
    })

    test('an event that somebody else put there is not taken for one’s own', async () => {
      const { store } = await opened(make())
      await direct.query(
        `INSERT INTO tradelearn.ml_events (stream, seq, epoch, event, hash) VALUES ($1, 1, 1, '"forged"', 'f')`,
        [stream],
      )
      expect(await codeOf(store.append('mine'))).toBe('STORE_FAILED')
    })

    test.each([
      ['synchronous_commit', 'off'],
      ['fsync', 'off'],
    ])('%s = %s is refused, or a warning where that was asked for', async (name, value) => {
      const careless = await PostgresServer.start({ [name]: value })
      const client = (): pg.Client => new pg.Client(careless.options())
      try {
        const strict = make({ connection: client() })
        const refusal: Error = await opened(strict).then(
          () => new Error('opened'),
          (error) => error,
        )
        expect(refusal).toMatchObject({ code: 'STORE_UNSAFE' })
        expect(refusal.message).toContain(`"${name}"`)
        const lax = await opened(make({ connection: client(), survives: 'process-kill' }))
        expect(lax.recovery.warnings).toHaveLength(1)
        expect(lax.recovery.warnings[0]).toContain(name)
        await lax.store.close()
      } finally {
        await careless.stop()
      }
    })

    test('two bots that start together on an empty database both find their tables', async () => {
      const both = ['left', 'right'].map((name) => make({ stream: name, schema: 'together' }))
      const open: Opened[] = await Promise.all(both.map((store) => opened(store)))
      expect(await Promise.all(open.map(({ store }) => store.append(1)))).toEqual([1, 1])
      const { rows } = await direct.query('SELECT version FROM together.ml_migrations')
      expect(rows).toHaveLength(1)
    })

    test('a layout from a newer release is refused with both numbers', async () => {
      await opened(make({ schema: 'newer' }))
      await direct.query(`INSERT INTO newer.ml_migrations (version, name) VALUES (99, 'from the future')`)
      const error = await opened(make({ schema: 'newer', stream: 'other' })).catch((e) => e)
      expect(error.code).toBe('UNSUPPORTED_VERSION')
      expect(error.message).toMatch(/99.*up to 1/)
    })
  },
)

describe('what PostgreSQL says is read right:', () => {
  /** A connection whose `COMMIT`s fail as told. */
  const failing = (...codes: string[]) => {
    const client: PgClient = {
      query: async (sql) => {
        if (sql.includes('server_version_num')) {
          return { rows: [{ version: 160_000, commits: 'on', fsync: 'on', pages: 'on' }] }
        }
        const code = sql === 'COMMIT' ? codes.shift() : undefined
        if (code) throw Object.assign(new Error(`said ${code}`), { code })
        return { rows: [] }
      },
      release: () => undefined,
    }
    return { connect: async () => client }
  }
  const openCode = (...codes: string[]): Promise<string> => {
    const options = { patience: 1000, wait: async () => undefined, stream: 'x' }
    const store = new PostgresStore({ connection: failing(...codes), ...options })
    return codeOf(
      store.open(
        () => undefined,
        () => undefined,
      ),
    )
  }
  test('a database of the wrong kind is refused, not trusted', async () => {
    // an empty answer to everything: the first thing that is missed is the epoch
    expect(await openCode()).not.toBe('none')
  })
  test.each(['40001', '40P01', '57P01', '57P03', '08006', 'ECONNRESET'])('%s is tried again', async (code) => {
    expect(await openCode(code, code, code)).toBe(await openCode())
  })
  test.each([
    ['53100', 'disk full'],
    ['42501', 'no right'],
    ['25006', 'read-only'],
    ['XX001', 'damaged'],
  ])('%s is the end (%s)', async (code) => expect(await openCode(code)).toBe('STORE_FAILED'))
})
