import { type ErrorCode, TradeLearnError } from '../core/errors.ts'
import type { XgboostOptions } from './options.ts'

/** Bytes of XGBoost 0.7's records: of the learner, of the trees together, of a tree, of a node and of its statistics. */
const LEARNER = 136
const TREES = 160
const TREE = 148
const NODE = 20
const STATISTICS = 16
/** What a deleted node asks for. */
const DELETED = 0xffffffff
/** Larger leaves than this are none that finite labels lead to; so no number of trees adds up to infinity. */
const LARGEST = 1e30

/**
 * Throws `code` unless `bytes` are a model that our options could have led to, in the layout that XGBoost 0.7 saves: its
 * own reader believes every number, and a wrong one writes over the memory that all models share.
 */
export function checkModel(bytes: Uint8Array, options: XgboostOptions, code: ErrorCode): void {
  const wanted = (holds: boolean, what: string, got: string | number): void => {
    if (!holds) throw new TradeLearnError(code, `A model of XGBoost must have ${what}, got ${got}.`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (length: number): number => {
    wanted(at + length <= bytes.length, `${at + length} bytes or more`, bytes.length)
    at += length
    return at - length
  }
  const is = (what: string, place: number, value: number): void => {
    const got = view.getInt32(place, true)
    wanted(got === value, `${value} ${what}`, got)
  }
  const text = (value: string): void => {
    const place = take(8 + value.length)
    is(`letters in "${value}"`, place, value.length)
    is('in the upper half of a length', place + 4, 0)
    const got = new TextDecoder().decode(bytes.subarray(place + 8, place + 8 + value.length))
    wanted(got === value, `the name "${value}"`, JSON.stringify(got))
  }

  const learner = take(LEARNER)
  const base = view.getFloat32(learner, true)
  wanted(Math.abs(base) <= LARGEST, `a base within ${LARGEST}`, base)
  is('features', learner + 4, options.features)
  is('classes', learner + 8, 0)
  is('further attributes', learner + 12, 0)
  is('further metrics', learner + 16, 0)
  text(options.task === 'binary' ? 'binary:logistic' : 'reg:linear')
  text('gbtree')
  const trees = take(TREES)
  is('trees', trees, options.trees)
  is('root', trees + 4, 1)
  is('features', trees + 8, options.features)
  is('outputs', trees + 24, 1)
  is('numbers in a leaf', trees + 28, 0)
  for (let t = 0; t < options.trees; t++) {
    const tree = take(TREE)
    const nodes = view.getInt32(tree + 4, true)
    is('root', tree, 1)
    is('features', tree + 16, options.features)
    is('numbers in a leaf', tree + 20, 0)
    wanted(nodes >= 1, 'a node in each tree', nodes)
    const first = take(nodes * NODE)
    take(nodes * STATISTICS)
    is('deleted nodes', tree + 8, checkNodes(view, first, nodes, options.features, wanted))
  }
  const outputs = take(4 * options.trees)
  for (let t = 0; t < options.trees; t++) is('as the output of a tree', outputs + 4 * t, 0)
  wanted(at === bytes.length, `${at} bytes`, bytes.length)
}

/** Checks one tree's nodes and returns how many of them are deleted. */
function checkNodes(
  view: DataView,
  first: number,
  nodes: number,
  features: number,
  wanted: (holds: boolean, what: string, got: string | number) => void,
): number {
  const reached = new Uint8Array(nodes)
  const open = [0]
  reached[0] = 1
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const place = first + node * NODE
    const info = view.getFloat32(place + 16, true)
    const left = view.getInt32(place + 4, true)
    if (left === -1) {
      wanted(Math.abs(info) <= LARGEST, `leaves within ${LARGEST}`, info)
      continue
    }
    wanted(info === info, 'thresholds that are numbers', info)
    const asked = view.getUint32(place + 12, true)
    wanted((asked & 0x7fffffff) < features, `features below ${features}`, asked & 0x7fffffff)
    for (const [child, side] of [
      [left, 0x80000000],
      [view.getInt32(place + 8, true), 0],
    ] as const) {
      wanted(child > 0 && child < nodes && reached[child] === 0, 'one parent for each node', `child ${child}`)
      // a node's parent has its highest bit set in a left child
      const parent = view.getUint32(first + child * NODE, true)
      wanted(parent === (node | side) >>> 0, `${node} as the parent of ${child}`, parent & 0x7fffffff)
      reached[child] = 1
      open.push(child)
    }
  }
  let deleted = 0
  for (let node = 0; node < nodes; node++) {
    const isDeleted = view.getUint32(first + node * NODE + 12, true) === DELETED
    wanted(isDeleted !== (reached[node] === 1), 'every node in its tree, or deleted', `node ${node}`)
    if (isDeleted) deleted++
  }
  return deleted
}
