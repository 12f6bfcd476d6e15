import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DecisionContext, DecisionPolicy, REASONS } from '../../src/decision/index.ts'
import type { Account, Plan, Position, Prediction, Side } from '../../src/market.ts'
import { policyLaws } from '../../src/testing/policy-laws.ts'

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
  signal: { symbol: 'BTC', side: 'long', price: 100 },
  atr: 1,
  account: { equity: 10_000, positions: [] },
  trades: 500,
  halted: null,
  ...over,
})
const codes = ({ reasons }: Plan): string[] => reasons.map(({ code }) => code)
const policy = new DecisionPolicy()

describe('a signal unlike the past', () => {
  const at = (novelty: number, own = policy, over: Partial<DecisionContext> = {}): Plan =>
    own.decide(predict(0.9), situation({ novelty, ...over }))

  test('is not judged but skipped, with the reason', () => {
    expect(at(0.995).action).toBe('take')
    expect([at(0.996).action, codes(at(0.996))]).toEqual(['skip', ['OUT_OF_DISTRIBUTION']])
    expect(at(0.6, new DecisionPolicy({ maxNovelty: 0.5 })).action).toBe('skip')
    expect(at(1, new DecisionPolicy({ maxNovelty: 1 })).action).toBe('take')
  })

  test('whose score is no number is skipped too, and before the model decides nothing is asked', () => {
    expect(at(Number.NaN).action).toBe('skip')
    expect(codes(at(1, policy, { trades: 5 }))).toContain('MIN_DATA')
  })
})

describe('people act on these sentences:', () => {
  const texts = (own: DecisionPolicy, p: number, over: Partial<DecisionContext> = {}): string[] =>
    own.decide(predict(p), situation(over)).reasons.map(({ text }) => text)

  test('those of the bands and of the expected value', () => {
    expect(texts(policy, 0.45)).toEqual([
      'Win probability 45.00 % is between 40.00 % and 60.00 %: 50.00 % of the baseline.',
      expect.stringMatching(
        /^The expected value is -0\.\d+ % of the price at this bracket, although the band says reduce\.$/,
      ),
    ])
    const far = { signal: { symbol: 'BTC', side: 'long', price: 100, stop: 99, target: 110 } } as const
    expect(texts(policy, 0.3, far)).toEqual([
      'Win probability 30.00 % is below 40.00 %: skipped.',
      expect.stringMatching(/^The expected value is \d\.\d+ % of the price at this bracket, although it is skipped\.$/),
    ])
    const veto = new DecisionPolicy({ expectedValue: 'veto' })
    expect(texts(veto, 0.45)[0]).toMatch(
      /^Win probability 45\.00 % is worth -0\.\d+ % of the price at this bracket: skipped\.$/,
    )
    const sized = new DecisionPolicy({ sizing: 'bet-size' })
    expect(texts(sized, 0.45)[0]).toMatch(
      /^Win probability 45\.00 % leaves nothing to size by, break-even being \d+\.\d+ %: skipped\.$/,
    )
  })

  test('those of halts and probes, whose cause may be lost', () => {
    const lost = {} as { code: string; text: string }
    expect(policy.baseline(situation({ halted: lost })).reasons[0]!.text).toBe(
      'Trading is halted (cause unknown): no text came with it.',
    )
    expect(policy.baseline(situation({ probe: lost })).reasons[1]!.text).toMatch(
      /all that may be traded \(cause unknown: no text came with it\.\)\.$/,
    )
    const novel = new DecisionPolicy({ abstentions: { novel: 'probe' }, probeSize: 0.01 })
    expect(texts(novel, 0.9, { novelty: 1 })[1]).toBe('A probe of 1.00 % of equity.')
  })

  test('that no volatility is known, where a stop or a target had to be made up', () => {
    const said = (over: object): string[] =>
      codes(policy.baseline(situation({ atr: NaN, signal: { symbol: 'A', side: 'long', price: 100, ...over } })))
    expect(said({ target: 103 })).toContain('WARMING_UP')
    expect(said({ stop: 99 })).toContain('WARMING_UP')
    expect(said({ stop: 99, target: 103 })).not.toContain('WARMING_UP')
  })
})

describe('the bands', () => {
  test.each([
    [1, 'take', 0.1, ['TAKE_BAND']],
    [0.8, 'take', 0.075, ['TAKE_BAND']],
    [0.61, 'take', 0.05125, ['TAKE_BAND']],
    [0.6, 'reduce', 0.05, ['REDUCE_BAND']],
    [0.53, 'reduce', 0.05, ['REDUCE_BAND']],
    [0.52, 'reduce', 0.05, ['REDUCE_BAND', 'EV_NEGATIVE']],
    [0.4, 'reduce', 0.05, ['REDUCE_BAND', 'EV_NEGATIVE']],
    [0.399, 'skip', 0, ['SKIP_BAND']],
    [0, 'skip', 0, ['SKIP_BAND']],
  ])('a probability of %d: %s at %d of equity', (probability, action, size, reasons) => {
    const plan = policy.decide(predict(probability), situation())
    expect(plan.action).toBe(action)
    expect(plan.size).toBeCloseTo(size, 12)
    expect(plan.quantity).toBeCloseTo(size * 100, 9)
    expect(codes(plan)).toEqual(reasons)
  })

  test('a target twice as far breaks even at a third, and skipping above that is pointed out', () => {
    const far = situation({ signal: { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 104 } })
    expect(codes(policy.decide(predict(0.38), far))).toEqual(['SKIP_BAND', 'EV_POSITIVE'])
  })

  test('around the break-even probability, a third is what one half was', () => {
    const around = new DecisionPolicy({ bandsAround: 'break-even', costs: 0 })
    const far = situation({ signal: { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 104 } })
    // in log-odds 0.6 and 0.4 become 3/7 and 1/4
    const action = (p: number): string => around.decide(predict(p), far).action
    expect([0.249, 0.251, 0.428, 0.43].map(action)).toEqual(['skip', 'reduce', 'reduce', 'take'])
    const even = situation({ signal: { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 102 } })
    expect([0.39, 0.41, 0.59, 0.61].map((p) => around.decide(predict(p), even).action)).toEqual([
      'skip',
      'reduce',
      'reduce',
      'take',
    ])
  })

  test('a target within the costs never pays, so around break-even nothing is taken', () => {
    const around = new DecisionPolicy({ bandsAround: 'break-even' })
    const within = situation({ signal: { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 100.05 } })
    expect(around.decide(predict(0.99), within).action).toBe('skip')
    expect(codes(policy.decide(predict(0.99), within))).toEqual(['TAKE_BAND', 'EV_NEGATIVE'])
  })

  test('the texts carry the numbers', () => {
    const [reason] = policy.decide(predict(0.8), situation()).reasons
    expect(reason!.text).toBe('Win probability 80.00 % is above 60.00 %: 75.00 % of the baseline.')
  })
})

describe('too little data', () => {
  test('below 100 trades the plan is the baseline’s, whatever the model says', () => {
    for (const trades of [0, 99, NaN]) {
      for (const prediction of [predict(0.1), predict(NaN)]) {
        const { reasons, ...plan } = policy.decide(prediction, situation({ trades }))
        const { reasons: _, ...baseline } = policy.baseline(situation({ trades }))
        expect(plan).toEqual(baseline)
        expect(reasons[0]!.code).toBe('MIN_DATA')
      }
    }
    expect(policy.decide(predict(0.1), situation({ trades: 100 })).action).toBe('skip')
  })

  test('while the ATR is unknown, 2 % of the price stands for it', () => {
    for (const atr of [NaN, 0, -1, Infinity]) {
      const plan = policy.decide(predict(0.7, { expectedReturn: 0.4 * 0.08 - 0.02 }), situation({ atr }))
      expect(codes(plan)).toContain('WARMING_UP')
      expect(plan.stop).toBeCloseTo(96, 9)
    }
    const own = { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 104 } as const
    const { target: _, ...half } = own
    expect(codes(policy.baseline(situation({ atr: NaN, signal: half })))).toContain('WARMING_UP')
    expect(codes(policy.baseline(situation({ atr: NaN, signal: own })))).toEqual(['BASELINE'])
  })
})

describe('the bracket', () => {
  test('lies two ATRs either side, the other way round for a short', () => {
    expect(policy.baseline(situation())).toMatchObject({ price: 100, stop: 98, target: 102 })
    const short = situation({ signal: { symbol: 'BTC', side: 'short', price: 100 } })
    expect(policy.baseline(short)).toMatchObject({ price: 100, stop: 102, target: 98 })
  })

  test('is the bot’s own where it gives one', () => {
    const own = situation({ signal: { symbol: 'BTC', side: 'short', price: 100, stop: 101, target: 95 } })
    expect(policy.decide(predict(0.7, { expectedReturn: 0.5 }), own)).toMatchObject({ stop: 101, target: 95 })
  })

  test('stays where it is when the predicted return is in tune with it', () => {
    for (const p of [0.41, 0.5, 0.7, 0.9]) {
      expect(policy.decide(predict(p), situation()).target).toBeCloseTo(102, 9)
    }
  })

  test('is drawn out or in to the gain that the prediction implies for winners, 1.5 times at most', () => {
    // winners gain 2.5 % before costs: 0.7 × 2.4 % - 0.3 × 2.1 %
    const target = (expectedReturn: number): number =>
      policy.decide(predict(0.7, { expectedReturn }), situation()).target
    expect(target(0.7 * 0.024 - 0.3 * 0.021)).toBeCloseTo(102.5, 9)
    expect(target(0.7 * 0.014 - 0.3 * 0.021)).toBeCloseTo(101.5, 9)
    expect(target(0.2)).toBeCloseTo(103, 9)
    expect(target(-0.2)).toBeCloseTo(100 + 2 / 1.5, 9)
    const fixed = new DecisionPolicy({ targetStretch: 1 })
    expect(fixed.decide(predict(0.7, { expectedReturn: 0.2 }), situation()).target).toBeCloseTo(102, 9)
  })

  test('keeps the stop off the costs, the target beyond twice the costs, and both off zero', () => {
    expect(policy.baseline(situation({ atr: 1e-9 }))).toMatchObject({ stop: 100 * (1 - 0.001), target: 100 * 1.002 })
    expect(policy.baseline(situation({ atr: 1e9 }))).toMatchObject({ stop: 50, target: 150 })
  })

  test.each([
    [{ price: NaN }, '"signal.price" must be a positive number, got NaN.'],
    [{ price: 0 }, '"signal.price" must be a positive number, got 0.'],
    [{ price: Number.MAX_VALUE }, '"price" must leave room for a target'],
    [{ price: Number.MIN_VALUE }, '"price" must leave room for a stop'],
    [{ stop: 101 }, '"signal.stop" must lie below the price of 100, got 101.'],
    [{ stop: 100 }, '"signal.stop" must lie below the price of 100, got 100.'],
    [{ target: 99 }, '"signal.target" must lie above the price of 100, got 99.'],
    [{ stop: NaN }, '"signal.stop" must be a positive number, got NaN.'],
    [{ side: 'buy' as Side }, '"signal.side" must be one of "long", "short", got "buy".'],
    [{ symbol: '' }, '"signal.symbol" must be a non-empty string, got "".'],
  ])('refuses a signal with %j', (wrong, message) => {
    const bad = situation({ signal: { symbol: 'BTC', side: 'long', price: 100, ...wrong } })
    expect(() => policy.baseline(bad)).toThrow(expect.objectContaining({ code: 'INVALID_SIGNAL' }))
    expect(() => policy.decide(predict(0.7), bad)).toThrow(message)
  })
})

describe('limits and halts', () => {
  test('the model shrinks what the limits left, so reducing always shows', () => {
    // a stop 50 % away leaves 2 % of equity
    const wide = situation({ atr: 100 })
    expect(policy.baseline(wide).size).toBeCloseTo(0.02, 12)
    expect(policy.decide(predict(0.5, { expectedReturn: 0 }), wide).size).toBeCloseTo(0.01, 12)
    expect(codes(policy.baseline(wide))).toEqual(['BASELINE', 'MAX_RISK'])
  })

  test('while halted nothing new is opened, and the cause is told', () => {
    const halted = situation({ halted: { code: 'DRAWDOWN', text: 'Equity fell.' } })
    for (const plan of [policy.baseline(halted), policy.decide(predict(0.9), halted)]) {
      expect(plan).toMatchObject({ action: 'skip', size: 0, quantity: 0 })
      expect(plan.reasons).toEqual([{ code: 'KILL_SWITCH', text: 'Trading is halted (DRAWDOWN): Equity fell.' }])
    }
  })

  test('a cause that got lost on the way still halts', () => {
    const lost = situation({ halted: undefined as unknown as null })
    expect(codes(policy.decide(predict(0.9), lost))).toEqual(['KILL_SWITCH'])
  })

  test('while halted an opposite position may still be closed', () => {
    const account = { equity: 10_000, positions: [{ symbol: 'BTC', side: 'short', notional: 300 } as const] }
    const plan = policy.baseline(situation({ account, halted: { code: 'OPERATOR', text: 'x' } }))
    expect(plan.size).toBeCloseTo(0.03, 12)
    expect(codes(plan)).toEqual(['KILL_SWITCH', 'CLOSES_POSITION'])
  })
})

describe('invariants', () => {
  const anyNumber = fc.oneof(
    fc.double(),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(NaN, Infinity, -Infinity, -0, 5e-324, 1e308, -1e308, 0.4, 0.5, 0.6, 1),
    fc.constantFrom<unknown>(null, undefined, '0.9', true, {}, []).map((junk) => junk as number),
  )
  const anyPrediction: fc.Arbitrary<Prediction> = fc.record({
    probability: anyNumber,
    expectedReturn: anyNumber,
    interval: fc.record({ low: anyNumber, high: anyNumber, coverage: anyNumber }),
    stopRisk: anyNumber,
    trades: anyNumber,
  })
  const sanePrediction: fc.Arbitrary<Prediction> = fc.record({
    probability: fc.double({ min: 0, max: 1, noNaN: true }),
    expectedReturn: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: -0.1, max: 0.1, noNaN: true }),
    ),
    interval: fc.constant({ low: -Infinity, high: Infinity, coverage: 0.9 }),
    stopRisk: fc.double({ min: 0, max: 1, noNaN: true }),
    trades: fc.nat(),
  })
  const anyPosition: fc.Arbitrary<Position> = fc.record({
    symbol: fc.constantFrom('BTC', 'ETH'),
    side: fc.constantFrom<Side>('long', 'short'),
    notional: fc.double({ min: 0, max: 5000, noNaN: true }),
  })
  const anyAccount: fc.Arbitrary<Account> = fc.record({
    equity: fc.double({ min: 0.01, max: 1e9, noNaN: true }),
    positions: fc.array(anyPosition, { maxLength: 25 }),
  })
  const anySignal = fc
    .record({
      symbol: fc.constantFrom('BTC', 'ETH', 'SOL'),
      side: fc.constantFrom<Side>('long', 'short'),
      price: fc.double({ min: 1e-8, max: 1e7, noNaN: true }),
      stop: fc.option(fc.double({ min: 0.001, max: 0.9, noNaN: true }), { nil: undefined }),
      target: fc.option(fc.double({ min: 0.001, max: 0.9, noNaN: true }), { nil: undefined }),
    })
    .map(({ stop, target, ...signal }) => {
      const sign = signal.side === 'long' ? 1 : -1
      return {
        ...signal,
        stop: stop === undefined ? undefined : signal.price * (1 - sign * stop),
        target: target === undefined ? undefined : signal.price * (1 + sign * target),
      }
    })
  const anyContext: fc.Arbitrary<DecisionContext> = fc.record({
    signal: anySignal,
    atr: fc.oneof(fc.constantFrom(NaN, 0, Infinity, -1), fc.double({ min: 1e-9, max: 1e6, noNaN: true })),
    account: anyAccount,
    trades: fc.constantFrom(0, 99, 100, 5000),
    halted: fc.constantFrom(null, null, null, { code: 'LATENCY', text: 'slow' }),
  })
  const anyPolicy = fc
    .record({
      bands: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      shares: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      bandsAround: fc.constantFrom<'half' | 'break-even'>('half', 'break-even'),
      baseSize: fc.double({ min: 0, max: 1, noNaN: true }),
      stopAtr: fc.double({ min: 0.1, max: 10, noNaN: true }),
      targetAtr: fc.double({ min: 0.1, max: 10, noNaN: true }),
      costs: fc.double({ min: 0, max: 0.1, noNaN: true }),
      limits: fc.record({
        maxPosition: fc.double({ min: 0, max: 1, noNaN: true }),
        maxPositions: fc.integer({ min: 0, max: 25 }),
        maxRisk: fc.double({ min: 0, max: 0.1, noNaN: true }),
      }),
    })
    .map(({ bands, shares, ...rest }) => {
      const [skipBelow, takeAbove] = [Math.min(...bands), Math.max(...bands)]
      return new DecisionPolicy({
        ...rest,
        skipBelow,
        takeAbove,
        reduceTo: Math.min(...shares),
        takeFrom: Math.max(...shares),
      })
    })
  const runs = { numRuns: 5000 }

  test('I1, I2: size and quantity keep every limit exactly, whatever the model says', () => {
    fc.assert(
      fc.property(anyPolicy, anyPrediction, anyContext, (given, prediction, context) => {
        const { signal, account } = context
        const { maxPosition, maxPositions, maxRisk } = given.options.limits
        for (const plan of [given.baseline(context), given.decide(prediction, context)]) {
          const { size, quantity, price, stop } = plan
          expect(size >= 0 && quantity >= 0 && Number.isFinite(quantity)).toBe(true)
          const in_ = (side: Side): number =>
            account.positions.reduce(
              (sum, one) => (one.symbol === signal.symbol && one.side === side ? sum + one.notional : sum),
              0,
            )
          const same = in_(signal.side)
          const closes = same === 0 && size * account.equity <= in_(signal.side === 'long' ? 'short' : 'long')
          if (size === 0 || closes) continue
          expect(same + size * account.equity <= maxPosition * account.equity).toBe(true)
          expect((size * Math.abs(price - stop)) / price <= maxRisk).toBe(true)
          expect(quantity * Math.abs(price - stop) <= maxRisk * account.equity).toBe(true)
          expect(quantity * price <= size * account.equity).toBe(true)
          expect(same > 0 || account.positions.length < maxPositions).toBe(true)
        }
      }),
      runs,
    )
  })

  test('I3: while halted no exposure is added', () => {
    fc.assert(
      fc.property(anyPolicy, anyPrediction, anyContext, (given, prediction, context) => {
        const halted = { ...context, halted: { code: 'OPERATOR', text: 'x' } }
        for (const { size } of [given.baseline(halted), given.decide(prediction, halted)]) {
          if (size === 0) continue
          let [same, against] = [0, 0]
          for (const { symbol, side, notional } of context.account.positions) {
            if (symbol !== context.signal.symbol) continue
            if (side === context.signal.side) same += notional
            else against += notional
          }
          expect(same === 0 && size * context.account.equity <= against).toBe(true)
        }
      }),
      runs,
    )
  })

  test('I6: a number that cannot be is no trade', () => {
    const spoiled = fc.constantFrom<Partial<Prediction>>(
      { probability: NaN },
      { probability: 1.01 },
      { probability: -0.01 },
      { probability: '0.9' as unknown as number },
      { expectedReturn: NaN },
      { expectedReturn: Infinity },
      { stopRisk: NaN },
      { interval: { low: NaN, high: 1, coverage: 0.9 } },
      { interval: { low: 1, high: 0, coverage: 0.9 } },
      { interval: undefined as unknown as Prediction['interval'] },
    )
    fc.assert(
      fc.property(spoiled, (over) => {
        const plan = policy.decide(predict(0.9, over), situation())
        expect(plan).toMatchObject({ action: 'skip', size: 0, quantity: 0 })
        expect(codes(plan)).toEqual(['INVALID_PREDICTION'])
      }),
    )
    expect(codes(policy.decide(null as unknown as Prediction, situation()))).toEqual(['INVALID_PREDICTION'])
  })

  test('I8: with the model never more than without it, between the same stop', () => {
    fc.assert(
      fc.property(anyPolicy, anyPrediction, anyContext, (given, prediction, context) => {
        const [on, off] = [given.decide(prediction, context), given.baseline(context)]
        expect(on.size).toBeLessThanOrEqual(off.size)
        expect(on.quantity).toBeLessThanOrEqual(off.quantity)
        expect(on.stop).toBe(off.stop)
        expect(on.action === 'skip').toBe(on.size === 0)
      }),
      runs,
    )
  })

  test('I10: equal questions get equal answers, byte for byte', () => {
    fc.assert(
      fc.property(anyPolicy, anyPrediction, anyContext, (given, prediction, context) => {
        const copy = new DecisionPolicy(given.options)
        const [one, two] = [given.decide(prediction, context), copy.decide(prediction, structuredClone(context))]
        expect(JSON.stringify(two)).toBe(JSON.stringify(one))
      }),
      { numRuns: 1000 },
    )
  })

  test('I11: options and limits cannot be changed, and are not', () => {
    const before = JSON.stringify(policy.options)
    fc.assert(
      fc.property(anyPrediction, anyContext, (prediction, context) => {
        policy.decide(prediction, context)
        policy.baseline(context)
      }),
      { numRuns: 200 },
    )
    expect(JSON.stringify(policy.options)).toBe(before)
    expect(() => {
      ;(policy.options.limits as { maxRisk: number }).maxRisk = 1
    }).toThrow(TypeError)
    expect(() => {
      ;(policy.options as { takeAbove: number }).takeAbove = 0
    }).toThrow(TypeError)
  })

  test('a higher probability never makes a smaller trade', () => {
    const context = situation({ signal: { symbol: 'BTC', side: 'long', price: 100, stop: 98, target: 103 } })
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(anyPolicy, probability, probability, (given, p, q) => {
        const size = (one: number): number => given.decide(predict(one), context).size
        expect(size(Math.min(p, q))).toBeLessThanOrEqual(size(Math.max(p, q)))
      }),
      runs,
    )
  })

  test('stop and target lie either side of the price, the target beyond the costs', () => {
    fc.assert(
      fc.property(anyPolicy, sanePrediction, anyContext, (given, prediction, context) => {
        const { signal } = context
        const sign = signal.side === 'long' ? 1 : -1
        for (const { price, stop, target } of [given.baseline(context), given.decide(prediction, context)]) {
          expect(stop > 0 && (price - stop) * sign > 0).toBe(true)
          expect(target > 0 && (target - price) * sign > 0).toBe(true)
          if (signal.target === undefined) {
            const beyond = Math.abs(target - price) / price
            expect(beyond).toBeGreaterThanOrEqual(2 * given.options.costs * (1 - 1e-9))
          }
        }
      }),
      runs,
    )
  })

  test('every reason has a listed code and a sentence without holes', () => {
    fc.assert(
      fc.property(anyPolicy, sanePrediction, anyContext, (given, prediction, context) => {
        for (const { code, text } of given.decide(prediction, context).reasons) {
          expect(REASONS).toHaveProperty(code)
          expect(text).not.toMatch(/NaN|undefined|\[object/)
        }
      }),
      runs,
    )
  })

  const cases = fc.sample(fc.tuple(anyPrediction, anyContext), { numRuns: 40, seed: 1 })
  const saneCases = fc.sample(fc.tuple(sanePrediction, anyContext), { numRuns: 40, seed: 2 })
  for (const { name, run } of policyLaws(() => new DecisionPolicy(), [...cases, ...saneCases])) test(name, run)
})

test.each([
  [{ takeAbove: 1.2 }],
  [{ takeAbove: 0.4, skipBelow: 0.5 }],
  [{ reduceTo: 0.8 }],
  [{ stopAtr: 0 }],
  [{ costs: 0.2 }],
  [{ targetStretch: 0.9 }],
  [{ bandsAround: 'third' as 'half' }],
  [{ limits: { maxRisk: 2 } }],
])('refuses the options %j', (bad) => {
  expect(() => new DecisionPolicy(bad)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
