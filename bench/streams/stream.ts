import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { SeededRng } from 'tradelearn'
import { drawNormal } from '../../src/core/draw.ts'
import { sigmoid } from '../../src/core/math.ts'
import type { Shape } from './contenders.ts'

/** Rows in the order in which they came. */
export type Stream = {
  readonly name: string
  readonly features: number
  readonly rows: readonly Float64Array[]
  readonly y: Float64Array
  /** Columns of whole numbers from 0 up that name something. */
  readonly nominal: readonly { readonly feature: number; readonly levels: number }[]
}

/** What a learner is told of a stream. */
export function shapeOf({ features, nominal }: Stream): Shape {
  return { features, nominal: nominal.map(({ feature }) => feature) }
}

/** A stream as files of raw doubles, as every side can read them. */
export type StreamFiles = {
  readonly name: string
  readonly rows: number
  readonly features: number
  readonly x: string
  readonly y: string
}

/** Columns of the electricity file, in its order. */
const COLUMNS = ['date', 'day', 'period', 'nswprice', 'nswdemand', 'vicprice', 'vicdemand', 'transfer', 'class']
const DAY = 1

/**
 * The electricity market of New South Wales, 45,312 half-hours from 1996 to 1998: is the price above its mean of the last
 * day? The day of the week counts from 0; all else is as in the file.
 *
 * @see M. Harries (1999), "Splice-2 comparative evaluation: electricity pricing"
 */
export function readElec2(file: string): Stream {
  const [header, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split(/\r?\n/)
  if (header !== COLUMNS.join(',')) throw new Error(`${file} must have columns ${COLUMNS.join(',')}, got ${header}.`)
  const features = COLUMNS.length - 1
  const y = new Float64Array(lines.length)
  const rows = lines.map((line, i) => {
    const cells = line.split(',')
    const row = Float64Array.from(cells.slice(0, features), Number)
    row[DAY]! -= 1
    y[i] = Number(cells[features] === 'UP')
    return row
  })
  return { name: 'elec2', features, rows, y, nominal: [{ feature: DAY, levels: 7 }] }
}

/** Features of the simulated stream. */
export const FEATURES = 25

/**
 * An endless stream of 25 standard normal features, of which six matter, through a line, a step and a product; about
 * 15 % of the labels cannot be known. Every `turn` rows the relation becomes the next of four, for good or in turns.
 */
export class Simulated {
  readonly #rng: SeededRng
  readonly #turn: number
  #row = 0

  constructor(seed: string, turn: number) {
    this.#rng = new SeededRng(seed)
    this.#turn = turn
  }

  /** Writes the next observation into `x` and returns its label. */
  next(x: Float64Array): number {
    const rng = this.#rng
    for (let f = 0; f < FEATURES; f++) x[f] = drawNormal(rng)
    const shift = 6 * (Math.floor(this.#row++ / this.#turn) % 4)
    const [a, b, c, d, e, f] = x.subarray(shift, shift + 6) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const score = 1.5 * a - b + (c > 0.3 ? 1.2 : -0.8) + 1.5 * d * e + 0.5 * f
    return Number(rng.next() < sigmoid(2 * score))
  }
}

/** The first rows of a simulated stream. */
export function simulate(rows: number, turn: number, seed: string): Stream {
  const source = new Simulated(seed, turn)
  const y = new Float64Array(rows)
  const table = Array.from({ length: rows }, (_, i) => {
    const x = new Float64Array(FEATURES)
    y[i] = source.next(x)
    return x
  })
  return { name: 'simulated', features: FEATURES, rows: table, y, nominal: [] }
}

/** Writes a stream where another process can read it. */
export function writeStream({ name, features, rows, y }: Stream, directory: string): StreamFiles {
  const x = new Float64Array(rows.length * features)
  for (const [i, row] of rows.entries()) x.set(row, i * features)
  const files = { x: join(directory, `${name}.x`), y: join(directory, `${name}.y`) }
  writeFileSync(files.x, x)
  writeFileSync(files.y, y)
  return { name, rows: rows.length, features, ...files }
}
