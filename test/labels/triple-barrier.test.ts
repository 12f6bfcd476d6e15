import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/snapshot.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import type { Bracket, Candle, Label } from '../../src/market.ts'
import { barrierLaws, labelerLaws } from '../../src/testing/index.ts'

describe('laws', () => {
  for (const { name, run } of labelerLaws(() => new TripleBarrier(), TripleBarrier)) test(name, run)
  for (const { name, run } of barrierLaws(() => new TripleBarrier())) test(name, run)
  const patient = (): TripleBarrier => new TripleBarrier({ maxBars: 3, costs: 0 })
  for (const { name, run } of labelerLaws(patient, TripleBarrier)) test(`three bars, no costs: ${name}`, run)
})

const T0 = 1_700_000_000_000
const HOUR = 3_600_000
const timeAt = (i: number): number => T0 + i * HOUR
const bar = (i: number, open: number, high: number, low: number, close: number, symbol = 'X'): Candle => ({
  symbol,
  time: timeAt(i),
  open,
  high,
  low,
  close,
})
const long = (over: Partial<Bracket> = {}): Bracket => ({
  id: 'a',
  symbol: 'X',
  side: 'long',
  time: timeAt(0),
  price: 100,
  stop: 96,
  target: 108,
  ...over,
})
const short = (over: Partial<Bracket> = {}): Bracket => long({ side: 'short', stop: 104, target: 92, ...over })

/** Opens one bracket before the candles and returns what they settle. */
function settle(bracket: Bracket, candles: readonly Candle[], options = { maxBars: 3, costs: 0.001 }): Label[] {
  const labeler = new TripleBarrier(options)
  labeler.open(bracket)
  return candles.flatMap((candle) => labeler.advance(candle))
}

describe('a long', () => {
  const quiet = bar(0, 100, 101, 99, 100)
  const label = (fields: Partial<Label>): Partial<Label> => ({
    id: 'a',
    ambiguous: false,
    exitTime: timeAt(1),
    ...fields,
  })

  test('out at the target', () => {
    const [settled, ...others] = settle(long(), [quiet, bar(1, 100, 109, 98, 105), bar(2, 105, 120, 90, 100)])
    expect(others).toEqual([])
    expect(settled).toEqual({
      ...label({ y: 1, exitReason: 'target', exitPrice: 108, bars: 2, maxFavorable: 0.08, maxAdverse: 0.02 }),
      netReturn: 0.08 - 0.001,
    })
  })
  test('out at the stop; of that candle only the open is surely a gain', () => {
    const [settled] = settle(long(), [quiet, bar(1, 103, 107, 95, 105)])
    expect(settled).toEqual({
      ...label({ y: 0, exitReason: 'stop', exitPrice: 96, bars: 2, maxFavorable: 0.03, maxAdverse: 0.04 }),
      netReturn: -0.04 - 0.001,
    })
  })
  test('both in one candle: the stop, and ambiguous', () => {
    const [settled] = settle(long(), [quiet, bar(1, 100, 108, 96, 105)])
    expect(settled).toMatchObject(
      label({ y: 0, exitReason: 'stop', exitPrice: 96, ambiguous: true, maxFavorable: 0.01 }),
    )
  })
  test('opens below the stop: out at the open, for certain even where the target is touched later', () => {
    const [settled] = settle(long(), [quiet, bar(1, 90, 110, 80, 105)])
    expect(settled).toMatchObject(label({ exitReason: 'stop', exitPrice: 90, maxAdverse: 0.1, maxFavorable: 0.01 }))
  })
  test('opens above the target: out at the target, for certain even where the stop is touched later', () => {
    const [settled] = settle(long(), [quiet, bar(1, 112, 115, 90, 92)])
    expect(settled).toMatchObject(label({ exitReason: 'target', exitPrice: 108, maxFavorable: 0.08, maxAdverse: 0.01 }))
  })
  test('neither within three candles: out at the close of the third', () => {
    const [settled] = settle(long(), [quiet, bar(1, 100, 102, 97, 101), bar(2, 101, 104, 100, 103)])
    expect(settled).toMatchObject({
      exitReason: 'time',
      exitPrice: 103,
      exitTime: timeAt(2),
      bars: 3,
      maxFavorable: 0.04,
      maxAdverse: 0.03,
      y: 1,
    })
  })
  test('a barrier on the last candle comes before the clock', () => {
    const [settled] = settle(long(), [quiet], { maxBars: 1, costs: 0 })
    expect(settled).toMatchObject({ exitReason: 'time', exitPrice: 100, y: 0, netReturn: 0 })
    const [stopped] = settle(long(), [bar(0, 100, 101, 96, 101)], { maxBars: 1, costs: 0 })
    expect(stopped).toMatchObject({ exitReason: 'stop', exitPrice: 96 })
  })
  test('a gain that does not cover its costs is a loss', () => {
    const candles = [bar(0, 100, 101, 99, 100.5)]
    expect(settle(long(), candles, { maxBars: 1, costs: 0.004 })[0]!.y).toBe(1)
    expect(settle(long(), candles, { maxBars: 1, costs: 0.005 })[0]!.y).toBe(0)
    expect(settle(long(), candles, { maxBars: 1, costs: 0.006 })[0]!.y).toBe(0)
  })
})

describe('a short', () => {
  const quiet = bar(0, 100, 101, 99, 100)

  test.each([
    ['target', bar(1, 100, 102, 91, 95), { exitReason: 'target', exitPrice: 92, maxFavorable: 0.08, maxAdverse: 0.02 }],
    ['stop', bar(1, 97, 105, 93, 95), { exitReason: 'stop', exitPrice: 104, maxFavorable: 0.03, maxAdverse: 0.04 }],
    ['both', bar(1, 100, 104, 92, 95), { exitReason: 'stop', exitPrice: 104, ambiguous: true }],
    ['a gap over the stop', bar(1, 110, 120, 90, 95), { exitReason: 'stop', exitPrice: 110, maxAdverse: 0.1 }],
    ['a gap under the target', bar(1, 88, 110, 85, 95), { exitReason: 'target', exitPrice: 92, maxFavorable: 0.08 }],
  ] as const)('%s', (_name, candle, wanted) => {
    const [settled] = settle(short(), [quiet, candle])
    expect(settled).toMatchObject({ ambiguous: false, ...wanted })
    expect(settled!.netReturn).toBe((100 - settled!.exitPrice) / 100 - 0.001)
  })
})

describe('which candles count', () => {
  const wild = (i: number): Candle => bar(i, 100, 200, 50, 100)

  test('the candle already seen does not, even where the bracket bears its time', () => {
    const labeler = new TripleBarrier()
    labeler.advance(wild(0))
    labeler.open(long({ time: timeAt(0) }))
    expect(labeler.isOpen('a')).toBe(true)
    expect(() => labeler.advance(wild(0))).toThrow(expect.objectContaining({ code: 'DUPLICATE_CANDLE' }))
    expect(labeler.excursions('a')).toEqual({ bars: 0, maxFavorable: 0, maxAdverse: 0 })
    expect(labeler.advance(wild(1))).toHaveLength(1)
  })
  test('a candle that opens with the bracket or later counts, one that opened before it is no bar', () => {
    const rising = (i: number): Candle => bar(i, 100, 200, 99, 100)
    const labeler = new TripleBarrier()
    labeler.open(long({ time: timeAt(1) }))
    labeler.open(long({ id: 'b', time: timeAt(1) - 1 }))
    labeler.open(long({ id: 'c', time: timeAt(1) + 1 }))
    expect(labeler.advance(rising(0))).toEqual([])
    expect(labeler.advance(rising(1)).map(({ id }) => id)).toEqual(['a', 'b'])
    expect(labeler.advance(rising(2)).map(({ id, bars }) => [id, bars])).toEqual([['c', 1]])
  })
  test('another symbol does not', () => {
    const labeler = new TripleBarrier()
    labeler.open(long())
    expect(labeler.advance(bar(0, 100, 200, 50, 100, 'Y'))).toEqual([])
    expect(labeler.advance(wild(0))).toHaveLength(1)
  })
  test('a bracket from before the newest candle is refused: what it lived through is gone', () => {
    const labeler = new TripleBarrier()
    labeler.advance(bar(5, 100, 101, 99, 100))
    expect(() => labeler.open(long({ time: timeAt(5) - 1 }))).toThrow(expect.objectContaining({ code: 'OUT_OF_ORDER' }))
    expect(labeler.openCount).toBe(0)
  })
  test('labels come in the order of opening', () => {
    const labeler = new TripleBarrier()
    for (const id of ['m', 'z', 'b', 'a']) labeler.open(long({ id }))
    labeler.cancel('z')
    labeler.open(long({ id: 'z' }))
    expect(labeler.advance(wild(0)).map(({ id }) => id)).toEqual(['m', 'b', 'a', 'z'])
    expect(labeler.openCount).toBe(0)
  })
})

describe('the candle in which a bracket was entered', () => {
  const entered = { time: timeAt(0) + HOUR / 2 }
  const quiet = (i: number): Candle => bar(i, 100, 101, 99, 100)

  test.each([
    ['a long', long(entered), bar(0, 103, 104, 95, 97), 96],
    ['a long, the target touched too', long(entered), bar(0, 103, 109, 95, 97), 96],
    ['a long, open and all below the stop: its open tells nothing', long(entered), bar(0, 90, 92, 80, 91), 96],
    ['a long, open above the target', long(entered), bar(0, 120, 121, 96, 97), 96],
    ['a short', short(entered), bar(0, 97, 104, 96, 103), 104],
    ['a short, open above the stop', short(entered), bar(0, 120, 121, 90, 95), 104],
  ])('stops %s that it may have touched, at the stop, at the time of entry', (_, bracket, candle, stop) => {
    expect(settle(bracket, [candle, quiet(1)])).toEqual([
      {
        id: 'a',
        y: 0,
        netReturn: -0.04 - 0.001,
        exitReason: 'stop',
        exitPrice: stop,
        exitTime: bracket.time,
        ambiguous: true,
        maxFavorable: 0,
        maxAdverse: 0.04,
        bars: 0,
      },
    ])
  })

  test.each([
    ['a long', long(entered), bar(0, 99, 150, 97, 140)],
    ['a long, open above the target', long(entered), bar(0, 130, 150, 97, 140)],
    ['a short', short(entered), bar(0, 101, 103, 50, 60)],
  ])('never pays %s the target: it counts as loss on the way, not as gain or bar', (_, bracket, candle) => {
    const labeler = new TripleBarrier({ maxBars: 1 })
    labeler.open(bracket)
    expect(labeler.advance(candle)).toEqual([])
    expect(labeler.excursions('a')).toEqual({ maxFavorable: 0, maxAdverse: 0.03, bars: 0 })
    const [label] = labeler.advance(quiet(1))
    expect(label).toMatchObject({ exitReason: 'time', bars: 1, maxFavorable: 0.01, maxAdverse: 0.03 })
    expect(label).toMatchObject({ exitTime: timeAt(1), ambiguous: false })
  })

  test('does not matter where it was seen before the bracket was opened', () => {
    const labeler = new TripleBarrier()
    labeler.advance(bar(0, 100, 200, 50, 100))
    labeler.open(long(entered))
    expect(labeler.advance(quiet(1))).toEqual([])
    expect(labeler.excursions('a')).toEqual({ maxFavorable: 0.01, maxAdverse: 0.01, bars: 1 })
  })
})

describe('excursions', () => {
  test('follow an open bracket and end with it', () => {
    const labeler = new TripleBarrier()
    labeler.open(short())
    labeler.advance(bar(0, 100, 102, 97, 98))
    labeler.advance(bar(1, 98, 99, 95, 96))
    expect(labeler.excursions('a')).toEqual({ bars: 2, maxFavorable: 0.05, maxAdverse: 0.02 })
    labeler.cancel('a')
    expect(labeler.excursions('a')).toBeUndefined()
    expect(labeler.isOpen('a')).toBe(false)
  })
})

describe('refusals', () => {
  test.each([
    ['a stop above the price of a long', long({ stop: 101 }), 'INVALID_INPUT'],
    ['a stop at the price', long({ stop: 100 }), 'INVALID_INPUT'],
    ['a target below the price of a long', long({ target: 99 }), 'INVALID_INPUT'],
    ['a stop below the price of a short', short({ stop: 99 }), 'INVALID_INPUT'],
    ['a target above the price of a short', short({ target: 101 }), 'INVALID_INPUT'],
    ['a price that is NaN', long({ price: NaN }), 'INVALID_INPUT'],
    ['an infinite target', long({ target: Infinity }), 'INVALID_INPUT'],
    ['a negative stop', long({ stop: -1 }), 'INVALID_INPUT'],
    ['an unknown side', long({ side: 'buy' as 'long' }), 'INVALID_INPUT'],
    ['no id', long({ id: '' }), 'INVALID_INPUT'],
    ['no symbol', long({ symbol: '' }), 'INVALID_INPUT'],
    ['a time in seconds', long({ time: 1_700_000_000 }), 'INVALID_TIME'],
    ['an id that is open', long({ id: 'taken' }), 'INVALID_INPUT'],
    ['nothing', null as unknown as Bracket, 'INVALID_INPUT'],
    ['one too many', long({ id: 'third' }), 'TOO_MANY_OPEN', 2],
  ] as const)('%s', (_what, bracket, code, maxOpen: number = 10) => {
    const labeler = new TripleBarrier({ maxOpen })
    labeler.open(long({ id: 'taken' }))
    labeler.open(short({ id: 'other' }))
    const before = JSON.stringify(labeler)
    expect(() => labeler.open(bracket)).toThrow(expect.objectContaining({ name: 'TradeLearnError', code }))
    expect(JSON.stringify(labeler)).toBe(before)
  })

  test.each([
    ['a candle whose high is its low', bar(1, 100, 98, 102, 100), 'INVALID_CANDLE'],
    ['a candle from the past', bar(-1, 100, 101, 99, 100), 'OUT_OF_ORDER'],
    ['a candle twice', bar(0, 100, 101, 99, 100), 'DUPLICATE_CANDLE'],
    ['nothing', undefined as unknown as Candle, 'INVALID_CANDLE'],
  ] as const)('%s', (_what, candle, code) => {
    const labeler = new TripleBarrier()
    labeler.open(long())
    labeler.advance(bar(0, 100, 101, 99, 100))
    const before = JSON.stringify(labeler)
    expect(() => labeler.advance(candle)).toThrow(expect.objectContaining({ code }))
    expect(JSON.stringify(labeler)).toBe(before)
  })

  test.each([{ maxBars: 0 }, { costs: -0.1 }, { costs: 2 }, { maxOpen: 0.5 }])('%j is no option', (options) => {
    expect(() => new TripleBarrier(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('a snapshot with an impossible bracket', () => {
    const labeler = new TripleBarrier()
    labeler.open(long())
    const json = labeler.toJSON()
    const [row] = json.state['open'] as unknown as [Bracket & { bars: number }]
    for (const open of [[{ ...row, stop: 101 }], [{ ...row, side: 'up' }], [{ ...row, bars: -1 }], [row, row]]) {
      const bad = { ...json, state: { ...json.state, open } } as unknown as Snapshot
      expect(() => restore(bad, [TripleBarrier])).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    }
  })
})

// ------------------------------------------------------------------ random markets

/** Whole prices from 20 to 180, so that touches, gaps and doubtful candles are common. */
const price = fc.integer({ min: 20, max: 180 })
const candle = fc
  .record({ a: price, b: price, c: price, d: price, close: fc.boolean(), symbol: fc.constantFrom('X', 'Y') })
  .map(({ a, b, c, d, close, symbol }) => {
    const [low, one, other, high] = [a, b, c, d].sort((p, q) => p - q) as [number, number, number, number]
    return { symbol, open: close ? one : other, high, low, close: close ? other : one }
  })
const bracket = fc
  .record({
    levels: fc.uniqueArray(price, { minLength: 3, maxLength: 3 }),
    side: fc.constantFrom('long' as const, 'short' as const),
    symbol: fc.constantFrom('X', 'Y'),
    // in halves, so that some enter with a candle and some within one
    lag: fc.integer({ min: 0, max: 4 }).map((halves) => halves / 2),
  })
  .map(({ levels, side, symbol, lag }) => {
    const [low, middle, high] = levels.toSorted((p, q) => p - q) as [number, number, number]
    return {
      side,
      symbol,
      lag,
      price: middle,
      stop: side === 'long' ? low : high,
      target: side === 'long' ? high : low,
    }
  })
const market = fc
  .array(fc.record({ candle, brackets: fc.array(bracket, { maxLength: 2 }) }), { minLength: 1, maxLength: 60 })
  .map((steps) =>
    steps.map((step, i) => ({
      candle: { ...step.candle, time: timeAt(i) } as Candle,
      brackets: step.brackets.map(
        ({ lag, ...rest }, k): Bracket => ({ ...rest, id: `${i}-${k}`, time: timeAt(i + lag) }),
      ),
    })),
  )
type Market = { candle: Candle; brackets: Bracket[] }[]
const options = fc.record({ maxBars: fc.integer({ min: 1, max: 6 }), costs: fc.constantFrom(0, 0.001, 0.3) })

/** Each candle is advanced, then the brackets of its step are opened. */
function replay(labeler: TripleBarrier, steps: Market): Label[] {
  return steps.flatMap(({ candle, brackets }) => {
    const labels = labeler.advance(candle)
    for (const bracket of brackets) labeler.open(bracket)
    return labels
  })
}

type Fate = { readonly label: Label; readonly settledAt: number }

/** What becomes of one bracket, from the whole future at once and the worst of all paths through its candles. */
function bruteForce(steps: Market, opened: number, bracket: Bracket, maxBars: number): Fate | undefined {
  const { id, side, price, stop, target } = bracket
  const direction = side === 'long' ? 1 : -1
  // 0 is added so that no gain is -0
  const gain = (at: number): number => (direction * (at - price)) / price + 0
  const unseen = steps
    .slice(opened + 1)
    .map(({ candle }) => candle)
    .filter((candle) => candle.symbol === bracket.symbol)
  const future = unseen.filter(({ time }) => time >= bracket.time).slice(0, maxBars)
  let favorable = 0
  let adverse = 0
  // entered in mid-candle: of all that the candle held, what hurts may have come after the entry, what helps before
  for (const { high, low, time } of unseen) {
    if (time >= bracket.time) break
    const pain = Math.max(0 - gain(low), 0 - gain(high))
    adverse = Math.max(adverse, Math.min(pain, 0 - gain(stop)))
    if (pain < 0 - gain(stop)) continue
    const exit = { exitReason: 'stop', exitPrice: stop, exitTime: bracket.time, ambiguous: true } as const
    return {
      settledAt: time,
      label: { id, y: 0, netReturn: gain(stop), ...exit, maxFavorable: 0, maxAdverse: adverse, bars: 0 },
    }
  }
  for (const [i, { open, high, low, close, time }] of future.entries()) {
    // the two orders in which a candle can have met its extremes, with each way out along each
    const paths = [
      [open, low, high, close],
      [open, high, low, close],
    ].map((path) => {
      for (const [k, at] of path.entries()) {
        if (direction * (at - stop) <= 0) return { reason: 'stop' as const, at: k === 0 ? at : stop, k, path }
        if (direction * (at - target) >= 0) return { reason: 'target' as const, at: target, k, path }
      }
      return { reason: 'time' as const, at: close, k: 4, path }
    })
    const worst = paths.reduce((a, b) => (gain(b.at) < gain(a.at) ? b : a))
    const ended = worst.reason !== 'time' || i === maxBars - 1
    // what must have happened before the end, and what may have: the least gain and the most loss of those paths
    const same = ended ? paths.filter(({ reason }) => reason === worst.reason) : paths
    const before = same.map(({ path, k, at }) => [...path.slice(0, k), ...(ended ? [at] : [])].map(gain))
    const most = (gains: number[]): number => Math.max(...gains, -Infinity)
    favorable = Math.max(favorable, Math.min(...before.map(most)))
    adverse = Math.max(adverse, ...before.map((gains) => most(gains.map((g) => 0 - g))))
    if (!ended) continue
    const label: Label = {
      id,
      y: 0,
      netReturn: gain(worst.at),
      exitReason: worst.reason,
      exitPrice: worst.at,
      exitTime: time,
      ambiguous: new Set(paths.map(({ reason }) => reason)).size > 1,
      maxFavorable: favorable,
      maxAdverse: adverse,
      bars: i + 1,
    }
    return { settledAt: time, label }
  }
  return undefined
}

describe('on random markets', () => {
  test('agrees with brute force over the whole future and all paths through a candle', () => {
    fc.assert(
      fc.property(market, options, (steps, { maxBars, costs }) => {
        const wanted = steps
          .flatMap(({ brackets }, i) => brackets.map((bracket) => bruteForce(steps, i, bracket, maxBars)))
          .filter((fate) => fate !== undefined)
          .toSorted((a, b) => a.settledAt - b.settledAt) // stable: opening order within a candle
          .map(({ label }) => ({
            ...label,
            netReturn: label.netReturn - costs,
            y: label.netReturn - costs > 0 ? 1 : 0,
          }))
        expect(replay(new TripleBarrier({ maxBars, costs }), steps)).toEqual(wanted)
      }),
      { numRuns: 1500 },
    )
  })

  test('no return lies beyond the excursions, which are never negative', () => {
    fc.assert(
      fc.property(market, options, (steps, { maxBars, costs }) => {
        for (const { netReturn, maxFavorable, maxAdverse } of replay(new TripleBarrier({ maxBars, costs }), steps)) {
          expect(Math.min(maxFavorable, maxAdverse)).toBeGreaterThanOrEqual(0)
          expect(netReturn).toBeLessThanOrEqual(maxFavorable - costs)
          expect(netReturn).toBeGreaterThanOrEqual(-maxAdverse - costs)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a label is known at its candle and not before, and no later candle changes it', () => {
    fc.assert(
      fc.property(market, options, fc.nat(59), (steps, some, cut) => {
        const whole = replay(new TripleBarrier(some), steps)
        const prefix = replay(new TripleBarrier(some), steps.slice(0, cut))
        expect(whole.slice(0, prefix.length)).toEqual(prefix)
        expect(whole.slice(prefix.length).every(({ exitTime }) => exitTime >= timeAt(cut))).toBe(true)
        // a bracket that was stopped in the candle of its entry bears the time of its entry
        expect(prefix.every(({ exitTime, bars }) => bars === 0 || exitTime < timeAt(cut))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('written and read back in mid-life it goes on to the bit', () => {
    fc.assert(
      fc.property(market, options, fc.nat(59), (steps, some, cut) => {
        const steady = new TripleBarrier(some)
        replay(steady, steps.slice(0, cut))
        const restored = restore(JSON.parse(JSON.stringify(steady)) as Snapshot, [TripleBarrier])
        expect(replay(restored, steps.slice(cut))).toEqual(replay(steady, steps.slice(cut)))
        expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
      }),
      { numRuns: 300 },
    )
  })

  test('a short is the mirror of a long on mirrored log prices', () => {
    const flip = ({ side, price, stop, target, ...rest }: Bracket): Bracket => ({
      ...rest,
      side: side === 'long' ? 'short' : 'long',
      price: 1 / price,
      stop: 1 / stop,
      target: 1 / target,
    })
    const mirror = (steps: Market): Market =>
      steps.map(({ candle: { open, high, low, close, ...rest }, brackets }) => ({
        candle: { ...rest, open: 1 / open, high: 1 / low, low: 1 / high, close: 1 / close },
        brackets: brackets.map(flip),
      }))
    fc.assert(
      fc.property(market, fc.integer({ min: 1, max: 6 }), (steps, maxBars) => {
        const run = (of: Market): Label[] => replay(new TripleBarrier({ maxBars, costs: 0 }), of)
        const fate = ({ id, exitReason, exitTime, ambiguous, bars }: Label): unknown[] => [
          id,
          exitReason,
          exitTime,
          ambiguous,
          bars,
        ]
        const [here, there] = [run(steps), run(mirror(steps))]
        expect(there.map(fate)).toEqual(here.map(fate))
        expect(there.map(({ exitPrice }) => exitPrice)).toEqual(here.map(({ exitPrice }) => 1 / exitPrice))
        // gains in the log of the price are the same; a gain of g on one side is g / (1 + g) on the other
        there.forEach(({ netReturn }, i) => {
          const entry = steps.flatMap(({ brackets }) => brackets).find(({ id }) => id === here[i]!.id)!
          const log = Math.log(here[i]!.exitPrice / entry.price) * (entry.side === 'long' ? 1 : -1)
          expect(netReturn).toBeCloseTo(entry.side === 'long' ? 1 - Math.exp(-log) : Math.exp(log) - 1, 12)
        })
      }),
      { numRuns: 300 },
    )
  })
})
