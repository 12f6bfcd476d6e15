import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { expectedTradesToTrip, KillSwitch, REASONS } from '../../src/decision/index.ts'
import { addTrade, createWinRateEvidence, isBelow } from '../../src/decision/win-rate-evidence.ts'
import { sealed } from './sealed.ts'

const feed = (killSwitch: KillSwitch, returns: readonly number[]): KillSwitch => {
  for (const netReturn of returns) killSwitch.observeOutcome(netReturn)
  return killSwitch
}
const written = (killSwitch: KillSwitch): Snapshot => JSON.parse(JSON.stringify(killSwitch)) as Snapshot

describe('rules', () => {
  test('three losses in a row halt; a win in between starts the count anew', () => {
    const killSwitch = feed(new KillSwitch(), [-0.01, -0.01, 0.01, -0.01, -0.01])
    expect(killSwitch.halted).toBe(false)
    expect(killSwitch.cause).toBeNull()
    killSwitch.observeOutcome(0)
    expect(killSwitch.cause).toEqual({ code: 'LOSS_STREAK', text: '3 losses in a row; 3 halt.' })
  })

  test('a fall of more than 10 % below the peak halts; 10 % does not', () => {
    const killSwitch = new KillSwitch()
    for (const equity of [1000, 1100, 990]) killSwitch.observeEquity(equity)
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeEquity(989)
    expect(killSwitch.cause?.code).toBe('DRAWDOWN')
    expect(killSwitch.cause?.text).toBe('Equity of 989 is 10.09 % below its peak of 1100; more than 10.00 % halts.')
  })

  test('an equity of 0 or less halts, even as the first', () => {
    for (const equity of [0, -50]) {
      const killSwitch = new KillSwitch()
      killSwitch.observeEquity(equity)
      expect(killSwitch.cause?.code).toBe('DRAWDOWN')
    }
  })

  test('a prediction of more than 100 ms halts; 100 ms does not', () => {
    const killSwitch = new KillSwitch()
    killSwitch.observeLatency(100)
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeLatency(100.5)
    expect(killSwitch.cause).toEqual({ code: 'LATENCY', text: 'A prediction took 100.5 ms; more than 100 ms halts.' })
  })

  test('what is not a number halts, whatever rules are off', () => {
    const off = { losses: Infinity, drawdown: Infinity, latency: Infinity }
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const observe of ['observeOutcome', 'observeEquity', 'observeLatency'] as const) {
        const killSwitch = new KillSwitch(off)
        killSwitch[observe](bad)
        expect(killSwitch.cause?.code).toBe('INVALID_OBSERVATION')
      }
    }
  })

  test('each rule can be switched off', () => {
    const killSwitch = new KillSwitch({ losses: Infinity, drawdown: Infinity, latency: Infinity })
    feed(killSwitch, new Array<number>(100).fill(-1))
    for (const equity of [1000, 1, -5]) killSwitch.observeEquity(equity)
    killSwitch.observeLatency(1e9)
    expect(killSwitch.halted).toBe(false)
    const confident = new KillSwitch({ mode: 'confidence', losses: Infinity })
    expect(feed(confident, new Array<number>(100).fill(-1)).halted).toBe(false)
  })
})

describe('the latch', () => {
  const observation = fc.oneof(
    fc.tuple(fc.constant('observeOutcome' as const), fc.double()),
    fc.tuple(fc.constant('observeEquity' as const), fc.double()),
    fc.tuple(fc.constant('observeLatency' as const), fc.double()),
  )

  test('no observation sets a halted switch going again, or changes its cause', () => {
    fc.assert(
      fc.property(fc.array(observation), (observations) => {
        const killSwitch = new KillSwitch()
        killSwitch.halt('lunch')
        for (const [observe, value] of observations) killSwitch[observe](value)
        expect(killSwitch.cause).toEqual({ code: 'OPERATOR', text: 'lunch' })
        expect(written(KillSwitch.fromJSON(written(killSwitch)))).toEqual(written(killSwitch))
      }),
    )
  })

  test('saved anywhere and read back it goes on exactly as it would have', () => {
    fc.assert(
      fc.property(fc.array(observation), fc.array(observation), fc.boolean(), (before, after, reset) => {
        const killSwitch = new KillSwitch({ losses: 2, latency: 1e300 })
        for (const [observe, value] of before) killSwitch[observe](value)
        if (reset) killSwitch.reset('a look was taken')
        const restored = restore(written(killSwitch), [KillSwitch]) as KillSwitch
        for (const [observe, value] of after) {
          killSwitch[observe](value)
          restored[observe](value)
        }
        expect(JSON.stringify(restored)).toBe(JSON.stringify(killSwitch))
      }),
      { numRuns: 500 },
    )
  })

  test('reset wants a reason, clears the streak and makes the present equity the peak', () => {
    const killSwitch = feed(new KillSwitch(), [-1, -1, -1])
    killSwitch.observeEquity(1000)
    killSwitch.observeEquity(500)
    for (const empty of ['', '  ', undefined]) {
      expect(() => killSwitch.reset(empty as string)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      expect(killSwitch.halted).toBe(true)
    }
    killSwitch.reset('strategy fixed')
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeEquity(451)
    feed(killSwitch, [-1, -1])
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeEquity(449)
    expect(killSwitch.cause?.code).toBe('DRAWDOWN')
  })

  test.each([undefined, '', '  ', null, 7, {}, Symbol('x'), new Error('x')])(
    'a halt by hand never fails on its text: %s',
    (missing) => {
      const killSwitch = new KillSwitch()
      killSwitch.halt(missing as string)
      expect(killSwitch.halted).toBe(true)
      expect(killSwitch.cause).toEqual({ code: 'OPERATOR', text: 'no reason given' })
      expect(written(KillSwitch.fromJSON(written(killSwitch)))).toEqual(written(killSwitch))
    },
  )

  test('a halt by hand needs no argument at all', () => {
    const killSwitch = new KillSwitch()
    killSwitch.halt()
    killSwitch.halt()
    expect(killSwitch.cause?.text).toBe('no reason given')
    expect(killSwitch.history.length).toBe(2)
  })

  test('halts by hand are remembered even when halted already', () => {
    const killSwitch = feed(new KillSwitch(), [-1, -1, -1])
    killSwitch.halt('going home')
    killSwitch.reset('back')
    expect(killSwitch.history).toEqual([
      { kind: 'halt', code: 'LOSS_STREAK', text: '3 losses in a row; 3 halt.', trades: 3 },
      { kind: 'halt', code: 'OPERATOR', text: 'going home', trades: 3 },
      { kind: 'reset', code: 'RESET', text: 'back', trades: 3 },
    ])
  })

  test('the history keeps 20 events and the texts 500 characters', () => {
    const killSwitch = new KillSwitch()
    for (let i = 0; i < 50; i++) {
      killSwitch.halt('x'.repeat(9000))
      killSwitch.reset(`reset ${i}`)
    }
    expect(killSwitch.history.length).toBe(20)
    expect(killSwitch.history.at(-1)!.text).toBe('reset 49')
    expect(JSON.stringify(killSwitch).length).toBeLessThan(10_000)
  })

  test('every code it gives is in the list', () => {
    const killSwitch = new KillSwitch()
    killSwitch.observeLatency(NaN)
    killSwitch.halt('x')
    killSwitch.reset('y')
    for (const { code } of killSwitch.history) expect(REASONS).toHaveProperty(code)
  })
})

describe('snapshots', () => {
  const halted = written(feed(new KillSwitch(), [-1, -1, -1]))
  /** The halted switch with its state, or its scope "all", changed and then sealed again, as one who means harm would. */
  const altered = (
    change: (state: Record<string, unknown>, all: Record<string, unknown>) => void,
    seal: (json: Snapshot) => Snapshot = sealed,
  ): Snapshot => {
    const copy = structuredClone(halted) as { state: Record<string, unknown> } & Snapshot
    change(copy.state, (copy.state['scopes'] as Record<string, unknown>[])[0]!)
    return seal(copy)
  }
  const damaged: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', 'halted: false'],
    ['an empty object', {}],
    ['another type', { ...halted, type: 'adwin' }],
    ['a newer version', { ...halted, version: 3 }],
    ['no state', { ...halted, state: undefined }],
    ['a missing key', altered((state) => delete state['trades'])],
    ['an extra key', altered((state) => (state['armed'] = false))],
    ['a streak that is no count', altered((_, all) => ((all['losses'] as { streak: unknown }).streak = -1))],
    ['a streak that is text', altered((_, all) => ((all['losses'] as { streak: unknown }).streak = '0'))],
    ['a cause that was removed', altered((_, all) => ((all['lock'] as { code: unknown }).code = ''))],
    ['a history that was removed', altered((state) => (state['history'] = []))],
    ['an unknown cause', altered((_, all) => ((all['lock'] as { code: unknown }).code = 'toString'))],
    ['an infinite peak', altered((_, all) => ((all['drawdown'] as { peak: unknown }).peak = { $: 'Infinity' }))],
    [
      'a broken seal',
      altered(
        (state) => (state['seal'] = '00000000'),
        (json) => json,
      ),
    ],
    ['options that cannot be', { ...halted, options: { ...halted.options, losses: 0 } }],
  ]

  test.each(damaged)('fromJSON refuses %s with a code', (_, bad) => {
    expect(() => KillSwitch.fromJSON(bad as Snapshot)).toThrow(expect.objectContaining({ code: expect.any(String) }))
  })

  test.each(damaged)('restoreOrHalt makes %s a halted switch', (_, bad) => {
    const killSwitch = KillSwitch.restoreOrHalt(bad)
    expect(killSwitch.cause?.code).toBe('UNREADABLE')
    killSwitch.reset('looked into it')
    expect(killSwitch.halted).toBe(false)
  })

  test('restoreOrHalt goes on where it was, under the operator’s options', () => {
    expect(KillSwitch.restoreOrHalt(halted).cause?.code).toBe('LOSS_STREAK')
    const two = written(feed(new KillSwitch({ losses: Infinity, drawdown: Infinity }), [-1, -1]))
    const killSwitch = KillSwitch.restoreOrHalt(two, { losses: 4 })
    expect(killSwitch.options).toMatchObject({ losses: 4, drawdown: 0.1 })
    expect(feed(killSwitch, [-1]).halted).toBe(false)
    expect(feed(killSwitch, [-1]).halted).toBe(true)
  })

  test('another win rate starts the evidence anew', () => {
    const saved = written(feed(new KillSwitch({ mode: 'confidence' }), [-1, -1, -1, -1]))
    const same = KillSwitch.restoreOrHalt(saved, { mode: 'confidence' })
    const other = KillSwitch.restoreOrHalt(saved, { mode: 'confidence', winRate: 0.49 })
    // n losses and no win give an E of 2^n / (n + 1), which passes 20 at the eighth
    expect(feed(same, [-1, -1, -1]).halted).toBe(false)
    expect(feed(same, [-1]).halted).toBe(true)
    expect(feed(other, [-1, -1, -1, -1]).halted).toBe(false)
  })

  test('damage of any one byte is never read as a switch that was set going', () => {
    const text = JSON.stringify(halted)
    for (let at = 0; at < text.length; at++) {
      for (const replacement of ['', '0', '"', ' ', '}', '[']) {
        const bytes = text.slice(0, at) + replacement + text.slice(at + 1)
        let json: unknown
        try {
          json = JSON.parse(bytes)
        } catch {
          json = undefined
        }
        if (!KillSwitch.restoreOrHalt(json).halted) expect.fail(bytes)
      }
    }
  })
})

describe('mode "confidence"', () => {
  const evidence = (wins: number, n: number, rate: number) => {
    const state = createWinRateEvidence()
    for (let i = 0; i < n; i++) addTrade(state, i < wins, rate)
    return state
  }

  test('evidence is the Beta mixture e-value', () => {
    // B(1 + k, 1 + n - k) 2^n by SciPy
    expect(Math.exp(evidence(65, 100, 0.5).logE)).toBeCloseTo(11.46139394769095, 10)
    expect(Math.exp(evidence(60, 100, 0.5).logE)).toBeCloseTo(0.9130497784875727, 11)
    expect(Math.exp(evidence(35, 100, 0.5).logE)).toBeCloseTo(11.46139394769095, 10)
  })

  test('many wins are no evidence of few', () => {
    expect(isBelow(evidence(90, 100, 0.5), 0.5, 0.05)).toBe(false)
    expect(isBelow(evidence(10, 100, 0.5), 0.5, 0.05)).toBe(true)
  })

  const tripped = (winRate: number, runs: number, trades: number): number[] => {
    const rng = new SeededRng(`confidence ${winRate}`)
    return Array.from({ length: runs }, () => {
      const killSwitch = new KillSwitch({ mode: 'confidence' })
      let n = 0
      for (; n < trades && !killSwitch.halted; n++) killSwitch.observeOutcome(rng.next() < winRate ? 0.01 : -0.01)
      return killSwitch.halted ? n : Infinity
    }).sort((a, b) => a - b)
  }

  test('wrong halts stay below 5 % over 1,000 looks, at the floor and above it', () => {
    for (const winRate of [0.5, 0.53]) {
      const wrong = tripped(winRate, 1000, 1000).filter(Number.isFinite).length / 1000
      expect(wrong).toBeLessThan(0.05)
    }
  })

  test('a win rate of 35 % against 50 % halts after some 90 trades', () => {
    const [median, last] = [tripped(0.35, 500, 2000)[250]!, tripped(0.35, 500, 2000)[499]!]
    expect(median).toBeGreaterThan(60)
    expect(median).toBeLessThan(120)
    expect(last).toBeLessThan(1000)
  })

  test('three losses alone do not halt', () => {
    expect(feed(new KillSwitch({ mode: 'confidence' }), [-1, -1, -1]).halted).toBe(false)
  })
})

describe('expectedTradesToTrip', () => {
  test.each([
    [0.45, 11.1],
    [0.5, 14.0],
    [0.52, 15.5],
    [0.55, 18.1],
    [0.58, 21.5],
    [0.6, 24.4],
  ])('at %d wins three losses come every %d trades', (winRate, trades) => {
    expect(Math.round(expectedTradesToTrip(winRate) * 10) / 10).toBe(trades)
  })

  test('is what a simulation shows', () => {
    const rng = new SeededRng('streaks')
    let trades = 0
    for (let run = 0; run < 20_000; run++) {
      for (const killSwitch = new KillSwitch(); !killSwitch.halted; trades++) {
        killSwitch.observeOutcome(rng.next() < 0.52 ? 1 : -1)
      }
    }
    // the standard error is about 0.1
    expect(Math.abs(trades / 20_000 - expectedTradesToTrip(0.52))).toBeLessThan(0.5)
  })

  test('ends are right', () => {
    expect(expectedTradesToTrip(0)).toBe(3)
    expect(expectedTradesToTrip(1)).toBe(Infinity)
    expect(expectedTradesToTrip(1e-12)).toBeCloseTo(3, 6)
    expect(expectedTradesToTrip(0.5, 1)).toBeCloseTo(2, 12)
    expect(expectedTradesToTrip(0.5, Infinity)).toBe(Infinity)
    expect(() => expectedTradesToTrip(1.5)).toThrow('"winRate"')
    expect(() => expectedTradesToTrip(0.5, 0)).toThrow('"losses"')
  })
})

test.each([
  [{ losses: 0 }],
  [{ losses: 2.5 }],
  [{ drawdown: 1 }],
  [{ drawdown: NaN }],
  [{ latency: 0 }],
  [{ falseAlarm: 0 }],
])('refuses the options %j', (bad) => {
  expect(() => new KillSwitch(bad)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
