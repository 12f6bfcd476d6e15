import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KillSwitch, type KillSwitchSettings, REASONS, type Scope } from '../../src/decision/index.ts'
import type { Side } from '../../src/market.ts'

const T = Date.UTC(2026, 0, 5)
const off = { losses: Infinity, drawdown: Infinity, latency: Infinity }
const trade = (symbol: string, side: Side = 'long', at = T) => ({ symbol, side, time: at, entryTime: at - 1 })
const ask = (killSwitch: KillSwitch, symbol: string, side: Side = 'long', time = T) =>
  killSwitch.stateFor({ symbol, side, time })
const make = (settings: KillSwitchSettings): KillSwitch => new KillSwitch({ ...off, ...settings })
const lose = (killSwitch: KillSwitch, times: number, ...about: Parameters<typeof trade>): void => {
  for (let i = 0; i < times; i++) killSwitch.observeOutcome(-0.01, trade(...about))
}

describe('a halt stops its scope only:', () => {
  test('a symbol that loses three times stops, others and the other rules go on', () => {
    const killSwitch = make({ symbol: { losses: 3 } })
    lose(killSwitch, 2, 'BTC')
    lose(killSwitch, 2, 'ETH')
    expect(ask(killSwitch, 'BTC')).toEqual({ state: 'open', cause: null, scope: null, until: -Infinity, plan: 'model' })
    lose(killSwitch, 1, 'BTC')
    expect(ask(killSwitch, 'BTC')).toEqual({
      state: 'halted',
      cause: { code: 'LOSS_STREAK', text: '3 losses in a row; 3 halt.' },
      scope: 'symbol:BTC',
      until: Infinity,
      plan: 'model',
    })
    expect(ask(killSwitch, 'BTC', 'short').state).toBe('halted')
    expect(ask(killSwitch, 'ETH').state).toBe('open')
    expect(ask(killSwitch, 'XRP').state).toBe('open')
    expect(killSwitch.halted).toBe(false)
    expect(killSwitch.cause).toBeNull()
  })

  test('a side that loses three times stops in every symbol', () => {
    const killSwitch = make({ side: { losses: 3 } })
    for (const symbol of ['A', 'B', 'C']) lose(killSwitch, 1, symbol, 'short')
    expect(ask(killSwitch, 'A', 'short')).toMatchObject({ state: 'halted', scope: 'side:short' })
    expect(ask(killSwitch, 'D', 'short').state).toBe('halted')
    expect(ask(killSwitch, 'A', 'long').state).toBe('open')
  })

  test('a halt of the model leaves the baseline’s plan, or nothing, as the operator wishes', () => {
    for (const onModelHalt of ['baseline', 'skip'] as const) {
      const killSwitch = make({ model: { losses: 2 }, onModelHalt })
      for (const plan of ['baseline', 'baseline', 'model'] as const) {
        killSwitch.observeOutcome(-0.01, { ...trade('A'), plan })
      }
      lose(killSwitch, 5, 'A')
      expect(ask(killSwitch, 'A')).toMatchObject({ state: 'open', plan: 'model', scope: null })
      killSwitch.observeOutcome(-0.01, { ...trade('B'), plan: 'model' })
      expect(ask(killSwitch, 'A')).toEqual({
        state: onModelHalt === 'baseline' ? 'open' : 'halted',
        cause: { code: 'LOSS_STREAK', text: '2 losses in a row; 2 halt.' },
        scope: 'model',
        until: Infinity,
        plan: onModelHalt === 'baseline' ? 'baseline' : 'model',
      })
      expect(killSwitch.halted).toBe(false)
    }
  })

  test('where the model and a symbol are halted, the symbol’s cause counts and the plan is the baseline’s', () => {
    const killSwitch = make({})
    killSwitch.halt('bad file', 'model')
    killSwitch.halt('no quotes', 'symbol:A')
    expect(ask(killSwitch, 'A')).toMatchObject({ state: 'halted', scope: 'symbol:A', plan: 'baseline' })
    expect(ask(killSwitch, 'B')).toMatchObject({ state: 'open', scope: 'model', plan: 'baseline' })
  })

  test('all trading stands above every scope, and is told first', () => {
    const killSwitch = make({})
    for (const scope of ['symbol:A', 'side:long', 'all'] as const) killSwitch.halt(scope, scope)
    expect(ask(killSwitch, 'A')).toMatchObject({ scope: 'all', cause: { code: 'OPERATOR', text: 'all' } })
    killSwitch.reset('x')
    expect(ask(killSwitch, 'A').scope).toBe('side:long')
    expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['symbol:A', 'side:long'])
    killSwitch.reset('x', 'side:long')
    expect(ask(killSwitch, 'A').scope).toBe('symbol:A')
    killSwitch.reset('x', 'symbol:A')
    expect(ask(killSwitch, 'A').state).toBe('open')
    expect(killSwitch.locks).toEqual([])
  })

  test('what is not said to belong to a symbol counts for all trading alone', () => {
    const killSwitch = make({ losses: 3, symbol: { losses: 1 }, side: { losses: 1 }, model: { losses: 1 } })
    for (let i = 0; i < 3; i++) killSwitch.observeOutcome(-1)
    expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['all'])
  })
})

describe('each rule works in each scope:', () => {
  const about = { ...trade('A'), plan: 'model' as const }
  test.each(['all', 'model', 'side', 'symbol'] as const)('%s', (kind) => {
    const scope = { all: 'all', model: 'model', side: 'side:long', symbol: 'symbol:A' }[kind]
    const rules = (set: object): KillSwitch => make(kind === 'all' ? set : { [kind]: set })
    const codes = (killSwitch: KillSwitch): unknown =>
      killSwitch.locks.map(({ scope: at, code }) => [at, code] as const)
    const fed = (killSwitch: KillSwitch, returns: readonly number[], size?: number): KillSwitch => {
      for (const netReturn of returns) killSwitch.observeOutcome(netReturn, { ...about, size })
      return killSwitch
    }
    expect(codes(fed(rules({ losses: 2 }), [-1, 1, -1]))).toEqual([])
    expect(codes(fed(rules({ losses: 2 }), [-1, -1]))).toEqual([[scope, 'LOSS_STREAK']])
    expect(codes(fed(rules({ losses: 2, mode: 'confidence' }), [-1, -1]))).toEqual([])
    // n losses and no win give an E of 2^n / (n + 1), which passes 20 at the eighth
    expect(codes(fed(rules({ losses: 2, mode: 'confidence' }), new Array(7).fill(-1)))).toEqual([])
    expect(codes(fed(rules({ losses: 2, mode: 'confidence' }), new Array(8).fill(-1)))).toEqual([[scope, 'WIN_RATE']])
    const half = { lossRate: 0.5, window: 4 }
    expect(codes(fed(rules(half), [-1, -1, -1]))).toEqual([])
    expect(codes(fed(rules(half), [-1, -1, 1, 1, -1, -1, 1, 1]))).toEqual([])
    expect(codes(fed(rules(half), [1, 1, -1, -1, -1]))).toEqual([[scope, 'LOSS_RATE']])
    // a return of 0 is a loss
    expect(codes(fed(rules(half), [0, 0, 0, 1]))).toEqual([[scope, 'LOSS_RATE']])
    const sure = { lossRate: 0.5, mode: 'confidence', window: 2 }
    expect(codes(fed(rules(sure), new Array(7).fill(-1)))).toEqual([])
    expect(codes(fed(rules(sure), new Array(8).fill(-1)))).toEqual([[scope, 'LOSS_RATE']])
    const slow = rules({ latency: 50 })
    slow.observeLatency(50, about)
    expect(codes(slow)).toEqual([])
    slow.observeLatency(51, about)
    expect(codes(slow)).toEqual([[scope, 'LATENCY']])
    if (kind === 'all') return
    // an equity of 1 that grows by a tenth, then falls by 5 % three times
    expect(codes(fed(rules({ drawdown: 0.1 }), [0.2, -0.1, -0.1], 0.5))).toEqual([])
    expect(codes(fed(rules({ drawdown: 0.1 }), [0.2, -0.1, -0.1, -0.1], 0.5))).toEqual([[scope, 'DRAWDOWN']])
    expect(codes(fed(rules({ drawdown: 0.1 }), [-0.11]))).toEqual([[scope, 'DRAWDOWN']])
    expect(codes(fed(rules({ drawdown: 0.1 }), [-0.11, -0.5], 0))).toEqual([])
  })

  test('the texts say the numbers', () => {
    const text = (settings: KillSwitchSettings, returns: readonly number[]): string | undefined => {
      const killSwitch = make({ symbol: settings })
      for (const netReturn of returns) killSwitch.observeOutcome(netReturn, trade('A'))
      return killSwitch.locks[0]?.text
    }
    expect(text({ lossRate: 0.5, window: 4 }, [-1, 1, -1, -1])).toBe(
      '3 losses in the last 4 trades; a share above 50.00 % halts.',
    )
    expect(text({ lossRate: 0.4, mode: 'confidence' }, new Array(6).fill(-1))).toBe(
      '6 losses in 6 trades show a loss rate above 40.00 %.',
    )
    expect(text({ lossRate: 0.4, mode: 'confidence' }, [1, ...new Array(9).fill(-1)])).toBe(
      '8 losses in 9 trades show a loss rate above 40.00 %.',
    )
    expect(text({ losses: 9, winRate: 0.6, mode: 'confidence' }, new Array(6).fill(-1))).toBe(
      '0 wins in 6 trades show a win rate below 60.00 %.',
    )
    expect(text({ drawdown: 0.1 }, [0.1, -0.2])).toBe(
      'Equity of 0.8800000000000001 is 20.00 % below its peak of 1.1; more than 10.00 % halts.',
    )
  })

  test('narrower scopes take mode, win rate and level from all trading unless they say otherwise', () => {
    const { options } = make({ mode: 'confidence', winRate: 0.6, falseAlarm: 0.01, symbol: { winRate: 0.4 } })
    expect(options.side).toMatchObject({ mode: 'confidence', winRate: 0.6, falseAlarm: 0.01, losses: Infinity })
    expect(options.symbol).toMatchObject({ mode: 'confidence', winRate: 0.4, falseAlarm: 0.01 })
    expect(options.lockFor).toEqual({ losses: Infinity, lossRate: Infinity, drawdown: Infinity, latency: Infinity })
  })

  test('many wins are no evidence of losses', () => {
    const killSwitch = make({ lossRate: 0.5, mode: 'confidence' })
    for (let i = 0; i < 100; i++) killSwitch.observeOutcome(1)
    expect(killSwitch.halted).toBe(false)
  })

  test('in mode "confidence" no window is kept', () => {
    const { state } = make({ lossRate: 0.5, mode: 'confidence' }).toJSON()
    expect(state['scopes']).toMatchObject([{ lossRate: { results: { data: '' } } }])
  })

  test('a window forgets what is older than it', () => {
    const killSwitch = make({ lossRate: 0.6, window: 5 })
    // never more than 3 losses of 5
    for (let i = 0; i < 200; i++) killSwitch.observeOutcome(i % 5 < 3 ? -1 : 1)
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeOutcome(-1)
    killSwitch.observeOutcome(-1)
    killSwitch.observeOutcome(-1)
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeOutcome(-1)
    expect(killSwitch.cause?.code).toBe('LOSS_RATE')
  })
})

describe('stale data', () => {
  const fresh = (): KillSwitch => {
    const killSwitch = make({ staleAfter: 60_000 })
    killSwitch.observeData({ symbol: 'A', time: T })
    return killSwitch
  }

  test('halts its symbol while its newest candle is too old, and no longer', () => {
    const killSwitch = fresh()
    expect(ask(killSwitch, 'A', 'long', T + 60_000).state).toBe('open')
    expect(ask(killSwitch, 'A', 'long', T + 60_001)).toEqual({
      state: 'halted',
      cause: { code: 'STALE_DATA', text: 'The newest candle of A is 60001 ms old; more than 60000 ms halts.' },
      scope: 'symbol:A',
      until: Infinity,
      plan: 'model',
    })
    killSwitch.observeData({ symbol: 'A', time: T + 60_000 })
    expect(ask(killSwitch, 'A', 'long', T + 60_001).state).toBe('open')
    expect(killSwitch.history).toEqual([])
  })

  test('a symbol without a candle is stale, and so is one whose candles come from the future', () => {
    const killSwitch = fresh()
    expect(ask(killSwitch, 'B').cause?.text).toBe('No candle of B is known; more than 60000 ms halts.')
    killSwitch.observeData({ symbol: 'A', time: T + 90_000 })
    expect(ask(killSwitch, 'A').cause?.code).toBe('STALE_DATA')
  })

  test('a signal from the past is held against the latest time told', () => {
    const killSwitch = fresh()
    killSwitch.observeEquity(100, { time: T + 70_000 })
    expect(ask(killSwitch, 'A', 'long', T).state).toBe('halted')
  })

  test('is not asked about where the rule is off', () => {
    expect(ask(make({}), 'A').state).toBe('open')
    const killSwitch = make({})
    killSwitch.observeData({ symbol: 'A', time: T })
    expect(killSwitch.toJSON().state['scopes']).toMatchObject([{ scope: 'all', newest: { $: 'NaN' } }])
    expect(killSwitch.toJSON().state['scopes']).toHaveLength(1)
  })

  test('makes no records of sides or of the model', () => {
    const killSwitch = make({ staleAfter: 1000 })
    killSwitch.observeOutcome(1, { ...trade('A'), plan: 'model' })
    expect((killSwitch.toJSON().state['scopes'] as { scope: Scope }[]).map(({ scope }) => scope)).toEqual([
      'all',
      'symbol:A',
    ])
  })

  test('a candle’s time is not the time now', () => {
    const killSwitch = make({ staleAfter: 60_000, symbol: { losses: 1, lockFor: { losses: 1000 } } })
    lose(killSwitch, 1, 'A')
    killSwitch.observeData({ symbol: 'A', time: T + 5000 })
    expect(ask(killSwitch, 'A').state).toBe('halted')
  })
})

describe('memory is bounded:', () => {
  test('the symbol unseen for longest goes first, a locked one never', () => {
    const killSwitch = make({ symbol: { losses: 2 }, maxSymbols: 3 })
    lose(killSwitch, 2, 'LOCKED')
    lose(killSwitch, 1, 'B')
    lose(killSwitch, 1, 'C')
    killSwitch.observeOutcome(0.01, trade('B'))
    lose(killSwitch, 1, 'B')
    lose(killSwitch, 1, 'D')
    const names = () => (killSwitch.toJSON().state['scopes'] as { scope: Scope }[]).map(({ scope }) => scope)
    expect(names()).toEqual(['all', 'symbol:LOCKED', 'symbol:B', 'symbol:D'])
    // C starts anew, B has its loss still
    lose(killSwitch, 1, 'B')
    expect(ask(killSwitch, 'B').state).toBe('halted')
    for (let i = 0; i < 100; i++) lose(killSwitch, 1, `S${i}`)
    expect(names()).toEqual(['all', 'symbol:LOCKED', 'symbol:B', 'symbol:S99'])
    expect(ask(killSwitch, 'LOCKED').state).toBe('halted')
  })

  test('where every one is locked, a further symbol is halted, and halting it halts everything', () => {
    const killSwitch = make({ symbol: { losses: 1 }, maxSymbols: 2 })
    lose(killSwitch, 1, 'A')
    expect(ask(killSwitch, 'C').state).toBe('open')
    lose(killSwitch, 1, 'B')
    expect(ask(killSwitch, 'C')).toEqual({
      state: 'halted',
      cause: { code: 'NO_ROOM', text: '2 symbols are halted, and no more than that can be watched.' },
      scope: 'symbol:C',
      until: Infinity,
      plan: 'model',
    })
    lose(killSwitch, 5, 'C')
    expect(killSwitch.halted).toBe(false)
    killSwitch.halt('C looks odd', 'symbol:C')
    expect(killSwitch.cause).toEqual({ code: 'OPERATOR', text: 'C looks odd' })
    killSwitch.reset('x')
    killSwitch.reset('x', 'symbol:A')
    expect(ask(killSwitch, 'C').state).toBe('open')
  })

  test('the oldest goes though it came first, and sides have room in any case', () => {
    const killSwitch = make({ symbol: { losses: 2 }, maxSymbols: 3 })
    for (const symbol of ['A', 'B', 'C', 'D']) lose(killSwitch, 1, symbol)
    for (const symbol of ['B', 'C', 'D']) lose(killSwitch, 1, symbol)
    expect(killSwitch.locks.map(({ scope }) => scope)).toEqual(['symbol:B', 'symbol:C', 'symbol:D'])
    killSwitch.halt('x', 'side:short')
    killSwitch.halt('x', 'model')
    expect(killSwitch.halted).toBe(false)
    expect(ask(killSwitch, 'B', 'short').scope).toBe('side:short')
    expect(killSwitch.locks).toHaveLength(5)
  })

  test('a symbol halted by hand needs no rule', () => {
    const killSwitch = make({ maxSymbols: 1 })
    killSwitch.halt('x', 'symbol:A')
    expect(ask(killSwitch, 'A').state).toBe('halted')
    expect(ask(killSwitch, 'B').state).toBe('open')
  })
})

describe('what makes no sense', () => {
  const bad: [string, object][] = [
    ['an empty symbol', { symbol: '' }],
    ['a symbol that is no text', { symbol: 7 }],
    ['a symbol of 101 characters', { symbol: 'x'.repeat(101) }],
    ['an unknown side', { side: 'up' }],
    ['a time that is not a number', { time: NaN }],
    ['a time in seconds', { time: 1_700_000_000 }],
    ['an unknown plan', { plan: 'mine' }],
    ['an entry that is no time', { entryTime: Infinity }],
    ['a size below 0', { size: -1 }],
  ]
  test.each(bad)('%s halts everything, and a question with it is answered by a halt', (_, part) => {
    const killSwitch = make({})
    const question = { symbol: 'A', side: 'long' as Side, time: T, ...part }
    expect(killSwitch.stateFor(question)).toMatchObject({ state: 'halted', cause: { code: 'INVALID_OBSERVATION' } })
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeOutcome(0.01, question)
    expect(killSwitch.cause?.code).toBe('INVALID_OBSERVATION')
    expect(killSwitch.history[0]!.trades).toBe(0)
    expect(killSwitch.history[0]!.text).toMatch(/^".+" must .+, got .+\.$/)
    for (const observe of ['observeEntry', 'observeCancel'] as const) {
      const other = make({})
      other[observe](question)
      expect(other.cause?.code).toBe('INVALID_OBSERVATION')
    }
  })

  test.each([
    [null, 'undefined or null|null'],
    [undefined, 'undefined'],
    [{}, 'A question must have a symbol.'],
    [{ symbol: 'A', time: T }, 'A question must have a side.'],
    [{ symbol: 'A', side: 'long' }, 'A question must have a time.'],
    [{ side: 'long', time: T }, 'A question must have a symbol.'],
  ])('the question %j is answered by a halt', (question, text) => {
    const { state, scope, cause } = make({}).stateFor(question as never)
    expect([state, scope, cause?.code]).toEqual(['halted', 'all', 'INVALID_OBSERVATION'])
    expect(cause?.text).toMatch(new RegExp(text))
  })

  test('an observation without an object to it halts', () => {
    const killSwitch = make({})
    killSwitch.observeOutcome(1, null as never)
    expect(killSwitch.cause?.code).toBe('INVALID_OBSERVATION')
  })

  test('what is refused is not counted, and its time is not taken', () => {
    const killSwitch = make({ losses: 2, symbol: { losses: 1 } })
    killSwitch.observeOutcome(NaN, trade('A'))
    killSwitch.reset('x')
    killSwitch.observeOutcome(-1, { ...trade('A'), size: -1 })
    killSwitch.reset('x')
    expect(killSwitch.history.every(({ trades, time }) => trades === 0 && time === undefined)).toBe(true)
    killSwitch.observeOutcome(-1)
    expect(killSwitch.halted).toBe(false)
    expect(killSwitch.locks).toEqual([])
  })

  test('texts say what came', () => {
    const text = (act: (killSwitch: KillSwitch) => void): string | undefined => {
      const killSwitch = make({})
      act(killSwitch)
      return killSwitch.cause?.text
    }
    expect(text((k) => k.observeOutcome(NaN))).toBe('A net return of NaN.')
    expect(text((k) => k.observeEquity(Infinity))).toBe('An equity of Infinity.')
    expect(text((k) => k.observeLatency(-1))).toBe('A latency of -1 ms.')
    expect(text((k) => k.observeData({ symbol: 'A' } as never))).toBe('A candle without a time.')
    expect(text((k) => k.observeEntry({ symbol: 'x'.repeat(101) }))).toBe(
      '"symbol" must have at most 100 characters, got 101.',
    )
    expect(text((k) => k.observeEntry({ symbol: '' }))).toBe('"symbol" must be a non-empty string, got "".')
    expect(text((k) => k.observeEntry({ side: 'up' as never }))).toBe(
      '"side" must be one of "long", "short", got "up".',
    )
    expect(text((k) => k.observeEntry({ plan: 'x' as never }))).toBe(
      '"plan" must be one of "model", "baseline", got "x".',
    )
    expect(text((k) => k.observeEquity(1, { time: 0.5 }))).toMatch(/^"time" must be/)
    expect(text((k) => k.observeOutcome(1, { entryTime: 0.5 }))).toMatch(/^"entryTime" must be/)
    expect(text((k) => k.observeOutcome(1, { size: NaN }))).toMatch(/^"size" must be/)
  })

  test('a latency of 0 ms is one, and one without end is none', () => {
    const killSwitch = make({})
    killSwitch.observeLatency(0)
    expect(killSwitch.halted).toBe(false)
    killSwitch.observeLatency(Infinity)
    expect(killSwitch.cause?.code).toBe('INVALID_OBSERVATION')
  })

  test('an equity that was none leaves the one before it, and its peak, to be measured by', () => {
    const killSwitch = make({ drawdown: 0.1 })
    killSwitch.observeEquity(100)
    killSwitch.observeEquity(NaN)
    killSwitch.reset('a bad quote')
    killSwitch.observeEquity(80)
    expect(killSwitch.cause?.code).toBe('DRAWDOWN')
  })

  test('a candle of a symbol that is none halts', () => {
    const killSwitch = make({ staleAfter: 1000 })
    killSwitch.observeData({ symbol: '', time: T })
    expect(killSwitch.cause?.code).toBe('INVALID_OBSERVATION')
  })

  test.each([NaN, undefined, 1.5])('a candle of %s halts', (time) => {
    const killSwitch = make({ staleAfter: 1000 })
    killSwitch.observeData({ symbol: 'A', time: time as number })
    expect(killSwitch.cause?.code).toBe('INVALID_OBSERVATION')
  })

  test('a halt by hand of an unknown scope halts everything, and a reset of one is refused', () => {
    for (const scope of ['symbol:', 'side:up', 'everything', 7, null, `symbol:${'x'.repeat(101)}`]) {
      const killSwitch = make({})
      killSwitch.halt('x', scope as Scope)
      expect(killSwitch.halted).toBe(true)
      expect(() => killSwitch.reset('x', scope as Scope)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      expect(() => killSwitch.reset('x', scope as Scope)).toThrow('"scope" must be a scope, got ')
      expect(() => killSwitch.reset('')).toThrow('"reason" must be a non-empty string, got "".')
    }
  })

  test('a symbol may be called anything', () => {
    for (const symbol of ['__proto__', 'constructor', '7', 'a:b', 'x'.repeat(100)]) {
      const killSwitch = make({ symbol: { losses: 1 } })
      lose(killSwitch, 1, symbol)
      expect(ask(killSwitch, symbol).scope).toBe(`symbol:${symbol}`)
      const again = KillSwitch.fromJSON(JSON.parse(JSON.stringify(killSwitch)))
      expect(JSON.stringify(again)).toBe(JSON.stringify(killSwitch))
    }
  })
})

test.each([
  [{ symbol: { losses: 0 } }, '"symbol.losses"'],
  [{ side: { drawdown: 1 } }, '"side.drawdown"'],
  [{ model: { mode: 'maybe' } }, '"model.mode"'],
  [{ lossRate: 1 }, '"lossRate"'],
  [{ window: 0 }, '"window"'],
  [{ window: 10_001 }, '"window"'],
  [{ staleAfter: 0 }, '"staleAfter"'],
  [{ probes: 0 }, '"probes"'],
  [{ longestLock: Infinity }, '"longestLock"'],
  [{ maxSymbols: 0 }, '"maxSymbols"'],
  [{ onModelHalt: 'stop' }, '"onModelHalt"'],
  [{ persist: 'disk' }, '"persist" must be a function, got "disk"'],
  [{ lockFor: { losses: 0 } }, '"lockFor.losses"'],
  [{ lockFor: { losses: 604_800_001 } }, '"lockFor.losses" must be at most "longestLock", 604800000, or Infinity, got'],
  [{ symbol: { lockFor: { latency: -1 } } }, '"symbol.lockFor.latency"'],
  [{ lockFor: { lossRate: -1 } }, '"lockFor.lossRate"'],
  [{ model: { latency: -1 } }, '"model.latency"'],
  [{ model: { lossRate: -1 } }, '"model.lossRate"'],
  [{ side: { winRate: 0 } }, '"side.winRate"'],
  [{ side: { falseAlarm: 0 } }, '"side.falseAlarm"'],
  [{ window: 10_001 }, '"window" must be at most 10000, got 10001.'],
  [{ lockFor: { drawdown: 1000 } }, '"lockFor.drawdown" must be Infinity, because a fall of all equity waits'],
])('refuses the options %j', (bad, message) => {
  expect(() => new KillSwitch(bad as never)).toThrow(message)
  expect(() => new KillSwitch(bad as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('takes options up to their bounds', () => {
  const longest = 604_800_000
  const { options } = make({ window: 10_000, lockFor: { losses: longest, latency: Infinity } })
  expect([options.window, options.lockFor.losses, options.longestLock]).toEqual([10_000, longest, longest])
})

test('options that are given as undefined switch no rule off', () => {
  const settings = { losses: undefined, drawdown: undefined, latency: undefined, symbol: undefined, lockFor: undefined }
  expect(new KillSwitch(settings as never).options).toEqual(new KillSwitch().options)
})

test('the options cannot be changed afterwards', () => {
  const { options } = new KillSwitch()
  for (const part of [options, options.symbol, options.lockFor]) expect(Object.isFrozen(part)).toBe(true)
})

test('asking changes nothing', () => {
  const time = fc.integer({ min: T - 1000, max: T + 10_000 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('A', 'B'), fc.boolean(), time)), (questions) => {
      const killSwitch = make({ symbol: { losses: 1, lockFor: { losses: 1000 } }, staleAfter: 2000 })
      lose(killSwitch, 1, 'A')
      killSwitch.observeData({ symbol: 'B', time: T })
      const before = JSON.stringify(killSwitch)
      for (const [symbol, long, at] of questions) ask(killSwitch, symbol, long ? 'long' : 'short', at)
      expect(JSON.stringify(killSwitch)).toBe(before)
    }),
  )
})

test('every code is in the list', () => {
  for (const code of ['LOSS_RATE', 'STALE_DATA', 'PROBE_LOST', 'PROBES_OUT', 'PROVEN', 'NOT_WRITTEN', 'NO_ROOM']) {
    expect(REASONS).toHaveProperty(code)
  }
})
