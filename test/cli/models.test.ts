import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RegisteredModels, type RegistrySettings, type RetrainResult } from '../../src/lifecycle/index.ts'
import { JournalStore } from '../../src/store/journal-store.ts'
import { ModelFiles } from '../../src/store/model-files.ts'
import { draft, modelOf, START, why } from '../lifecycle/model-registry/cards.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'tradelearn-models-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = join(folder, 'cli.mjs')
// as in the package
beforeAll(async () => {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    ...{ outfile: program, bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'silent' },
  })
})

/** Runs the program as its users do. */
function models(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [program, 'models', ...args], { cwd: folder }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

/** A champion that follows another, a challenger, and one that was rejected. */
async function registry(name: string): Promise<{ directory: string; registered: RegisteredModels }> {
  const directory = join(folder, name)
  const registered = await RegisteredModels.open({
    models: new ModelFiles({ directory }),
    events: new JournalStore({ directory, owner: 'the bot' }),
    snapshotEvery: 4,
  })
  const { model: _, ...card } = draft(1, {
    hyperParameters: { trees: 60, learningRate: 0.08 },
    metrics: { logLoss: 0.65432109, logLossGain: 0.0123, rowsCompared: 400, returnP: Number.NaN },
    tradesBySymbol: { BTC: 60, ETH: 41 },
    trainer: 'default',
    tags: { note: 'red \u001b[31m and \u202e' },
  })
  await registered.register({ ...card, model: modelOf(1), time: START, by: 'Ada' })
  await registered.promote(1, why(1, 'the first'))
  await registered.register({ ...card, model: modelOf(2), parent: 1, time: START + 1, by: 'trainer' })
  await registered.promote(2, why(2, 'it is better'))
  await registered.register({ ...card, model: modelOf(3), parent: 2, time: START + 2, by: 'trainer' })
  await registered.tell({ kind: 'move', alias: 'challenger', to: 3, ...why(3, 'retrained') })
  const rejected = { code: 'NOT_BETTER', text: 'no better' }
  await registered.register({ ...card, model: null, rejected, parent: 2, time: START + 3, by: 'trainer' })
  return { directory, registered }
}

async function closed(name: string): Promise<string> {
  const { directory, registered } = await registry(name)
  await registered.close()
  return directory
}

const contentOf = (directory: string): string[] =>
  readdirSync(directory).map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex')}`,
  )
const bodies = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.model.json'))
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be shown
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

describe('tradelearn models', () => {
  test('lists versions with status, aliases, data, figures and whether their models are whole, and changes nothing', async () => {
    const directory = await closed('listed')
    const before = contentOf(directory)
    const { code, out, err } = await models(directory)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/: 4 versions\.\nChampion: version 2; a rollback goes to version 1\. Challenger: version 3\.\n/)
    expect(out).toMatch(/^ +id +status +aliases +data +trades +metrics +age +model\n─+/m)
    const row = (version: number): string => out.split('\n').find((line) => line.startsWith(`${version}  boosting`))!
    expect(row(1)).toMatch(
      /boosting-1 +retired +2025-12-27 to 2026-01-01 +101 +logLoss 0.6543, logLossGain 0.0123, rowsCompared 400, 1 more +\d+ d +ok/,
    )
    expect(row(2)).toMatch(/production +champion/)
    expect(row(3)).toMatch(/shadow +challenger/)
    expect(row(4)).toMatch(/retired .* card only$/)
    expect(out).toMatch(/champion +version 1 to version 2 +Ada +it is better/)
    expect(contentOf(directory)).toEqual(before)
  })

  test('reads beside a bot that has the registry open, and leaves its lock alone', async () => {
    const { directory, registered } = await registry('running')
    const before = contentOf(directory)
    const { code, out } = await models(directory, '--json')
    expect(code).toBe(0)
    expect(contentOf(directory)).toEqual(before)
    expect(JSON.parse(out)).toMatchObject({
      ...{ champion: 2, challenger: 3, previous: 1, notes: [] },
      versions: [
        { version: 1, status: 'retired', body: 'ok', aliases: [] },
        { version: 2, status: 'production', body: 'ok', aliases: ['champion'], hyperParameters: { trees: 60 } },
        { version: 3, status: 'shadow' },
        { version: 4, body: 'card only', rejected: { code: 'NOT_BETTER' } },
      ],
    })
    const refused = await models(directory, '--rollback', 'previous', '--by', 'Ada', '--reason', 'it loses')
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toMatch(/^STORE_LOCKED: .*the bot.*\n$/)
    expect(contentOf(directory)).toEqual(before)
    await registered.close()
  })

  test('shows everything about one version, by number, id or alias, and nothing that steers a terminal', async () => {
    const directory = await closed('shown')
    const { code, out } = await models(directory, '--show', '3')
    expect(code).toBe(0)
    expect(out).toMatch(/^lineage +boosting-3 from boosting-2 from boosting-1$/m)
    expect(out).toMatch(/^hyper-parameters +\{"trees":60,"learningRate":0.08\}$/m)
    expect(out).toMatch(/^metrics +logLoss 0.6543, .*returnP NaN$/m)
    expect(out).toMatch(/^by symbol +BTC 60, ETH 41$/m)
    expect(out).toMatch(/^model +ok; \d+ bytes, sha256 [0-9a-f]{64}$/m)
    expect(out).toMatch(/^made from it +none$/m)
    expect(out).not.toMatch(STEERING)
    for (const name of ['boosting-3', 'challenger']) expect((await models(directory, '--show', name)).out).toBe(out)
    const second = await models(directory, '--show', 'champion', '--json')
    expect(JSON.parse(second.out)).toMatchObject({ versions: [{ version: 2, parent: 1 }] })
    expect((await models(directory, '--show', '4')).out).toMatch(/^rejected +NOT_BETTER: no better$/m)
  })

  test('names a model that is missing or damaged, and ends with 1', async () => {
    const directory = await closed('damaged')
    const { versions } = JSON.parse((await models(directory, '--json')).out) as {
      versions: { model: { hash: string } }[]
    }
    writeFileSync(join(directory, `${versions[0]!.model.hash}.model.json`), '{}')
    rmSync(join(directory, `${versions[1]!.model.hash}.model.json`))
    const { code, out } = await models(directory)
    expect(code).toBe(1)
    expect(out).toMatch(/^The model of boosting-1 is damaged\.\nThe model of boosting-2 is missing\.$/m)
    expect(bodies(directory)).toHaveLength(2)
    const before = contentOf(directory).filter((line) => line.includes('model.json'))
    const back = await models(directory, '--rollback', '1', '--by', 'Ada', '--reason', 'it loses')
    expect([back.code, back.err]).toEqual([
      1,
      'CORRUPT_MODEL: Version 1 must be whole to be rolled back to, got one that is damaged.\n',
    ])
    expect(contentOf(directory).filter((line) => line.includes('model.json'))).toEqual(before)
    expect((await models(directory)).out).toContain('Champion: version 2')
  })

  test('reads models that are kept elsewhere', async () => {
    const directory = await closed('apart')
    const files = join(folder, 'apart-files')
    mkdirSync(files)
    for (const name of bodies(directory)) {
      copyFileSync(join(directory, name), join(files, name))
      rmSync(join(directory, name))
    }
    expect((await models(directory)).code).toBe(1)
    expect((await models(directory, '--files', files)).code).toBe(0)
  })

  test('rolls back, for the bot to find at its next start', async () => {
    const directory = await closed('back')
    const { code, out, err } = await models(directory, '--rollback', 'previous', '--by', 'Ada', '--reason', 'it loses')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^Champion: version 1; a rollback goes to the baseline\. Challenger: version 3\.$/m)
    expect(out).toMatch(/champion, rolled back +version 2 to version 1 +Ada +it loses/)
    const open = (): Promise<RegisteredModels> =>
      RegisteredModels.open({ models: new ModelFiles({ directory }), events: new JournalStore({ directory }) })
    const again = await open()
    expect(again.registry.champion).toBe(1)
    expect(again.registry.history.moves.at(-1)).toMatchObject({ by: 'Ada', reason: 'it loses', how: 'rollback' })
    await again.close()
    await models(directory, '--rollback', 'boosting-2', '--by', 'Bo', '--reason', 'it was not the model')
    const third = await open()
    expect(third.registry.champion).toBe(2)
    await third.close()
    for (const _ of [1, 2]) await models(directory, '--rollback', 'previous', '--by', 'Bo', '--reason', 'no')
    const none = await models(directory, '--rollback', 'previous', '--by', 'Bo', '--reason', 'no')
    expect([none.code, none.err]).toEqual([2, expect.stringMatching(/^UNKNOWN_MODEL: .*baseline already\.\n$/)])
  })
})

describe('a rollback knows nothing of the rules of the bot', () => {
  /** A bot that asks for so many trades takes in candidates that have learned from 40, 40 and 300. */
  async function taken(name: string, minimum: RegistrySettings['minimum'] & object): Promise<string> {
    const directory = join(folder, name)
    const registered = await RegisteredModels.open({
      models: new ModelFiles({ directory }),
      events: new JournalStore({ directory }),
      registry: { minimum },
    })
    const difference = { difference: 0.01, p: 0.2 }
    const comparison = { rows: 20, candidate: 0.68, other: 0.69, logLoss: difference, netReturn: difference }
    for (const [n, rows] of [40, 40, 300].entries()) {
      const report = { rows, from: START - 2, to: START - 1, recipe: 'default', params: {}, comparison }
      const result = { time: START + n, wishes: [], outcome: 'candidate', report } as unknown as RetrainResult
      await registered.adopt(result, modelOf(n), { name: 'boosting', schema: 'f00dcafe' })
    }
    await registered.close()
    return directory
  }
  const back = (directory: string, to: string) =>
    models(directory, '--rollback', to, '--by', 'Ada', '--reason', 'the first was best')

  test('and takes what was tried under them, whatever little it has learned from', async () => {
    const directory = await taken('lenient', { trades: 10 })
    const { code, out, err } = await back(directory, '1')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^Champion: version 1;/m)
  })

  test('and refuses what was rejected under them, however much it has learned from', async () => {
    const directory = await taken('strict', { trades: 1000 })
    const before = contentOf(directory)
    for (const version of ['1', '3']) {
      const { code, out, err } = await back(directory, version)
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^MISSING_MODEL: Version \d must have a model that is kept, got its card alone\.\n$/)
    }
    expect(contentOf(directory).filter((line) => !line.includes('journal'))).toEqual(
      before.filter((line) => !line.includes('journal')),
    )
    expect((await models(directory, '--show', '3')).out).toMatch(
      /^rejected +NOT_ENOUGH_DATA: It has learned from 300 of 1000/m,
    )
  })
})

describe('nonsense is refused in one line, with 2', () => {
  test('whatever it is', async () => {
    const directory = await closed('nonsense')
    const other = join(folder, 'no-registry')
    const store = new JournalStore({ directory: other })
    await store.open(
      () => {},
      () => {},
    )
    await store.append({ kind: 'opened' })
    await store.close()
    mkdirSync(join(folder, 'empty'))
    const before = contentOf(directory)
    const learners = contentOf(other)
    const who = ['--by', 'Ada', '--reason', 'why']
    for (const [args, says] of [
      [[join(folder, 'nothing')], /INVALID_INPUT: .*must be a directory, got nothing/],
      [[program], /INVALID_INPUT: .*got a file/],
      [[join(folder, 'empty')], /INVALID_INPUT: .*must hold a journal/],
      [[other], /INVALID_INPUT: .*must hold a registry of models/],
      [[other, '--rollback', 'previous', ...who], /INVALID_INPUT: .*must hold a registry of models/],
      [[directory, '--show', '17'], /UNKNOWN_MODEL: .*got "17"; the newest is 4, "boosting-4"/],
      [[directory, '--show', '__proto__'], /UNKNOWN_MODEL/],
      [[directory, '--show', 'x\u001b[31m'], /UNKNOWN_MODEL/],
      [[directory, '--rollback', 'later', ...who], /UNKNOWN_MODEL: .*got "later"/],
      [[directory, '--rollback', 'previous', '--by', 'Ada'], /INVALID_INPUT: .*with --reason, got undefined/],
      [[directory, '--rollback', 'previous', '--by', ' ', '--reason', 'x'], /INVALID_INPUT: .*with --by/],
      [[directory, '--by', 'Ada'], /INVALID_INPUT: --by must be given with --rollback/],
      [[directory, '--rollback', '1', '--show', '1', ...who], /INVALID_INPUT: .*one at a time/],
      [[directory, '--files', join(folder, 'nothing')], /INVALID_INPUT/],
    ] as const) {
      const { code, out, err } = await models(...args)
      expect([code, out], args.join(' ')).toEqual([2, ''])
      expect(err).toMatch(says)
      expect(err.trimEnd()).not.toMatch(/\n/)
      expect(err).not.toMatch(STEERING)
    }
    for (const args of [[], ['--verbose'], [directory, '--show']]) {
      const { code, out } = await models(...args)
      expect([code, out]).toEqual([2, ''])
    }
    expect(contentOf(directory)).toEqual(before)
    expect(contentOf(other)).toEqual(learners)
  })

  test('and help says how it is used', async () => {
    const { code, out } = await models('--help')
    expect(code).toBe(0)
    expect(out).toMatch(/Examples:\n {2}tradelearn models state\/models\n/)
    expect(out).toMatch(/--rollback previous --by Ada/)
  })
})
