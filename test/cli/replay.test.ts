import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DecisionPolicy, KillSwitch } from '../../src/decision/index.ts'
import { FeatureEngineer, returns, rsi } from '../../src/features/index.ts'
import { type DurableOptions, defaultModels, TradeLearner } from '../../src/lifecycle/index.ts'
import { JournalStore } from '../../src/store/journal-store.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'tradelearn-replay-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = join(folder, 'cli.mjs')
/** A module as a bot has one, with the library in it. */
const bot = (name: string, bands: string, as: string): Promise<unknown> =>
  build({
    stdin: {
      contents: `import { DecisionPolicy, FeatureEngineer, KillSwitch, defaultModels, returns, rsi } from '${root}/src/index.ts'
        const make = () => {
          const features = new FeatureEngineer({ candles: { rsi: rsi(3) }, directed: { returns: returns(1) } })
          const models = defaultModels(features.schema.size)
          const killSwitch = new KillSwitch({ losses: Infinity })
          return { features, models, killSwitch, mode: 'live', policy: new DecisionPolicy({ minTrades: 5, ${bands} }) }
        }
        export default ${as}`,
      resolveDir: root,
    },
    ...{ outfile: join(folder, name), bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' },
  })
// as in the package
beforeAll(async () => {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    ...{ outfile: program, bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'silent' },
  })
  await Promise.all([
    bot('bot.mjs', 'takeAbove: 0.5', 'make'),
    bot('other.mjs', 'takeAbove: 0.5, skipBelow: 0.5', 'make()'),
  ])
})

/** Runs the program as its users do. */
function replay(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [program, 'replay', ...args], { cwd: folder }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

function botOptions(): Omit<DurableOptions, 'store'> {
  const features = new FeatureEngineer({ candles: { rsi: rsi(3) }, directed: { returns: returns(1) } })
  const policy = new DecisionPolicy({ minTrades: 5, takeAbove: 0.5 })
  const killSwitch = new KillSwitch({ losses: Number.POSITIVE_INFINITY })
  const models = defaultModels(features.schema.size)
  return { features, models, killSwitch, mode: 'live', policy, clock: { now: () => 0 } }
}

const HOUR = 3_600_000
const START = 1_704_067_200_000

/** 60 hours with a signal in each of a symbol with a name that would steer a terminal; still open where `close` is 'leave'. */
async function journal(name: string, close: 'close' | 'leave' = 'close') {
  const directory = join(folder, name)
  const learner = await TradeLearner.open({
    ...botOptions(),
    store: new JournalStore({ directory, mode: 'none', owner: 'the bot' }),
    snapshotEvery: 40,
  })
  const symbol = 'A\u001b[31m\u202e'
  for (let i = 1; i <= 60; i++) {
    const close = 100 + (i % 7)
    learner.onCandle({ symbol, time: START + i * HOUR, open: close, high: close + 2, low: close - 2, close })
    const { id, action } = learner.decide(
      { symbol, side: i % 2 ? 'long' : 'short', time: START + (i + 1) * HOUR },
      { equity: 1000, positions: [] },
    )
    const outcome = { exitPrice: close + (i % 3) - 1, exitTime: START + (i + 1) * HOUR }
    if (action !== 'skip' && i % 4 > 0) await learner.learn(id, outcome)
  }
  await learner.save()
  if (close === 'close') await learner.close()
  return { directory, learner }
}

const contentOf = (directory: string): string[] =>
  readdirSync(directory).map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex')}`,
  )
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be shown
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

describe('tradelearn replay', () => {
  test('ends with 0 where every decision is equal, and has changed nothing', async () => {
    const { directory } = await journal('equal')
    const before = contentOf(directory)
    const { code, out, err } = await replay(directory, '--options', 'bot.mjs')
    expect(out).toMatch(
      /: equal\.\n\d+ events from the beginning; 60 decisions, 0 came out otherwise; 0 events refused/,
    )
    expect(out).toMatch(/Digest of the state at the end: [0-9a-f]{8}\./)
    expect(err).toMatch(/^Replaying .* 10 %[\s\S]*100 %/)
    expect(code).toBe(0)
    expect(contentOf(directory)).toEqual(before)
  })

  test('reads beside a bot that runs, what is whole, and leaves its lock alone', async () => {
    const { directory, learner } = await journal('running', 'leave')
    const before = contentOf(directory)
    const { code, out } = await replay(directory, '--options', 'bot.mjs')
    expect([code, contentOf(directory)]).toEqual([0, before])
    expect(out).toContain('60 decisions')
    await learner.close()
    // the last write, half done
    const last = readdirSync(directory)
      .filter((name) => name.endsWith('.log'))
      .at(-1)!
    const whole = readFileSync(join(directory, last))
    writeFileSync(join(directory, last), whole.subarray(0, whole.length - 9))
    const torn = await replay(directory, '--options', 'bot.mjs')
    expect([torn.code, torn.out]).toEqual([0, expect.stringMatching(/^Note: journal-.* is not whole: left out\.$/m)])
  })

  test('ends with 1 where one differs, and names the field', async () => {
    const { directory } = await journal('differ\u202ent')
    const { code, out } = await replay(directory, '--options', 'other.mjs')
    expect(code).toBe(1)
    expect(out).toMatch(/: different\./)
    expect(out).toMatch(/^event +decision +first difference +then +now\n─+/m)
    expect(out).toMatch(/^ *\d+ +tl-\w+ +action +"reduce" +"skip"$/m)
    expect(out).not.toMatch(STEERING)
    const json = await replay(directory, '--options', 'other.mjs', '--json')
    expect(json.code).toBe(1)
    expect(json.out).not.toMatch(STEERING)
    expect(JSON.parse(json.out)).toMatchObject({
      directory,
      equal: false,
      from: 0,
      decisions: 60,
      differences: expect.arrayContaining([expect.objectContaining({ path: 'action', now: 'skip' })]),
      whatIf: null,
    })
  })

  test('says what another policy would have done, and what it cannot know', async () => {
    const { directory } = await journal('what-if')
    writeFileSync(join(folder, 'none.json'), '{"minTrades": 0, "takeAbove": 1, "skipBelow": 1}')
    writeFileSync(join(folder, 'own.mjs'), 'export default () => ({ minTrades: 0, takeAbove: 0, skipBelow: 0 })')
    const { code, out } = await replay(directory, '--options', 'bot.mjs', '--policy', 'none.json')
    expect(code).toBe(0)
    expect(out).toMatch(/^What if: \d+ of 60 signals, \d+ of them with the bot's own report/m)
    expect(out).toMatch(/^other policy +0 +0 +N\/A/m)
    expect(out).toMatch(/^everything +\d+ +0 +[+-]\d/m)
    expect(out).toMatch(/It cannot know:\n {2}Fills: [\s\S]*Positions: [\s\S]*Sizes: they do not compound/)
    const json = await replay(directory, '--options', 'bot.mjs', '--policy', 'own.mjs', '--json')
    const { whatIf } = JSON.parse(json.out)
    expect(whatIf.other.taken).toBe(whatIf.signals)
    expect(whatIf.unknown[0]).toMatch(/^Fills/)
  })

  test('ends with 2 where the input is bad, and says why', async () => {
    const { directory } = await journal('bad')
    const { directory: broken } = await journal('broken')
    const path = join(broken, readdirSync(broken).filter((name) => name.endsWith('.log'))[0]!)
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('"kind":"decide"')]! ^= 1
    writeFileSync(path, bytes)
    const future = join(folder, 'future')
    const store = new JournalStore({ directory: future, mode: 'none' })
    await store.open(
      () => {},
      () => {},
    )
    await store.append({ kind: 'teleport\u001b[31m' })
    await store.close()
    writeFileSync(join(folder, 'empty.mjs'), 'export default {}')
    writeFileSync(join(folder, 'throws.mjs'), 'export default () => { throw new Error("no key") }')
    writeFileSync(join(folder, 'bad.json'), '{"takeAbov": 1}')
    writeFileSync(join(folder, 'worse.json'), '{')
    const answers = await Promise.all([
      replay(broken, '--options', 'bot.mjs'),
      replay(future, '--options', 'bot.mjs'),
      replay(join(folder, 'not there'), '--options', 'bot.mjs'),
      replay(join(folder, 'node_modules/esbuild'), '--options', 'bot.mjs'),
      replay(directory),
      replay(directory, '--options', 'no.mjs'),
      replay(directory, '--options', 'empty.mjs'),
      replay(directory, '--options', 'throws.mjs'),
      replay(directory, '--options', 'bot.mjs', '--policy', 'bad.json'),
      replay(directory, '--options', 'bot.mjs', '--policy', 'worse.json'),
      replay(directory, '--options', 'bot.mjs', '--heal'),
    ])
    for (const [i, why] of [
      /^CORRUPT_STORE: .* at offset \d+ \(event \d+\): .*"tradelearn doctor .*broken" says what is damaged/,
      /CORRUPT_SNAPSHOT: Event 1: An event must be one of .*, got "teleport\\u001b/,
      /^INVALID_INPUT: .* got nothing by that name/,
      /^INVALID_INPUT: .* must hold a journal/,
      /^error: required option '--options <module>' not specified/,
      /^INVALID_INPUT: no\.mjs must be a module with the options of a learner, got no such file/,
      /^INVALID_INPUT: empty\.mjs must give the options .* without "features"/,
      /^INVALID_INPUT: The function of throws\.mjs .* no key/,
      /^INVALID_OPTION: bad\.json must hold options of a DecisionPolicy, got "takeAbov"/,
      /^INVALID_INPUT: worse\.json must be a JSON file/,
      /^error: unknown option/,
    ].entries()) {
      expect(answers[i]!.err).toMatch(why)
      expect([answers[i]!.code, answers[i]!.out]).toEqual([2, ''])
    }
    const help = await replay('--help')
    expect([help.code, help.out]).toEqual([0, expect.stringMatching(/Ends with 0 where[\s\S]*cannot know:\n {2}Fills/)])
  })
})
