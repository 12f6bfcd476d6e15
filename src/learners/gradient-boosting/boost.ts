import type { Rng } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { createForest, type Forest, trimForest, VALUE_LIMIT } from '../forest/forest.ts'
import { binTable } from './bin-table.ts'
import { renewedValue } from './constraints.ts'
import { packDerivatives } from './derivatives.ts'
import { Dropout } from './dropout.ts'
import { EarlyStopping } from './early-stopping.ts'
import { createGrower, type Draft, fillMeans, type Grower, type GrownLeaf, growTree } from './grow.ts'
import { keepOrder } from './keep-order.ts'
import type { Loss } from './loss.ts'
import { marginsOf } from './margins-of.ts'
import type { GradientBoostingOptions } from './options.ts'
import { addTo, sumOf, sumOfMagnitudes } from './partition.ts'
import { quantileLeft } from './quantile.ts'
import { chooseByGradient, chooseUniform } from './sampling.ts'
import { alone, partOf, type Team } from './team.ts'
import { rowsOfTable, type Table } from './window.ts'

/** Share of all gradients that may be left over on one side before the level counts as wrong; by chance 1 / √rows are. */
const MOST_OFF_LEVEL = 0.5

/** What training needs to know beside the table. */
export type Training = {
  readonly options: GradientBoostingOptions
  readonly loss: Loss
  readonly rng: Rng
  /** Rounds to grow, one tree for each output. @defaultValue options.trees */
  readonly rounds?: number
  /** Trees that are there already: new ones are fitted to what these leave over, and follow them in the result. */
  readonly start?: Forest
  readonly team?: Team
}

/**
 * Trains a forest on a table, one short step at a time: a step bins one feature or grows one tree, then yields the
 * fraction done; the last step returns the forest.
 *
 * Each tree is fitted to the derivatives of the loss at the margins that the trees before it have reached.
 *
 * @see J. H. Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29
 */
export function* boost(table: Table, training: Training): Generator<number, Forest, void> {
  const { options, loss, rng, rounds = options.trees, team = alone } = training
  const { features, earlyStoppingRounds, earlyStoppingFraction } = options
  const weighted = fade(table, options.halfLife)
  const tail = earlyStoppingRounds > 0 ? Math.floor(earlyStoppingFraction * table.y.length) : 0
  const head = rowsOfTable(weighted, features, 0, table.y.length - tail)
  const start = training.start ?? createForest(features, baseOf(head, options, loss), 0, 0)

  // one step a feature: numbers become bins
  const binning = binTable(head.x, features, options, team)
  let step = binning.next()
  for (; !step.done; step = binning.next()) yield (step.value * features) / (features + rounds)

  // one step a round: a tree for each output
  const { rows } = step.value
  const outputs = start.base.length
  const mostLeaves = Math.max(1, Math.min(options.maxLeaves, rows))
  const draft = continued(start, rounds * outputs, checkNodes(rounds * outputs * (2 * mostLeaves - 1)))
  const work: Work = {
    training,
    table: head,
    outputs,
    grower: createGrower(options, step.value, team),
    draft,
    margins: marginsOf(start, head),
    g: team.share(outputs * rows),
    h: team.share(outputs * rows),
    columns: Int32Array.from({ length: features }, (_, f) => f),
    trees: start.roots.length,
    nodes: start.feature.length,
  }
  work.grower.setWords = start.sets.length
  const dropout = new Dropout(options.dropout, rng)
  const newest = rowsOfTable(weighted, features, table.y.length - tail, table.y.length)
  const stopping = new EarlyStopping(newest, loss, start)
  const random =
    options.sampling === 'goss' || options.rowFraction < 1 || options.columnFraction < 1 || options.dropout > 0
  for (let round = 0; round < rounds; round++) {
    const grown = growRound(work, round, dropout)
    if (grown === 0 && !random) break // nothing left to gain, and the next round would see the same
    if (tail > 0 && stopping.update(draft, work.trees) >= earlyStoppingRounds) break
    if (round + 1 < rounds) yield (features + round + 1) / (features + rounds)
  }
  const trees = tail > 0 ? stopping.bestTrees : work.trees
  const nodes = trees < work.trees ? draft.roots[trees]! : work.nodes
  return trimForest({ ...draft, sets: draft.sets.slice(0, setWordsOf(work, nodes)) }, trees, nodes)
}

/** Words of the sets that the first `nodes` nodes ask for: sets stand in the order of the trees that ask for them. */
function setWordsOf({ grower, draft, nodes: all }: Work, nodes: number): number {
  return draft.set.subarray(nodes, all).reduce((end, at) => (at < 0 ? end : Math.min(end, at)), grower.setWords)
}

/** What the rounds of one training work on. */
type Work = {
  readonly training: Training
  readonly table: Table
  readonly outputs: number
  readonly grower: Grower
  readonly draft: Draft
  /** Margins and their derivatives, output after output. */
  readonly margins: Float64Array
  readonly g: Float64Array
  readonly h: Float64Array
  /** Features, those that a tree sees first. */
  readonly columns: Int32Array
  /** Trees and nodes so far. */
  trees: number
  nodes: number
}

/** Grows a tree for each output; returns how many there was something to gain for. */
function growRound(work: Work, round: number, dropout: Dropout): number {
  const { training, table, grower, draft, margins, g, h, columns, outputs } = work
  const { options, loss, rng, team = alone } = training
  const rows = table.y.length
  const first = work.trees
  const dropped = dropout.drop(draft, first, table.x, margins)

  // derivatives at the present margins, of this member's rows
  team.meet()
  loss.derive(table, margins, g, h, ...partOf(team, rows))
  team.meet()
  const seenRows = chooseRows(work, round)
  const seenColumns = Math.max(1, Math.round(options.columnFraction * columns.length))
  let grown = 0
  for (let k = 0; k < outputs; k++) {
    grower.g = g.subarray(k * rows, (k + 1) * rows)
    grower.h = h.subarray(k * rows, (k + 1) * rows)
    chooseUniform(rng, columns, seenColumns)
    const chosen = grower.rows.slice(0, outputs > 1 ? rows : 0)
    const units = packDerivatives(grower.g, grower.h, grower.rows, seenRows, options.l2, grower.packed, team)
    const leaves = growTree(grower, draft, work.nodes, seenRows, columns.subarray(0, seenColumns), units)
    if (leaves.length > 1 || isOffLevel(work, seenRows)) {
      finishTree(work, k, leaves, dropped.factors[k]!)
      addTree(work, k, leaves)
      grown++
    }
    // the next output's tree begins with the rows in the order in which they were chosen
    if (outputs > 1) grower.rows.set(chosen)
  }
  dropout.restore(draft, first, work.trees, work.nodes, dropped, table.x, margins)
  return grown
}

/**
 * Whether the rows want a tree of one leaf: where all of them pull one way, no split gains, and margins that begin far
 * from the labels would stay there. Those that the loss itself has chosen are left alone.
 */
function isOffLevel({ training, grower, draft, nodes }: Work, seenRows: number): boolean {
  const { options, loss, start } = training
  if (!start && !loss.startsAnywhere && Number.isNaN(options.baseScore)) return false
  const { g, rows } = grower
  const pull = Math.abs(sumOf(g, rows, 0, seenRows))
  return pull > MOST_OFF_LEVEL * sumOfMagnitudes(g, rows, seenRows) && draft.value[nodes] !== 0
}

/** Puts the rows that the next trees see first; returns their number. */
function chooseRows({ training, grower, g, h, outputs }: Work, round: number): number {
  const { options, rng, team = alone, start } = training
  const { rows } = grower
  const before = (start?.roots.length ?? 0) / outputs
  // as in LightGBM, the first trees see all: until then gradients say little of what is hard
  if (options.sampling === 'goss' && before + round >= 1 / options.learningRate)
    return chooseByGradient(rng, g, h, rows, team)
  const count = options.sampling === 'goss' ? rows.length : Math.max(1, Math.round(options.rowFraction * rows.length))
  chooseUniform(rng, rows, count)
  return count
}

/** Settles the values of a tree that has been grown: renewed where the loss asks for it, and weakened by dropout. */
function finishTree(
  { training, table, grower, draft, margins, nodes }: Work,
  k: number,
  leaves: readonly GrownLeaf[],
  factor: number,
): void {
  const { loss, options } = training
  const { h, rows, constraints } = grower
  const end = nodes + 2 * leaves.length - 1
  if (loss.renewal) {
    for (const leaf of leaves) {
      const members = rows.subarray(leaf.start, leaf.end)
      const left = quantileLeft(table.y, margins, h, k * table.y.length, members, loss.renewal(k))
      draft.value[leaf.node] = renewedValue(left, options)
    }
    fillMeans(draft, nodes, end)
    keepOrder(draft, nodes, end, constraints.direction)
  }
  for (const { node } of leaves) draft.value[node]! *= factor
  fillMeans(draft, nodes, end)
}

/** Takes a grown tree into the forest and into the margins of all rows. */
function addTree(work: Work, k: number, leaves: readonly GrownLeaf[]): void {
  const { grower, draft, margins, nodes } = work
  const { rows } = grower
  const offset = k * rows.length
  for (const { node, start, end, restStart, restEnd } of leaves) {
    addTo(margins, offset, rows, start, end, draft.value[node]!)
    addTo(margins, offset, rows, restStart, restEnd, draft.value[node]!)
  }
  draft.roots[work.trees] = nodes
  draft.output[work.trees] = k
  work.trees++
  work.nodes += 2 * leaves.length - 1
}

/** The margins to start from: those that suit the labels, or the option's. */
export function baseOf(table: Table, options: GradientBoostingOptions, loss: Loss): Float64Array {
  const base = loss.base(table)
  if (!Number.isNaN(options.baseScore)) base.fill(marginOf(options))
  return base.map((margin) => clamp(margin, -VALUE_LIMIT, VALUE_LIMIT))
}

function marginOf({ baseScore, loss }: GradientBoostingOptions): number {
  if (loss === 'logistic') return Math.log(baseScore / (1 - baseScore))
  return loss === 'poisson' ? Math.log(baseScore) : baseScore
}

/** The table with weights that halve with age; the same table where they do not. */
export function fade(table: Table, halfLife: number): Table {
  if (halfLife === Number.POSITIVE_INFINITY) return table
  const keep = Math.exp(-Math.LN2 / halfLife)
  const weights = table.weights.slice()
  // beyond 1e-30 of its weight a row is as good as forgotten
  for (let i = weights.length - 1, factor = 1; i >= 0; i--, factor = Math.max(factor * keep, 1e-30))
    weights[i]! *= factor
  return { ...table, weights }
}

/** Nodes that a training may make room for: 13 GB. */
const MOST_NODES = 1 << 28

function checkNodes(nodes: number): number {
  if (nodes <= MOST_NODES) return nodes
  throw new TradeLearnError(
    'OUT_OF_MEMORY',
    `The trees must have at most ${MOST_NODES} nodes in all, got room for ${nodes} asked for by "trees" and "maxLeaves".`,
  )
}

/** A forest with the trees of `start` and room for more. */
function continued(start: Forest, trees: number, nodes: number): Draft {
  const old = start.feature.length
  const draft: Draft = createForest(start.features, start.base, start.roots.length + trees, old + nodes)
  for (const key of ['roots', 'output'] as const) draft[key].set(start[key])
  for (const key of [
    'feature',
    'threshold',
    'set',
    'left',
    'right',
    'missingLeft',
    'value',
    'gain',
    'cover',
  ] as const) {
    draft[key].set(start[key])
  }
  draft.sets = start.sets.slice()
  return draft
}
