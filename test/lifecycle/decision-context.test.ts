import { expect, test } from 'vitest'
import { KillSwitch, RiskLedger } from '../../src/decision/index.ts'
import { clearanceOf } from '../../src/lifecycle/clearance.ts'
import { contextOf, type Known } from '../../src/lifecycle/decision-context.ts'
import type { Parts } from '../../src/lifecycle/parts.ts'
import type { Signal } from '../../src/market.ts'

const HOUR = 3_600_000
const START = 1_704_067_200_000
const features = { atr: () => 2 } as unknown as Parts['features']
const account = { equity: 1000, positions: [] }
const at = (killSwitch: Parts['killSwitch'], time = START, known: Partial<Known> = {}) => {
  const signal: Signal = { symbol: 'BTC', side: 'long', time, stop: 90 }
  const clearance = clearanceOf(killSwitch, signal)
  return contextOf(features, signal, 100, { account, trades: 7, novelty: 0.5, clearance, ...known })
}

test('holds what the signal says and what is known of it', () => {
  const ledger = new RiskLedger()
  const x = Float64Array.of(1, NaN, NaN, 0)
  expect(at(new KillSwitch(), START, { x, learnedAt: START - HOUR, ledger })).toEqual({
    signal: { symbol: 'BTC', side: 'long', price: 100, stop: 90 },
    ...{
      atr: 2,
      account,
      trades: 7,
      novelty: 0.5,
      missing: 0.5,
      modelAge: HOUR,
      ledger,
      time: START,
      halted: null,
      probe: null,
    },
  })
})

test('leaves out what nobody knows', () => {
  expect(Object.keys(at(new KillSwitch())).join(' ')).toBe('signal atr account trades novelty time halted probe')
  expect(at(new KillSwitch(), START, { x: new Float64Array(0) }).missing).toBe(0)
})

test('follows a kill switch from halted to half open', () => {
  const killSwitch = new KillSwitch({ losses: 1, lockFor: { losses: HOUR } })
  killSwitch.observeOutcome(-0.01, { symbol: 'BTC', side: 'long', time: START, entryTime: START - HOUR })
  expect(at(killSwitch)).toMatchObject({ halted: { code: 'LOSS_STREAK' } })
  const later = at(killSwitch, START + HOUR)
  expect(later).toMatchObject({ halted: null, probe: { code: 'LOSS_STREAK' } })
})

test('a guard with one state for all is asked for that', () => {
  const guard = { halted: true, cause: null } as unknown as Parts['killSwitch']
  expect(at(guard).halted).toEqual({ code: 'UNKNOWN', text: 'The kill switch gave no cause.' })
  expect(at({ halted: false, cause: null } as unknown as Parts['killSwitch']).halted).toBe(null)
})
