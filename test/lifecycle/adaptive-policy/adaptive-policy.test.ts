import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import {
  AdaptiveParameters,
  type ClosedSignal,
  type DecisionContext,
  DecisionPolicy,
} from '../../../src/decision/index.ts'
import { AdaptivePolicy, type AdaptivePolicyOptions, type DecidedSignal } from '../../../src/lifecycle/index.ts'
import type { Plan, Prediction, SignalMeta } from '../../../src/market.ts'
import { closedSignals } from '../../decision/adaptive-parameters/stream.ts'
import { candleAt, errorOf, HOUR, START } from '../helpers.ts'
import { parametersAt } from './learnt.ts'

const predict = (probability: number, over: Partial<Prediction> = {}): Prediction => ({
  probability,
  // in tune with a bracket of 2 % each way and costs of 0.1 %
  expectedReturn: probability * 0.02 - (1 - probability) * 0.02 - 0.001,
  interval: { low: -0.021, high: 0.019, coverage: 0.9 },
  stopRisk: 0.4,
  trades: 500,
  ...over,
})
const situation = (over: Partial<DecisionContext> = {}): DecisionContext => ({
  signal: { symbol: 'A', side: 'long', price: 100 },
  atr: 1,
  account: { equity: 10_000, positions: [] },
  trades: 500,
  halted: null,
  ...over,
})
const codes = ({ reasons }: Plan): string[] => reasons.map(({ code }) => code)
const at = (values: { readonly [name: string]: number }, settings: AdaptivePolicyOptions = {}): AdaptivePolicy =>
  new AdaptivePolicy({ ...settings, parameters: parametersAt(values) })
const own = new DecisionPolicy()

describe('a learnt value', () => {
  test('of the threshold moves the take band', () => {
    const adaptive = at({ entryThreshold: 0.69 })
    expect(codes(adaptive.decide(predict(0.65), situation()))).toEqual(['REDUCE_BAND', 'ADAPTED'])
    expect(own.decide(predict(0.65), situation()).action).toBe('take')
    const { reasons } = adaptive.decide(predict(0.1), situation())
    expect(reasons.at(-1)!.text).toBe('entryThreshold is 0.69; the configuration says 0.6.')
    // who has no reduce band gets none
    expect(at({ entryThreshold: 0.69 }, { skipBelow: 0.6 }).decide(predict(0.65), situation()).action).toBe('skip')
    expect(at({ entryThreshold: 0.51 }, { skipBelow: 0.6 }).decide(predict(0.55), situation()).action).toBe('take')
    expect(at({ entryThreshold: 0.51 }, { skipBelow: 0.58 }).decide(predict(0.52), situation()).action).toBe('take')
  })

  test('of the size multiplies what the model would have taken', () => {
    const plan = at({ sizeMultiplier: 0.7 }).decide(predict(0.8), situation())
    const before = own.decide(predict(0.8), situation())
    expect(plan.size).toBeCloseTo(0.7 * before.size, 12)
    expect(plan.quantity).toBeCloseTo(0.7 * before.quantity, 9)
    expect(codes(plan)).toEqual(['TAKE_BAND', 'ADAPTED'])
    const none = at({ sizeMultiplier: 0 }).decide(predict(0.8), situation())
    expect(none).toMatchObject({ action: 'skip', size: 0, quantity: 0 })
    expect(codes(none)).toEqual(['TAKE_BAND', 'ADAPTED'])
    // that the operator asks for less is nothing learnt, and holds
    const sizeMultiplier = { approved: 0.5, low: 0, high: 0.5, step: 0.1 }
    const half = new AdaptivePolicy({ parameters: new AdaptiveParameters({ sizeMultiplier }) })
    expect(half.decide(predict(0.8), situation()).size).toBeCloseTo(before.size / 2, 12)
    expect(codes(half.decide(predict(0.8), situation()))).toEqual(['TAKE_BAND'])
  })

  test('of the stop moves it; farther away the size shrinks so that no more is lost', () => {
    const before = own.decide(predict(0.8), situation())
    const far = at({ stopAtr: 3 }).decide(predict(0.8), situation())
    expect([far.stop, far.target]).toEqual([97, before.target])
    expect(far.size).toBeCloseTo((before.size * 2) / 3, 12)
    expect(codes(far)).toEqual(['TAKE_BAND', 'ADAPTED'])
    const near = at({ stopAtr: 1 }).decide(predict(0.8), situation())
    expect([near.stop, near.size]).toEqual([99, before.size])
    const short = situation({ signal: { symbol: 'A', side: 'short', price: 100 } })
    expect(at({ stopAtr: 1 }).decide(predict(0.8), short).stop).toBe(101)
  })

  test('of the target moves it, and the model stretches it as before', () => {
    const plan = at({ targetAtr: 2.4 }).decide(predict(0.8), situation())
    expect([plan.stop, plan.size]).toEqual([98, own.decide(predict(0.8), situation()).size])
    expect(plan.target).toBeCloseTo(102.4, 9)
    const glad = predict(0.8, { expectedReturn: 0.5 })
    expect(at({ targetAtr: 2.4 }).decide(glad, situation()).target).toBeCloseTo(103.6, 9)
    // never nearer than the costs allow
    expect(at({ targetAtr: 1, stopAtr: 1 }).decide(predict(0.8), situation({ atr: 1e-9 }))).toMatchObject({
      ...{ stop: 100 * (1 - 0.001), target: 100 * 1.002 },
    })
  })

  test('of a distance leaves a stop and target that the signal brings', () => {
    const adaptive = at({ stopAtr: 3, targetAtr: 3 })
    const signal = { symbol: 'A', side: 'long', price: 100, stop: 99, target: 104 } as const
    const plan = adaptive.decide(predict(0.8), situation({ signal }))
    expect(plan).toEqual(own.decide(predict(0.8), situation({ signal })))
    const { target: _, ...half } = signal
    expect(adaptive.decide(predict(0.8), situation({ signal: half })).stop).toBe(99)
    expect(codes(adaptive.decide(predict(0.8), situation({ signal: half })))).toEqual(['TAKE_BAND', 'ADAPTED'])
  })

  test('changes nothing where the model is not asked, nor in the baseline', () => {
    const adaptive = at({ entryThreshold: 0.75, sizeMultiplier: 0, stopAtr: 3, targetAtr: 3 })
    for (const over of [
      { trades: 5 },
      { novelty: 1 },
      { halted: { code: 'OPERATOR', text: 'x' } },
      { account: { equity: 10_000, positions: [{ symbol: 'A', side: 'long', notional: 5000 } as const] } },
    ]) {
      expect(adaptive.decide(predict(0.8), situation(over))).toEqual(own.decide(predict(0.8), situation(over)))
    }
    expect(adaptive.baseline(situation())).toEqual(own.baseline(situation()))
    expect(adaptive.options).toEqual(own.options)
  })

  test('does not keep an opposite position from being closed, where closing is set free', () => {
    const account = { equity: 10_000, positions: [{ symbol: 'A', side: 'short', notional: 300 } as const] }
    const size = (closing: 'judged' | 'free', sizeMultiplier: number): number =>
      at({ sizeMultiplier }, { closing }).decide(predict(0.8), situation({ account })).size
    expect(size('judged', 0)).toBe(0)
    expect(size('free', 0)).toBeCloseTo(0.03, 12)
    expect(size('free', 0.7)).toBeCloseTo(0.7 * own.decide(predict(0.8), situation()).size, 12)
  })
})

describe('the votes of sources', () => {
  // of 500 trades each: won 300 and 200 after a vote of a for and against, as many as ever after one of b
  const record = [500, 300, 500, 200, 500, 250, 500, 250]
  const parameters = (values = {}): AdaptiveParameters => parametersAt(values, { sources: ['a', 'b'] }, record)
  const decide = (meta: SignalMeta | undefined, over: AdaptivePolicyOptions = {}, p = 0.65): Plan =>
    new AdaptivePolicy({ parameters: parameters(), ...over }).decide(
      predict(p),
      situation(meta === undefined ? {} : { meta }),
    )

  test('against a signal lower what it is worth, by the record of whoever votes', () => {
    const plain = own.decide(predict(0.62), situation())
    const against = decide({ a: -1, b: 0 }, {}, 0.62)
    expect([plain.action, against.action]).toEqual(['take', 'reduce'])
    expect(against.size).toBeLessThan(plain.size)
    expect(codes(against)).toContain('SOURCES')
    // (0.404 + 0.5) / 2 against 0.5, in log-odds
    expect(against.reasons.at(-1)!.text).toBe('Its sources lower the win probability from 62.00 % to 57.36 %.')
    expect([against.stop, against.target]).toEqual([plain.stop, plain.target])
    expect(codes(decide({ a: -1 }, { skipBelow: 0.6 }, 0.62))).toEqual(['SKIP_BAND', 'EV_POSITIVE', 'SOURCES'])
  })

  test('for it, none, or of those without a record change nothing', () => {
    const plain = own.decide(predict(0.65), situation())
    for (const meta of [
      { a: 1 },
      { a: true, b: 1 },
      { b: -1 },
      { a: 0 },
      { a: NaN },
      { a: 'no' },
      { c: -1 },
      {},
      undefined,
    ]) {
      expect(decide(meta), JSON.stringify(meta)).toEqual(plain)
    }
  })

  test('that take nothing off are not mentioned', () => {
    const plain = own.decide(predict(0.5), situation())
    expect([plain.action, decide({ a: -1 }, {}, 0.5)]).toEqual(['reduce', plain])
  })

  test('weigh as was learnt, which is told where they voted', () => {
    const heavy = { parameters: parameters({ 'weight:a': 2, 'weight:b': 0.4 }) }
    expect(decide({ a: false }, heavy, 0.8).size).toBeLessThan(decide({ a: false }, {}, 0.8).size)
    expect(codes(decide({ a: false }, heavy, 0.8))).toEqual(['TAKE_BAND', 'SOURCES', 'ADAPTED', 'ADAPTED'])
    expect(decide({ a: -1 }, heavy, 0.8).reasons.at(-1)!.text).toBe('weight:b is 0.4; the configuration says 1.')
    expect(codes(decide({}, heavy, 0.8))).toEqual(['TAKE_BAND'])
  })

  test('are read as the operator says', () => {
    const seen: unknown[] = []
    const vote: AdaptivePolicyOptions['vote'] = (source, meta, side) => {
      seen.push([source, side])
      return source === 'a' ? 50 - Number(meta['rsi']) : 0
    }
    expect(codes(decide({ rsi: 80 }, { vote }))).toContain('SOURCES')
    expect(codes(decide({ rsi: 20 }, { vote }))).not.toContain('SOURCES')
    expect(seen.slice(0, 2)).toEqual([
      ['a', 'long'],
      ['b', 'long'],
    ])
  })
})

describe('as a companion', () => {
  const opening = (
    id: string,
    over: Partial<DecidedSignal> = {},
    adaptive = new AdaptivePolicy(),
    p = 0.7,
  ): DecidedSignal => {
    const context = situation()
    const model = adaptive.decide(predict(p), context)
    const decision = {
      ...model,
      ...({ id, symbol: 'A', side: 'long', time: START, prediction: predict(p), mode: 'live', model } as const),
    }
    const baseline = adaptive.baseline(context)
    return { decision, x: new Float64Array(1), baseline, atr: 1, version: '', meta: {}, latency: 0, ...over }
  }
  const row = (id: string, netReturn: number, bar: number) => ({
    ...({ id, symbol: 'A', side: 'long', time: START, x: new Float64Array(1), probability: 0.7 } as const),
    ...({ y: 0, stopHit: 1, netReturn, labelEnd: START + bar * HOUR } as const),
  })
  /** A policy, and what its parameters have learned. */
  function listened(options: AdaptivePolicyOptions = {}) {
    const parameters = options.parameters ?? new AdaptiveParameters()
    const learned: ClosedSignal[] = []
    const learn = parameters.learn.bind(parameters)
    parameters.learn = (signal) => {
      learned.push(signal)
      learn(signal)
    }
    return { adaptive: new AdaptivePolicy({ maxBars: 3, ...options, parameters }), learned }
  }
  const tick = (adaptive: AdaptivePolicy, bar: number, close = 100): void =>
    adaptive.tick(START + bar * HOUR, undefined, candleAt('A', bar, close))

  test('learns a signal once its outcome and every other distance are known, whichever comes last', () => {
    const { adaptive, learned } = listened()
    for (const id of ['a', 'b']) adaptive.opened(id, START, opening(id, {}, adaptive))
    tick(adaptive, 0, 99)
    adaptive.observe(row('a', -0.01, 0))
    tick(adaptive, 1, 98.5)
    expect([learned.length, adaptive.report.awaited]).toEqual([0, 2])
    tick(adaptive, 2, 100.9)
    expect(learned).toHaveLength(1)
    expect(learned[0]).toMatchObject({
      ...{ time: START, closedAt: START + 2 * HOUR, probability: 0.7, wanted: true, netReturn: -0.01, atr: 0.01 },
    })
    // a stop at 1 ATR was hit, one at 3 never; so was no target
    const { stopReturns, targetReturns } = learned[0]!
    expect([stopReturns![0], stopReturns![10]].map((value) => Math.round(value! * 1000) / 1000)).toEqual([
      -0.011, 0.008,
    ])
    expect(targetReturns![10]).toBeCloseTo(0.008, 9)
    adaptive.observe(row('b', 0.02, 7))
    expect(learned[1]).toMatchObject({ closedAt: START + 7 * HOUR, netReturn: 0.02 })
    expect(adaptive.report).toMatchObject({ seen: 2, awaited: 0 })
    // what is not known is ignored
    adaptive.observe(row('b', 0.02, 7))
    expect(learned).toHaveLength(2)
  })

  test('of a signal with a stop or target of its own learns nothing about that distance', () => {
    const { adaptive, learned } = listened()
    const opened = opening('a', {}, adaptive)
    adaptive.opened('a', START, { ...opened, baseline: { ...opened.baseline, stop: 99.5 } })
    adaptive.opened('b', START, { ...opened, baseline: { ...opened.baseline, stop: 99.5, target: 109 } })
    adaptive.observe(row('b', 0.01, 1))
    expect(learned).toHaveLength(1)
    expect([learned[0]!.stopReturns, learned[0]!.targetReturns]).toEqual([undefined, undefined])
    adaptive.observe(row('a', 0.01, 1))
    for (let bar = 0; bar < 3; bar++) tick(adaptive, bar)
    expect([learned[1]!.stopReturns, learned[1]!.targetReturns?.length]).toEqual([undefined, 11])
  })

  test('takes what the model wanted before any size multiplier, and no word of one that was not asked', () => {
    const { adaptive, learned } = listened({ parameters: parametersAt({ sizeMultiplier: 0 }) })
    const none = opening('a', {}, adaptive)
    expect(none.decision.action).toBe('skip')
    adaptive.opened('a', START, none)
    adaptive.opened('b', START, opening('b', {}, adaptive, 0.2))
    const baseline = { ...none.decision, model: none.baseline }
    adaptive.opened('c', START, { ...none, decision: baseline })
    for (const id of ['a', 'b', 'c']) adaptive.observe(row(id, 0.01, 1))
    for (let bar = 0; bar < 3; bar++) tick(adaptive, bar)
    expect(learned.map(({ wanted, probability }) => [wanted, probability])).toEqual([
      [true, 0.7],
      [false, 0.2],
      [false, 0],
    ])
  })

  test('compares as the bands do: after votes, and around the break-even where they lie there', () => {
    const sources = { sources: ['a'] }
    const voted = listened({ parameters: parametersAt({}, sources, [500, 300, 500, 200]) })
    const opened = opening('a')
    voted.adaptive.opened('a', START, { ...opened, meta: { a: -1 } })
    const even = listened({ bandsAround: 'break-even', costs: 0 })
    // breaks even at a third, so that 0.5 is what 2/3 is around one half
    const plan = { ...opened.baseline, target: 104 }
    const decision = { ...opened.decision, prediction: predict(0.5) }
    even.adaptive.opened('a', START, { ...opened, baseline: plan, decision })
    for (const { adaptive } of [voted, even]) {
      adaptive.observe(row('a', 0.01, 1))
      for (let bar = 0; bar < 3; bar++) tick(adaptive, bar)
    }
    expect(voted.learned[0]!.probability).toBeCloseTo(0.6125, 4)
    expect(Array.from(voted.learned[0]!.votes!)).toEqual([-1])
    expect(even.learned[0]!.probability).toBeCloseTo(2 / 3, 9)
  })

  test('forgets what is dropped, what has no volatility, and the oldest where too much is open', () => {
    const { adaptive, learned } = listened({ maxOpen: 2 })
    adaptive.opened('0', START, { ...opening('0'), atr: NaN })
    expect(adaptive.report.awaited).toBe(0)
    for (const id of ['a', 'b', 'c']) adaptive.opened(id, START, opening(id, {}, adaptive))
    expect(adaptive.report.awaited).toBe(2)
    adaptive.dropped('b')
    adaptive.dropped('unknown')
    for (const id of ['a', 'b', 'c']) adaptive.observe(row(id, 0.01, 1))
    for (let bar = 0; bar < 3; bar++) tick(adaptive, bar)
    expect([learned.length, adaptive.report.awaited]).toEqual([1, 0])
  })

  describe('saved', () => {
    const followed = (options: AdaptivePolicyOptions = {}) => {
      const { adaptive, learned } = listened(options)
      for (const id of ['a', 'b']) adaptive.opened(id, START, opening(id, {}, adaptive))
      adaptive.observe(row('a', -0.01, 0))
      tick(adaptive, 0)
      return { adaptive, learned }
    }
    const saved = (): Snapshot => JSON.parse(JSON.stringify(followed().adaptive)) as Snapshot

    test('goes on where it stopped, in the very object that the bot holds', () => {
      const { adaptive, learned } = listened()
      const { parameters } = adaptive
      adaptive.resume(saved())
      expect(JSON.stringify(adaptive)).toBe(JSON.stringify(saved()))
      for (let bar = 1; bar < 3; bar++) tick(adaptive, bar)
      expect(learned.map(({ netReturn }) => netReturn)).toEqual([-0.01])
      expect(adaptive.parameters).toBe(parameters)
      expect(parameters.seen).toBe(1)
    })

    test.each<[string, AdaptivePolicyOptions]>([
      ['distances', { parameters: new AdaptiveParameters({ stopAtr: { approved: 2, low: 1, high: 4, step: 0.5 } }) }],
      ['sources', { parameters: new AdaptiveParameters({ sources: ['x'] }) }],
      ['candles', { maxBars: 5 }],
      ['costs', { costs: 0.002 }],
    ])('with other %s begins anew with what is open', (_, options) => {
      const { adaptive } = listened(options)
      adaptive.resume(saved())
      expect(adaptive.report.awaited).toBe(0)
      adaptive.observe(row('b', 0.01, 1))
      for (let bar = 1; bar < 3; bar++) tick(adaptive, bar)
      expect(adaptive.report.seen).toBe(0)
    })

    test('tells what another configuration has changed, once, and not before it is awake', () => {
      const learnt = new AdaptiveParameters()
      for (const signal of closedSignals(learnt, { seed: 'some', signals: 100 })) learnt.learn(signal)
      const json = JSON.parse(JSON.stringify(new AdaptivePolicy({ parameters: learnt }))) as Snapshot
      const told: string[] = []
      const next = () =>
        new AdaptivePolicy({
          parameters: new AdaptiveParameters({
            entryThreshold: { approved: 0.63, low: 0.5, high: 0.75, step: 0.03 },
            falseChangeEvery: 5000,
          }),
          onChange: ({ kind, name, from, to }) => {
            told.push(`${kind} ${name} ${from} ${to}`)
            throw new Error('nobody listens')
          },
        })
      const restarted = ['restarted entryThreshold 0.6 0.63']
      const adaptive = next()
      adaptive.resume(json)
      expect(told.splice(0)).toEqual(restarted)
      expect(adaptive.report.history.map(({ kind }) => kind)).toEqual(['restarted'])
      const asleep = next()
      asleep.sleep()
      asleep.resume(json)
      expect(told).toEqual([])
      asleep.wake()
      expect(told.splice(0)).toEqual(restarted)
      asleep.wake()
      asleep.resume(JSON.parse(JSON.stringify(asleep)) as Snapshot)
      expect(told).toEqual([])
    })

    test('damaged is refused with a code, and changes nothing', () => {
      const { adaptive } = listened()
      const before = JSON.stringify(adaptive)
      const whole = saved() as unknown as { state: { followed: { [name: string]: unknown }[] }; options: object }
      const damaged: [string, (json: typeof whole) => void][] = [
        ['a time', (json) => Object.assign(json.state.followed[0]!, { time: 5 })],
        ['an end before its time', (json) => Object.assign(json.state.followed[0]!, { knownAt: START - 1 })],
        ['a probability', (json) => Object.assign(json.state.followed[0]!, { probability: 2 })],
        ['an ATR', (json) => Object.assign(json.state.followed[0]!, { atr: 0 })],
        ['an id twice', (json) => Object.assign(json.state.followed[0]!, { id: 'b' })],
        ['an unknown id', (json) => Object.assign(json.state.followed[0]!, { id: 'z' })],
        ['a missing field', (json) => delete json.state.followed[0]!['votes']],
        ['one too few', (json) => json.state.followed.pop()],
        ['no list', (json) => Object.assign(json.state, { followed: 7 })],
        ['no probe', (json) => Object.assign(json.state, { probe: null })],
        ['no parameters', (json) => Object.assign(json.state, { parameters: { type: 'adaptive-parameters' } })],
        ['something more', (json) => Object.assign(json.state, { more: 1 })],
        ['other sources', (json) => Object.assign(json.options, { sources: ['x'] })],
        ['an infinite return', (json) => Object.assign(json.state.followed[0]!, { netReturn: { $: 'Infinity' } })],
      ]
      for (const [what, damage] of damaged) {
        const json = JSON.parse(JSON.stringify(whole)) as typeof whole
        damage(json)
        const { code } = errorOf(() => adaptive.resume(json as unknown as Snapshot))
        expect(code, what).toBe('CORRUPT_SNAPSHOT')
        expect(JSON.stringify(adaptive), what).toBe(before)
      }
      expect(errorOf(() => adaptive.resume({ ...saved(), type: 'other' })).code).toBe('UNKNOWN_SNAPSHOT')
    })
  })
})

describe('options', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'another take band',
      { takeAbove: 0.7 },
      /"takeAbove" must be the approved value of "parameters", which is 0.6, got 0.7/,
    ],
    ['another stop', { stopAtr: 1 }, /"stopAtr".*which is 2, got 1/],
    ['another target', { targetAtr: NaN }, /"targetAtr".*got NaN/],
    ['a skip band above it', { skipBelow: 0.7 }, /"skipBelow" must be at most 0.6/],
    ['no parameters', { parameters: {} }, /"parameters" must be AdaptiveParameters, got an object/],
    ['no vote', { vote: 1 }, /"vote" must be a function, got 1/],
    ['no listener', { onChange: 'x' }, /"onChange" must be a function, got "x"/],
    ['no candles', { maxBars: 0 }, /"maxBars"/],
    ['no room', { maxOpen: 0.5 }, /"maxOpen"/],
    ['a size', { baseSize: 2 }, /"baseSize"/],
  ])('refuse %s', (_, options, says) => {
    const error = errorOf(() => new AdaptivePolicy(options as AdaptivePolicyOptions))
    expect([error.code, says.test(error.message), error.message]).toEqual(['INVALID_OPTION', true, error.message])
  })

  test('may say again what the parameters say', () => {
    expect(new AdaptivePolicy({ takeAbove: 0.6, stopAtr: 2, targetAtr: 2 }).options.takeAbove).toBe(0.6)
  })
})

test('the report holds every value beside the configuration’s', () => {
  const adaptive = new AdaptivePolicy({ parameters: parametersAt({ stopAtr: 2.4 }, { sources: ['a'] }) })
  expect(adaptive.report).toEqual({
    values: [
      { name: 'entryThreshold', value: 0.6, approved: 0.6 },
      { name: 'sizeMultiplier', value: 1, approved: 1 },
      { name: 'stopAtr', value: 2.4, approved: 2 },
      { name: 'targetAtr', value: 2, approved: 2 },
      { name: 'weight:a', value: 1, approved: 1 },
    ],
    ...{ pending: [], history: [], seen: 0, awaited: 0 },
  })
})
