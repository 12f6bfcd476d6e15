import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createForest, type Forest, inSet } from '../../../src/learners/forest/forest.ts'

const folder = join(import.meta.dirname, '../../../../shared/reference/gbdt')

/** Whether models of LightGBM and what it said to them are beside the repository. */
export const recorded: boolean = existsSync(join(folder, 'lgb_binary_nan.txt'))

/** What LightGBM said: rows of `X`, and for the first `contrib_rows` their contributions. */
export type Record = {
  readonly X: readonly (number | string | null)[]
  readonly contrib: readonly number[]
  readonly contrib_rows: number
}

export const readModel = (name: string): Imported => parseModel(readFileSync(join(folder, `${name}.txt`), 'utf8'))
export const readRecord = (name: string): Record => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))

/** A forest, and how LightGBM answers its questions. */
export type Imported = { readonly forest: Forest; readonly decide: (x: Float64Array, decisions: Uint8Array) => void }

/** Reads as much of LightGBM's text form as contributions need; linear leaves lose their slopes. */
export function parseModel(text: string): Imported {
  const field = (block: string, name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? ''
  const list = (block: string, name: string): number[] =>
    field(block, name)
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => (word === 'inf' ? Infinity : word === '-inf' ? -Infinity : Number(word)))
  const [header, ...rest] = text.slice(0, text.indexOf('end of trees')).split(/^Tree=/m)
  const features = list(header!, 'max_feature_idx')[0]! + 1
  const outputs = list(header!, 'num_tree_per_iteration')[0]!
  const nodes = rest.reduce((sum, block) => sum + 2 * list(block, 'num_leaves')[0]! - 1, 0)
  const forest = createForest(features, new Float64Array(outputs), rest.length, nodes)
  const kinds = new Uint8Array(nodes)
  const sets: number[] = []
  let start = 0
  for (const [t, block] of rest.entries()) {
    const leaves = list(block, 'num_leaves')[0]!
    const questions = leaves - 1
    // preorder, so that children come after their parents
    const [left, right] = [list(block, 'left_child'), list(block, 'right_child')]
    const [counts, leafCounts] = [list(block, 'internal_count'), list(block, 'leaf_count')]
    const [asked, thresholds, decisions] = ['split_feature', 'threshold', 'decision_type'].map((n) => list(block, n))
    const [values, bounds, words] = ['leaf_value', 'cat_boundaries', 'cat_threshold'].map((n) => list(block, n))
    forest.roots[t] = start
    forest.output[t] = t % outputs
    let next = start
    const place = (child: number): number => {
      const node = next++
      if (child < 0) {
        forest.value[node] = values![~child]!
        forest.cover[node] = leafCounts[~child] ?? 1
        return node
      }
      forest.feature[node] = asked![child]!
      forest.cover[node] = counts[child]!
      kinds[node] = decisions![child]!
      forest.missingLeft[node] = (kinds[node]! >> 1) & 1
      if (kinds[node]! & 1) {
        const from = bounds![thresholds![child]!]!
        const to = bounds![thresholds![child]! + 1]!
        forest.set[node] = sets.length
        sets.push(to - from, ...words!.slice(from, to))
      } else forest.threshold[node] = thresholds![child]!
      forest.left[node] = place(left[child]!)
      forest.right[node] = place(right[child]!)
      return node
    }
    place(questions > 0 ? 0 : ~0)
    start = next
  }
  const whole = { ...forest, sets: Uint32Array.from(sets) }
  return { forest: whole, decide: (x, decisions) => decide(whole, kinds, x, decisions) }
}

/** LightGBM's answers: 1 is left. */
function decide(forest: Forest, kinds: Uint8Array, x: Float64Array, decisions: Uint8Array): void {
  for (let node = 0; node < kinds.length; node++) {
    if (forest.feature[node]! < 0) continue
    const kind = kinds[node]!
    let value = x[forest.feature[node]!]!
    const missing = (kind >> 2) & 3
    let left: boolean
    if (kind & 1) left = value > -1 && inSet(forest.sets, forest.set[node]!, value)
    else {
      if (Number.isNaN(value) && missing !== 2) value = 0
      const isZero = Math.abs(value) <= 1.0000000180025095e-35
      const absent = (missing === 1 && isZero) || (missing === 2 && Number.isNaN(value))
      left = absent ? (kind & 2) !== 0 : (isZero ? 0 : value) <= forest.threshold[node]!
    }
    decisions[node] = Number(left)
  }
}

/** The numbers of a record, whose missing values are `null` and whose infinities are words. */
export const numbersOf = (list: Record['X']): Float64Array =>
  Float64Array.from(list, (v) =>
    v === null ? Number.NaN : v === 'inf' ? Infinity : v === '-inf' ? -Infinity : Number(v),
  )
