import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toFalseDiscoveryRates } from '../../../src/core/false-discovery.ts'
import type { Dataset } from '../../../src/evaluation/index.ts'
import { type PatternInsights, patternInsights } from '../../../src/evaluation/insights/pattern-insights.ts'
import golden from '../../golden/insights.json' with { type: 'json' }
import { HOUR, MONDAY, signals } from './signals.ts'

const findingOf = (found: PatternInsights, dimension: string, bucket: string) =>
  found.findings.find((finding) => finding.dimension === dimension && finding.bucket === bucket)!

describe('false discovery', () => {
  test('on datasets without any pattern, whose labels overlap, at most the level tells one', () => {
    const runs = 240
    let claims = 0
    const p: number[] = []
    for (let seed = 0; seed < runs; seed++) {
      const { insights, findings } = patternInsights(signals(400, `null ${seed}`), { seed, hours: 4 })
      if (insights.length > 0) claims++
      p.push(...findings.flatMap((finding) => (Number.isNaN(finding.p) ? [] : [finding.p])))
    }
    // three standard errors of a share of 0.05
    expect(claims / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
    // p-values are what they say, one by one: some 6,500 that depend on each other, and blocks cut a little dependence
    const share = (level: number): number => p.filter((value) => value <= level).length / p.length
    expect(share(0.05)).toBeGreaterThan(0.035)
    expect(share(0.05)).toBeLessThan(0.07)
    expect(share(0.01)).toBeLessThan(0.018)
  })

  test('rates are those of scipy, for both kinds of dependence', () => {
    for (const { p, bh, by } of golden.falseDiscovery) {
      const [positive, any] = [Float64Array.from(p), Float64Array.from(p)]
      toFalseDiscoveryRates(positive, 'positive')
      toFalseDiscoveryRates(any, 'any')
      positive.forEach((rate, i) => {
        expect(rate).toBeCloseTo(bh[i]!, 12)
        expect(any[i]).toBeCloseTo(by[i]!, 12)
      })
    }
  })

  test('covers all judged buckets of all dimensions, pairs included, as one family', () => {
    const found = patternInsights(signals(600, 1), { pairs: [['side', 'regime']] })
    const judged = found.findings.filter(({ p }) => !Number.isNaN(p))
    expect(found.tested).toEqual({
      single: judged.filter(({ kind }) => kind === 'single').length,
      pair: judged.filter(({ kind }) => kind === 'pair').length,
    })
    expect(found.tested.pair).toBeGreaterThan(3)
    const rates = Float64Array.from(judged, ({ p }) => p)
    toFalseDiscoveryRates(rates, 'any')
    expect(judged.map(({ q }) => q)).toEqual([...rates])
    expect(found.text).toMatch(/^No pattern: none of \d+ kinds of trades \(\d+ of them pairs\) stands out at/)
  })
})

describe('a planted pattern', () => {
  const found = patternInsights(signals(1500, 'planted', { hurt: 0.005 }), { hours: 1 })

  test('is found and named, and nothing else is', () => {
    expect(found.insights.length).toBe(1)
    expect(found.insights[0]).toMatch(
      /^Signals between 14:00 and 14:59 UTC lose: \d+ of \d+ won \(\d+ %, \d+ to \d+\), 0\.\d\d % a trade less than the rest \(q [=<] 0\.\d+\)\. It holds in both halves of the time\.$/,
    )
    expect(found.text).toMatch(/^1 of \d+ kinds of trades stands out at a false discovery rate of 5 %\.$/)
  })

  test('its figures are those of the rows, counted by hand', () => {
    const { netReturns, y, times } = signals(1500, 'planted', { hurt: 0.005 })
    const rows = Array.from(times, (_, i) => i)
    const mine = rows.filter((row) => new Date(times[row]!).getUTCHours() === 14)
    const rest = rows.filter((row) => !mine.includes(row))
    const mean = (some: readonly number[]): number => some.reduce((sum, row) => sum + netReturns[row]!, 0) / some.length
    const finding = findingOf(found, 'hour', '14:00 to 14:59')
    expect(finding.trades).toBe(mine.length)
    expect(finding.won).toBe(mine.filter((row) => y[row] === 1).length)
    expect(finding.meanReturn.value).toBeCloseTo(mean(mine), 12)
    expect(finding.difference.value).toBeCloseTo(mean(mine) - mean(rest), 12)
    const [first, second] = [mine.filter((row) => row < 750), rest.filter((row) => row < 750)]
    expect(finding.halves[0]).toEqual({
      trades: first.length,
      difference: expect.closeTo(mean(first) - mean(second), 12),
    })
    expect(finding.difference.high).toBeLessThan(0)
  })

  test('in local time it is another hour, on the same day or the next', () => {
    const east = patternInsights(signals(1500, 'planted', { hurt: 0.005 }), { hours: 1, utcOffset: 330 })
    // half past five ahead, the hour from 14:00 UTC begins at 19:30, and signals come on the hour
    expect(east.insights[0]).toMatch(/^Signals between 19:00 and 19:59 UTC\+05:30 lose/)
    const west = patternInsights(signals(1500, 'planted', { hurt: 0.005 }), { hours: 1, utcOffset: -300 })
    expect(west.insights[0]).toMatch(/^Signals between 09:00 and 09:59 UTC-05:00 lose/)
  })

  test('that held in one half of the time only is told with that', () => {
    const data = signals(2000, 'half')
    const netReturns = Array.from(data.netReturns, (value, i) =>
      i >= 1000 ? value : value - (data.groups!['side']![i] === 'long' ? 0.004 : 0),
    )
    const { insights } = patternInsights({ ...data, netReturns }, { features: [] })
    const long = insights.find((text) => text.includes('side "long"'))
    expect(long).toMatch(/less than the rest .* (first half of the time only|both halves of the time)\.$/)
    const finding = findingOf(patternInsights({ ...data, netReturns }, { features: [] }), 'side', 'long')
    expect(finding.halves[0].difference).toBeLessThan(-0.003)
    expect(Math.abs(finding.halves[1].difference)).toBeLessThan(0.001)
  })

  test('of a pair is found in that cell', () => {
    const data = signals(2400, 'pair')
    const { side, symbol } = data.groups as { side: string[]; symbol: string[] }
    const netReturns = Array.from(
      data.netReturns,
      (value, i) => value + (side[i] === 'short' && symbol[i] === 'S2' ? 0.006 : 0),
    )
    const { findings, insights } = patternInsights(
      { ...data, netReturns },
      { features: [], pairs: [['side', 'symbol']] },
    )
    const best = [...findings].sort((a, b) => a.p - b.p || b.difference.value - a.difference.value)[0]!
    expect(best).toMatchObject({ dimension: 'side × symbol', bucket: 'short × S2', kind: 'pair' })
    expect(insights).toContainEqual(expect.stringMatching(/^Signals with side "short" and with symbol "S2" pay: /))
  })

  test('of a feature is found by its rank among past values', () => {
    const data = signals(1500, 'feature')
    const netReturns = Array.from(data.netReturns, (value, i) => value + (data.rows[i]![0]! > 0.84 ? 0.003 : 0))
    const { insights } = patternInsights({ ...data, netReturns })
    expect(insights[0]).toMatch(/^Signals with noise in the highest 20 % of its past pay: /)
  })
})

describe('buckets', () => {
  test('weekdays follow the calendar and the offset', () => {
    const data = signals(900, 'days')
    const days = patternInsights(data, { permutations: 50 }).findings.filter(({ dimension }) => dimension === 'weekday')
    const names = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
    for (const { bucket, trades } of days) {
      expect(trades).toBe(Array.from(data.times).filter((time) => names[new Date(time).getUTCDay()] === bucket).length)
    }
    const late = patternInsights({ ...data, times: data.times, groups: {} }, { permutations: 50, utcOffset: 840 })
    const shifted = late.findings.find(({ bucket }) => bucket === 'Monday')!
    const local = Array.from(data.times, (time) => new Date(time + 14 * HOUR).getUTCDay())
    expect(shifted.trades).toBe(local.filter((day) => day === 1).length)
  })

  test('below 20 trades they are counted, never judged', () => {
    const data = signals(420, 'few')
    const found = patternInsights(data, { hours: 1, permutations: 50 })
    const few = found.findings.filter(({ trades }) => trades < 20)
    expect(few.length).toBeGreaterThan(5)
    for (const { p, q, text, winRate, meanReturn, trades } of few) {
      expect([p, q, text]).toEqual([NaN, NaN, ''])
      expect(winRate).toEqual({ value: NaN, low: NaN, high: NaN, have: trades, needs: 20 })
      expect(meanReturn.value).toBeNaN()
    }
  })

  test('rare values of a group are one bucket', () => {
    const data = signals(200, 'rare')
    const source = Array.from({ length: 200 }, (_, i) => (i < 150 ? 'main' : i < 190 ? `tip ${i % 5}` : 'second'))
    const { findings } = patternInsights({ ...data, groups: { source } }, { features: [], permutations: 50 })
    const mine = findings.filter(({ dimension }) => dimension === 'source')
    expect(mine.map(({ bucket, trades }) => [bucket, trades])).toEqual([
      ['main', 150],
      ['other', 50],
    ])
  })

  test('names that objects know are values like any other', () => {
    const data = signals(200, 'proto')
    const source = Array.from({ length: 200 }, (_, i) => ['__proto__', 'constructor'][i % 2]!)
    const { findings } = patternInsights({ ...data, groups: { source } }, { features: [], permutations: 50 })
    expect(findings.filter(({ dimension }) => dimension === 'source').map(({ trades }) => trades)).toEqual([100, 100])
  })

  test('labels that are all open together leave nothing to judge', () => {
    const data = signals(400, 'open')
    const end = data.times[399]! + HOUR
    const { tested, text, findings } = patternInsights({ ...data, labelEnds: Array(400).fill(end) })
    expect(tested).toEqual({ single: 0, pair: 0 })
    expect(text).toMatch(
      /^Patterns: N\/A \(needs 8\d\d\d trades, for labels that overlap like these, and 20 of a kind\)\.$/,
    )
    expect(findingOf({ findings } as PatternInsights, 'side', 'long').meanReturn.low).toBeNaN()
  })
})

describe('edges', () => {
  const small = (netReturns: readonly number[]): Dataset => {
    const times = netReturns.map((_, i) => MONDAY + i * HOUR)
    return {
      rows: netReturns.map((_, i) => Float64Array.of(i % 2)),
      y: netReturns.map((value) => Number(value > 0)),
      netReturns,
      times,
      labelEnds: times.map((time) => time + HOUR),
    }
  }

  test('returns that are all alike show nothing and have no interval', () => {
    const { insights, findings } = patternInsights(small(Array(200).fill(0.01)))
    expect(insights).toEqual([])
    const odd = findings.find(({ dimension, bucket }) => dimension === 'feature 0' && bucket === '1')!
    expect(odd).toMatchObject({ p: 1, q: 1, won: 100 })
    expect(odd.meanReturn.low).toBeNaN()
    expect(odd.winRate.high).toBe(1)
    expect(odd.winRate.low).toBeLessThan(0.97)
  })

  test('huge returns give finite figures', () => {
    const { findings } = patternInsights(small(Array.from({ length: 200 }, (_, i) => (i % 7 === 0 ? 1e300 : -1e299))))
    for (const { p, q, difference, trades } of findings) {
      if (trades < 20) continue
      expect(Number.isFinite(p) && Number.isFinite(q) && Number.isFinite(difference.value)).toBe(true)
    }
  })

  test('one row is counted', () => {
    const found = patternInsights(small([0.01]))
    expect(found.findings.map(({ trades }) => trades)).toEqual([1, 1, 1])
    expect(found.insights).toEqual([])
  })

  test.each([
    [{ hours: 5 }, '"hours" must be a divisor of 24, got 5.'],
    [{ utcOffset: 900 }, '"utcOffset" must be whole minutes from -720 to 840, got 900.'],
    [{ features: ['rsi'] }, '"features" must hold names of the dataset, got "rsi".'],
    [
      { pairs: [['hour', 'moon']] as const },
      '"pairs" must hold names of dimensions (hour, weekday, feature 0), got "moon".',
    ],
    [{ pairs: [['hour', 'hour']] as const }, '"pairs" must hold two dimensions each, got "hour" twice.'],
    [{ level: 1 }, '"level" must be a number between 0 and 1, got 1.'],
  ])('%o is refused', (options, message) => {
    expect(() => patternInsights(small([1, 2]), options)).toThrow(message)
  })

  test('it stops when asked to', () => {
    const data = signals(500, 'stop')
    expect(() => patternInsights(data, { signal: { aborted: true } })).toThrow(/aborted after 0 of 1 steps/)
    const signal = { aborted: false }
    const onProgress = (): void => void (signal.aborted = true)
    expect(() => patternInsights(data, { signal, onProgress })).toThrow(/aborted after 101 of \d+ steps/)
  })

  test('it is the same again, plain data, and knows no unit of money', () => {
    const data = signals(500, 'again', { hurt: 0.006 })
    const one = patternInsights(data, { hours: 4 })
    expect(one.tested.single).toBeGreaterThan(20)
    expect(patternInsights(data, { hours: 4 })).toEqual(one)
    expect(JSON.parse(JSON.stringify(one)).findings.length).toBe(one.findings.length)
    fc.assert(
      fc.property(fc.integer({ min: -20, max: 20 }), (power) => {
        // powers of 2 round nothing
        const scale = power < 0 ? 1 / (1 << -power) : 1 << power
        const scaled = patternInsights(
          { ...data, netReturns: Array.from(data.netReturns, (r) => r * scale) },
          { hours: 4 },
        )
        expect(scaled.findings.map(({ p }) => p)).toEqual(one.findings.map(({ p }) => p))
      }),
      { numRuns: 5 },
    )
  })
})
