import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatTable } from '../../src/cli/table.ts'
import { logLossOf } from '../../src/core/math.ts'
import { CATEGORIES, drawTable, type Kind, MONOTONE, slice, type Table } from './data.ts'
import { COMMON, knows, type Request, train } from './ours.ts'
import { type Bench, hand, lightgbmParameters } from './training.ts'

/** One comparison: disjoint tables to train on, one to test on, the same parameters for both. */
type Case = {
  readonly name: string
  readonly kind: Kind
  readonly rows: number
  readonly sets: number
  /** What ours is asked for; the peer gets the same, unless `peer` says otherwise. */
  readonly request: Request
  readonly peer?: Request
  /** Weight of row `i` of `n`. */
  readonly weight?: (i: number, n: number) => number
  /** The option that the trainer must know. */
  readonly needs?: 'categorical' | 'monotone' | 'quantiles'
}

/** What came of one comparison: losses on the test rows, one a training set. */
export type Compared = {
  readonly name: string
  readonly goal: number
  readonly theirs: readonly number[]
  /** Empty where the trainer does not know how. */
  readonly ours: readonly number[]
}

const FEATURES = 50
const TEST_ROWS = 25_000
/** How far mean losses may be apart. */
const GOAL = 0.0005

const QUANTILE = 0.9

const CASES: readonly Case[] = [
  { name: '1k rows', kind: 'binary', rows: 1000, sets: 40, request: COMMON },
  { name: '10k rows', kind: 'binary', rows: 10_000, sets: 10, request: COMMON },
  { name: '25k rows', kind: 'binary', rows: 25_000, sets: 4, request: COMMON },
  {
    name: '10k rows, 63 bins beside 255',
    kind: 'binary',
    rows: 10_000,
    sets: 10,
    request: { ...COMMON, bins: 63 },
    peer: COMMON,
  },
  {
    name: '10k rows, weights',
    kind: 'drifting',
    rows: 10_000,
    sets: 5,
    request: COMMON,
    // time decay: the oldest row counts an eighth of the newest; drawn apart a little, as uniqueness would
    weight: (i, n) => 0.125 ** (1 - (i + 1) / n) * (i % 3 === 0 ? 0.6 : 1.2),
  },
  {
    name: '10k rows, categories',
    kind: 'categorical',
    rows: 10_000,
    sets: 5,
    request: { ...COMMON, categorical: CATEGORIES.map(({ feature }) => feature) },
    needs: 'categorical',
  },
  {
    name: '10k rows, quantile 0.9',
    kind: 'regression',
    rows: 10_000,
    sets: 5,
    request: { ...COMMON, quantile: QUANTILE },
    needs: 'quantiles',
  },
  {
    name: '10k rows, monotone',
    kind: 'monotone',
    rows: 10_000,
    sets: 5,
    request: { ...COMMON, monotone: MONOTONE },
    needs: 'monotone',
  },
]

/** Work that `compareQuality` reports as it goes along. */
export const QUALITY_STEPS: number = CASES.reduce((sum, { sets }) => sum + sets, 0)

/** Losses of ours and of LightGBM on rows that neither has seen. */
export async function compareQuality(bench: Bench): Promise<Compared[]> {
  const results: Compared[] = []
  for (const each of CASES) results.push(await compare(bench, each))
  return results
}

async function compare({ lightgbm, directory, onStep, times }: Bench, asked: Case): Promise<Compared> {
  const { name, kind, rows, request, peer = request, weight, needs } = asked
  const sets = times * asked.sets
  const all = drawTable(kind, rows * sets, FEATURES, `quality ${kind} ${rows}`)
  const test = kind === 'drifting' ? newWorld(kind) : drawTable(kind, TEST_ROWS, FEATURES, `quality ${kind} test`)
  if (lightgbm) await hand(lightgbm, test, directory)
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let set = 0; set < sets; set++) {
    // a drifting table turns half-way, so that each set must be one of its own
    const table =
      kind === 'drifting'
        ? drawTable(kind, rows, FEATURES, `quality ${kind} ${set}`)
        : slice(all, set * rows, (set + 1) * rows)
    const weights = weight && Float64Array.from(table.y, (_, i) => weight(i, rows))
    if (!needs || knows(needs)) {
      const { model } = train(table, request, weights)
      ours.push(
        meanLoss(
          test,
          request,
          test.rows.map((x) => model.predict(x)),
        ),
      )
    }
    if (lightgbm) {
      await hand(lightgbm, table, directory)
      const out = join(directory, 'predictions')
      const params = lightgbmParameters(peer, FEATURES)
      const extra = { ...(weights ? { weights: Array.from(weights) } : {}), categorical: peer.categorical ?? [] }
      const fit = { do: 'fit', library: 'lightgbm', table: table.name, params, threads: 1, trees: peer.trees, ...extra }
      await lightgbm.peer.ask({ ...fit, keep: 'quality' })
      await lightgbm.peer.ask({ do: 'predict', model: 'quality', table: test.name, out })
      await lightgbm.peer.ask({ do: 'drop', table: table.name, model: 'quality' })
      const { buffer, byteOffset, byteLength } = readFileSync(out)
      theirs.push(meanLoss(test, request, new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))))
    }
    onStep(`quality, ${name}`)
  }
  await lightgbm?.peer.ask({ do: 'drop', table: test.name })
  return { name, goal: GOAL, ours, theirs }
}

/** Rows to test on from after the turn alone: the world that weights should favour. */
function newWorld(kind: Kind): Table {
  return slice(drawTable(kind, 2 * TEST_ROWS, FEATURES, `quality ${kind} test`), TEST_ROWS, 2 * TEST_ROWS)
}

/** Log loss of probabilities, pinball loss of quantiles. */
function meanLoss({ y }: Table, { quantile }: Request, predicted: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < y.length; i++) {
    const p = predicted[i]!
    const over = p - y[i]!
    if (quantile === undefined) sum += logLossOf(y[i]!, p)
    else sum += over >= 0 ? (1 - quantile) * over : -quantile * over
  }
  return sum / y.length
}

/** Mean losses, their mean difference and its standard error over the training sets. */
export function qualityTable(results: readonly Compared[]): string {
  return formatTable([
    ['mean loss on unseen rows', 'sets', 'ours', 'LightGBM', 'difference', 'standard error', 'goal', 'met'],
    ...results.map((compared) => {
      const { name, ours, theirs, goal } = compared
      const { mean, error } = differenceOf(compared)
      const sets = Math.max(ours.length, theirs.length)
      return [
        name,
        sets,
        ours.length > 0 ? meanOf(ours).toFixed(5) : '-',
        theirs.length > 0 ? meanOf(theirs).toFixed(5) : '-',
        Number.isNaN(mean) ? '-' : `${mean > 0 ? '+' : ''}${mean.toFixed(5)}`,
        Number.isNaN(error) ? '-' : error.toFixed(5),
        `±${goal}`,
        verdict(mean, error, goal),
      ]
    }),
  ])
}

/** Ours minus theirs over the training sets, and the standard error of the mean. */
export function differenceOf({ ours, theirs }: Compared): { readonly mean: number; readonly error: number } {
  if (ours.length === 0 || theirs.length === 0) return { mean: Number.NaN, error: Number.NaN }
  const each = ours.map((loss, i) => loss - theirs[i]!)
  const mean = meanOf(each)
  const variance = each.reduce((sum, d) => sum + (d - mean) * (d - mean), 0) / (each.length - 1)
  return { mean, error: Math.sqrt(variance / each.length) }
}

/** Beyond the goal by less than two standard errors, a difference may be the luck of these tables. */
function verdict(difference: number, error: number, goal: number): string {
  if (Number.isNaN(difference)) return 'not there yet'
  const size = Math.abs(difference)
  if (size <= goal) return 'met'
  if (size <= goal + 2 * error) return 'within noise'
  return difference < 0 ? 'better' : 'MISSED'
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
