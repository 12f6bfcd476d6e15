import { drawTable, type Table, writeTable } from './data.ts'
import type { Figure, Goal } from './figures.ts'
import { COMMON, type Request, train, trainInParts, trainWithTwo } from './ours.ts'
import type { Library } from './peer.ts'
import { type Party, Rounds, type Sample, sampled } from './rounds.ts'

/** What is at hand for all parts of the bench. */
export type Bench = {
  /** Where tables are handed over. */
  readonly directory: string
  readonly lightgbm: Library | undefined
  readonly xgboost: Library | undefined
  readonly mlXgboost: Library | undefined
  readonly rounds: number
  /** Multiplies the training sets of the quality comparison. */
  readonly times: number
  readonly sizes: readonly Size[]
  /** Told after each piece of work. */
  readonly onStep: (what: string) => void
}

export type Size = { readonly name: string; readonly rows: number; readonly features: number }

/** The sizes that goals are about. */
export const SIZES: readonly Size[] = [
  { name: '1k x 20', rows: 1000, features: 20 },
  { name: '10k x 20', rows: 10_000, features: 20 },
  { name: '10k x 50', rows: 10_000, features: 50 },
  { name: '100k x 50', rows: 100_000, features: 50 },
]

/** The library's own number of bins. */
const DEFAULT_BINS = 63

const trainingGoal = (rows: number): Goal => ({ kind: 'ratio', atMost: rows <= 10_000 ? 0.7 : 1 })

/** The request in LightGBM's words. */
export function lightgbmParameters(request: Request, features: number): { readonly [name: string]: unknown } {
  const { increasing = [], decreasing = [] } = request.monotone ?? {}
  const direction = (f: number): number => (increasing.includes(f) ? 1 : decreasing.includes(f) ? -1 : 0)
  return {
    objective: request.quantile === undefined ? 'binary' : 'quantile',
    ...(request.quantile === undefined ? {} : { alpha: request.quantile }),
    ...(request.monotone ? { monotone_constraints: Array.from({ length: features }, (_, f) => direction(f)) } : {}),
    learning_rate: request.learningRate,
    num_leaves: request.maxLeaves,
    lambda_l2: request.l2,
    min_data_in_leaf: request.minSamplesLeaf,
    min_sum_hessian_in_leaf: request.minHessianLeaf,
    max_bin: request.bins,
  }
}

const xgboostParameters = ({ learningRate, maxLeaves, l2, minHessianLeaf, bins }: Request): object => ({
  objective: 'binary:logistic',
  tree_method: 'hist',
  grow_policy: 'lossguide',
  max_leaves: maxLeaves,
  max_depth: 0,
  eta: learningRate,
  reg_lambda: l2,
  min_child_weight: minHessianLeaf,
  max_bin: bins,
  base_score: 0.5,
})

/** It is older than growing by leaves in the package's words, so it grows to depth 5: at most 32 leaves. */
const mlXgboostParameters = ({ learningRate, l2, minHessianLeaf, bins }: Request): object => ({
  objective: 'binary:logistic',
  tree_method: 'hist',
  max_depth: 5,
  eta: learningRate,
  lambda: l2,
  min_child_weight: minHessianLeaf,
  max_bin: bins,
  silent: 1,
})

/** A library that trains on a table in its own process. */
export function trainer(library: Library, table: string, request: Request, features: number, threads: number): Party {
  const { peer, key } = library
  const params =
    key === 'lightgbm'
      ? lightgbmParameters(request, features)
      : key === 'xgboost'
        ? xgboostParameters(request)
        : mlXgboostParameters(request)
  const command = { do: 'fit', library: key, table, params, threads, trees: request.trees }
  const run = async (): Promise<Sample> => {
    const { bin, train, total, cpu } = await peer.ask(command)
    const times = { bin: bin ?? Number.NaN, train: train ?? Number.NaN, total }
    // our own process only waits meanwhile
    return { times, cpu }
  }
  return { name: library.name, run }
}

const whole = (table: Table, request: Request): Sample['times'] => ({ total: train(table, request).total })

const ours = (name: string, work: () => Promise<Sample['times']> | Sample['times']): Party => ({
  name,
  run: () => sampled(work),
})

/** Training on one thread, beside all peers. */
export async function timeTraining(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  const { lightgbm, xgboost, mlXgboost } = bench
  for (const { name, rows, features } of bench.sizes) {
    const table = drawTable('binary', rows, features, `speed ${name}`)
    const lean = { ...COMMON, bins: DEFAULT_BINS }
    const parties: Party[] = [
      ours('255 bins', () => whole(table, COMMON)),
      ours('63 bins', () => whole(table, lean)),
      ours('in parts', () => trainInParts(table, COMMON)),
    ]
    const notes = new Map<Library, string>()
    for (const library of [lightgbm, xgboost, mlXgboost]) {
      if (!library) continue
      try {
        await hand(library, table, bench.directory)
        parties.push(trainer(library, table.name, COMMON, features, 1))
      } catch (error) {
        notes.set(library, `${library.name}: ${(error as Error).message}`)
      }
    }
    const rounds = await Rounds.play(parties, roundsFor(bench, rows), () => bench.onStep(`train ${name}`))
    const beside = (library: Library | undefined, what: string): Figure['peer'] =>
      library && !notes.has(library) ? { name: library.name, spread: rounds.of(library.name, what) } : undefined
    const note = loadNote(rounds)
    const goal = trainingGoal(rows)
    const line = (label: string, own: string, what: string, library: Library | undefined, goal?: Goal): void => {
      const spread = rounds.of(own, what)
      figures.push({
        what: `${label}, ${name}`,
        unit: 'time',
        ours: spread,
        peer: beside(library, what),
        goal,
        note: (library && notes.get(library)) ?? note,
      })
    }
    line('train without binning', 'in parts', 'train', lightgbm, goal)
    line('train with binning', '255 bins', 'total', lightgbm, goal)
    line('train with 63 bins, the default, peer 255', '63 bins', 'total', lightgbm, { kind: 'ratio', atMost: 0.4 })
    if (xgboost) line('train with binning', '255 bins', 'total', xgboost)
    if (mlXgboost) line('train with binning', '255 bins', 'total', mlXgboost)
    for (const library of [lightgbm, xgboost, mlXgboost]) {
      if (library && !notes.has(library)) await library.peer.ask({ do: 'drop', table: table.name })
    }
  }
  return figures
}

/** Training with two threads, beside LightGBM's two. */
export async function timeTwoThreads(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  const goal: Goal = { kind: 'ratio', atMost: 1 }
  const { lightgbm } = bench
  for (const { name, rows, features } of bench.sizes.filter(({ rows }) => rows >= 10_000)) {
    const what = `train with 2 threads, ${name}`
    const table = drawTable('binary', rows, features, `speed ${name}`)
    const parties: Party[] = [ours('two', () => trainWithTwo(table, COMMON))]
    if (lightgbm) {
      await hand(lightgbm, table, bench.directory)
      parties.push(trainer(lightgbm, table.name, COMMON, features, 2))
    }
    const rounds = await Rounds.play(parties, roundsFor(bench, rows), () => bench.onStep(what))
    figures.push({
      what,
      unit: 'time',
      ours: rounds.of('two', 'total'),
      peer: lightgbm && { name: lightgbm.name, spread: rounds.of(lightgbm.name, 'total') },
      goal,
      note: loadNote(rounds),
    })
    await lightgbm?.peer.ask({ do: 'drop', table: table.name })
  }
  return figures
}

/** Hands a table over to another process. */
export async function hand({ peer }: Library, table: Table, directory: string): Promise<void> {
  await peer.ask({ do: 'load', ...writeTable(table, directory) })
}

/** Small tables scatter more and cost less. */
function roundsFor({ rounds }: Bench, rows: number): number {
  return rows <= 10_000 ? 2 * rounds + 1 : rounds
}

/** Says so where a machine was not ours alone. */
function loadNote(rounds: Rounds): string {
  return rounds.foreign > 0.1 ? `others took ${rounds.foreign.toFixed(1)} cores meanwhile` : ''
}
