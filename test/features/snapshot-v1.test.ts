import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/snapshot.ts'
import {
  atr,
  FeatureEngineer,
  levelOf,
  macd,
  numeric,
  recentWinRate,
  rsi,
  tradeSide,
} from '../../src/features/index.ts'
import { walk } from './candles.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/feature-engineer-v1.json', import.meta.url), 'utf8')) as {
  readonly snapshot: Snapshot
  readonly vectors: readonly (readonly (number | null)[])[]
}
const symbols = ['AAPL', 'MSFT', 'VIX'] as const
const series = symbols.map((symbol) => walk(16, { symbol, seed: symbol }))
const declaration = {
  candles: { rsi: rsi(3), atr: atr(3) },
  directed: { macd: macd(3, 5, 2) },
  context: { vix: levelOf('VIX') },
  history: { winRate: recentWinRate(5) },
  signal: { side: tradeSide() },
  meta: { sure: numeric() },
} as const
const make = () => new FeatureEngineer(declaration)

test('a snapshot of version 1 goes on, bit for bit, with the vectors that version 1 gave', () => {
  let engineer = restore(golden.snapshot, [make().codec()])
  const vectors: (number | null)[][] = []
  for (let i = 12; i < 16; i++) {
    for (const candles of series) engineer.update(candles[i]!)
    const { time } = series[0]![i]!
    for (const symbol of i === 14 ? (['AAPL', 'VIX'] as const) : []) {
      engineer.settle({ symbol, side: 'long', time, exitTime: time, won: 1, netReturn: 0.01 })
    }
    for (const symbol of symbols) {
      const x = engineer.vector({ symbol, side: 'short', time, meta: { sure: 0.5 } })
      vectors.push(Array.from(x, (value) => (Number.isNaN(value) ? null : value)))
    }
    engineer = restore(JSON.parse(JSON.stringify(engineer)), [make().codec()])
  }
  expect(vectors).toEqual(golden.vectors)
  expect(engineer.toJSON().version).toBe(2)
})

test('one of version 1 whose indicators kept another state is refused as too old, with what to do', () => {
  const old = JSON.parse(JSON.stringify(golden.snapshot))
  old.state.symbols[1].candles.rsi = { sums: 1 }
  expect(() => restore(old, [make().codec()])).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED_VERSION',
      message: expect.stringMatching(/older release.*past candles.*state\.symbols\[1\]\.candles\.rsi/),
    }),
  )
})

test('one of version 1 that is damaged, or of other features, is refused with a code', () => {
  const damaged =
    (change: (json: { options: Snapshot['options']; state: { [key: string]: unknown } }) => unknown) => () => {
      const json = JSON.parse(JSON.stringify(golden.snapshot))
      change(json)
      return restore(json, [make().codec()])
    }
  expect(damaged(() => {})).not.toThrow()
  const refused = expect.objectContaining({ code: expect.stringMatching(/^(UNSUPPORTED_VERSION|CORRUPT_SNAPSHOT)$/) })
  for (const symbols of [undefined, 7, [null], [{}], [{ symbol: 'A', history: 3 }]]) {
    expect(damaged((json) => Object.assign(json.state, { symbols }))).toThrow(refused)
  }
  expect(damaged(({ options }) => Object.assign(options, { maxSymbols: 'many' }))).toThrow(refused)
  expect(damaged(({ options }) => Object.assign(options, { fingerprint: 'abc' }))).toThrow(
    expect.objectContaining({ code: 'SCHEMA_MISMATCH' }),
  )
})
