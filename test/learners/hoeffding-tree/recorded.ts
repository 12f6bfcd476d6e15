import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { TreeNode } from '../../../src/learners/hoeffding-tree/index.ts'
import type { Node } from './plain-node.ts'
import { RIVER, type Row, readRows } from './streams.ts'

/** Whether River's recorded runs are at hand. */
export const recorded: boolean = existsSync(RIVER)

type RiverNode = {
  readonly feature?: string
  readonly threshold?: number
  readonly children?: readonly RiverNode[]
  readonly stats?: { readonly [label: string]: number }
}

/** A recorded run: what River said of every row, how often it was right along the way, and its last tree. */
export type RiverRun = {
  readonly name: string
  /** A character or a name for each row; `_` or null where nothing was said. */
  readonly label_sequence: string | readonly (string | null)[]
  /** `[rows, share right, nodes, leaves, height]`. */
  readonly checkpoints: readonly (readonly number[])[]
  readonly sampled: readonly (readonly [number, { readonly [label: string]: number }])[]
  readonly summary: {
    readonly n_nodes: number
    readonly n_leaves: number
    readonly n_alternate_trees?: number
    readonly n_switch_alternate_trees?: number
  }
  readonly tree: RiverNode
  readonly recorded_poisson?: readonly number[]
}

export function runOf(file: string, name: string): RiverRun {
  const { models } = JSON.parse(readFileSync(join(RIVER, file), 'utf8')) as { models: RiverRun[] }
  return models.find((model) => model.name === name)!
}

/** Rows of a stream, each of weight 1 unless the run is `weighted`. */
export function rowsOf(file: string, weighted: boolean): Row[] {
  return readRows(file).map((row) => (weighted ? row : { ...row, weight: 1 }))
}

/** Expects the labels of a run of two classes, with its accuracies on the way and its sampled probabilities. */
export function expectRun(run: RiverRun, rows: readonly Row[], labels: string, predictions: readonly number[]): void {
  expect(labels).toBe(run.label_sequence)
  for (const [n, accuracy] of run.checkpoints) {
    const right = rows.slice(0, n).filter(({ y }, i) => labels[i] === String(y)).length
    expect(right / n!).toBeCloseTo(accuracy!, 12)
  }
  for (const [i, { 1: positive = 0 }] of run.sampled.slice(1)) expect(predictions[i]).toBeCloseTo(positive, 9)
}

/** Expects a run's last tree: every question, threshold and class weight. */
export function expectTree(run: RiverRun, nodes: Iterable<Node>): void {
  const ours = [...nodes]
  const theirs = [...preorder(run.tree)]
  expect(ours.length).toBe(theirs.length)
  for (const [i, node] of ours.entries()) {
    const { feature, threshold, stats } = theirs[i]!
    if (node.question !== undefined) {
      expect(node.question.feature).toBe(Number(feature?.slice(1)))
      expect(node.question.value[0]).toBeCloseTo(threshold!, 9)
    } else for (const c of [0, 1]) expect(node.stats[c]).toBeCloseTo(stats?.[c] ?? 0, 8)
  }
}

/** How many of the questions of a run's last tree a tree of ours asks at the same place, and how many there are. */
export function sharedQuestions(run: RiverRun, nodes: readonly TreeNode[]): readonly [same: number, all: number] {
  let same = 0
  const compare = (node: RiverNode, at: number): void => {
    const split = nodes[at]!.split
    if (node.children === undefined || split === null || !('left' in split)) return
    if (split.feature !== Number(node.feature?.slice(1))) return
    if (!('threshold' in split) || Math.abs(split.threshold - node.threshold!) > 1e-9) return
    same++
    compare(node.children[0]!, split.left)
    compare(node.children[1]!, split.right)
  }
  compare(run.tree, 0)
  return [same, [...preorder(run.tree)].filter(({ children }) => children !== undefined).length]
}

function* preorder(node: RiverNode): Generator<RiverNode> {
  yield node
  for (const child of node.children ?? []) yield* preorder(child)
}
