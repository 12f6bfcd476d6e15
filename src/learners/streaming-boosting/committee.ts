import { decayOf } from '../../core/decayed-moments.ts'
import { shuffle } from '../../core/draw.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { SeededRng } from '../../core/rng.ts'
import { type StreamingGradientBoostingOptions, sliceOf } from './options.ts'

/** Numbers that a node keeps of what it saw: rows, hessian, gradient, z², and rows at its last attempt to split. */
export const TOTALS = 5

/** What does not change while the trees grow, and scratch paper; nothing learnt. */
export type Kernel = {
  readonly options: StreamingGradientBoostingOptions
  /** Features of a tree, nodes that a tree has room for, and memories of a node. */
  readonly slice: number
  readonly room: number
  readonly memories: number
  /** What a memory keeps from one row to the next, and the same for the weight of the row at hand. */
  readonly decays: Float64Array
  readonly rowDecays: Float64Array
  /** The bins of the row at hand, and numbers for a feature's bins. */
  readonly codes: Uint8Array
  readonly scratch: Float64Array
}

/**
 * The trees of a committee as flat arrays. A tree lives in a slot, which is its place in all arrays by tree; slot and node
 * together number the nodes. Children stand side by side behind their parent.
 */
export type Committee = {
  /** The slot of each stage; the last one belongs to the tree that grows beside a stage's own. */
  readonly order: Int32Array
  /** Trees ever planted, which is what their features are drawn by. */
  planted: number
  /** The stage that has two trees now, and for how many rows. */
  renewing: number
  since: number
  /** The fading losses of these two, the stage's own first. */
  readonly losses: Float64Array
  /** By tree: its features, nodes, leaves, memory that it answers from, and each memory's fading loss. */
  readonly slices: Int32Array
  readonly nodes: Int32Array
  readonly leaves: Int32Array
  readonly choice: Int32Array
  readonly missed: Float64Array
  /** By node: the feature of a branch, -1 for leaves; the value up to which rows go left; the left child. */
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly child: Int32Array
  /** By node: where its histograms stand, -1 for none. */
  readonly place: Int32Array
  /** By node: {@link TOTALS}, and for each memory the fading sums of gradient and hessian. */
  readonly totals: Float64Array
  readonly memory: Float64Array
  /** By place: whether it is taken, and hessian and gradient in every bin of the tree's features. */
  taken: Uint8Array
  sums: Float64Array
}

/** The kernel of a committee. */
export function createKernel(options: StreamingGradientBoostingOptions): Kernel {
  return {
    options,
    slice: sliceOf(options),
    room: 2 * options.maxLeaves - 1,
    memories: options.halfLives.length,
    decays: Float64Array.from(options.halfLives, decayOf),
    rowDecays: new Float64Array(options.halfLives.length),
    codes: new Uint8Array(options.features),
    scratch: new Float64Array(options.bins),
  }
}

/** Numbers in one place. */
export const placeWidth = ({ slice, options }: Kernel): number => slice * options.bins * 2

/** Trees of one leaf that have seen nothing. */
export function createCommittee(kernel: Kernel): Committee {
  const committee = emptyCommittee(kernel, kernel.options.stages + 1)
  for (let slot = 0; slot < committee.order.length; slot++) {
    committee.order[slot] = slot
    plant(kernel, committee, slot)
  }
  return committee
}

/** Arrays for so many trees; for 0 the template of a saved state. */
export function emptyCommittee({ slice, room, memories }: Kernel, trees: number): Committee {
  const nodes = trees * room
  return {
    order: new Int32Array(trees),
    planted: 0,
    renewing: 0,
    since: 0,
    losses: new Float64Array(2),
    slices: new Int32Array(trees * slice),
    nodes: new Int32Array(trees),
    leaves: new Int32Array(trees),
    choice: new Int32Array(trees),
    missed: new Float64Array(trees * memories),
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    child: new Int32Array(nodes).fill(-1),
    place: new Int32Array(nodes).fill(-1),
    totals: new Float64Array(nodes * TOTALS),
    memory: new Float64Array(nodes * 2 * memories),
    taken: new Uint8Array(0),
    sums: new Float64Array(0),
  }
}

/** Puts a tree of one empty leaf into a slot, with features of its own. */
export function plant(kernel: Kernel, committee: Committee, slot: number): void {
  const { slice, room, memories, options } = kernel
  const from = slot * room
  for (let node = from; node < from + committee.nodes[slot]!; node++) leavePlace(committee, node)
  committee.feature.fill(-1, from, from + room)
  committee.threshold.fill(0, from, from + room)
  committee.child.fill(-1, from, from + room)
  committee.totals.fill(0, from * TOTALS, (from + room) * TOTALS)
  committee.memory.fill(0, from * 2 * memories, (from + room) * 2 * memories)
  committee.missed.fill(0, slot * memories, (slot + 1) * memories)
  committee.nodes[slot] = 1
  committee.leaves[slot] = 1
  committee.choice[slot] = 0

  const rng = new SeededRng(`${options.seed}/tree ${committee.planted++}`)
  const drawn = shuffle(
    rng,
    Int32Array.from({ length: options.features }, (_, i) => i),
  )
  committee.slices.set(drawn.subarray(0, slice).sort(), slot * slice)
  if (options.maxLeaves > 1) takePlace(kernel, committee, from)
}

/** Gives a leaf a place for its histograms, the first that is free. */
export function takePlace(kernel: Kernel, committee: Committee, node: number): void {
  const width = placeWidth(kernel)
  let place = committee.taken.indexOf(0)
  if (place < 0) {
    place = committee.taken.length
    const most = (kernel.options.stages + 1) * kernel.options.maxLeaves
    const taken = new Uint8Array(Math.min(most, Math.max(8, 2 * place)))
    taken.set(committee.taken)
    const sums = new Float64Array(taken.length * width)
    sums.set(committee.sums)
    committee.taken = taken
    committee.sums = sums
  }
  committee.taken[place] = 1
  committee.sums.fill(0, place * width, (place + 1) * width)
  committee.place[node] = place
}

/** Takes a node's place from it, if it has one. */
export function leavePlace({ taken, place }: Committee, node: number): void {
  if (place[node]! >= 0) taken[place[node]!] = 0
  place[node] = -1
}

/** No hessian is smaller in a row, so that a tree that is sure of itself and wrong gets a finite target. */
export const LEAST_HESSIAN = 1e-6
/** Values count up to 1e100, and a stage's target is what the others leave over of one: this is far beyond all of them. */
const MOST_TARGET = 1e110
/** Sums over a leaf's rows stay below this. */
const LARGEST_SUM = 1e305

/** What no leaf says more than: it is a mean of targets, which for probabilities are at most 1 / hessian. */
export const mostOf = ({ task }: StreamingGradientBoostingOptions): number =>
  task === 'binary' ? 2 / LEAST_HESSIAN : MOST_TARGET

/** Whether all pairs of fading sums, gradient and hessian, are of answers up to `most`; what has all but faded aside. */
function areMemories(memory: Float64Array, most: number): boolean {
  for (let i = 0; i < memory.length; i += 2) {
    const gradient = Math.abs(memory[i]!)
    const hessian = memory[i + 1]!
    if (!(hessian >= 0 && hessian <= LARGEST_SUM && (gradient <= most * hessian || gradient < 1e-300))) return false
  }
  return true
}

/** Throws unless every index of a committee that was read back leads where it should. */
export function checkCommittee(committee: Committee, kernel: Kernel): void {
  const { options, slice, room, memories } = kernel
  const { order, slices, nodes, leaves, choice, missed, feature, threshold, child, place, taken } = committee
  const trees = options.stages + 1
  const all = trees * room
  const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
  const lengths = [order, nodes, leaves, choice].every(({ length }) => length === trees)
  let sound = lengths && slices.length === trees * slice && missed.length === trees * memories
  sound &&= [feature, threshold, child, place].every(({ length }) => length === all)
  sound &&= committee.totals.length === all * TOTALS && committee.memory.length === all * 2 * memories
  sound &&= taken.length <= trees * options.maxLeaves && committee.sums.length === taken.length * placeWidth(kernel)
  sound &&= new Set(order).size === trees && order.every((slot) => slot >= 0 && slot < trees)
  sound &&= slices.every((f) => f >= 0 && f < options.features)
  sound &&= choice.every((memory) => memory >= 0 && memory < memories)
  sound &&= whole(committee.planted) && whole(committee.since) && committee.renewing < options.stages
  sound &&= whole(committee.renewing)
  sound &&= threshold.every((value) => value === value) && committee.losses.length === 2
  sound &&= [missed, committee.losses].every((list) => list.every((loss) => loss >= 0 && loss < Infinity))
  sound &&= [committee.totals, committee.sums].every((list) => list.every((sum) => Math.abs(sum) <= LARGEST_SUM))
  sound &&= areMemories(committee.memory, mostOf(options))
  // every place that is taken has one owner
  const owned = new Uint8Array(taken.length)
  for (let slot = 0; sound && slot < trees; slot++) {
    const from = slot * room
    sound = nodes[slot]! >= 1 && nodes[slot]! <= room && nodes[slot] === 2 * leaves[slot]! - 1
    let branches = 0
    for (let i = 0; sound && i < room; i++) {
      const at = place[from + i]!
      if (feature[from + i]! >= 0) {
        branches++
        const to = child[from + i]!
        sound =
          feature[from + i]! < options.features && to > i && to + 1 < nodes[slot]! && threshold[from + i]! < Infinity
      }
      sound &&= at === -1 || (at >= 0 && taken[at] === 1 && owned[at] === 0 && i < nodes[slot]!)
      if (sound && at >= 0) owned[at] = 1
    }
    sound &&= branches === leaves[slot]! - 1
  }
  sound &&= owned.every((owner, at) => owner === taken[at])
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A saved committee must have trees whose nodes lead to their leaves, got ${show(feature)} that do not.`,
  )
}
