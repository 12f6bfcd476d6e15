import { expect, test } from 'vitest'
import { wilsonEnds } from '../../src/core/wilson.ts'
import { fixed, formatNumber, formatPercent, formatTime, plotted } from '../../src/report/format.ts'

test.each([
  [0, '0'],
  [1.23456, '1.235'],
  [-0.01234567, '\u22120.01235'],
  [999.96, '1000'],
  [12_345.6, '12,346'],
  [-1_234_567, '\u22121,234,567'],
  [1e-7, '1.00e\u22127'],
  [1e15, '1.00e+15'],
  [Number.NaN, 'N/A'],
  [null, 'N/A'],
  [undefined, 'N/A'],
  [Number.POSITIVE_INFINITY, 'N/A'],
])('the number %s is "%s"', (value, text) => expect(formatNumber(value)).toBe(text))

test('fractions are percentages', () => {
  expect([formatPercent(0.5234), formatPercent(-0.1, 0), formatPercent(null)]).toEqual([
    '52.3\u00a0%',
    '\u221210\u00a0%',
    'N/A',
  ])
})

test('what rounds to nothing has no sign', () => {
  expect([fixed(-0.04, 1), fixed(-0, 0), fixed(-0.05, 2), fixed(-10, 1)]).toEqual(['0.0', '0', '-0.05', '-10.0'])
  expect(formatPercent(-0.0004)).toBe('0.0\u00a0%')
})

test('times are days at midnight, else minutes, in UTC', () => {
  expect(formatTime(Date.UTC(2020, 1, 3))).toBe('2020-02-03')
  expect(formatTime(Date.UTC(2020, 1, 3, 14, 5, 59))).toBe('2020-02-03 14:05 UTC')
  expect(formatTime(Number.NaN)).toBe('N/A')
})

test('plotted values keep seven digits and make gaps of what is no number', () => {
  expect([plotted(1.23456789), plotted(Number.NaN), plotted(null), plotted(Number.POSITIVE_INFINITY)]).toEqual([
    1.234568,
    null,
    null,
    null,
  ])
})

test('Wilson’s interval ends where the observed share is 1.96 standard errors away', () => {
  for (const [observed, n] of [
    [0.5, 20],
    [0.07, 300],
    [0.9, 10],
  ] as const) {
    for (const p of wilsonEnds(observed, n, 1.959964)) {
      expect(Math.abs(observed - p) / Math.sqrt((p * (1 - p)) / n)).toBeCloseTo(1.959964, 6)
    }
  }
  expect(wilsonEnds(0, 10, 1.959964)[0]).toBeCloseTo(0, 12)
  expect(wilsonEnds(1, 10, 1.959964)[1]).toBeCloseTo(1, 12)
})
