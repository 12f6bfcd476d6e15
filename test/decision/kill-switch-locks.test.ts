import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { KillSwitch, type KillSwitchEvent, type KillSwitchSettings } from '../../src/decision/index.ts'

const T = Date.UTC(2026, 0, 5)
const HOUR = 3_600_000
const settings = {
  ...{ losses: Infinity, drawdown: Infinity, latency: Infinity, probes: 2, longestLock: 4 * HOUR },
  symbol: { losses: 3, lockFor: { losses: HOUR } },
} satisfies KillSwitchSettings
const make = (more: KillSwitchSettings = {}): KillSwitch => new KillSwitch({ ...settings, ...more })
const at = (time: number, entryTime: number = time - 1) => ({ symbol: 'A', side: 'long' as const, time, entryTime })
const lose = (killSwitch: KillSwitch, time: number, times = 1, entryTime?: number): void => {
  for (let i = 0; i < times; i++) killSwitch.observeOutcome(-0.01, at(time, entryTime))
}
const win = (killSwitch: KillSwitch, time: number, entryTime?: number): void =>
  killSwitch.observeOutcome(0.01, at(time, entryTime))
const state = (killSwitch: KillSwitch, time: number) => killSwitch.stateFor({ symbol: 'A', side: 'long', time })
/** A switch that has been locked at T and is on probation. */
const probing = (more: KillSwitchSettings = {}): KillSwitch => {
  const killSwitch = make(more)
  lose(killSwitch, T, 3)
  return killSwitch
}
const END = T + HOUR

test('says how far equity has fallen, how far it may, and how long a prediction may take', () => {
  const killSwitch = make({ drawdown: 0.25, latency: 80 })
  expect(killSwitch.drawdown).toEqual({ value: NaN, limit: 0.25 })
  expect(killSwitch.latencyLimit).toBe(80)
  killSwitch.observeEquity(200)
  expect(killSwitch.drawdown.value).toBe(0)
  killSwitch.observeEquity(160)
  expect(killSwitch.drawdown.value).toBeCloseTo(0.2, 12)
  killSwitch.observeEquity(0)
  expect(killSwitch.drawdown).toEqual({ value: 1, limit: 0.25 })
  expect(killSwitch.expectedFalseAlarms({ winRate: 0.5 }).length).toBeGreaterThan(0)
})

describe('a timed lock', () => {
  test('halts until its time is over, and is half open from then on', () => {
    const killSwitch = probing()
    expect(state(killSwitch, T)).toMatchObject({ state: 'halted', until: END, cause: { code: 'LOSS_STREAK' } })
    expect(state(killSwitch, END - 1).state).toBe('halted')
    expect(state(killSwitch, END)).toEqual({
      state: 'half-open',
      cause: { code: 'LOSS_STREAK', text: '3 losses in a row; 3 halt.' },
      scope: 'symbol:A',
      until: END,
      plan: 'model',
    })
    expect(killSwitch.locks).toEqual([
      { scope: 'symbol:A', state: 'halted', until: END, code: 'LOSS_STREAK', text: '3 losses in a row; 3 halt.' },
    ])
    killSwitch.observeEquity(100, { time: END })
    expect(killSwitch.locks[0]!.state).toBe('half-open')
  })

  test('is never ended by a clock that goes back', () => {
    const killSwitch = probing()
    for (const time of [T - 1, T - 90 * 24 * HOUR]) {
      killSwitch.observeEquity(100, { time })
      win(killSwitch, time)
      expect(state(killSwitch, time)).toMatchObject({ state: 'halted', until: END })
      expect(state(killSwitch, END - 1).state).toBe('halted')
    }
    // and what trips at an earlier time is locked from the latest time on
    lose(killSwitch, END - 1000, 1)
    for (let i = 0; i < 3; i++) killSwitch.observeOutcome(-1, { symbol: 'B', time: T - HOUR })
    expect(killSwitch.locks[1]).toMatchObject({ scope: 'symbol:B', until: END - 1000 + HOUR })
  })

  test('is a latch where no time was ever told', () => {
    const killSwitch = make()
    for (let i = 0; i < 3; i++) killSwitch.observeOutcome(-1, { symbol: 'A' })
    expect(state(killSwitch, T + 1e9)).toMatchObject({ state: 'halted', until: Infinity })
    expect(killSwitch.history[0]).not.toHaveProperty('time')
  })

  test('is prolonged by a rule that trips again, and not made shorter by one', () => {
    const killSwitch = make({ symbol: { losses: 3, latency: 10, lockFor: { losses: HOUR, latency: 1000 } } })
    lose(killSwitch, T, 3)
    lose(killSwitch, T + 1000, 2)
    expect(state(killSwitch, T).until).toBe(END)
    lose(killSwitch, T + 2000)
    expect(state(killSwitch, T).until).toBe(END + 2000)
    killSwitch.observeLatency(11, at(T + 3000))
    expect(state(killSwitch, T)).toMatchObject({ until: END + 2000, cause: { code: 'LOSS_STREAK' } })
    expect(killSwitch.history).toHaveLength(2)
    // nothing was lost, so the next one is of the rule's own length
    expect(killSwitch.history[1]).toMatchObject({ until: END + 2000, time: T + 2000, scope: 'symbol:A' })
  })

  test('becomes a latch where something trips that latches', () => {
    const killSwitch = make({ symbol: { losses: 3, drawdown: 0.5, lockFor: { losses: HOUR } } })
    lose(killSwitch, T, 3)
    killSwitch.observeOutcome(-0.6, at(T + 1))
    expect(state(killSwitch, T)).toMatchObject({ until: Infinity, cause: { code: 'DRAWDOWN' } })
    expect(state(killSwitch, T + 1e9).state).toBe('halted')
    lose(killSwitch, T + 2, 3)
    expect(state(killSwitch, T).cause?.code).toBe('DRAWDOWN')
  })

  test('by hand is a latch, whatever the scope, and upgrades a timed lock', () => {
    const killSwitch = probing()
    killSwitch.halt('stop it', 'symbol:A')
    expect(state(killSwitch, T + 1e9)).toMatchObject({ state: 'halted', until: Infinity, cause: { text: 'stop it' } })
  })

  test('of all trading holds "halted" until its probes have won', () => {
    const killSwitch = new KillSwitch({ losses: 3, lockFor: { losses: HOUR }, probes: 1 })
    lose(killSwitch, T, 3)
    killSwitch.observeEquity(100, { time: END })
    expect(state(killSwitch, END)).toMatchObject({ state: 'half-open', scope: 'all' })
    expect(killSwitch.halted).toBe(true)
    killSwitch.observeEntry(at(END))
    win(killSwitch, END + 1, END)
    expect(killSwitch.halted).toBe(false)
    expect(killSwitch.cause).toBeNull()
  })
})

describe('half open', () => {
  test('as many probes as may be are let out, then their outcomes are awaited', () => {
    const killSwitch = probing()
    for (const left of [2, 1]) {
      expect(state(killSwitch, END).state, `${left} left`).toBe('half-open')
      killSwitch.observeEntry(at(END))
    }
    expect(state(killSwitch, END)).toEqual({
      state: 'halted',
      cause: { code: 'PROBES_OUT', text: '2 probe trades are out after: 3 losses in a row; 3 halt.' },
      scope: 'symbol:A',
      until: Infinity,
      plan: 'model',
    })
  })

  test('if all win the lock is lifted', () => {
    const killSwitch = probing()
    killSwitch.observeEntry(at(END))
    win(killSwitch, END + 1, END)
    expect(state(killSwitch, END + 1).state).toBe('half-open')
    killSwitch.observeEntry(at(END + 1))
    expect(state(killSwitch, END + 1).state).toBe('halted')
    win(killSwitch, END + 2, END + 1)
    expect(state(killSwitch, END + 2)).toMatchObject({ state: 'open', cause: null })
    expect(killSwitch.history.at(-1)).toEqual({
      kind: 'close',
      code: 'PROVEN',
      text: '2 probe trades won after: 3 losses in a row; 3 halt.',
      trades: 5,
      scope: 'symbol:A',
      time: END + 2,
    })
    // and the next lock is a first one again
    lose(killSwitch, END + 3, 3)
    expect(state(killSwitch, END + 3).until).toBe(END + 3 + HOUR)
  })

  test('one that loses locks again, each time for twice as long, up to a cap', () => {
    const killSwitch = probing()
    let end = END
    for (const hours of [2, 4, 4, 4]) {
      killSwitch.observeEntry(at(end))
      lose(killSwitch, end + 10, 1, end)
      expect(state(killSwitch, end + 10)).toMatchObject({
        state: 'halted',
        until: end + 10 + hours * HOUR,
        cause: { code: 'PROBE_LOST' },
      })
      end += 10 + hours * HOUR
      expect(state(killSwitch, end).state).toBe('half-open')
    }
    expect(killSwitch.history.map(({ kind }) => kind)).toEqual(new Array(5).fill('halt'))
    for (const { text } of killSwitch.history.slice(1)) {
      expect(text).toBe('A probe trade lost after: 3 losses in a row; 3 halt.')
    }
  })

  test('a rule that trips meanwhile locks for twice as long too', () => {
    const killSwitch = probing()
    lose(killSwitch, END + 10, 3, T - 5)
    expect(state(killSwitch, END + 10)).toMatchObject({ until: END + 10 + 2 * HOUR, cause: { code: 'LOSS_STREAK' } })
  })

  test('and a prolonged lock remembers how often it came', () => {
    const killSwitch = probing()
    killSwitch.observeEntry(at(END))
    lose(killSwitch, END, 1, END)
    const second = END + 2 * HOUR
    lose(killSwitch, second - 1000, 3, T)
    expect(state(killSwitch, second)).toMatchObject({ state: 'halted', until: second - 1000 + HOUR })
    killSwitch.observeEntry(at(second + HOUR))
    lose(killSwitch, second + HOUR, 1, second + HOUR)
    expect(state(killSwitch, second)).toMatchObject({ until: second + 5 * HOUR })
  })

  test('trades from before the lock’s end are no probes', () => {
    const killSwitch = probing()
    killSwitch.observeEntry(at(END))
    killSwitch.observeEntry(at(END))
    win(killSwitch, END + 1, END - 1)
    win(killSwitch, END + 1, T)
    expect(state(killSwitch, END + 1).cause?.code).toBe('PROBES_OUT')
    lose(killSwitch, END + 2, 1, END - 1)
    expect(state(killSwitch, END + 2).cause?.code).toBe('PROBES_OUT')
    win(killSwitch, END + 3, END)
    win(killSwitch, END + 3, END)
    expect(state(killSwitch, END + 3).state).toBe('open')
  })

  test('a probe that returns nothing has lost', () => {
    const killSwitch = probing({ probes: 1 })
    killSwitch.observeEntry(at(END))
    killSwitch.observeOutcome(0, at(END, END))
    expect(state(killSwitch, END).cause?.code).toBe('PROBE_LOST')
  })

  test('where the entry is not told, a loss counts while probes are out and a win does not', () => {
    const killSwitch = probing()
    const untold = { symbol: 'A', side: 'long' as const, time: END }
    killSwitch.observeOutcome(-1, untold)
    expect(state(killSwitch, END).state).toBe('half-open')
    killSwitch.observeEntry(untold)
    killSwitch.observeOutcome(1, untold)
    killSwitch.observeEntry(untold)
    expect(state(killSwitch, END).cause?.code).toBe('PROBES_OUT')
    killSwitch.observeOutcome(-1, untold)
    expect(state(killSwitch, END).cause?.code).toBe('PROBE_LOST')
  })

  test('a win of a trade that nobody announced is none of a probe, its loss is', () => {
    const killSwitch = probing()
    for (let i = 0; i < 5; i++) win(killSwitch, END, END)
    expect(state(killSwitch, END).state).toBe('half-open')
    lose(killSwitch, END, 1, END)
    expect(state(killSwitch, END).cause?.code).toBe('PROBE_LOST')
  })

  test('a probe that came to nothing makes room for another, any other trade does not', () => {
    const killSwitch = probing()
    for (let i = 0; i < 2; i++) killSwitch.observeEntry(at(END))
    killSwitch.observeCancel(at(END, T))
    killSwitch.observeCancel({ symbol: 'A', time: END })
    expect(state(killSwitch, END).state).toBe('halted')
    killSwitch.observeCancel(at(END, END))
    expect(state(killSwitch, END).state).toBe('half-open')
    for (let i = 0; i < 5; i++) killSwitch.observeCancel(at(END, END))
    for (let i = 0; i < 2; i++) killSwitch.observeEntry(at(END))
    expect(state(killSwitch, END).state).toBe('halted')
    win(killSwitch, END, END)
    for (let i = 0; i < 5; i++) killSwitch.observeCancel(at(END, END))
    killSwitch.observeEntry(at(END))
    expect(state(killSwitch, END).state, 'what has won is not cancelled').toBe('halted')
  })

  test('entries count for nothing while the scope is open or halted', () => {
    const killSwitch = make()
    for (let i = 0; i < 5; i++) killSwitch.observeEntry(at(T))
    lose(killSwitch, T, 3)
    for (let i = 0; i < 5; i++) killSwitch.observeEntry(at(T))
    for (let i = 0; i < 5; i++) killSwitch.observeCancel(at(T, T))
    expect(state(killSwitch, END).state).toBe('half-open')
    killSwitch.observeEntry(at(END))
    expect(state(killSwitch, END).state).toBe('half-open')
  })

  test('of the model: probes by its plan, and the baseline’s plan while they are out', () => {
    const killSwitch = make({ model: { losses: 1, lockFor: { losses: HOUR } }, symbol: {}, probes: 1 })
    const modelled = { ...at(T), plan: 'model' as const }
    killSwitch.observeOutcome(-1, modelled)
    expect(state(killSwitch, T)).toMatchObject({ state: 'open', plan: 'baseline', scope: 'model', until: END })
    expect(state(killSwitch, END)).toMatchObject({ state: 'half-open', plan: 'model', scope: 'model' })
    killSwitch.observeEntry({ ...modelled, time: END })
    expect(state(killSwitch, END)).toMatchObject({ state: 'open', plan: 'baseline', cause: { code: 'PROBES_OUT' } })
    killSwitch.observeOutcome(1, { ...modelled, time: END, entryTime: END })
    expect(state(killSwitch, END)).toMatchObject({ state: 'open', plan: 'model', cause: null })
  })

  test('in two scopes at once the one that allows less counts, and of equals the one that holds longer', () => {
    const killSwitch = make({ side: { losses: 3, lockFor: { losses: 2 * HOUR } } })
    lose(killSwitch, T, 3)
    expect(state(killSwitch, T)).toMatchObject({ scope: 'side:long', until: T + 2 * HOUR })
    expect(state(killSwitch, END)).toMatchObject({ state: 'halted', scope: 'side:long' })
    expect(state(killSwitch, T + 2 * HOUR)).toMatchObject({ state: 'half-open', scope: 'side:long' })
    const reverse = make({ side: { losses: 3, lockFor: { losses: 1000 } } })
    lose(reverse, T, 3)
    expect(state(reverse, T)).toMatchObject({ scope: 'symbol:A', until: END })
    expect(state(reverse, T + 1000)).toMatchObject({ state: 'halted', scope: 'symbol:A' })
  })
})

describe('the operator’s reset', () => {
  test('of a scope starts its counts anew, and no other’s', () => {
    const killSwitch = make({ losses: 4 })
    lose(killSwitch, T, 3)
    killSwitch.reset('looked into it', 'symbol:A')
    expect(killSwitch.history.at(-1)).toMatchObject({ kind: 'reset', scope: 'symbol:A', text: 'looked into it' })
    lose(killSwitch, T, 1)
    expect(killSwitch.cause?.code).toBe('LOSS_STREAK')
    lose(killSwitch, T, 1)
    expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['all'])
    lose(killSwitch, T, 1)
    expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['all', 'symbol:A'])
  })

  test('of a symbol starts its earnings anew but not the age of its data', () => {
    const killSwitch = make({ symbol: { drawdown: 0.1 }, staleAfter: HOUR })
    killSwitch.observeData({ symbol: 'A', time: T })
    killSwitch.observeOutcome(-0.2, at(T))
    killSwitch.reset('x', 'symbol:A')
    expect(state(killSwitch, T).state).toBe('open')
    killSwitch.observeOutcome(-0.09, at(T))
    expect(state(killSwitch, T).state).toBe('open')
    killSwitch.observeOutcome(-0.09, at(T))
    expect(state(killSwitch, T).state).toBe('halted')
  })

  test('of what is not halted is written down and changes no lock', () => {
    const killSwitch = make()
    killSwitch.reset('just to be sure', 'symbol:Z')
    expect(killSwitch.history).toHaveLength(1)
    expect(killSwitch.locks).toEqual([])
  })
})

describe('a rule that has tripped starts anew', () => {
  test('so that the same losses do not count twice', () => {
    const killSwitch = make({ symbol: { lossRate: 0.5, window: 4, lockFor: { lossRate: 1000 } } })
    lose(killSwitch, T, 4)
    lose(killSwitch, T + 500, 3)
    expect(state(killSwitch, T).until).toBe(T + 1000)
    lose(killSwitch, T + 500, 1)
    expect(state(killSwitch, T).until).toBe(T + 1500)
  })

  test('and no other with it', () => {
    const rules = { losses: 3, lossRate: 0.5, window: 4, latency: 10, lockFor: { losses: 1, latency: 1 } }
    const killSwitch = make({ symbol: rules })
    lose(killSwitch, T, 2)
    killSwitch.observeLatency(11, at(T))
    lose(killSwitch, T + 10, 1, T - 1)
    expect(state(killSwitch, T).cause?.code).toBe('LOSS_STREAK')
    // the fourth of the window, though the streak began anew
    lose(killSwitch, T + 20, 1, T - 1)
    expect(state(killSwitch, T).cause?.code).toBe('LOSS_RATE')
  })

  test('so does a fall of what a symbol earned', () => {
    const killSwitch = make({ symbol: { drawdown: 0.1, lockFor: { drawdown: 1000 } } })
    killSwitch.observeOutcome(-0.2, at(T))
    killSwitch.observeOutcome(-0.05, at(T + 500))
    expect(state(killSwitch, T).until).toBe(T + 1000)
    killSwitch.observeOutcome(-0.06, at(T + 500))
    expect(state(killSwitch, T).until).toBe(T + 1500)
    // and one that lost all there was
    killSwitch.observeOutcome(-1, at(T + 600))
    killSwitch.reset('x', 'symbol:A')
    killSwitch.observeOutcome(0.01, at(T + 700))
    expect(state(killSwitch, T).state).toBe('open')
  })

  test('but a fall of all equity keeps its peak', () => {
    const killSwitch = new KillSwitch({ losses: 1, lockFor: { losses: 1000 } })
    killSwitch.observeEquity(100, { time: T })
    lose(killSwitch, T)
    killSwitch.observeEquity(95, { time: T + 1 })
    lose(killSwitch, T + 2)
    killSwitch.observeEquity(89, { time: T + 3 })
    expect(killSwitch.cause?.code).toBe('DRAWDOWN')
    expect(state(killSwitch, T + 1e9).state).toBe('halted')
  })
})

describe('laws, for any sequence:', () => {
  const symbol = fc.constantFrom('A', 'B', 'C', undefined)
  const subject = fc.record(
    {
      symbol,
      side: fc.constantFrom('long' as const, 'short' as const, undefined),
      time: fc.integer({ min: T, max: T + 20 * HOUR }),
      entryTime: fc.integer({ min: T, max: T + 20 * HOUR }),
      plan: fc.constantFrom('model' as const, 'baseline' as const, undefined),
    },
    { requiredKeys: [] },
  )
  type Step = (killSwitch: KillSwitch) => void
  const observation: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constantFrom(0.05, -0.05, NaN), subject).map(
      ([r, about]): Step =>
        (k) =>
          k.observeOutcome(r, about),
    ),
    subject.map(
      (about): Step =>
        (k) =>
          k.observeEntry(about),
    ),
    subject.map(
      (about): Step =>
        (k) =>
          k.observeCancel(about),
    ),
    fc.integer({ min: 80, max: 120 }).map(
      (equity): Step =>
        (k) =>
          k.observeEquity(equity),
    ),
    fc.tuple(fc.integer({ min: 0, max: 120 }), subject).map(
      ([ms, about]): Step =>
        (k) =>
          k.observeLatency(ms, about),
    ),
    fc.constantFrom('A', 'B').map(
      (name): Step =>
        (k) =>
          k.observeData({ symbol: name, time: T }),
    ),
    fc.constantFrom('all' as const, 'model' as const, 'symbol:A' as const).map(
      (s): Step =>
        (k) =>
          k.halt('x', s),
    ),
  )
  const reset = fc.constantFrom('all' as const, 'side:long' as const, 'symbol:A' as const)
  const step: fc.Arbitrary<Step> = fc.oneof(
    { arbitrary: observation, weight: 8 },
    {
      arbitrary: reset.map(
        (scope): Step =>
          (k) =>
            k.reset('x', scope),
      ),
      weight: 1,
    },
  )
  const rules = {
    ...{ losses: 3, lossRate: 0.6, window: 5, drawdown: 0.15 },
    lockFor: { losses: HOUR, lossRate: 2 * HOUR, drawdown: 3 * HOUR, latency: 1000 },
  }
  const { drawdown: _, ...ofAll } = rules.lockFor
  const busy: KillSwitchSettings = {
    ...rules,
    lockFor: ofAll,
    symbol: rules,
    side: rules,
    model: rules,
    maxSymbols: 2,
    staleAfter: 8 * HOUR,
    longestLock: 4 * HOUR,
  }
  const written = (killSwitch: KillSwitch): Snapshot => JSON.parse(JSON.stringify(killSwitch)) as Snapshot

  test('saved anywhere and read back it goes on exactly as it would have', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(step), (before, after) => {
        const one = new KillSwitch(busy)
        for (const act of before) act(one)
        const [two, three] = [KillSwitch.fromJSON(written(one)), KillSwitch.restoreOrHalt(written(one), busy)]
        for (const act of after) for (const killSwitch of [one, two, three]) act(killSwitch)
        expect(JSON.stringify(two)).toBe(JSON.stringify(one))
        expect(JSON.stringify(three)).toBe(JSON.stringify(one))
      }),
      { numRuns: 300 },
    )
  })

  test('a switch started from nothing but its written events has the same locks', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(80), (steps, saveAt) => {
        const events: KillSwitchEvent[] = []
        const persist = (event: KillSwitchEvent): void => void events.push(JSON.parse(JSON.stringify(event)))
        const killSwitch = new KillSwitch({ ...busy, persist })
        let saved = written(killSwitch)
        steps.forEach((act, i) => {
          act(killSwitch)
          if (i === saveAt) saved = written(killSwitch)
        })
        // a crash after the last step: all events since the snapshot, and some from before it, are there
        const again = KillSwitch.restoreOrHalt(saved, busy, events)
        const bare = ({ locks }: KillSwitch) =>
          locks.map(({ scope, code, until }) => `${scope} ${code} ${until}`).sort()
        expect(bare(again)).toEqual(bare(killSwitch))
        expect(JSON.stringify(KillSwitch.fromJSON(written(again)))).toBe(JSON.stringify(again))
      }),
      { numRuns: 300 },
    )
  })

  test('no observation opens a latch, and none opens a timed lock but won probes', () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 60 }), (steps) => {
        const killSwitch = new KillSwitch(busy)
        let locks = killSwitch.locks
        for (const act of steps) {
          act(killSwitch)
          const now = killSwitch.locks
          for (const lock of locks) {
            const after = now.find(({ scope }) => scope === lock.scope)
            const closed = killSwitch.history.some(({ kind, scope }) => kind === 'close' && scope === lock.scope)
            if (lock.until === Infinity) expect(after).toEqual(lock)
            else if (after) expect(after.until).toBeGreaterThanOrEqual(lock.until)
            else expect(closed || killSwitch.history.some(({ kind, scope }) => kind === 'close' && !scope)).toBe(true)
          }
          locks = now
        }
      }),
      { numRuns: 300 },
    )
  })

  test('memory stays bounded and every event is plain JSON', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const killSwitch = new KillSwitch(busy)
        for (const act of steps) act(killSwitch)
        // all, model, two sides, two symbols
        expect((written(killSwitch).state['scopes'] as unknown[]).length).toBeLessThanOrEqual(6)
        expect(killSwitch.history.length).toBeLessThanOrEqual(20)
        expect(JSON.parse(JSON.stringify(killSwitch.history))).toEqual(killSwitch.history)
      }),
      { numRuns: 100 },
    )
  })
})
