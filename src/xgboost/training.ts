import { fnv1a } from '../core/hash.ts'
import { clamp } from '../core/math.ts'
import type { Table } from '../learners/gradient-boosting/window.ts'
import type { FloatTable } from './engine.ts'
import type { XgboostOptions } from './options.ts'

/** Where predictions start, and the unit that labels of regressions are learned in. */
export type Scale = {
  /** The base rate, or the mean label. */
  readonly center: number
  /** Deviation of the labels; 1 for binary tasks. */
  readonly spread: number
}

/** Beyond this, sums of two float32 values could overflow. */
const LARGEST = 1e38
/** -1 + 2^-24, the float32 next to -1: the package takes -1 itself for "missing". */
const BESIDE_MINUS_ONE = -1 + 1 / 16_777_216

/** A value as the package reads it: float32, with -1 for missing and for nothing else. */
export function readValue(value: number): number {
  if (value !== value) return -1
  const single = Math.fround(clamp(value, -LARGEST, LARGEST))
  return single === -1 ? BESIDE_MINUS_ONE : single
}

/**
 * What suits the labels alone. A base rate counts one more row that is half a win, which keeps it off 0 and 1 and makes
 * it 1/2 before the first label.
 */
export function scaleOf({ y, weights }: Table, task: XgboostOptions['task']): Scale {
  let n = 0
  let sum = 0
  for (let i = 0; i < y.length; i++) {
    n += weights[i]!
    sum += weights[i]! * y[i]!
  }
  if (task === 'binary') return { center: (sum + 0.5) / (n + 1), spread: 1 }
  const center = n > 0 ? sum / n : 0
  let squares = 0
  for (let i = 0; i < y.length; i++) squares += (weights[i]! / n) * (y[i]! - center) * (y[i]! - center)
  const spread = Math.sqrt(squares)
  return { center, spread: spread > 0 && spread < Infinity ? spread : 1 }
}

/** Copies of an average row where weights differ: the package knows no weights, so rows stand there more than once. */
const COPIES = 4

/** How often each row stands in the table, and how much weight a copy has. */
export function copiesOf(weights: Float64Array): { readonly copies: Uint32Array; readonly weight: number } {
  const n = weights.length
  let sum = 0
  let equal = true
  for (let i = 0; i < n; i++) {
    sum += weights[i]!
    equal &&= weights[i] === weights[0]
  }
  if (equal) return { copies: new Uint32Array(n).fill(1), weight: weights[0] ?? 1 }
  // every time that the running sum passes another step, the row that took it there gets a copy
  const weight = sum / (COPIES * n)
  const copies = new Uint32Array(n)
  let before = 0
  let running = 0
  for (let i = 0; i < n; i++) {
    running += weights[i]!
    const after = Math.floor(running / weight + 0.5)
    copies[i] = after - before
    before = after
  }
  return { copies, weight }
}

/** The table in float32, with a row for each copy, and labels in units of their deviation. */
export function floatTable(
  table: Table,
  copies: Uint32Array,
  features: number,
  scale: Scale,
  binary: boolean,
): FloatTable {
  const rows = copies.reduce((sum, n) => sum + n, 0)
  const x = new Float32Array(rows * features)
  const y = new Float32Array(rows)
  let row = 0
  for (let i = 0; i < copies.length; i++) {
    const label = binary ? table.y[i]! : (table.y[i]! - scale.center) / scale.spread
    for (let c = 0; c < copies[i]!; c++) {
      for (let f = 0; f < features; f++) x[row * features + f] = readValue(table.x[i * features + f]!)
      y[row++] = label
    }
  }
  return { x, y, features }
}

/** The options in the package's words. Penalties are meant for weights as given, and for labels as given. */
export function paramsOf(
  options: XgboostOptions,
  scale: Scale,
  weight: number,
  label: string,
): { [name: string]: string } {
  const { spread } = scale
  const binary = options.task === 'binary'
  // keeps what is huge or tiny after scaling a float32
  const number = (value: number): string => String(value === 0 ? 0 : clamp(value, 1e-30, 1e30))
  return {
    objective: binary ? 'binary:logistic' : 'reg:linear',
    base_score: binary ? String(clamp(scale.center, 1e-6, 1 - 1e-6)) : '0',
    tree_method: options.method,
    max_bin: String(options.bins),
    max_depth: String(options.maxDepth),
    eta: number(options.learningRate),
    min_child_weight: number(options.minHessianLeaf / weight),
    gamma: number(options.minGain / weight / (spread * spread)),
    alpha: number(options.l1 / weight / spread),
    lambda: number(options.l2 / weight),
    subsample: number(options.rowFraction),
    colsample_bytree: number(options.columnFraction),
    seed: String(Number.parseInt(fnv1a(`${options.seed} ${label}`), 16) >>> 1),
    nthread: '1',
    silent: '1',
  }
}
