import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { KillSwitch, type KillSwitchEvent } from '../../src/decision/index.ts'
import v1 from '../golden/kill-switch-v1.json' with { type: 'json' }
import { sealed } from './sealed.ts'

const T = Date.UTC(2026, 0, 5)
const HOUR = 3_600_000
const written = (killSwitch: KillSwitch): Snapshot => JSON.parse(JSON.stringify(killSwitch)) as Snapshot
const rules = { symbol: { losses: 1, lockFor: { losses: HOUR } }, losses: Infinity, probes: 1 }
const loss = { symbol: 'A', side: 'long' as const, time: T }
const ask = (killSwitch: KillSwitch, time = T, symbol = 'A') => killSwitch.stateFor({ symbol, side: 'long', time })
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a change is written before it acts:', () => {
  test('the store gets the halt while the scope is still open, and the decision that follows sees it', () => {
    const seen: unknown[] = []
    const killSwitch: KillSwitch = new KillSwitch({
      ...rules,
      persist: (event) => seen.push([event, ask(killSwitch).state, killSwitch.history.length]),
    })
    killSwitch.observeOutcome(-0.01, loss)
    const event = {
      kind: 'halt',
      code: 'LOSS_STREAK',
      text: '1 losses in a row; 1 halt.',
      trades: 1,
      scope: 'symbol:A',
      time: T,
      until: T + HOUR,
    }
    expect(seen).toEqual([[event, 'open', 0]])
    expect(ask(killSwitch).state).toBe('halted')
    expect(killSwitch.history).toEqual([event])
    expect(Object.isFrozen((seen as [[object]])[0][0])).toBe(true)
  })

  test('a reset and a close come to the store while the scope is still locked', () => {
    const seen: unknown[] = []
    const killSwitch: KillSwitch = new KillSwitch({
      ...rules,
      persist: ({ kind, scope }) => seen.push([kind, scope, killSwitch.locks.length]),
    })
    killSwitch.observeOutcome(-0.01, loss)
    killSwitch.observeEntry({ ...loss, time: T + HOUR })
    killSwitch.observeOutcome(0.01, { ...loss, time: T + HOUR, entryTime: T + HOUR })
    killSwitch.halt('x')
    killSwitch.reset('y')
    expect(seen).toEqual([
      ['halt', 'symbol:A', 0],
      ['close', 'symbol:A', 1],
      ['halt', undefined, 0],
      ['reset', undefined, 1],
    ])
  })

  test('what changes nothing is not written, but for a halt by hand', () => {
    const events: KillSwitchEvent[] = []
    const killSwitch = new KillSwitch({ losses: 1, persist: (event) => events.push(event) })
    killSwitch.observeOutcome(-1)
    killSwitch.observeOutcome(-1)
    killSwitch.observeLatency(1e6)
    expect(events.length).toBe(1)
    killSwitch.halt('too')
    expect(events.length).toBe(2)
    expect(killSwitch.cause?.code).toBe('LOSS_STREAK')
    expect(events).toEqual(killSwitch.history)
  })
})

test('a hook that resets the switch it is told about does not keep it from halting', () => {
  const killSwitch: KillSwitch = new KillSwitch({
    persist: ({ kind, scope }) => kind === 'halt' && killSwitch.reset('never mind', scope),
  })
  killSwitch.halt('a')
  killSwitch.halt('b', 'side:long')
  expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['all', 'side:long'])
})

describe('a store that fails', () => {
  const fail = (): never => {
    throw new Error('disk full')
  }
  const throwText = (): never => {
    throw 'disk full'
  }
  const thenable = (then: (yes: unknown, no: (why: unknown) => void) => void) => ({ then })
  const broken: [string, () => unknown][] = [
    ['throws', fail],
    ['throws what is no error', throwText],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['is a thenable that rejects', () => thenable((_, no) => no('disk full'))],
    ['is a thenable that throws', () => thenable(fail)],
  ]

  test.each(broken)('and %s halts everything for good; what was halted stays so', async (_, persist) => {
    const killSwitch = new KillSwitch({ ...rules, persist })
    killSwitch.observeOutcome(-0.01, loss)
    expect(ask(killSwitch).state).toBe('halted')
    await settled()
    const cause = { code: 'NOT_WRITTEN', text: 'A change of the kill switch could not be written: disk full' }
    expect(killSwitch.cause).toEqual(cause)
    expect(killSwitch.locks.map(({ scope, until }) => [scope, until])).toEqual([
      ['all', Infinity],
      ['symbol:A', T + HOUR],
    ])
    expect(ask(killSwitch, T + 1e9, 'B')).toMatchObject({ state: 'halted', scope: 'all', until: Infinity })
    expect(killSwitch.history.map(({ code }) => code)).toEqual(['LOSS_STREAK', 'NOT_WRITTEN'])
    expect(written(KillSwitch.fromJSON(written(killSwitch)))).toEqual(written(killSwitch))
  })

  test.each(broken)(
    'and %s makes a latch of a lock on all trading that would have ended by itself',
    async (_, persist) => {
      const killSwitch = new KillSwitch({ losses: 1, lockFor: { losses: HOUR }, persist })
      killSwitch.observeOutcome(-1, { time: T })
      await settled()
      expect(ask(killSwitch, T + HOUR)).toMatchObject({ state: 'halted', until: Infinity })
    },
  )

  test('is not called again about its own failure', async () => {
    let calls = 0
    const killSwitch = new KillSwitch({
      persist: () => {
        calls++
        throw new Error('x')
      },
    })
    killSwitch.halt('a')
    await settled()
    expect(calls).toBe(1)
    expect(killSwitch.cause?.code).toBe('OPERATOR')
    expect(killSwitch.history.map(({ code }) => code)).toEqual(['OPERATOR', 'NOT_WRITTEN'])
  })

  test('keeps a reset from acting, and says so; once it works again the reset does', () => {
    let works = true
    const killSwitch = new KillSwitch({
      persist: () => {
        if (!works) throw new Error('disk full')
      },
    })
    killSwitch.halt('a', 'symbol:A')
    works = false
    expect(() => killSwitch.reset('b', 'symbol:A')).toThrow(
      expect.objectContaining({ code: 'STORE_FAILED', message: 'A reset must be written first: disk full' }),
    )
    expect(killSwitch.locks.map(({ scope, code }) => `${scope} ${code}`)).toEqual([
      'all NOT_WRITTEN',
      'symbol:A OPERATOR',
    ])
    expect(killSwitch.history.map(({ kind }) => kind)).toEqual(['halt', 'halt'])
    expect(written(KillSwitch.fromJSON(written(killSwitch)))).toEqual(written(killSwitch))
    works = true
    killSwitch.reset('b', 'symbol:A')
    killSwitch.reset('b')
    expect(killSwitch.locks).toEqual([])
  })

  test('a reset that turns out not to have been written halts everything again', async () => {
    const killSwitch = new KillSwitch({
      persist: ({ kind }) => (kind === 'reset' ? Promise.reject(new Error('late')) : Promise.resolve()),
    })
    killSwitch.halt('a')
    killSwitch.reset('b')
    expect(killSwitch.halted).toBe(false)
    await settled()
    expect(killSwitch.cause?.code).toBe('NOT_WRITTEN')
  })

  test('keeps won probes from lifting their lock', () => {
    const killSwitch = new KillSwitch({
      ...rules,
      persist: ({ kind }) => {
        if (kind === 'close') throw new Error('x')
      },
    })
    killSwitch.observeOutcome(-0.01, loss)
    killSwitch.observeEntry({ ...loss, time: T + HOUR })
    killSwitch.observeOutcome(0.01, { ...loss, time: T + HOUR, entryTime: T + HOUR })
    expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['all', 'symbol:A'])
    expect(killSwitch.history.map(({ code }) => code)).toEqual(['LOSS_STREAK', 'NOT_WRITTEN'])
    expect(written(KillSwitch.fromJSON(written(killSwitch)))).toEqual(written(killSwitch))
  })

  test('long messages are cut', () => {
    const killSwitch = new KillSwitch({
      persist: () => {
        throw new Error('x'.repeat(9000))
      },
    })
    killSwitch.halt('y'.repeat(9000))
    expect(killSwitch.history.map(({ text }) => text.length)).toEqual([500, 500])
    const other = new KillSwitch()
    other.reset('z'.repeat(9000))
    expect(other.history[0]!.text.length).toBe(500)
  })
})

test('the hook is no part of a snapshot, and comes with the operator’s options again', () => {
  const events: KillSwitchEvent[] = []
  const killSwitch = new KillSwitch({ persist: (event) => events.push(event) })
  expect(written(killSwitch).options).not.toHaveProperty('persist')
  const again = KillSwitch.restoreOrHalt(written(killSwitch), killSwitch.options)
  again.halt('x')
  expect(events.length).toBe(1)
  KillSwitch.restoreOrHalt('rubbish', killSwitch.options)
  expect(events.map(({ code }) => code)).toEqual(['OPERATOR', 'UNREADABLE'])
})

describe('events written since the snapshot', () => {
  const events = (): { saved: Snapshot; killSwitch: KillSwitch; since: KillSwitchEvent[] } => {
    const since: KillSwitchEvent[] = []
    const killSwitch = new KillSwitch({ ...rules, persist: (event) => since.push(JSON.parse(JSON.stringify(event))) })
    const saved = written(killSwitch)
    killSwitch.observeOutcome(-0.01, loss)
    killSwitch.halt('b')
    return { saved, killSwitch, since }
  }

  test('are done again, so that a halt outlives a crash right after it', () => {
    const { saved, killSwitch, since } = events()
    expect(KillSwitch.restoreOrHalt(saved, rules).locks).toEqual([])
    const again = KillSwitch.restoreOrHalt(saved, rules, since)
    expect(again.locks.map(({ scope, until }) => [scope, until])).toEqual([
      ['all', Infinity],
      ['symbol:A', T + HOUR],
    ])
    expect(again.history).toEqual(killSwitch.history)
    expect(ask(again).state).toBe('halted')
    // the time goes on from there
    again.observeOutcome(-1, { symbol: 'B' })
    expect(again.locks.at(-1)).toMatchObject({ scope: 'symbol:B', until: T + HOUR })
    expect(again.history.at(-1)!.trades).toBe(2)
  })

  test('end locks again that were lifted, and count the time that a probe lost', () => {
    const time = T + HOUR
    const probe = { ...loss, time, entryTime: time }
    for (const how of ['close', 'reset', 'again'] as const) {
      const { saved, killSwitch, since } = events()
      killSwitch.reset('c')
      killSwitch.observeEntry(probe)
      if (how === 'reset') killSwitch.reset('d', 'symbol:A')
      else killSwitch.observeOutcome(how === 'close' ? 0.01 : -0.01, probe)
      for (const from of [saved, written(killSwitch)]) {
        const again = KillSwitch.restoreOrHalt(from, rules, since)
        expect(again.locks, how).toEqual(how === 'again' ? [expect.objectContaining({ until: time + 2 * HOUR })] : [])
        if (how !== 'again') continue
        const later = time + 2 * HOUR
        again.observeOutcome(-0.01, { ...loss, time: later, entryTime: later })
        expect(again.locks[0]!.until).toBe(later + 4 * HOUR)
      }
    }
  })

  test('of an older time or fewer trades take nothing back', () => {
    const { killSwitch, since } = events()
    killSwitch.observeOutcome(0.01, { time: T + 5 * HOUR })
    const again = KillSwitch.restoreOrHalt(written(killSwitch), rules, since)
    again.halt('c', 'model')
    expect(again.history.at(-1)).toMatchObject({ time: T + 5 * HOUR, trades: 2 })
  })

  test('that the snapshot knows already change nothing but the history', () => {
    const { killSwitch, since } = events()
    killSwitch.observeEntry({ ...loss, time: T + HOUR })
    const again = KillSwitch.restoreOrHalt(written(killSwitch), rules, since)
    again.reset('x')
    expect(ask(again, T + HOUR).cause?.code).toBe('PROBES_OUT')
  })

  test.each([
    null,
    {},
    { kind: 'pause', code: 'OPERATOR', text: '', trades: 0 },
    { kind: 'halt', code: 'toString', text: '', trades: 0 },
    7,
    { kind: 'halt', code: 7, text: '', trades: 0 },
    { kind: 'halt', code: ['OPERATOR'], text: '', trades: 0 },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, time: '5' },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, time: T, until: '9999999999999' },
    { kind: 'halt', code: 'OPERATOR', text: 7, trades: 0 },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: -1 },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0.5 },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, scope: 'symbol:' },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, time: 'now' },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, time: NaN },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, time: T, until: T },
    { kind: 'halt', code: 'OPERATOR', text: '', trades: 0, until: 'soon' },
  ])('%j that cannot be read halts', (event) => {
    const killSwitch = KillSwitch.restoreOrHalt(written(new KillSwitch()), {}, [event as never])
    expect(killSwitch.cause?.code).toBe('UNREADABLE')
    expect(killSwitch.cause?.text).toMatch(/^An event of a kill switch must be .+, got .+\.$/)
  })

  test('one that cannot be read is told even where everything is halted already', () => {
    const halted = new KillSwitch()
    halted.halt('news')
    const killSwitch = KillSwitch.restoreOrHalt(written(halted), {}, [null as never])
    expect(killSwitch.cause?.text).toBe('news')
    expect(killSwitch.history.map(({ code }) => code)).toEqual(['OPERATOR', 'UNREADABLE'])
  })

  test('one that there is no room for halts', () => {
    const halt = (symbol: string) => ({
      kind: 'halt',
      code: 'OPERATOR',
      text: '',
      trades: 0,
      scope: `symbol:${symbol}`,
    })
    const killSwitch = KillSwitch.restoreOrHalt(written(new KillSwitch()), { maxSymbols: 1 }, [
      halt('A'),
      halt('B'),
    ] as never)
    expect(killSwitch.cause).toEqual({ code: 'UNREADABLE', text: 'There is no room to halt "symbol:B".' })
  })

  test('a text that is too long is cut', () => {
    const halt = { kind: 'halt' as const, code: 'OPERATOR', text: 'x'.repeat(9000), trades: 0 }
    expect(KillSwitch.restoreOrHalt(written(new KillSwitch()), {}, [halt]).cause!.text.length).toBe(500)
  })
})

describe('a snapshot of layout 1', () => {
  const first = v1 as unknown as Record<'fresh' | 'running' | 'halted' | 'reset' | 'invalid', Snapshot>

  test('of a switch that has seen nothing is a fresh one', () => {
    expect(written(KillSwitch.fromJSON(first.fresh))).toEqual(written(new KillSwitch()))
  })

  test('goes on where it stopped', () => {
    const running = KillSwitch.fromJSON(first.running)
    expect([running.options.losses, running.halted]).toEqual([4, false])
    running.observeEquity(901)
    expect(running.halted).toBe(false)
    running.observeOutcome(-0.01)
    expect(running.cause).toEqual({ code: 'LOSS_STREAK', text: '4 losses in a row; 4 halt.' })
    expect(running.history[0]!.trades).toBe(5)
    const falling = KillSwitch.restoreOrHalt(first.running, { losses: 9 })
    falling.observeEquity(899)
    expect(falling.cause?.code).toBe('DRAWDOWN')
  })

  test('that was halted is halted, for good, with its cause and its history', () => {
    for (const killSwitch of [KillSwitch.fromJSON(first.halted), KillSwitch.restoreOrHalt(first.halted)]) {
      expect(killSwitch.cause).toEqual({ code: 'LOSS_STREAK', text: '3 losses in a row; 3 halt.' })
      expect(killSwitch.locks).toEqual([{ scope: 'all', state: 'halted', until: Infinity, ...killSwitch.cause }])
      expect(killSwitch.history).toEqual([{ kind: 'halt', trades: 3, ...killSwitch.cause }])
      expect(written(KillSwitch.fromJSON(written(killSwitch)))).toEqual(written(killSwitch))
      killSwitch.reset('x')
      expect(killSwitch.halted).toBe(false)
    }
    const reset = KillSwitch.fromJSON(first.reset)
    expect(reset.options).toMatchObject({ mode: 'confidence', winRate: 0.55 })
    expect(reset.history.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'halt: news',
      'halt: more news',
      'reset: news is over',
    ])
    expect(KillSwitch.fromJSON(first.invalid).cause?.code).toBe('INVALID_OBSERVATION')
  })

  test.each([
    ['a cause without a halt', { code: 'LATENCY' }],
    ['no cause after a halt', { code: '' }],
    ['an unknown cause', { code: 'toString' }],
    ['a streak longer than its trades', { streak: 4 }],
    ['evidence of more trades than there were', { evidence: { n: 4, wins: 0, logE: 0 } }],
    ['evidence that cannot be', { evidence: { n: 3, wins: 0, logE: { $: 'NaN' } } }],
    ['an equity above its peak', { equity: 2000 }],
    ['a key too many', { armed: true }],
    ['trades that are no count', { trades: 3.5 }],
    ['an unknown event', { history: [{ kind: 'halt', code: 'x', text: '', trades: 3 }] }],
    ['21 events', { history: new Array(21).fill({ kind: 'halt', code: 'LOSS_STREAK', text: '', trades: 3 }) }],
  ])('with %s is refused, or halts', (_, change) => {
    const base = 'code' in change && change.code === 'LATENCY' ? first.fresh : first.halted
    const bad = { ...base, state: { ...base.state, ...change } } as unknown as Snapshot
    expect(() => KillSwitch.fromJSON(bad)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    expect(KillSwitch.restoreOrHalt(bad).cause?.code).toBe('UNREADABLE')
  })
})

describe('a state that was altered and sealed again', () => {
  type Raw = Record<string, unknown>
  const busy = (): KillSwitch => {
    const killSwitch = new KillSwitch({ ...rules, symbol: { ...rules.symbol, lossRate: 0.5, window: 4 } })
    killSwitch.observeData({ symbol: 'A', time: T })
    killSwitch.observeEquity(100)
    killSwitch.observeOutcome(-0.01, loss)
    return killSwitch
  }
  const altered = (change: (state: Raw, all: Raw, symbol: Raw) => void): Snapshot => {
    const copy = structuredClone(written(busy())) as Snapshot & { state: Raw }
    const [all, symbol] = copy.state['scopes'] as [Raw, Raw]
    change(copy.state, all, symbol)
    return sealed(copy)
  }
  const set = (part: string, key: string, value: unknown) => (_: Raw, __: Raw, symbol: Raw) => {
    ;(symbol[part] as Raw)[key] = value
  }
  const inf = { $: 'Infinity' }
  const nan = { $: 'NaN' }
  test('reads as it is where nothing was altered', () => {
    expect(written(KillSwitch.fromJSON(altered(() => {})))).toEqual(written(busy()))
  })

  test.each<[string, Parameters<typeof altered>[0]]>([
    ['no scope "all"', (state) => (state['scopes'] = (state['scopes'] as Raw[]).slice(1))],
    ['a scope twice', (state) => (state['scopes'] = [...(state['scopes'] as Raw[]), (state['scopes'] as Raw[])[0]!])],
    ['an unknown scope', (_, __, symbol) => (symbol['scope'] = 'sector:tech')],
    [
      'an unlocked scope after its halt',
      (_, __, symbol) => (symbol['lock'] = { code: '', text: '', until: nan, duration: nan, sent: 0, wins: 0 }),
    ],
    ['no scope where one was halted', (state) => (state['scopes'] = (state['scopes'] as Raw[]).slice(0, 1))],
    ['a lock that no event tells of', (state) => (state['history'] = [])],
    ['a close after which it is locked', (state) => ((state['history'] as [Raw])[0]['kind'] = 'close')],
    ['a reset after which it is locked', (state) => ((state['history'] as [Raw])[0]['kind'] = 'reset')],
    ['an event of an unknown kind', (state) => ((state['history'] as [Raw])[0]['kind'] = 'pause')],
    ['an event that ends before it began', (state) => ((state['history'] as [Raw])[0]['until'] = T - 1)],
    ['a time that is no number', (state) => (state['time'] = nan)],
    ['a time without end', (state) => (state['time'] = inf)],
    ['trades that are no count', (state) => (state['trades'] = -1)],
    ['observations that are no count', (state) => (state['observed'] = 0.5)],
    ['a lock without an end', set('lock', 'until', nan)],
    ['a lock that ended before time', set('lock', 'until', { $: '-Infinity' })],
    ['a lock of no length', set('lock', 'duration', 0)],
    ['more won probes than were sent', set('lock', 'wins', 1)],
    ['probes that are no count', set('lock', 'sent', -1)],
    ['won probes that are no count', set('lock', 'wins', -1)],
    ['an unknown cause', set('lock', 'code', 'toString')],
    ['a streak that is no count', set('losses', 'streak', 0.5)],
    ['evidence of more wins than trades', set('losses', 'evidence', { n: 1, wins: 2, logE: 0 })],
    ['evidence of a trade and a half', set('losses', 'evidence', { n: 1.5, wins: 0, logE: 0 })],
    ['evidence of less than no win', set('losses', 'evidence', { n: 1, wins: -1, logE: 0 })],
    ['endless evidence', set('lossRate', 'evidence', { n: 1, wins: 0, logE: inf })],
    ['a longer window', set('lossRate', 'results', { $: 'Uint8Array', data: 'AQAAAAA=' })],
    [
      'a result that is neither',
      (_, __, symbol) => {
        Object.assign(symbol['lossRate'] as Raw, { results: { $: 'Uint8Array', data: 'AAIAAA==' }, losses: 2 })
      },
    ],
    ['losses that do not add up', set('lossRate', 'losses', 2)],
    ['a head beyond the window', set('lossRate', 'head', 4)],
    ['a head that is no place', set('lossRate', 'head', 0.5)],
    ['more results than the window holds', set('lossRate', 'size', 5)],
    ['a size that is no count', set('lossRate', 'size', -1)],
    ['an equity above its peak', set('drawdown', 'value', 1e9)],
    ['a peak without end', set('drawdown', 'peak', inf)],
    ['an equity without a peak', set('drawdown', 'peak', nan)],
    ['a candle from never', (_, __, symbol) => (symbol['newest'] = inf)],
    ['an order that is no count', (_, __, symbol) => (symbol['seen'] = -1)],
    ['an extra key in a lock', set('lock', 'armed', false)],
  ])('is refused with %s', (_, change) => {
    const bad = altered(change)
    expect(() => KillSwitch.fromJSON(bad)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    const killSwitch = KillSwitch.restoreOrHalt(bad)
    expect(killSwitch.cause?.code).toBe('UNREADABLE')
    expect(killSwitch.cause?.text).toMatch(/must be \S+ (?!,)/)
  })

  test('damage of any one character is seen, even where it makes sense', () => {
    const whole = JSON.stringify(busy())
    const same = JSON.stringify(JSON.parse(whole))
    for (let i = 0; i < whole.length; i++) {
      for (const replacement of ['', '1', '9', 'x']) {
        const text = whole.slice(0, i) + replacement + whole.slice(i + 1)
        let json: Snapshot | undefined
        try {
          json = JSON.parse(text) as Snapshot
        } catch {
          json = undefined
        }
        if (json !== undefined && JSON.stringify(json) === same) continue
        if (KillSwitch.restoreOrHalt(json, rules).cause?.code !== 'UNREADABLE') expect.fail(text)
      }
    }
  })
})

test('a history of 20 events is whole, and a halt may be older than it', () => {
  const killSwitch = new KillSwitch()
  killSwitch.halt('old', 'symbol:A')
  for (let i = 0; i < 25; i++) killSwitch.reset(`reset ${i}`)
  expect(killSwitch.history).toHaveLength(20)
  const again = KillSwitch.fromJSON(written(killSwitch))
  expect(again.locks).toEqual(killSwitch.locks)
  expect(again.locks).toHaveLength(1)
})

test('what was counted by another window starts anew, what by the same goes on', () => {
  const rate = (window: number) => ({ symbol: { lossRate: 0.5, window } })
  const killSwitch = new KillSwitch({ ...rate(4), losses: Infinity })
  for (let i = 0; i < 3; i++) killSwitch.observeOutcome(-1, loss)
  const after = (window: number, more: object = {}): boolean => {
    const settings = { ...rate(window), losses: Infinity }
    const again = KillSwitch.restoreOrHalt(written(killSwitch), {
      ...settings,
      symbol: { ...settings.symbol, ...more },
    })
    again.observeOutcome(-1, loss)
    expect(written(KillSwitch.fromJSON(written(again)))).toEqual(written(again))
    return ask(again).state === 'halted'
  }
  expect([after(4), after(3), after(5), after(4, { lossRate: 0.6 }), after(4, { mode: 'confidence' })]).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})

test('a scope whose rules are switched off stays locked until the operator resets it', () => {
  const killSwitch = new KillSwitch(rules)
  killSwitch.observeOutcome(-0.01, loss)
  const again = KillSwitch.restoreOrHalt(written(killSwitch), {})
  expect(ask(again).state).toBe('halted')
  again.reset('x', 'symbol:A')
  expect(ask(again).state).toBe('open')
})
