import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Learner } from '../../../src/contracts.ts'
import golden from '../../golden/ensembles-river.json' with { type: 'json' }
import { RIVER, readRows } from '../hoeffding-tree/streams.ts'

/** A run of River's with every draw in the order of calls. */
export type Run = {
  readonly rows: readonly { readonly x: Float64Array; readonly y: number }[]
  /** What it predicted; `_` before the first label, when it says nothing. */
  readonly labels: string
  readonly counts: readonly number[]
  /** Features that the leaves of a forest took, in River's order. */
  readonly subsets: readonly (readonly number[])[]
  /** Features of the members of random patches. */
  readonly subspaces: readonly Int32Array[]
  /** `[row, P(y = 1)]` of some rows. */
  readonly sampled: readonly (readonly [number, number])[]
}

const path = join(RIVER, 'ensembles/ensembles_recorded.json')
/** Whether the full runs are beside the repository. */
export const recorded: boolean = existsSync(path)

export type Name = keyof typeof golden.runs | 'ADWINBag3_HT' | 'ARF3_mc' | 'ARF3_nodrift'

/** A run's first 120 rows, which are in the repository. */
export function startOf(name: keyof typeof golden.runs): Run {
  const { labels, counts, subsets, subspaces } = golden.runs[name]
  const rows = golden.rows.split('\n').map((line) => {
    const cells = line.split(',').map(Number)
    return { x: Float64Array.from(cells.slice(0, -1)), y: cells.at(-1)! }
  })
  const digits = (text: string): number[][] => (text === '' ? [] : text.split(' ').map((word) => [...word].map(Number)))
  return {
    rows,
    labels,
    counts: counts.split(' ').map(Number),
    subsets: digits(subsets),
    subspaces: digits(subspaces).map((columns) => Int32Array.from(columns).sort()),
    sampled: [],
  }
}

/** All 3,000 rows of a run. */
export function fullRunOf(name: Name): Run {
  type Saved = {
    readonly name: string
    readonly label_sequence: string
    readonly sampled: readonly (readonly [number, { readonly [label: string]: number }])[]
    readonly recorded_poisson: readonly number[]
    readonly recorded_feature_subsets: readonly (readonly string[])[]
    readonly recorded_subspaces: readonly (readonly string[])[]
    readonly initial_subspaces?: readonly (readonly string[])[]
  }
  const { models } = JSON.parse(readFileSync(path, 'utf8')) as { models: Saved[] }
  const saved = models.find((model) => model.name === name)!
  const numbers = (names: readonly string[]): number[] => names.map((feature) => Number(feature.slice(1)))
  return {
    rows: readRows('binary_drift.csv').slice(2000, 5000),
    labels: saved.label_sequence,
    counts: saved.recorded_poisson,
    subsets: saved.recorded_feature_subsets.map(numbers),
    subspaces: [...(saved.initial_subspaces ?? []), ...saved.recorded_subspaces].map((names) =>
      Int32Array.from(numbers(names)).sort(),
    ),
    sampled: saved.sampled.slice(1).map(([row, { 1: p = 0 }]) => [row, p] as const),
  }
}

/** Test-then-train: what was predicted, the rows on which the label is not River's, and the share that was right. */
export function follow(learner: Learner, { rows, labels }: Run): { ps: number[]; apart: number[]; accuracy: number } {
  const ps = rows.map(({ x, y }) => {
    const p = learner.predict(x)
    learner.learn(x, y)
    return p
  })
  const apart = ps.flatMap((p, i) => (i > 0 && labels[i] !== String(Number(p > 0.5)) ? [i] : []))
  const right = rows.filter(({ y }, i) => i > 0 && ps[i]! > 0.5 === (y === 1)).length
  return { ps, apart, accuracy: right / rows.length }
}

/** The share that River got right. */
export const accuracyOf = ({ rows, labels }: Run): number =>
  rows.filter(({ y }, i) => labels[i] === String(y)).length / rows.length
