import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from 'simple-statistics'
import { type Dataset, GradientBoosting, SeededRng, TrainingPool, WalkForward, walkForwardWith } from 'tradelearn'
import { drawNormal } from '../../src/core/draw.ts'

/** The size that the goal names. */
const [ROWS, FEATURES, FOLDS] = [50_000, 30, 20]
const TREES = 100
const LEAVES = 8

/** Seconds of one walk forward: ours, and LightGBM's on the same folds where Python has it. */
export type Speed = {
  readonly ours: number
  readonly loss: number
  readonly threads: number
  readonly peer?: { readonly name: string; readonly seconds: number; readonly loss: number }
}

function tableOf(): Dataset {
  const rng = new SeededRng('walk-forward speed')
  const rows = Array.from({ length: ROWS }, () => Float64Array.from({ length: FEATURES }, () => drawNormal(rng)))
  const y = rows.map((x) => {
    const lean = 0.3 * x[0]! + 0.2 * x[1]! * x[2]! - 0.2 * Math.abs(x[3]!) + 0.16
    return Number(rng.next() < 1 / (1 + Math.exp(-lean)))
  })
  const times = rows.map((_, i) => 1.6e12 + i * 60_000)
  return { rows, y, netReturns: y.map((label) => label / 50 - 0.01), times, labelEnds: times }
}

/** Walks forward over 50,000 rows of 30 features in 20 folds, trees by default, in as many threads as there are cores. */
export async function walkForwardSpeed(
  python: string,
  repeats: number,
  onProgress: (done: number) => void,
): Promise<Speed> {
  const dataset = tableOf()
  const test = ROWS / (FOLDS + 5)
  const splitter = new WalkForward({ train: 5 * test, test })
  const threads = Math.min(availableParallelism(), 8)
  const pools = Array.from({ length: threads }, () => new TrainingPool())
  const create = () => new GradientBoosting({ features: FEATURES, task: 'binary', trees: TREES, maxLeaves: LEAVES })
  const times: number[] = []
  let loss = NaN
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    const { scores, folds } = await walkForwardWith(pools, dataset, create, splitter, {
      resamples: 1,
      onProgress: ({ done, of }) => onProgress((i + done / of) / repeats),
    })
    times.push((performance.now() - start) / 1000)
    if (folds.length !== FOLDS) throw new Error(`${FOLDS} folds were meant, got ${folds.length}.`)
    loss = scores.find(({ name }) => name === 'logLoss')!.model.value
  }
  await Promise.all(pools.map((pool) => pool.close()))
  const peer = askPeer(python, dataset, [...splitter.split(dataset.times, dataset.labelEnds)], threads, repeats)
  return { ours: median(times), loss, threads, ...(peer && { peer }) }
}

function askPeer(
  python: string,
  { rows, y }: Dataset,
  folds: readonly {
    readonly train: readonly { start: number; end: number }[]
    readonly test: readonly { start: number; end: number }[]
  }[],
  threads: number,
  repeats: number,
): Speed['peer'] {
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-bench-'))
  try {
    const [x, labels] = [join(folder, 'x'), join(folder, 'y')]
    const flat = new Float64Array(ROWS * FEATURES)
    for (const [i, row] of rows.entries()) flat.set(row, i * FEATURES)
    writeFileSync(x, flat)
    writeFileSync(labels, Float64Array.from(y))
    const ask = {
      x,
      y: labels,
      rows: ROWS,
      features: FEATURES,
      trees: TREES,
      leaves: LEAVES,
      rate: 0.1,
      bins: 255,
      threads,
      repeats,
      folds: folds.map(({ train, test }) => [train[0]!, test[0]!].map(({ start, end }) => [start, end])),
    }
    const script = fileURLToPath(new URL('peer.py', import.meta.url))
    const run = spawnSync(python, [script], { input: JSON.stringify(ask), encoding: 'utf8', maxBuffer: 1e8 })
    if (run.status !== 0) return undefined
    const answer = JSON.parse(run.stdout) as { name: string; times: number[]; loss: number }
    return { name: answer.name, seconds: median(answer.times), loss: answer.loss }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
