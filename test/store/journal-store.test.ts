import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { TradeLearner } from '../../src/lifecycle/index.ts'
import { frameOf, readFrame } from '../../src/store/frame.ts'
import type { Fs } from '../../src/store/fs.ts'
import { JournalStore } from '../../src/store/journal-store.ts'
import { nodeFs } from '../../src/store/node-fs.ts'
import { account, candleAt, type SmallSignal, signalAt, smallOptions, stateOf } from '../lifecycle/helpers.ts'
import { botEvent, happen, newWorld, opening } from '../lifecycle/stream.ts'
import { onDisk, opened } from './opened.ts'
import { chance, SimDisk } from './sim-fs.ts'

const directories: string[] = []
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'tradelearn-journal-'))
  directories.push(directory)
  return join(directory, 'state')
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** A disk whose syncs wait until they are let go. */
function held(fs: Fs): { readonly fs: Fs; readonly letGo: () => void; readonly syncs: () => number } {
  let letGo = (): void => {}
  let syncs = 0
  let gate: Promise<void> | undefined
  return {
    fs: {
      ...fs,
      fdatasync: async (fd) => {
        syncs++
        await gate
        await fs.fdatasync(fd)
      },
      // the gate falls once the store is open
      isAlive: fs.isAlive,
      unique: () => {
        gate = undefined
        return fs.unique()
      },
    },
    letGo: () => {
      if (gate) letGo()
      gate = new Promise((resolve) => {
        letGo = resolve
      })
    },
    syncs: () => syncs,
  }
}
const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await undefined
}

describe('a journal', () => {
  test('gives back what it was given, in order, after the newest snapshot', async () => {
    const value = fc.jsonValue({ maxDepth: 3 })
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 30 }), fc.nat(30), async (values, upTo) => {
        // -0 is not JSON
        const events = values.map((one) => JSON.parse(JSON.stringify(one)))
        const { disk, options } = onDisk()
        const first = await opened({ ...options, segmentBytes: 300 })
        expect(first.recovery).toEqual({ snapshot: null, replayed: 0, tornTail: null, warnings: [] })
        expect(await Promise.all(events.map((event) => first.store.append(event)))).toEqual(events.map((_, i) => i + 1))
        const seq = Math.min(upTo, events.length)
        await first.store.saveSnapshot(seq, events.slice(0, seq))
        await first.store.close()
        const again = await opened(onDisk(disk).options)
        expect(again.snapshot).toEqual({ seq, value: events.slice(0, seq) })
        expect(again.events).toEqual(events.map((event, i) => ({ seq: i + 1, event })).slice(seq))
        expect(again.recovery).toEqual({
          snapshot: again.snapshot,
          replayed: events.length - seq,
          tornTail: null,
          warnings: [],
        })
        expect(await again.store.append('next')).toBe(events.length + 1)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  test('keeps so many snapshots, and the segments since the oldest of them', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened({ ...options, keepSnapshots: 2 })
    for (let i = 1; i <= 50; i++) {
      await store.append(i)
      if (i % 10 === 0) await store.saveSnapshot(i, i)
    }
    const names = [...disk.files().keys()].filter((name) => !name.includes('lock')).map((name) => name.slice(2))
    expect(names.sort()).toEqual([
      'journal-0000000000000041-00000001.log',
      'journal-0000000000000051-00000001.log',
      'snapshot-0000000000000040.snap',
      'snapshot-0000000000000050.snap',
    ])
  })

  test('refuses what is not JSON, snapshots of what is not stored, and use before and after', async () => {
    const { options } = onDisk()
    const store = new JournalStore(options)
    await expect(store.append(1)).rejects.toMatchObject({ code: 'NOT_OPEN' })
    await store.open(
      () => {},
      () => {},
    )
    await expect(store.append(undefined as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(store.append(1n as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(store.saveSnapshot(1, {})).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    expect(await store.append(1)).toBe(1)
    await store.close()
    await expect(store.append(1)).rejects.toMatchObject({ code: 'NOT_OPEN' })
    await expect(
      store.open(
        () => {},
        () => {},
      ),
    ).rejects.toMatchObject({ code: 'NOT_OPEN' })
    expect(() => new JournalStore({ directory: '' })).toThrow('directory')
    expect(() => new JournalStore({ directory: 'd', mode: 'fast' as never })).toThrow('power-loss')
  })

  test('lets go of the lock when what it hands over is not wanted, and says why', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened(options)
    await store.append(1)
    await store.close()
    const unwanted = new Error('not of this world')
    const refusing = new JournalStore(options).open(
      () => {},
      () => {
        throw unwanted
      },
    )
    await expect(refusing).rejects.toBe(unwanted)
    expect((await opened(onDisk(disk).options)).events.length).toBe(1)
  })
})

describe('a batch', () => {
  test('is all that was told while the one before was on its way', async () => {
    const { options } = onDisk()
    const { fs, letGo, syncs } = held(options.fs!)
    const { store } = await opened({ ...options, fs })
    letGo()
    const before = syncs()
    const first = store.append('a')
    await turns(50)
    const later = [store.append('b'), store.append('c'), store.append('d')]
    await turns(50)
    expect(syncs()).toBe(before + 1)
    letGo()
    expect(await first).toBe(1)
    await turns(50)
    expect(syncs()).toBe(before + 2)
    letGo()
    expect(await Promise.all(later)).toEqual([2, 3, 4])
    expect(syncs()).toBe(before + 2)
  })

  test('too many wait for is refused, and those that wait are stored', async () => {
    const { options } = onDisk()
    const { fs, letGo } = held(options.fs!)
    const { store } = await opened({ ...options, fs, maxQueue: 3, maxQueueBytes: 40 })
    letGo()
    const taken = [store.append(1), store.append(2), store.append(3)]
    await expect(store.append(4)).rejects.toMatchObject({ code: 'STORE_FULL' })
    await turns(50)
    await expect(store.append(4)).rejects.toMatchObject({ code: 'STORE_FULL' })
    letGo()
    expect(await Promise.all(taken)).toEqual([1, 2, 3])
    // large ones, such as models, wait in a queue of their own: what is small is not refused for them
    const large = store.append('x'.repeat(50))
    const small = store.append(5)
    await expect(store.append('y'.repeat(50))).rejects.toMatchObject({ code: 'STORE_FULL' })
    for (let i = 0; i < 2; i++) {
      await turns(50)
      letGo()
    }
    expect(await Promise.all([large, small])).toEqual([4, 5])
    expect(store.failure).toBe(null)
  })
})

describe('after the first error', () => {
  test.each(['fdatasync', 'write'] as const)(
    'of %s nothing is written any more, until it is opened anew',
    async (call) => {
      const { disk, options } = onDisk()
      let broken = false
      let calls = 0
      const fs: Fs = {
        ...options.fs!,
        [call]: async (...given: [never, never, never]) => {
          calls++
          if (broken) throw new Error('EIO: the disk is on fire')
          return options.fs![call](...given)
        },
      }
      const { store } = await opened({ ...options, fs })
      await store.append('kept')
      broken = true
      const lost = [store.append('lost'), store.append('lost too')]
      for (const one of lost) await expect(one).rejects.toMatchObject({ code: 'STORE_FAILED' })
      const before = calls
      expect(store.failure).toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('on fire') })
      broken = false
      await expect(store.append('after')).rejects.toBe(store.failure)
      await expect(store.saveSnapshot(1, {})).rejects.toBe(store.failure)
      await expect(store.flush()).rejects.toBe(store.failure)
      await store.close()
      expect(calls).toBe(before)
      const again = await opened(onDisk(disk).options)
      expect(again.events[0]).toEqual({ seq: 1, event: 'kept' })
      expect(await again.store.append('on')).toBe(again.events.length + 1)
    },
  )
})

describe('a full disk', () => {
  test('is left as it was by whoever tries to open on it, again and again', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened(options)
    await store.append('kept')
    await store.close()
    const before = [...disk.files().keys()].sort()
    for (const free of [0, 30, 60, 90, 120]) {
      disk.faults = { capacity: disk.used + free }
      for (let i = 0; i < 3; i++) {
        await expect(opened(onDisk(disk).options)).rejects.toMatchObject({ code: 'STORE_FAILED' })
        expect([...disk.files().keys()].sort()).toEqual(before)
      }
    }
    disk.faults = {}
    expect((await opened(onDisk(disk).options)).events).toEqual([{ seq: 1, event: 'kept' }])
  })

  test('gets back what half a snapshot has taken', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened(options)
    await store.append('kept')
    const before = disk.used
    disk.faults = { capacity: before + 5000 }
    await expect(store.saveSnapshot(1, 'x'.repeat(10_000))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(disk.used).toBe(before)
  })

  test('in the way of a new segment closes no file twice', async () => {
    const { disk, options } = onDisk()
    const fs = options.fs!
    const closed: number[] = []
    const watched: Fs = {
      ...fs,
      close: async (fd) => {
        closed.push(fd)
        await fs.close(fd)
      },
    }
    const { store } = await opened({ ...options, fs: watched, segmentBytes: 100 })
    disk.faults = { capacity: disk.used + 200 }
    const told = Array.from({ length: 20 }, async (_, i) => {
      for (let turn = 0; turn < i * 10; turn++) await undefined
      await store.append('x')
    })
    expect((await Promise.allSettled(told)).at(-1)!.status).toBe('rejected')
    await store.close()
    expect(new Set(closed).size).toBe(closed.length)
  })
})

describe('what is not as it should be', () => {
  test('is not counted among the snapshots that are kept', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened(options)
    for (let i = 1; i <= 40; i++) {
      await store.append(i)
      if (i % 10 === 0) await store.saveSnapshot(i, i)
    }
    await store.close()
    const newest = 'd/snapshot-0000000000000040.snap'
    disk.plant(newest, disk.files().get(newest)!.slice(0, -1))
    const fewer = await opened({ ...onDisk(disk).options, keepSnapshots: 1 })
    expect([fewer.snapshot?.seq, fewer.events.length]).toEqual([30, 10])
    await fewer.store.close()
    const again = await opened({ ...onDisk(disk).options, keepSnapshots: 1 })
    expect([again.snapshot?.seq, again.events.length]).toEqual([30, 10])
    await again.store.saveSnapshot(40, 'mended')
    await again.store.close()
    expect((await opened(onDisk(disk).options)).recovery).toMatchObject({ snapshot: { seq: 40 }, warnings: [] })
  })

  test('is named by file, offset and event, also where its checksum is right', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened(options)
    await store.append('fine')
    await store.close()
    const name = 'd/journal-0000000000000001-00000001.log'
    const bytes = disk.files().get(name)!
    const head = readFrame(bytes, 0)!
    const event = readFrame(bytes, head.end)!
    const forged = frameOf({ ...event, previous: head.crc }, new TextEncoder().encode('{"half": '))
    disk.plant(name, Uint8Array.from([...bytes.subarray(0, head.end), ...forged.bytes]))
    await expect(opened(onDisk(disk).options)).rejects.toMatchObject({
      code: 'CORRUPT_STORE',
      message: expect.stringMatching(new RegExp(`00001.log changed at offset ${head.end} \\(event 1\\)`)),
    })
  })

  test('is refused where a journal must be there', async () => {
    const { disk, options } = onDisk()
    const wanted = { ...options, ifMissing: 'refuse' } as const
    await expect(opened(wanted)).rejects.toMatchObject({
      code: 'CORRUPT_STORE',
      message: expect.stringContaining('got none'),
    })
    expect(disk.files().size).toBe(0)
    await (await opened(options)).store.close()
    await (await opened(wanted)).store.close()
    await expect(opened({ directory: newDirectory(), ifMissing: 'refuse' })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    })
  })
})

describe('the lock', () => {
  test('is refused to a second writer, who is told of the first', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened({ ...options, owner: 'bot-7' })
    const second = opened(onDisk(disk).options)
    await expect(second).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringMatching(/pid 1 \(owner "bot-7", started at "1", boot "1"\)/),
    })
    expect(await store.append('undisturbed')).toBe(1)
    await store.close()
    expect((await opened(onDisk(disk).options)).events.length).toBe(1)
  })

  test('of a process that died is taken over, with a higher epoch', async () => {
    const { disk, options } = onDisk()
    await (await opened(options)).store.append('a')
    disk.kill()
    expect((await opened(onDisk(disk).options)).events.length).toBe(1)
    expect([...disk.files().keys()].filter((name) => name.includes('lock-'))).toEqual(['d/lock-00000002'])
  })

  test('once lost makes the next batch fail, and nothing of it is read', async () => {
    const { disk, options } = onDisk()
    const sleeper = await opened(options)
    await sleeper.store.append('a')
    // it looks dead to the other, as a process in another container does
    const other = await opened({ ...options, fs: { ...options.fs!, isAlive: async () => false } })
    await expect(sleeper.store.append('too late')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await expect(sleeper.store.append('much too late')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await sleeper.store.close()
    expect(await other.store.append('b')).toBe(2)
    await other.store.close()
    const { events } = await opened(onDisk(disk).options)
    expect(events.map(({ event }) => event)).toEqual(['a', 'b'])
  })

  test('goes to one of many who ask at once', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const disk = new SimDisk(chance(seed))
      const random = chance(seed)
      const { fs } = disk.start(Number.POSITIVE_INFINITY)
      const slow = (): Fs => ({
        ...fs,
        readdir: async (path) => {
          await turns(Math.floor(random() * 20))
          return fs.readdir(path)
        },
      })
      const stores = await Promise.allSettled([1, 2, 3].map(() => opened({ directory: 'd', fs: slow() })))
      expect(stores.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
      for (const one of stores) {
        if (one.status === 'rejected') expect(['STORE_LOCKED', 'STORE_FAILED']).toContain(one.reason.code)
        else expect(await one.value.store.append('mine')).toBe(1)
      }
    }
  })
})

describe('on the disk of this machine', () => {
  test.each(['power-loss', 'process-kill', 'none'] as const)(
    'it keeps events in mode %s, for their owner alone',
    async (mode) => {
      const directory = newDirectory()
      const { store } = await opened({ directory, mode })
      await expect(opened({ directory })).rejects.toMatchObject({
        code: 'STORE_LOCKED',
        message: expect.stringContaining(`pid ${process.pid}`),
      })
      await Promise.all(Array.from({ length: 1000 }, (_, i) => store.append({ i })))
      await store.saveSnapshot(600, 'so far')
      await store.close()
      if (process.platform !== 'win32') {
        expect(statSync(directory).mode & 0o777).toBe(0o700)
        for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
      }
      const again = await opened({ directory, mode })
      expect(again.snapshot).toEqual({ seq: 600, value: 'so far' })
      expect(again.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 400 }, (_, i) => 601 + i))
      await again.store.close()
    },
  )

  test('it syncs each batch in mode power-loss, and none in the others', async () => {
    const syncsOf = async (mode: 'power-loss' | 'process-kill' | 'none'): Promise<number> => {
      let syncs = 0
      const fs: Fs = {
        ...nodeFs,
        fdatasync: (fd) => {
          syncs++
          return nodeFs.fdatasync(fd)
        },
      }
      const { store } = await opened({ directory: newDirectory(), mode, fs })
      const before = syncs
      for (let i = 0; i < 5; i++) await store.append(i)
      const during = syncs - before
      await store.close()
      return during
    }
    expect(await syncsOf('power-loss')).toBe(5)
    expect(await syncsOf('process-kill')).toBe(0)
    expect(await syncsOf('none')).toBe(0)
  })

  test('a file in the place of the directory is refused with a code', async () => {
    await expect(opened({ directory: import.meta.filename })).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  test.each(['journal-0000000000000001-00000001.log', 'snapshot-0000000000000001.snap', 'lock-00000001'])(
    'a directory in the place of %s is refused with a code, and stays',
    async (name) => {
      const directory = newDirectory()
      mkdirSync(join(directory, name), { recursive: true })
      await expect(opened({ directory })).rejects.toMatchObject({ code: 'STORE_FAILED' })
      expect(readdirSync(directory)).toEqual([name])
    },
  )

  test.skipIf(process.platform === 'win32')('a holder that is stopped keeps the lock, however long', async () => {
    const directory = newDirectory()
    const script = join(directory, '..', 'holder.mjs')
    const entryPoints = [join(import.meta.dirname, 'kill-writer.ts')]
    buildSync({ entryPoints, outfile: script, bundle: true, platform: 'node', format: 'esm', target: 'node20' })
    const holder = spawn(process.execPath, [script, entryPoints[0]!, 'journal', directory, 'SIGKILL', '0'])
    const ended = new Promise((resolve) => holder.on('close', resolve))
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      holder.kill('SIGSTOP')
      const message = expect.stringContaining(`pid ${holder.pid}`)
      await expect(opened({ directory })).rejects.toMatchObject({ code: 'STORE_LOCKED', message })
    } finally {
      holder.kill('SIGKILL')
      await ended
    }
    const { store, recovery } = await opened({ directory })
    expect(recovery.warnings).toEqual([])
    await store.close()
  })
})

describe('a learner that is opened over a journal', () => {
  test('decides at once while the disk is stuck, and says so to whoever waits for the record', async () => {
    const { options } = onDisk()
    const { fs, letGo, syncs } = held(options.fs!)
    const store = new JournalStore({ ...options, fs })
    const learner = await TradeLearner.open<SmallSignal>({ ...smallOptions(), store })
    for (let bar = 0; bar < 6; bar++) learner.onCandle(candleAt('A', bar, 100))
    await learner.stored()
    letGo()
    const before = syncs()
    const decision = learner.decide(signalAt(6), account)
    let isStored = false
    const stored = learner.stored().then(() => {
      isStored = true
    })
    await turns(500)
    expect([decision.symbol, syncs() - before, isStored]).toEqual(['A', 1, false])
    letGo()
    await stored
    expect(isStored).toBe(true)
  })

  test('goes on after power losses as if there had been none, to the bit', async () => {
    const leftOut = 46_656
    const events = [
      ...opening,
      ...fc.sample(fc.array(botEvent, { minLength: 120, maxLength: 120 }), { numRuns: 1, seed: 7 })[0]!,
    ]
    const deaths = [15, 40, 41, 90]
    const disk = new SimDisk(chance(3))
    const open = () =>
      TradeLearner.open<SmallSignal>({
        ...smallOptions(),
        store: new JournalStore({ ...onDisk(disk).options, segmentBytes: 20_000 }),
        snapshotEvery: 25,
      })
    const world = newWorld()
    const plainWorld = newWorld()
    const plain = new TradeLearner<SmallSignal>(smallOptions())
    plain.skipIds(leftOut)
    let learner = await open()
    for (const [i, event] of events.entries()) {
      if (deaths.includes(i)) {
        await learner.stored()
        disk.losePower()
        learner = await open()
        expect(learner.recovery.warnings).toEqual([])
        plain.skipIds(leftOut)
      }
      happen(learner as unknown as TradeLearner<SmallSignal>, world, event)
      happen(plain, plainWorld, event)
      if (i % 3 === 0) await learner.stored()
    }
    await learner.stored()
    expect(stateOf(learner)).toEqual(stateOf(plain))
    expect(learner.recovery.snapshot).toBeGreaterThan(0)
  })
})
