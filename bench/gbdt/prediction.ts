import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { drawTable, type Table, viewOf, writeTable } from './data.ts'
import type { Figure, Goal } from './figures.ts'
import { COMMON, type Runner, runnerFor, train } from './ours.ts'
import { type Party, Rounds, type Sample, sampled, spreadOf } from './rounds.ts'
import { type Bench, lightgbmParameters } from './training.ts'

const TRAIN_ROWS = 10_000
/** Rows to predict; many different ones, so that the processor cannot learn their ways through the trees. */
const TEST_ROWS = 20_000
const CALLS = 20_000
const WARM_UP = 5000
/** LightGBM takes half a millisecond for each. */
const SHAP_ROWS = 200
/** Calls over which nothing may be allocated, looked at a stretch at a time, and the bytes a call that looking takes. */
const QUIET_CALLS = 1_000_000
const STRETCH = 20_000
const QUIET_BYTES = 0.5

/** Which parts of prediction to time. */
export type PredictionPart = 'row' | 'batch' | 'shap'

type Setting = {
  readonly bench: Bench
  readonly features: number
  readonly runner: Runner
  readonly test: Table
  /** Files of the model and of the rows, and the model's key in the peer; where there is a peer. */
  readonly theirs: { readonly model: string; readonly x: string; readonly key: string } | undefined
  readonly note: string
}

/** One row, many rows and Shapley values of 100 trees of 31 leaves, beside LightGBM. */
export async function timePrediction(bench: Bench, parts: readonly PredictionPart[]): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const features of [20, 50]) {
    const setting = await prepare(bench, features)
    if (parts.includes('row')) figures.push(...(await timeRow(setting)), countAllocations(setting))
    if (parts.includes('batch')) figures.push(await timeBatch(setting))
    if (parts.includes('shap')) figures.push(...(await timeShap(setting)))
    bench.onStep(`prediction, ${features} features`)
  }
  return figures
}

/** Trains a LightGBM model and reads it, so that both sides run the same trees; without LightGBM, trees of ours. */
async function prepare(bench: Bench, features: number): Promise<Setting> {
  const { lightgbm, directory } = bench
  const table = drawTable('binary', TRAIN_ROWS, features, `predict ${features} train`)
  const test = drawTable('binary', TEST_ROWS, features, `predict ${features} test`)
  if (!lightgbm) {
    const runner = runnerFor(train(table, COMMON).model, features)
    return { bench, features, runner, test, theirs: undefined, note: 'trees of ours' }
  }
  const { peer } = lightgbm
  const [trainFiles, testFiles] = [writeTable(table, directory), writeTable(test, directory)]
  for (const files of [trainFiles, testFiles]) await peer.ask({ do: 'load', ...files })
  const key = `predict ${features}`
  const model = join(directory, `model-${features}.txt`)
  const params = lightgbmParameters(COMMON, features)
  const fit = { do: 'fit', library: 'lightgbm', table: table.name, params, threads: 1, trees: COMMON.trees }
  await peer.ask({ ...fit, keep: key })
  await peer.ask({ do: 'save', model: key, file: model })
  const runner = runnerFor(readFileSync(model, 'utf8'), features)
  const note = await compareMargins(bench, key, test, runner)
  return { bench, features, runner, test, theirs: { model, x: testFiles.x, key }, note }
}

/** How far both sides are apart on all rows; nowhere, as they run the same trees in the same order. */
async function compareMargins(
  { lightgbm, directory }: Bench,
  key: string,
  test: Table,
  runner: Runner,
): Promise<string> {
  const out = join(directory, 'margins')
  await lightgbm!.peer.ask({ do: 'predict', model: key, table: test.name, what: 'raw', out })
  const theirs = doubles(out)
  let most = 0
  for (const [i, x] of test.rows.entries()) most = Math.max(most, Math.abs(runner.one(x) - theirs[i]!))
  return most === 0 ? 'the same trees, equal to the bit' : `MARGINS DIFFER by ${most.toExponential(1)}`
}

async function timeRow({ bench, features, runner, test, theirs, note }: Setting): Promise<Figure[]> {
  const times = new Float64Array(CALLS)
  const parties: Party[] = [{ name: 'ours', run: () => sampled(() => timeCalls(runner, test, times)) }]
  const native = theirs && compile(bench)
  if (typeof native === 'object') parties.push(single(native.program, bench, features, theirs!))
  const rounds = await Rounds.play(parties, bench.rounds)
  const missed = typeof native === 'string' ? `; no LightGBM: ${native}` : ''
  const line = (quantile: 'p50' | 'p99', atMost: number): Figure => ({
    what: `one row, ${quantile}, ${features} features`,
    unit: 'time',
    ours: rounds.of('ours', quantile),
    peer:
      typeof native === 'object' ? { name: 'SingleRowFast in C', spread: rounds.of('native', quantile) } : undefined,
    goal: { kind: 'ratio', atMost },
    note: `${note}${missed}`,
  })
  return [line('p50', features > 24 ? 0.5 : 0.3), line('p99', 0.5)]
}

/** Each call by itself, timer included. */
function timeCalls({ one }: Runner, { x, features, rows }: Table, times: Float64Array): Sample['times'] {
  let sum = 0
  for (let i = 0; i < WARM_UP; i++) sum += one(rows[i % rows.length]!)
  for (let i = 0; i < times.length; i++) {
    const row = rows[i % rows.length]!
    const start = performance.now()
    sum += one(row)
    times[i] = performance.now() - start
  }
  times.sort()
  if (!Number.isFinite(sum)) throw new Error(`margins must be finite, got ${sum} over ${x.length / features} rows`)
  return { p50: times[times.length >> 1]!, p99: times[Math.floor(0.99 * times.length)]! }
}

/** LightGBM's C interface, in a program of its own. */
function single(
  program: string,
  { lightgbm }: Bench,
  features: number,
  { model, x }: { model: string; x: string },
): Party {
  const args = [lightgbm!.file!, model, x, String(features), String(TEST_ROWS), String(CALLS)]
  const run = (): Sample => {
    const start = performance.now()
    const { p50, p99 } = JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as { p50: number; p99: number }
    // it runs on one core all the time
    return { times: { p50: p50 / 1e6, p99: p99 / 1e6 }, cpu: performance.now() - start }
  }
  return { name: 'native', run }
}

/** The program of single-row.c, or why there is none. */
function compile({ lightgbm, directory }: Bench): { readonly program: string } | string {
  if (!lightgbm?.file) return 'its shared library was not found'
  const program = join(directory, 'single-row')
  const source = fileURLToPath(new URL('single-row.c', import.meta.url))
  try {
    execFileSync('cc', ['-O2', source, '-o', program, '-ldl'], { stdio: 'pipe' })
    return { program }
  } catch (error) {
    return `cc failed (${(error as Error).message.split('\n')[0]})`
  }
}

/** What the heap grows by in a million calls: of each stretch, where no garbage was collected in it. */
function countAllocations({ features, runner, test }: Setting): Figure {
  const { into } = runner
  const { rows } = test
  const out = new Float64Array(1)
  const stretch = (): number => {
    const before = process.memoryUsage().heapUsed
    // no sum over the calls: before the loop itself is compiled, each new sum would be allocated
    for (let i = 0; i < STRETCH; i++) into(rows[i % rows.length]!, out)
    return process.memoryUsage().heapUsed - before
  }
  for (let i = 0; i < 10; i++) stretch()
  const grown = Array.from({ length: QUIET_CALLS / STRETCH }, stretch).filter((bytes) => bytes >= 0)
  if (!Number.isFinite(out[0])) throw new Error(`margins must be finite, got ${out[0]}`)
  const bytes = spreadOf(grown.map((each) => each / STRETCH))
  return {
    what: `bytes allocated by a call, ${features} features`,
    unit: 'number',
    ours: bytes,
    goal: { kind: 'ours', atMost: QUIET_BYTES },
    note: `over ${QUIET_CALLS} calls`,
  }
}

async function timeBatch({ bench, features, runner, test, theirs, note }: Setting): Promise<Figure> {
  const what = `rows a second, one core, ${features} features`
  const goal: Goal = { kind: 'ours', atLeast: 1e6 }
  const out = new Float64Array(TEST_ROWS)
  const walk = (): void => {
    runner.many(test.x, TEST_ROWS, out)
  }
  const rate = (milliseconds: number): Sample['times'] => ({ rate: (1000 * TEST_ROWS) / milliseconds })
  const parties: Party[] = [{ name: 'ours', run: () => sampled(() => rate(timed(walk))) }]
  const { lightgbm } = bench
  if (lightgbm && theirs) {
    const ask = { do: 'predict', model: theirs.key, table: test.name, what: 'raw', threads: 1 }
    parties.push({
      name: lightgbm.name,
      run: async () => {
        const { total, cpu } = await lightgbm.peer.ask(ask)
        return { times: rate(total), cpu }
      },
    })
  }
  const rounds = await Rounds.play(parties, bench.rounds)
  const peer = lightgbm && theirs && { name: lightgbm.name, spread: rounds.of(lightgbm.name, 'rate') }
  return { what, unit: 'rows a second', ours: rounds.of('ours', 'rate'), peer, goal, note }
}

async function timeShap({ bench, features, runner, test, theirs }: Setting): Promise<Figure[]> {
  const { shap } = runner
  const what = `Shapley values of a row, ${features} features`
  const goal: Goal = { kind: 'ratio', atMost: 0.15 }
  const width = features + 1
  const values = new Float64Array(SHAP_ROWS * width)
  const explain = (): void => {
    for (let i = 0; i < SHAP_ROWS; i++)
      shap(viewOf(test.x, features, i), 0, values.subarray(i * width, (i + 1) * width))
  }
  const parties: Party[] = [{ name: 'ours', run: () => sampled(() => ({ row: timed(explain) / SHAP_ROWS })) }]
  const { lightgbm, directory } = bench
  const out = join(directory, 'contributions')
  if (lightgbm && theirs) {
    const ask = {
      do: 'predict',
      model: theirs.key,
      table: test.name,
      what: 'contrib',
      rows: SHAP_ROWS,
      threads: 1,
      out,
    }
    parties.push({
      name: lightgbm.name,
      run: async () => {
        const { total, cpu } = await lightgbm.peer.ask(ask)
        return { times: { row: total / SHAP_ROWS }, cpu }
      },
    })
  }
  const rounds = await Rounds.play(parties, bench.rounds)
  if (!lightgbm || !theirs) return [{ what, unit: 'time', ours: rounds.of('ours', 'row'), goal }]
  const exact = doubles(out)
  let error = 0
  for (let i = 0; i < exact.length; i++) error = Math.max(error, Math.abs(values[i]! - exact[i]!))
  return [
    {
      what,
      unit: 'time',
      ours: rounds.of('ours', 'row'),
      peer: { name: lightgbm.name, spread: rounds.of(lightgbm.name, 'row') },
      goal,
    },
    {
      what: `largest difference of Shapley values, ${features} features`,
      unit: 'number',
      ours: { median: error, low: error, high: error, n: 1 },
      goal: { kind: 'ours', atMost: 1e-12 },
    },
  ]
}

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

function doubles(file: string): Float64Array {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))
}
