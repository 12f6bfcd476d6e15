import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const repo = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>
  dependencies: Record<string, string>
  scripts: Record<string, string>
  [field: string]: unknown
}
const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json')
const specifiers = subpaths.map((path) => path.replace('.', 'tradelearn'))

const temporary = mkdtempSync(join(tmpdir(), 'tradelearn-package-'))
/** A copy of what is published, built there so that the checkout's own `dist` is left alone. */
const copy = join(temporary, 'copy')
/** A project that has installed the package, with its declared dependencies and nothing else. */
const app = join(temporary, 'app')
const installed = join(app, 'node_modules/tradelearn')
let tarball = ''
let files: string[] = []

const node = async (file: string, ...args: string[]): Promise<string> =>
  (await run(process.execPath, [file, ...args], { cwd: app })).stdout
const write = (name: string, text: string): string => {
  writeFileSync(join(app, name), text)
  return join(app, name)
}
const link = (target: string, path: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}

beforeAll(async () => {
  mkdirSync(copy)
  for (const name of [
    'src',
    'package.json',
    'tsconfig.json',
    'tsup.config.ts',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
  ]) {
    cpSync(join(repo, name), join(copy, name), { recursive: true })
  }
  link(join(repo, 'node_modules'), join(copy, 'node_modules'))
  await run(process.execPath, [join(repo, 'node_modules/tsup/dist/cli-default.js'), '--silent'], { cwd: copy })
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--offline'], { cwd: copy })
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  tarball = join(copy, packed.filename)
  files = packed.files.map(({ path }) => path)

  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed])
  for (const name of Object.keys(manifest.dependencies)) {
    link(join(repo, 'node_modules', name), join(app, 'node_modules', name))
  }
  link('../tradelearn/dist/cli.js', join(app, 'node_modules/.bin/tradelearn'))
  chmodSync(join(installed, 'dist/cli.js'), 0o755) // as npm does for a bin
  write('package.json', '{ "name": "app", "private": true }')
}, 120_000)

afterAll(() => rmSync(temporary, { recursive: true, force: true }))

test('publint has nothing to say, even strictly', async () => {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytesOf(tarball) } })
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
})

test('attw finds the right types for every entry in Node, ESM and CJS', async () => {
  const attw = join(repo, 'node_modules/@arethetypeswrong/cli/dist/index.js')
  const { stdout } = await run(process.execPath, [attw, tarball, '--profile', 'node16', '--format', 'json'], {
    cwd: copy,
    maxBuffer: 2 ** 26,
  })
  const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: Record<string, unknown> } }
  expect(Object.keys(analysis.entrypoints)).toEqual(expect.arrayContaining(subpaths))
})

test('it ships the build, its sources and its papers, and nothing else', () => {
  expect(new Set(files.map((path) => path.split('/')[0]))).toEqual(
    new Set(['dist', 'src', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']),
  )
  const named = JSON.stringify([manifest.exports, manifest['bin'], manifest['main'], manifest['types']]).match(
    /dist\/[\w.-]+/g,
  )!
  expect(files).toEqual(expect.arrayContaining(named))
  // source maps that lead to the shipped sources
  const { sources } = JSON.parse(readFileSync(join(installed, 'dist/lifecycle.js.map'), 'utf8')) as {
    sources: string[]
  }
  for (const source of sources) expect(files).toContain(join('dist', source))
})

test('every entry can be imported and required, with the same names', async () => {
  const list = `(all) => JSON.stringify(Object.fromEntries(Object.entries(all).map(([path, names]) => [path, Object.keys(names).sort()])))`
  const imports = specifiers.map((path) => `'${path}': await import('${path}')`).join()
  const requires = specifiers.map((path) => `'${path}': require('${path}')`).join()
  const esm = JSON.parse(await node(write('all.mjs', `console.log((${list})({${imports}}))`)))
  const cjs = JSON.parse(await node(write('all.cjs', `console.log((${list})({${requires}}))`)))
  expect(Object.keys(esm)).toEqual(specifiers)
  for (const [path, names] of Object.entries(esm)) {
    // a script for threads, which exports nothing
    if (path !== 'tradelearn/worker') expect((names as string[]).length, path).toBeGreaterThan(0)
  }
  expect(cjs).toEqual(Object.fromEntries(Object.entries(esm).map(([path, names]) => [path, names])))
})

test('a learner saved by the ESM build goes on in the CJS build, to the bit', async () => {
  // the same program twice, but for how it gets the library
  const program = `
    const { candles, signals } = simulateMarket({ signals: 300 })
    const options = () => ({ features: new FeatureEngineer(defaultFeatures()) })
    const half = candles.length / 2
    const play = (learner, from, to) => {
      for (const candle of candles.slice(from, to)) {
        for (const { meta, ...signal } of signals) {
          if (signal.symbol === candle.symbol && signal.time === candle.time) {
            learner.cancel(learner.decide(signal, { equity: 1000, positions: [] }).id)
          }
        }
        learner.onCandle(candle)
        if (learner.refitDue) for (const _ of learner.refit());
      }
      return learner
    }
    const save = (name, learner) => writeFileSync(name, JSON.stringify(learner))`
  const names = '{ defaultFeatures, FeatureEngineer, simulateMarket, TradeLearner }'
  await node(
    write(
      'saves.mjs',
      `import ${names} from 'tradelearn'
      import { writeFileSync } from 'node:fs'
      ${program}
      save('half.json', play(new TradeLearner(options()), 0, half))
      save('whole.json', play(new TradeLearner(options()), 0, candles.length))`,
    ),
  )
  await node(
    write(
      'restores.cjs',
      `const ${names} = require('tradelearn')
      const { readFileSync, writeFileSync } = require('node:fs')
      ${program}
      save('continued.json', play(TradeLearner.restore(readFileSync('half.json', 'utf8'), options()), half, candles.length))`,
    ),
  )
  const [half, whole, continued] = ['half', 'whole', 'continued'].map((name) =>
    readFileSync(join(app, `${name}.json`), 'utf8'),
  )
  expect(continued).toBe(whole)
  expect(continued).not.toBe(half)
})

test('training threads and processes start from the installed package, in the ESM build and in the CJS build', async () => {
  const names = '{ GradientBoosting, SeededRng, TrainingPool, spawnProcess }'
  const program = `
    ;(async () => {
      const rng = new SeededRng('threads')
      const rows = Array.from({ length: 400 }, () => Float64Array.of(rng.next(), rng.next()))
      const y = rows.map(([x]) => Number(x > 0.5))
      const options = { features: 2, trees: 5 }
      const here = new GradientBoosting(options)
      here.fit(rows, y)
      const there = new GradientBoosting(options)
      // where no thread could be started, the work would be done here, and nothing would be said
      const host = process.getBuiltinModule('node:worker_threads')
      let said = 0
      host.Worker = class extends host.Worker {
        constructor(...given) {
          super(...given)
          this.on('message', () => said++)
          this.unref()
        }
      }
      for (const threads of [1, 2]) {
        const pool = new TrainingPool({ threads })
        await pool.fit(there, rows, y)
        await pool.close()
      }
      const processes = process.getBuiltinModule('node:child_process')
      const { fork } = processes
      let told = 0
      processes.fork = (...given) => fork(...given).on('message', () => told++)
      const alone = new GradientBoosting(options)
      const pool = new TrainingPool({ spawn: () => spawnProcess() })
      await pool.fit(alone, rows, y)
      await pool.close()
      const same = JSON.stringify(here) === JSON.stringify(there) && JSON.stringify(here) === JSON.stringify(alone)
      console.log(JSON.stringify([same, here.trees.length, said > 10, told > 5]))
    })()`
  for (const file of [
    write('threads.mjs', `import ${names} from 'tradelearn'\n${program}`),
    write('threads.cjs', `const ${names} = require('tradelearn')\n${program}`),
  ]) {
    expect(JSON.parse(await node(file)), file).toEqual([true, 5, true, true])
  }
})

test('TypeScript programs, ESM and CJS, compile against its types under the strictest settings', async () => {
  const source = `
    import { FeatureEngineer, defaultFeatures, numeric, TradeLearner, type Decision } from 'tradelearn'
    import { GradientBoosting } from 'tradelearn/learners'
    import type { Learner } from 'tradelearn'
    const features = new FeatureEngineer({ ...defaultFeatures(), meta: { confidence: numeric() } })
    const learner = new TradeLearner({ features })
    const signal = { symbol: 'A', side: 'long', time: 1_700_000_000_000 } as const
    const decision: Decision = learner.decide({ ...signal, meta: { confidence: 0.5 } }, { equity: 1, positions: [] })
    export const model: Learner = new GradientBoosting({ features: 3 })
    // @ts-expect-error the declaration asks for a confidence
    learner.decide(signal, { equity: 1, positions: [] })
    export { decision }`
  const options = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
    ...{
      module: 'node16',
      moduleResolution: 'node16',
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      noEmit: true,
    },
  }
  write('program.mts', source)
  write('program.cts', source)
  write('tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['program.mts', 'program.cts'] }))
  const { stdout } = await run(process.execPath, [join(repo, 'node_modules/typescript/bin/tsc'), '-p', app]).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
})

test('the command runs by its name and says what it can do', async () => {
  const { stdout } = await run('npx', ['--no', '--offline', 'tradelearn', '--help'], { cwd: app })
  for (const command of ['walk-forward', 'report', 'simulate']) expect(stdout).toContain(command)
  const { stdout: version } = await run('npx', ['--no', '--offline', 'tradelearn', '--version'], { cwd: app })
  expect(version.trim()).toBe(manifest['version'])
})

test('the library itself runs where there is no Node', () => {
  // the command line and the stores are what files and databases are for
  const ofNode = ['dist/cli.js', 'dist/store.js', 'dist/store.cjs']
  const library = files.filter((path) => /^dist\/.*\.c?js$/.test(path) && !ofNode.includes(path))
  expect(library.length).toBeGreaterThan(2 * subpaths.length)
  for (const path of library) {
    expect(readFileSync(join(installed, path), 'utf8')).not.toMatch(/(from|require\()\s*['"](node:|fs|path|os|crypto)/)
  }
})

test('a bundle of one detector holds hardly more than it', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export { PageHinkley } from 'tradelearn'", resolveDir: app },
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser' },
  })
  const text = outputFiles[0]!.text
  expect(text).toContain('page-hinkley')
  // 6 kB of checks and snapshots come with it; the whole is more than 150
  expect(text.length).toBeLessThan(12_000)
})

test('it depends on nothing without a reason, and runs nothing when installed', () => {
  const reasons = {
    commander: 'the command line: options, help and errors that people know',
    'csv-parse': 'the command line: quoting and encodings of candles and signals in files',
    seedrandom: 'the source of chance: its alea generator can be saved',
    'simple-statistics': 'statistics off the hot path',
    uplot: 'the charts of the HTML page, put into it by the command line',
  }
  expect(Object.keys(manifest.dependencies).sort()).toEqual(Object.keys(reasons).sort())
  // only needed by who asks for them: tradelearn/xgboost, and the database drivers of tradelearn/store
  const onlyAsked = ['better-sqlite3', 'ml-xgboost', 'pg']
  expect(Object.keys(manifest['peerDependencies'] ?? {}).sort()).toEqual(onlyAsked)
  expect(manifest['peerDependenciesMeta']).toEqual(
    Object.fromEntries(onlyAsked.map((name) => [name, { optional: true }])),
  )
  for (const field of ['optionalDependencies', 'bundleDependencies', 'bundledDependencies']) {
    expect(manifest[field] ?? {}).toEqual({})
  }
  const onInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']
  expect(Object.keys(manifest.scripts).filter((name) => onInstall.includes(name))).toEqual([])
})

function bytesOf(file: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
}
