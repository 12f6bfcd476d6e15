import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { formatTable } from '../../src/cli/table.ts'
import { RandomSampler, Study, TPE } from '../../src/study/index.ts'
import { type BoostingParams, readSurrogate, SPACE, surrogateLoss } from './objective.ts'
import type { Problem, Target, TuningPeer } from './peers.ts'

/** Trials of a study, as in the issue. */
export const TRIALS = 50
/** After so many trials each the table says how far a search has come. */
const MARKS = [10, 20, 30, 40, 50]

/** One way to search. */
type Arm = {
  readonly name: string
  readonly run: (problem: Problem, seed: number, peer: TuningPeer | undefined) => Promise<readonly number[]>
  readonly needsPeer?: true
}

/** One finished search, a line of the log. */
type Searched = {
  readonly target: Target
  readonly data: number
  readonly arm: string
  readonly seed: number
  readonly values: readonly number[]
}

const ours = (name: string, make: (seed: number) => Study<typeof SPACE>): Arm => ({
  name,
  run: async ({ objective, data }, seed, peer) => {
    const surrogate = readSurrogate()
    const study = make(seed)
    const loss = (params: BoostingParams): number | Promise<number> =>
      objective === 'surrogate' ? surrogateLoss(surrogate, params) : peer!.evaluate(params, data)
    await study.optimize(loss, { trials: TRIALS })
    return study.trials.map(({ value }) => value)
  },
})
const theirs = (name: string, sampler: 'tpe' | 'random'): Arm => ({
  name,
  needsPeer: true,
  run: (problem, seed, peer) => peer!.search(sampler, problem, seed, TRIALS),
})

/** The searches that are compared; the first ones are what is asked for. */
export const ARMS: readonly Arm[] = [
  ours('TPE, as it comes (batch 4)', (seed) => new Study({ space: SPACE, seed })),
  ours('TPE, batch 1', (seed) => new Study({ space: SPACE, seed, batch: 1 })),
  ours('RandomSampler', (seed) => new Study({ space: SPACE, seed, sampler: new RandomSampler() })),
  theirs('TPESampler of Optuna', 'tpe'),
  ours(
    "TPE, Optuna's rules, batch 1",
    (seed) => new Study({ space: SPACE, seed, batch: 1, sampler: new TPE({ rules: 'optuna', good: 0.1 }) }),
  ),
]

/** Best losses of every arm on one target, a search a row. */
export type Compared = { readonly target: Target; readonly arm: string; readonly best: readonly (readonly number[])[] }

/**
 * Searches with every arm and every seed. What the log has already is not searched again, so that a run which was
 * stopped goes on where it was.
 */
export async function compareQuality(
  problem: Problem,
  seeds: number,
  arms: readonly Arm[],
  { peer, log, onStep }: { peer: TuningPeer | undefined; log: string; onStep: (what: string) => void },
): Promise<Compared[]> {
  const { objective: target, data } = problem
  const known = new Map(readLog(log).map((line) => [keyOf(line), line.values]))
  const able = arms.filter(({ needsPeer }) => peer || !needsPeer)
  const best = new Map(able.map(({ name }) => [name, [] as number[][]]))
  for (let seed = 0; seed < seeds; seed++) {
    for (const { name, run } of able) {
      let values = known.get(keyOf({ target, data, arm: name, seed }))
      if (!values) {
        values = await run(problem, seed, peer)
        appendFileSync(log, `${JSON.stringify({ target, data, arm: name, seed, values } satisfies Searched)}\n`)
      }
      best.get(name)!.push(MARKS.map((mark) => Math.min(...values.slice(0, mark))))
      onStep(`${target}, seed ${seed}, ${name}`)
    }
  }
  return able.map(({ name }) => ({ target, arm: name, best: best.get(name)! }))
}

const keyOf = ({ target, data, arm, seed }: Omit<Searched, 'values'>): string => `${target} ${data} ${arm} ${seed}`

function readLog(file: string): readonly Searched[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // the last line is empty, or was cut short when the run was stopped
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Searched)
}

/** Mean and standard error. */
export function meanOf(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1)
  return { mean, error: Math.sqrt(square / values.length) }
}

/** Mean best loss after so many trials. */
export function qualityTable(compared: readonly Compared[]): string {
  return formatTable([
    ['mean best loss after', 'searches', ...MARKS.map(String), 'standard error'],
    ...compared.map(({ arm, best }) => {
      const columns = MARKS.map((_, i) => meanOf(best.map((row) => row[i]!)))
      return [arm, best.length, ...columns.map(({ mean }) => mean.toFixed(5)), columns.at(-1)!.error.toFixed(5)]
    }),
  ])
}

/** What the issue asks for: no worse than Optuna's TPE, better than random search. */
export function qualityVerdicts(compared: readonly Compared[]): string[] {
  const last = (arm: string): { readonly mean: number; readonly error: number } | undefined => {
    const found = compared.find((each) => each.arm === arm)
    return found && meanOf(found.best.map((row) => row.at(-1)!))
  }
  const mine = last(ARMS[0]!.name)!
  const versus = (arm: string, wanted: string, met: (difference: number, error: number) => boolean): string[] => {
    const other = last(arm)
    if (!other) return [`not measured: ${arm}, which is not at hand`]
    const difference = mine.mean - other.mean
    const error = Math.sqrt(mine.error * mine.error + other.error * other.error)
    const figures = `${difference > 0 ? '+' : ''}${difference.toFixed(5)} ± ${error.toFixed(5)}`
    return [`${met(difference, error) ? 'met' : 'MISSED'}: TPE as it comes ${wanted} ${arm}: ${figures}`]
  }
  return [
    // by less than two standard errors, it may be the luck of these seeds
    ...versus('TPESampler of Optuna', 'no worse than', (difference, error) => difference <= 2 * error),
    ...versus('RandomSampler', 'better than', (difference, error) => difference < -2 * error),
  ]
}
