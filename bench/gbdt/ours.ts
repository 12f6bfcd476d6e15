import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { readLightGBM } from 'tradelearn/interop'
import { GradientBoosting, type GradientBoostingInput } from 'tradelearn/learners'
import { nodeThread, TrainingPool } from 'tradelearn/lifecycle'
import { createScorer, scoreInto, scoreMany, scoreOne } from '../../src/learners/forest/scorer.ts'
import { createShap, shapInto } from '../../src/learners/forest/shap.ts'
import type { Table } from './data.ts'
import type { Sample } from './rounds.ts'

// Everything that the bench calls of this library stands here.

/** What both sides are asked to do. */
export type Request = {
  readonly trees: number
  readonly maxLeaves: number
  readonly learningRate: number
  readonly l2: number
  readonly minSamplesLeaf: number
  readonly minHessianLeaf: number
  readonly bins: number
  readonly categorical?: readonly number[]
  readonly monotone?: { readonly increasing: readonly number[]; readonly decreasing: readonly number[] }
  /** Trains for this quantile of a number instead of for P(y = 1). */
  readonly quantile?: number
}

/** A trained model, as far as the bench asks. */
export type Model = { predict(x: Float64Array): number; margin(x: Float64Array): number }

/** How long it took, in milliseconds. */
export type Times = { readonly bin: number; readonly train: number; readonly total: number }

/** 100 trees of 31 leaves and 255 bins, as measured everywhere. */
export const COMMON: Request = {
  trees: 100,
  maxLeaves: 31,
  learningRate: 0.1,
  l2: 1,
  minSamplesLeaf: 20,
  minHessianLeaf: 1,
  bins: 255,
}

/** The options of `GradientBoosting` for a request on a table. */
export function optionsFor(features: number, rows: number, request: Request): GradientBoostingInput {
  const { quantile, ...rest } = request
  if (quantile === undefined) return { ...rest, features, window: rows }
  return { ...rest, features, window: rows, task: 'regression', loss: 'quantile', quantiles: [quantile] }
}

/** Trains on one thread, from rows to model. */
export function train(table: Table, request: Request, weights?: Float64Array): { model: Model; total: number } {
  const model = new GradientBoosting(optionsFor(table.features, table.y.length, request))
  const start = performance.now()
  model.fit(table.rows, table.y, weights)
  return { model, total: performance.now() - start }
}

/** Trains on one thread on rows that are remembered already, and tells binning and growing trees apart by the steps. */
export function trainInParts(table: Table, request: Request): Times {
  const model = remembering(table, request)
  // a step bins a feature or grows a tree, and yields its share of all of them
  const binned = table.features / (table.features + request.trees)
  const start = performance.now()
  let last = start
  for (const done of model.refit()) if (done <= binned + 1e-9) last = performance.now()
  const end = performance.now()
  return { bin: last - start, train: end - last, total: end - start }
}

/** Whether the trainer knows an option. The resolved options hold all that it knows. */
export function knows(option: 'categorical' | 'monotone' | 'quantiles'): boolean {
  return option in new GradientBoosting({ features: 1 }).options
}

/** A model that remembers a table and has yet to be trained on it. */
function remembering({ features, rows, y }: Table, request: Request): GradientBoosting {
  const model = new GradientBoosting(optionsFor(features, y.length, request))
  for (const [i, x] of rows.entries()) model.learn(x, y[i]!)
  return model
}

const pools = new Map<number, TrainingPool>()

/** Threads that are kept from one training to the next. They cannot run TypeScript, so their script is built first. */
async function poolOf(threads: number): Promise<TrainingPool> {
  const known = pools.get(threads)
  if (known) return known
  const outfile = join(mkdtempSync(join(tmpdir(), 'tradelearn-bench-')), 'worker.mjs')
  const entry = join(import.meta.dirname, '../../src/worker/index.ts')
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
  const pool = new TrainingPool({ threads, spawn: () => nodeThread(new Worker(outfile)) })
  pools.set(threads, pool)
  return pool
}

/** Trains with two threads on rows that are remembered already. */
export async function trainWithTwo(table: Table, request: Request): Promise<Sample['times']> {
  const model = remembering(table, request)
  const pool = await poolOf(2)
  const start = performance.now()
  await pool.refit(model)
  return { total: performance.now() - start }
}

/** Trains in a worker and leaves this thread alone. */
export async function trainBeside(table: Table, request: Request): Promise<void> {
  const pool = await poolOf(1)
  await pool.fit(new GradientBoosting(optionsFor(table.features, table.y.length, request)), table.rows, table.y)
}

/** What predicts fast. */
export type Runner = {
  /** The margin of one row. */
  readonly one: (x: Float64Array) => number
  /** The same into an array of the caller's: where V8 does not inline it, a number that is returned takes 16 bytes. */
  readonly into: (x: Float64Array, out: Float64Array) => void
  /** The margins of many rows in one piece. */
  readonly many: (x: Float64Array, rows: number, out: Float64Array) => void
  /** Shapley values of the row that starts at `x[at]`: one a feature and the bias. */
  readonly shap: (x: Float64Array, at: number, out: Float64Array) => void
}

/** Runs the very trees of a LightGBM model, or where there is none, trees of ours. */
export function runnerFor(model: string | Model, features: number): Runner {
  const forest = typeof model === 'string' ? readLightGBM(model).forest : (model as GradientBoosting).forest
  if (forest.features !== features) throw new Error(`wanted ${features} columns, got ${forest.features}`)
  const scorer = createScorer(forest)
  const shap = createShap(forest)
  return {
    one: (x) => scoreOne(scorer, x),
    into: (x, out) => scoreInto(scorer, x, 0, out),
    many: (x, rows, out) => scoreMany(scorer, x, rows, out),
    shap: (x, at, out) => shapInto(shap, x, at, out),
  }
}
