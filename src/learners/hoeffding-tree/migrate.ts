import type { Snapshot } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { packRecord, unpackState } from '../../core/state.ts'
import { checkGrown, createKernel, templateGrown } from './growth.ts'
import { type Layout, MOMENTS } from './layout.ts'
import { createLeafStatistics } from './leaf-statistics.ts'
import { resolveTreeOptions, templateTreeOptions } from './options.ts'
import { createTree } from './tree.ts'

/** The options that version 1 had. */
const FIRST_OPTIONS = [
  'features',
  'gracePeriod',
  'confidence',
  'tieThreshold',
  'minGain',
  'leafPrediction',
  'thresholds',
  'minBranchFraction',
  'maxLeaves',
] as const
type FirstOption = (typeof FIRST_OPTIONS)[number]

/** A state as version 1 wrote it: numeric features only, every number in an array of its own. */
const FIRST = {
  seen: 0,
  tree: {
    nodes: 0,
    leaves: 0,
    feature: new Int32Array(0),
    threshold: new Float64Array(0),
    child: new Int32Array(0),
    parent: new Int32Array(0),
    counts: new Float64Array(0),
  },
  leaves: {
    n: new Float64Array(0),
    mean: new Float64Array(0),
    m2: new Float64Array(0),
    min: new Float64Array(0),
    max: new Float64Array(0),
    arrived: new Float64Array(0),
    lastAttempt: new Float64Array(0),
    majorityRight: new Float64Array(0),
    bayesRight: new Float64Array(0),
  },
}

/**
 * Brings the snapshot of a `HoeffdingTreeClassifier` to the present version.
 *
 * Version 1 had fewer options, which get their defaults, kept a leaf's statistics where now its first child is noted,
 * and stood the numbers of its features side by side by kind rather than by feature.
 */
export function migrate(snapshot: Snapshot): Snapshot {
  if (snapshot.version >= 2) return snapshot
  const template = templateTreeOptions()
  const first = Object.fromEntries(FIRST_OPTIONS.map((name) => [name, template[name]]))
  const options = resolveTreeOptions(
    unpackState(snapshot.options, first as Pick<typeof template, FirstOption>, 'options'),
  )
  const kernel = createKernel(options, 2)
  const old = unpackState(snapshot.state, FIRST)
  const places = old.leaves.arrived.length
  checkLengths(old, places, kernel.layout)
  const grown = { tree: createTree(2, places), leaves: createLeafStatistics(kernel.layout, places) }
  const { tree, leaves } = grown

  // the tree
  tree.nodes = old.tree.nodes
  tree.leaves = old.tree.leaves
  for (const name of ['feature', 'threshold', 'parent', 'counts'] as const) {
    // what was not in use is left as it is in a new tree
    tree[name].set(old.tree[name].subarray(0, (name === 'counts' ? 2 : 1) * tree.nodes))
  }
  for (let node = 0; node < tree.nodes; node++) {
    const to = old.tree.child[node]!
    if (tree.feature[node]! >= 0) {
      tree.child[node] = to
      tree.arity[node] = 2
    } else {
      tree.place[node] = to
      leaves.taken[to] = 1
    }
  }

  // the leaves
  const { features } = options
  for (const name of ['arrived', 'lastAttempt', 'majorityRight', 'bayesRight'] as const) {
    leaves[name].set(old.leaves[name].subarray(0, places))
  }
  for (let i = 0; i < 2 * places * features; i++) {
    leaves.cells.set([old.leaves.n[i]!, old.leaves.mean[i]!, old.leaves.m2[i]!], MOMENTS * i)
    leaves.cells.set([old.leaves.min[i]!, old.leaves.max[i]!], MOMENTS * i + 3)
  }
  leaves.used.fill(features)
  for (let i = 0; i < places * features; i++) leaves.feature[i] = i % features

  unpackState(packRecord({ ...grown }), templateGrown(kernel))
  checkGrown(grown, kernel)
  return { ...snapshot, version: 2, options: packRecord(options), state: packRecord({ seen: old.seen, ...grown }) }
}

/** Throws unless all arrays are as long as so many places want, before anything of that length is made. */
function checkLengths({ tree, leaves }: typeof FIRST, places: number, { features, maxPlaces }: Layout): void {
  const room = 2 * places - 1
  let sound = places >= 1 && places <= maxPlaces
  sound &&= Number.isSafeInteger(tree.nodes) && tree.nodes >= 1 && tree.nodes <= room
  sound &&= [tree.feature, tree.threshold, tree.child, tree.parent].every(({ length }) => length === room)
  sound &&= tree.counts.length === 2 * room
  const { n, mean, m2, min, max, ...each } = leaves
  sound &&= [n, mean, m2, min, max].every(({ length }) => length === 2 * places * features)
  sound &&= Object.values(each).every(({ length }) => length === places)
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A saved tree must have nodes and numbers for each of its 1 to ${maxPlaces} leaves, got ${places} leaves and others.`,
  )
}
