import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'

export type Row = { readonly x: Float64Array; readonly y: number; readonly weight: number }

/** Friedman's function of five out of six uniform features, turned over at `drift`, with four decimals and noise. */
export function friedman(n: number, seed: string, drift: number = Infinity): Row[] {
  const rng = new SeededRng(seed)
  const round = (value: number): number => Math.round(value * 1e4) / 1e4
  return Array.from({ length: n }, (_, i) => {
    const x = Float64Array.from({ length: 6 }, () => round(rng.next()))
    const [a, b, c, d, e] = (i < drift ? x : x.slice().reverse()) as unknown as [number, number, number, number, number]
    const y = 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) * (c - 0.5) + 10 * d + 5 * e + drawNormal(rng)
    return { x, y: round(y), weight: 1 }
  })
}

type Model = { predict(x: Float64Array): number; learn(x: Float64Array, y: number, weight?: number): void }

/** Mean absolute error of predictions made before the row is learnt. */
export function errorOf(model: Model, rows: readonly { readonly x: Float64Array; readonly y: number }[]): number {
  let sum = 0
  for (const { x, y } of rows) {
    sum += Math.abs(y - model.predict(x))
    model.learn(x, y)
  }
  return sum / rows.length
}
