import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { canonicalJson } from '../../src/core/canonical-json.ts'
import { loadModel, MemoryModelStore, ModelRegistry, type ModelStore, modelBody } from '../../src/lifecycle/index.ts'
import { ModelFiles } from '../../src/store/model-files.ts'
import { draft, modelOf, START, why } from '../lifecycle/model-registry/cards.ts'
import { chance, type Faults, SimDisk } from './sim-fs.ts'

const hashOf = (n: number): string => modelBody(modelOf(n)).hash
const text = (model: Snapshot | undefined): string | undefined =>
  model && canonicalJson(model as unknown as Parameters<typeof canonicalJson>[0])
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    ({ code, message }) => code ?? message,
  )
const nameOf = (n: number): string => `models/${hashOf(n)}.model.json`
const onSim = (disk = new SimDisk(chance(1))): { disk: SimDisk; files: ModelFiles } => ({
  disk,
  files: new ModelFiles({ directory: 'models', fs: disk.start(Number.POSITIVE_INFINITY).fs }),
})

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-models-'))
afterAll(() => rmSync(folder, { recursive: true }))
let folders = 0

const stores: readonly { name: string; make: () => ModelStore }[] = [
  { name: 'memory', make: () => new MemoryModelStore() },
  { name: 'a simulated disk', make: () => onSim().files },
  { name: 'this disk', make: () => new ModelFiles({ directory: join(folder, `deep/${++folders}/er`) }) },
]

describe.each(stores)('a model store ($name)', ({ make }) => {
  test('gives back what was put, lists it, and lets it go', async () => {
    const store = make()
    expect(await store.list()).toEqual([])
    expect(await store.get(hashOf(1))).toBeUndefined()
    await Promise.all([1, 2, 3, 1].map((n) => store.put(hashOf(n), modelOf(n))))
    expect(await store.list()).toEqual([1, 2, 3].map(hashOf).sort())
    for (const n of [1, 2, 3]) expect(text(await store.get(hashOf(n)))).toBe(text(modelOf(n)))
    await store.remove(hashOf(2))
    await store.remove(hashOf(2))
    expect(await store.list()).toEqual([1, 3].map(hashOf).sort())
    expect(await store.get(hashOf(2))).toBeUndefined()
  })

  test('keeps nothing under the hash of another, or under what is none', async () => {
    const store = make()
    expect(await codeOf(store.put(hashOf(1), modelOf(2)))).toBe('INVALID_INPUT')
    for (const bad of [
      '../../etc/passwd',
      '',
      'x'.repeat(64),
      `${hashOf(1)}/..`,
      hashOf(1).toUpperCase(),
      null as never,
    ]) {
      expect(await codeOf(store.put(bad, modelOf(1)))).toBe('INVALID_INPUT')
      expect(await codeOf(store.get(bad))).toBe('INVALID_INPUT')
      expect(await codeOf(store.remove(bad))).toBe('INVALID_INPUT')
    }
    expect(await store.list()).toEqual([])
  })

  test('refuses what is no snapshot', async () => {
    const store = make()
    const ring: { self?: unknown } = {}
    ring.self = ring
    for (const bad of [undefined, null, 'x', 1n, ring]) {
      expect(await codeOf(store.put(hashOf(1), bad as never))).toBe('INVALID_INPUT')
    }
  })

  test('keeps what was put, whatever becomes of the object', async () => {
    const store = make()
    const model = JSON.parse(JSON.stringify(modelOf(1)))
    const put = store.put(hashOf(1), model)
    model.state.seen = 99
    await put
    expect(text(await store.get(hashOf(1)))).toBe(text(modelOf(1)))
  })
})

describe('a file that is damaged', () => {
  test('is named and refused at every flipped bit, every length, and every other model’s content', async () => {
    const { disk, files } = onSim()
    await files.put(hashOf(1), modelOf(1))
    const good = disk.files().get(nameOf(1))!
    const refused = async (bytes: Uint8Array): Promise<void> => {
      disk.plant(nameOf(1), bytes)
      await expect(files.get(hashOf(1))).rejects.toMatchObject({
        code: 'CORRUPT_MODEL',
        message: expect.stringContaining(`${hashOf(1)}.model.json must have`),
      })
    }
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = good.slice()
      bad[bit >> 3]! ^= 1 << (bit & 7)
      await refused(bad)
    }
    for (let length = 0; length < good.length; length++) await refused(good.slice(0, length))
    await refused(Uint8Array.of(...good, 32))
    await refused(new TextEncoder().encode(text(modelOf(2))))
    disk.plant(nameOf(1), good)
    expect(text(await files.get(hashOf(1)))).toBe(text(modelOf(1)))
  })

  test('is replaced by a put of the same model', async () => {
    const { disk, files } = onSim()
    disk.plant(nameOf(1), Uint8Array.of(1, 2, 3))
    await files.put(hashOf(1), modelOf(1))
    expect(text(await files.get(hashOf(1)))).toBe(text(modelOf(1)))
  })

  test('or too large is not read into memory', async () => {
    const { disk } = onSim()
    const { fs } = disk.start(Number.POSITIVE_INFINITY)
    let reads = 0
    const files = new ModelFiles({
      directory: 'models',
      maxBytes: 200,
      fs: {
        ...fs,
        readFile: (path) => {
          reads++
          return fs.readFile(path)
        },
      },
    })
    await files.put(hashOf(1), modelOf(1))
    disk.plant(nameOf(1), new Uint8Array(201))
    expect(await codeOf(files.get(hashOf(1)))).toBe('CORRUPT_MODEL')
    expect(reads).toBe(0)
    const large = { ...modelOf(2), options: { text: 'x'.repeat(200) } }
    expect(await codeOf(files.put(modelBody(large).hash, large))).toBe('STORE_FULL')
  })

  test('sends the champion back to the one before, then to the baseline, and says of each what is wrong', async () => {
    const { disk, files } = onSim()
    const registry = new ModelRegistry()
    for (const n of [1, 2, 3]) {
      await files.put(hashOf(n), modelOf(n))
      registry.tell({ kind: 'register', time: START + n, by: 'x', draft: draft(n) })
      registry.tell({ kind: 'move', alias: 'champion', to: n, ...why(n) })
    }
    const options = { schema: 'f00dcafe', read: (model: Snapshot) => model.state['seen'] }
    const load = () => loadModel(registry, files, options)
    expect(await load()).toMatchObject({
      model: 3,
      version: { version: 3 },
      faults: [],
      state: 'ready',
      fallback: null,
    })

    const bytes = disk.files().get(nameOf(3))!
    bytes[40]! ^= 1
    disk.plant(nameOf(3), bytes)
    expect(await load()).toMatchObject({
      model: 2,
      version: { id: 'boosting-2' },
      faults: [{ version: 3, id: 'boosting-3', code: 'CORRUPT_MODEL' }],
      state: 'corrupt',
      fallback: 'previous',
      reason: expect.stringMatching(/^boosting-3: CORRUPT_MODEL: .* boosting-2 decides instead\.$/),
    })
    disk.plant(nameOf(2), undefined)
    expect(await load()).toMatchObject({ model: 1, faults: [{ version: 3 }, { version: 2, code: 'MISSING_MODEL' }] })
    disk.plant(nameOf(1), bytes.slice(0, 50))
    expect(await load()).toMatchObject({
      model: null,
      version: null,
      faults: [{ version: 3 }, { version: 2 }, { version: 1, code: 'CORRUPT_MODEL' }],
      fallback: 'baseline',
      reason: expect.stringMatching(/The baseline decides instead\.$/),
    })
    // the books stay as they are: a disk may be away for a minute
    expect(registry.champion).toBe(3)
  })
})

describe('what a loader does not take', () => {
  const setUp = async () => {
    const store = new MemoryModelStore()
    const registry = new ModelRegistry()
    for (const n of [1, 2]) {
      await store.put(hashOf(n), modelOf(n))
      registry.tell({ kind: 'register', time: START + n, by: 'x', draft: draft(n, n === 2 ? { schema: 'other' } : {}) })
    }
    registry.tell({ kind: 'move', alias: 'champion', to: 1, ...why(1) })
    return { store, registry }
  }
  const read = (model: Snapshot): Snapshot => model

  test('is a model of other features', async () => {
    const { store, registry } = await setUp()
    registry.tell({ kind: 'move', alias: 'champion', to: 2, ...why(2) })
    const loaded = await loadModel(registry, store, { schema: 'f00dcafe', read })
    expect(loaded).toMatchObject({ version: { version: 1 }, faults: [{ version: 2, code: 'SCHEMA_MISMATCH' }] })
  })

  test('is one that its codec refuses', async () => {
    const { store, registry } = await setUp()
    const loaded = await loadModel(registry, store, {
      schema: 'f00dcafe',
      read: () => {
        throw new TypeError('no codec')
      },
    })
    expect(loaded).toMatchObject({ model: null, faults: [{ version: 1, code: 'CORRUPT_MODEL', text: 'no codec' }] })
  })

  test('is what a store gives in the place of another', async () => {
    const { store, registry } = await setUp()
    const lying: ModelStore = { ...store, get: async () => modelOf(7) } as unknown as ModelStore
    const loaded = await loadModel(registry, lying, { schema: 'f00dcafe', read })
    expect(loaded).toMatchObject({ model: null, faults: [{ code: 'CORRUPT_MODEL' }] })
  })

  test('is anything in the place of a challenger', async () => {
    const { store, registry } = await setUp()
    registry.tell({ kind: 'move', alias: 'challenger', to: 2, ...why(2) })
    const loaded = await loadModel(registry, store, { schema: 'f00dcafe', read, alias: 'challenger' })
    expect(loaded).toMatchObject({ model: null, faults: [{ version: 2, code: 'SCHEMA_MISMATCH' }] })
  })

  test('is nothing, where there is no champion: the baseline decides, and nothing is wrong', async () => {
    const loaded = await loadModel(new ModelRegistry(), new MemoryModelStore(), { schema: 'x', read })
    expect(loaded).toMatchObject({ version: null, model: null, faults: [], state: 'ready', fallback: null })
  })
})

/** Puts and removes models until the power goes, again and again; what is wrong afterwards, and what happened. */
async function ordeal(seed: number, faults: Faults) {
  const random = chance(seed)
  const disk = new SimDisk(random)
  disk.faults = faults
  const there = new Set<number>()
  const wrong: string[] = []
  const seen = { losses: 0, drafts: 0, unsure: 0, failures: 0 }
  for (let life = 0; life < 6; life++) {
    const { fs, stopped } = disk.start(1 + Math.floor(random() * 60))
    const files = new ModelFiles({ directory: 'models', fs })
    let doing = 0
    let removing = false
    const living = (async () => {
      for (;;) {
        doing = 1 + Math.floor(random() * 5)
        removing = random() < 0.3
        try {
          if (removing) await files.remove(hashOf(doing))
          else await files.put(hashOf(doing), modelOf(doing))
          if (removing) there.delete(doing)
          else there.add(doing)
          doing = 0
        } catch (error) {
          seen.failures++
          if ((error as { code?: string }).code !== 'STORE_FAILED') wrong.push(String(error))
          // it may or may not be there, or gone
          return
        }
      }
    })()
    await Promise.race([stopped, living])
    disk.losePower()
    seen.losses++
    disk.faults = {}
    const { files: after } = onSim(disk)
    const listed = new Set(await after.list())
    for (let n = 1; n <= 5; n++) {
      let found: string | undefined
      try {
        found = text(await after.get(hashOf(n)))
      } catch (error) {
        wrong.push(`seed ${seed}: ${error}`)
        continue
      }
      if (found !== undefined && found !== text(modelOf(n))) wrong.push(`seed ${seed}: another content`)
      if (listed.has(hashOf(n)) !== (found !== undefined)) wrong.push(`seed ${seed}: ${n} is listed wrongly`)
      if (n === doing) {
        seen.unsure++
        // from here on it is what it is found to be
        if (found === undefined) there.delete(n)
        else there.add(n)
      } else if (there.has(n) !== (found !== undefined)) wrong.push(`seed ${seed}: ${n} was acknowledged otherwise`)
    }
    seen.drafts += [...disk.files().keys()].filter((name) => name.endsWith('.tmp')).length
    // what is there is there for good, as a reader may have acted on it
    for (const n of there) await after.put(hashOf(n), modelOf(n))
    const left = [...disk.files().keys()].filter((name) => name.endsWith('.tmp'))
    if (there.size > 0 && left.length > 0) wrong.push(`seed ${seed}: rubble is left: ${left}`)
    disk.faults = faults
  }
  return { wrong, ...seen }
}

/** Seeds to live through; `LOSSES=1000000` for a night. */
const SEEDS = Math.ceil(Number(process.env['LOSSES'] ?? 6000) / 6)

describe('a machine that loses power again and again', () => {
  test.each<[string, Faults]>([
    ['has old models intact and new ones whole or not at all', { shortWrite: 0.2 }],
    ['has them on a disk that is full and whose syncs fail', { shortWrite: 0.2, eio: 0.05, capacity: 500 }],
  ])('%s', async (_, faults) => {
    const sum = { losses: 0, drafts: 0, unsure: 0, failures: 0 }
    for (let seed = 1; seed <= SEEDS / 2; seed++) {
      const { wrong, ...seen } = await ordeal(seed, faults)
      expect(wrong).toEqual([])
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += seen[key]
    }
    // it has been through what it is to survive
    expect(sum.drafts).toBeGreaterThan(sum.losses / 50)
    expect(sum.unsure).toBeGreaterThan(sum.losses / 2)
    if (faults.eio) expect(sum.failures).toBeGreaterThan(sum.losses / 20)
  })
})

describe('a failing disk', () => {
  test('refuses to write on after a sync that failed, until it is opened anew, and reads on', async () => {
    const { disk, files } = onSim()
    await files.put(hashOf(1), modelOf(1))
    disk.faults = { eio: 1 }
    expect(await codeOf(files.put(hashOf(2), modelOf(2)))).toBe('STORE_FAILED')
    disk.faults = {}
    expect(await codeOf(files.put(hashOf(3), modelOf(3)))).toBe('STORE_FAILED')
    expect(files.failure?.code).toBe('STORE_FAILED')
    expect(text(await files.get(hashOf(1)))).toBe(text(modelOf(1)))
    const again = new ModelFiles({ directory: 'models', fs: disk.start(Number.POSITIVE_INFINITY).fs })
    await again.put(hashOf(3), modelOf(3))
    expect((await again.list()).length).toBe(2)
  })

  test('that is full leaves the others as they are, and takes models again once there is room', async () => {
    const { disk, files } = onSim()
    await files.put(hashOf(1), modelOf(1))
    disk.faults = { capacity: disk.used + 50 }
    expect(await codeOf(files.put(hashOf(2), modelOf(2)))).toBe('STORE_FAILED')
    expect([...disk.files().keys()]).toEqual([nameOf(1)])
    disk.faults = {}
    await files.put(hashOf(2), modelOf(2))
    expect((await files.list()).length).toBe(2)
  })
})

describe('a directory', () => {
  test('with other files in it is read for models alone, and the files are for their owner alone', async () => {
    const directory = join(folder, 'mixed')
    const files = new ModelFiles({ directory })
    await files.put(hashOf(1), modelOf(1))
    for (const name of ['journal-1.log', 'x.model.json', `..${hashOf(2)}.model.json`, `${hashOf(2)}.model.tmp`]) {
      writeFileSync(join(directory, name), 'x')
    }
    expect(await files.list()).toEqual([hashOf(1)])
    await files.put(hashOf(3), modelOf(3))
    expect(readdirSync(directory).sort()).toEqual(
      [
        'journal-1.log',
        'x.model.json',
        `..${hashOf(2)}.model.json`,
        ...[1, 3].map((n) => `${hashOf(n)}.model.json`),
      ].sort(),
    )
    if (process.platform !== 'win32')
      expect(statSync(join(directory, `${hashOf(1)}.model.json`)).mode & 0o777).toBe(0o600)
  })

  test.skipIf(process.platform === 'win32')('with a link for a draft is not led out of it', async () => {
    const directory = join(folder, 'linked')
    const files = new ModelFiles({ directory })
    await files.put(hashOf(1), modelOf(1))
    const outside = join(folder, 'outside.txt')
    writeFileSync(outside, 'mine')
    symlinkSync(outside, join(directory, `${hashOf(2)}.model.tmp`))
    await files.put(hashOf(2), modelOf(2))
    expect(statSync(outside).size).toBe(4)
    expect(text(await files.get(hashOf(2)))).toBe(text(modelOf(2)))
  })

  test('in the place of a file is a coded error', async () => {
    const directory = join(folder, 'odd')
    const files = new ModelFiles({ directory })
    await files.put(hashOf(1), modelOf(1))
    const odd = new ModelFiles({ directory: join(directory, `${hashOf(1)}.model.json`) })
    expect(await codeOf(odd.list())).toBe('STORE_FAILED')
    expect(await codeOf(odd.put(hashOf(2), modelOf(2)))).toBe('STORE_FAILED')
  })
})
