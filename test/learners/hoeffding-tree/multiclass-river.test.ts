import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HoeffdingTreeMulticlass } from '../../../src/learners/hoeffding-tree/index.ts'
import golden from '../../golden/hoeffding-tree-multiclass.json' with { type: 'json' }
import { expectClose, replayPlain, replayTree } from './multiclass-streams.ts'
import type { PlainOptions } from './plain-node.ts'
import { PlainTree } from './plain-tree.ts'
import { type RiverRun, recorded, runOf } from './recorded.ts'
import { RiverAdaptiveTree } from './river-adaptive-tree.ts'
import { DEFAULTS, RIVER, type Row } from './streams.ts'

/** In River's order, which is that of the alphabet. */
const LABELS = ['down', 'flat', 'up']
const CATEGORIES = ['asia', 'breakout', 'chop', 'london', 'ny', 'range', 'trend']

const BASE: PlainOptions = { ...DEFAULTS, gracePeriod: 100, confidence: 1e-4, classes: 3, nominal: [4, 5] }
const MULTIWAY: PlainOptions = { ...BASE, nominalSplits: 'multiway' }
const RUNS: readonly { name: keyof typeof golden.river; options: PlainOptions }[] = [
  { name: 'HT_g100', options: MULTIWAY },
  { name: 'HT_g100_binary', options: BASE },
  { name: 'HT_g100_mc_gini', options: { ...MULTIWAY, leafPrediction: 'majority', criterion: 'gini' } },
]

const load = (name: string): { rows: Row[]; river: RiverRun } => {
  const [, ...lines] = readFileSync(join(RIVER, 'data/mixed_nominal_3class.csv'), 'utf8').trim().split('\n')
  const rows = lines.map((line) => {
    const cells = line.split(',')
    const numbers = cells.slice(0, 4).map(Number)
    const codes = cells.slice(4, 6).map((word) => CATEGORIES.indexOf(word))
    return { x: Float64Array.of(...numbers, ...codes), y: LABELS.indexOf(cells[6]!), weight: 1 }
  })
  return { rows, river: runOf('trees/mixed_nominal.json', name) }
}

describe.skipIf(!recorded)('of three classes and nominal features', () => {
  test.each<[string, PlainTree | RiverAdaptiveTree]>([
    ...RUNS.map(({ name, options }): [string, PlainTree] => [name, new PlainTree('river', options)]),
    ['EFDT_g100', new PlainTree('river', { ...MULTIWAY, reevaluateEvery: 20 })],
    ['HAT_nobootstrap', new RiverAdaptiveTree(MULTIWAY)],
  ])('%s: the plain tree by River’s rules is River, row for row', (name, plain) => {
    const { rows, river } = load(name)
    const { labels, predictions, accuracy } = replayPlain(plain, rows)
    const theirs = [...river.label_sequence].map((label) => (label === null ? '_' : LABELS.indexOf(label)))
    expect(labels).toBe(theirs.join(''))
    for (const [i, shares] of river.sampled.slice(1)) {
      for (const [c, label] of LABELS.entries()) expect(predictions[i]![c]).toBeCloseTo(shares[label] ?? 0, 9)
    }
    expect(accuracy).toBeCloseTo(river.checkpoints.at(-1)![1]!, 12)
    expect([...plain.nodes()].length).toBe(river.summary.n_nodes)
  })

  test.each(RUNS)('$name: the class is the plain tree by our rules, row for row', ({ name, options }) => {
    const { rows, river } = load(name)
    const { classes, ...more } = options
    const tree = new HoeffdingTreeMulticlass({ features: 6, classes: 3, ...more })
    const ours = replayTree(tree, rows)
    const plain = replayPlain(new PlainTree('ours', options), rows)
    expect(ours.labels).toBe(plain.labels)
    expectClose(ours.predictions, plain.predictions, 1e-9)
    const [, accuracy] = river.checkpoints.at(-1)!
    const leaves = { river: river.summary.n_leaves, ours: tree.leaves }
    const same = [...ours.labels].filter((label, i) => label === String(LABELS.indexOf(river.label_sequence[i]!)))
    expect({ accuracy: { river: accuracy, ours: ours.accuracy }, leaves, same: same.length }).toEqual(
      golden.river[name],
    )
  })
})
