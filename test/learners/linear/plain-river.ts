import { StandardScaler } from '../../../src/features/transformers/standard-scaler.ts'
import type { Row } from '../helpers.ts'

/** A row as a scaler makes it before it has seen it, and after. */
export type ScaledRow = { readonly before: Float64Array; readonly after: Float64Array; readonly y: number }

export function scaledRows(rows: readonly Row[]): ScaledRow[] {
  const features = rows[0]!.x.length
  const scaler = new StandardScaler({ features })
  return rows.map(({ x, y }) => {
    const before = scaler.transform(x, new Float64Array(features))
    scaler.learn(x)
    return { before, after: scaler.transform(x, new Float64Array(features)), y }
  })
}

const dot = (w: ArrayLike<number>, x: Float64Array): number => x.reduce((sum, value, i) => sum + w[i]! * value, 0)
const logistic = (z: number): number => 1 / (1 + Math.exp(-z))

/** FTRL-Proximal in its plainest form (α 0.05, β 1, λ₁ 0, λ₂ 1), with weights that follow `at once`, or a label `late`. */
export function plainFtrl(rows: readonly ScaledRow[], follow: 'at once' | 'late'): number[] {
  const d = rows[0]!.after.length
  const w = new Array<number>(d).fill(0)
  const z = new Array<number>(d).fill(0)
  const n = new Array<number>(d).fill(0)
  let b = 0
  const solve = (): void => {
    for (let i = 0; i < d; i++) w[i] = -z[i]! / ((1 + Math.sqrt(n[i]!)) / 0.05 + 1)
  }
  return rows.map(({ before, after, y }) => {
    const said = logistic(dot(w, before) + b)
    const slope = logistic(dot(w, after) + b) - y
    b -= 0.01 * slope
    if (follow === 'late') solve()
    for (let i = 0; i < d; i++) {
      const g = slope * after[i]!
      z[i]! += g - ((Math.sqrt(n[i]! + g * g) - Math.sqrt(n[i]!)) / 0.05) * w[i]!
      n[i]! += g * g
    }
    if (follow === 'at once') solve()
    return said
  })
}

/** A passive-aggressive regression (PA-I, C 1, ε 0.1) whose loss is measured from `target(y)`. */
export function plainRegressor(rows: readonly ScaledRow[], target: (y: number) => number): number[] {
  const w = new Array<number>(rows[0]!.after.length).fill(0)
  let b = 0
  return rows.map(({ before, after, y }) => {
    const said = dot(w, before) + b
    const f = dot(w, after) + b
    const norm = dot(after, after)
    const loss = Math.max(0, Math.abs(f - target(y)) - 0.1)
    const step = (norm > 0 ? Math.min(1, loss / norm) : 0) * Math.sign(y - f)
    for (let i = 0; i < w.length; i++) w[i]! += step * after[i]!
    b += step
    return said
  })
}

/** P(1) by softmax regression (η 0.01, no intercept) of classes 0 and 1 that are `known`, or there once seen. */
export function plainSoftmax(rows: readonly ScaledRow[], classes: 'known' | 'as they come'): number[] {
  const d = rows[0]!.after.length
  const weights = new Map<number, number[]>(
    classes === 'known' ? [0, 1].map((k) => [k, new Array<number>(d).fill(0)]) : [],
  )
  const predict = (x: Float64Array): Map<number, number> => {
    const powers = [...weights].map(([k, w]) => [k, Math.exp(dot(w, x))] as const)
    const total = powers.reduce((sum, [, power]) => sum + power, 0)
    return new Map(powers.map(([k, power]) => [k, power / total]))
  }
  return rows.map(({ before, after, y }) => {
    const said = predict(before).get(1) ?? 0
    const p = predict(after)
    if (!weights.has(y)) weights.set(y, new Array<number>(d).fill(0))
    for (const [k, w] of weights) {
      const slope = (p.get(k) ?? 0) - Number(k === y)
      for (let i = 0; i < d; i++) w[i]! -= 0.01 * slope * after[i]!
    }
    return said
  })
}
