// The npm package `ml-xgboost` as a peer: a process of its own, as it installs handlers and writes to the console.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'

type Model = { train(rows: number[][], y: number[]): void; free(): void }
type Package = new (options: object) => Model
type Ask = {
  readonly do: string
  readonly name: string
  readonly table: string
  readonly rows: number
  readonly features: number
  readonly x: string
  readonly y: string
  readonly trees: number
  readonly params: object
}

/** It copies the table as float32 to a stack of 5 MiB, and fails beyond that. */
const MOST_BYTES = 5e6

const require = createRequire(import.meta.url)
const tables = new Map<string, { readonly rows: number[][]; readonly y: number[] }>()
let xgboost: Package | undefined

const doubles = (file: string): Float64Array => {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))
}

/** It takes -1, and nothing else, for a missing value, so a true -1 becomes the number next to it. */
const encode = (value: number): number => (Number.isNaN(value) ? -1 : value === -1 ? -1.0000001 : value)

const commands: { readonly [name: string]: (ask: Ask) => object | Promise<object> } = {
  async hello() {
    xgboost = await (require('ml-xgboost') as Promise<Package>)
    const { version } = require('ml-xgboost/package.json') as { readonly version: string }
    return { 'ml-xgboost': version }
  },
  load({ name, rows, features, x, y }) {
    if (rows * features * 4 > MOST_BYTES) throw new Error(`tables of more than ${MOST_BYTES / 1e6} MB do not fit`)
    const all = doubles(x)
    const table = Array.from({ length: rows }, (_, i) =>
      Array.from(all.subarray(i * features, (i + 1) * features), encode),
    )
    tables.set(name, { rows: table, y: Array.from(doubles(y)) })
    return {}
  },
  drop({ table }) {
    tables.delete(table)
    return {}
  },
  fit({ table, params, trees }) {
    const { rows, y } = tables.get(table)!
    const model = new xgboost!({ ...params, iterations: trees })
    const start = performance.now()
    model.train(rows, y)
    const total = performance.now() - start
    model.free()
    return { bin: Number.NaN, train: Number.NaN, total }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line) as Ask
  const before = process.cpuUsage()
  let answer: object
  try {
    const found = await commands[ask.do]!(ask)
    const { user, system } = process.cpuUsage(before)
    answer = { ...found, cpu: (user + system) / 1000 }
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
