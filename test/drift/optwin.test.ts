import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { OPTWIN } from '../../src/drift/index.ts'
import { OptwinCuts } from '../../src/drift/optwin-cuts.ts'

describe('OptwinCuts', () => {
  test('are those of the authors’ program, with its degrees of freedom corrected', () => {
    const cuts = new OptwinCuts(0.5, 1 - 0.999 ** 0.25, 0.01, 1000)
    // length, older values, ratio of variances, t: CapyMOA's OPTWIN by scipy
    for (const [length, older, ratio, t] of [
      [30, 16, 8.135299231128787, 4.360137986478174],
      [200, 101, 2.0332079411177517, 3.546856517735784],
      [280, 140, 1.814530480178896, 3.5256623706108896],
      [300, 173, 1.8083387436046385, 3.5326976745933],
      [500, 395, 1.7882205599444783, 3.566152512309661],
      [1000, 902, 1.7767624836978226, 3.5880700341546925],
    ] as const) {
      const cut = cuts.at(length)
      expect(cut.older).toBe(older)
      expect(cut.ratio).toBeCloseTo(ratio, 10)
      expect(cut.t).toBeCloseTo(t, 10)
    }
  })

  test('are the same whether the window grew to a length or was restored at it', () => {
    const grown = new OptwinCuts(0.3, 1e-4, 1e-2, 1200)
    for (let length = 30; length <= 1200; length++) grown.at(length)
    for (const length of [30, 500, 800, 1200])
      expect(new OptwinCuts(0.3, 1e-4, 1e-2, 1200).at(length)).toEqual(grown.at(length))
  })
})

/** Values before the first drift after `n` standard normal ones have become `change`d. */
function delayOf(detector: OPTWIN, n: number, change: (z: number) => number): number {
  const rng = new SeededRng('optwin')
  for (let i = 0; i < n; i++) detector.update(drawNormal(rng))
  return Array.from({ length: 1500 }, () => detector.update(change(drawNormal(rng)))).indexOf('drift')
}

describe('OPTWIN', () => {
  test('sees the same in any unit and around any middle', () => {
    const run = (unit: number, middle: number): number[] => {
      const rng = new SeededRng('unit')
      const detector = new OPTWIN()
      return Array.from(
        { length: 6000 },
        (_, i) => middle + unit * (drawNormal(rng) + (i % 2000 < 1000 ? 0 : 1)),
      ).flatMap((value, i) => (detector.update(value) === 'drift' ? [i] : []))
    }
    const drifts = run(1, 0)
    expect(drifts.length).toBeGreaterThan(2)
    expect(run(2 ** -40, 0)).toEqual(drifts)
    expect(run(2 ** 40, 0)).toEqual(drifts)
    // the sums are taken from a value of the window, so a far middle costs them no digits
    expect(run(1, 2 ** 26)).toEqual(drifts)
  })

  test.each([
    ['up', (z: number) => z + 1, true],
    ['down', (z: number) => z + 1, false],
    ['both', (z: number) => z + 1, true],
    ['up', (z: number) => z - 1, false],
    ['down', (z: number) => z - 1, true],
    ['both', (z: number) => z - 1, true],
  ] as const)('%s: reports what it is asked for', (direction, change, found) => {
    const delay = delayOf(new OPTWIN({ direction }), 800, change)
    if (found) {
      expect(delay).toBeGreaterThan(0)
      expect(delay).toBeLessThan(100)
    } else expect(delay).toBe(-1)
  })

  test('starts with nothing after a drift', () => {
    const detector = new OPTWIN()
    expect(delayOf(detector, 500, (z) => z + 3)).toBeGreaterThan(0)
    const once = new OPTWIN()
    for (let i = 0; i < 200; i++) once.update(i % 2)
    while (once.update(9) !== 'drift');
    const fresh = new OPTWIN().toJSON().state
    expect({ ...once.toJSON().state, level: 'stable' }).toEqual(fresh)
  })

  test.each([
    { confidence: 1 },
    { warningConfidence: 0.9999 },
    { rigor: 0 },
    { minWindow: 5 },
    { maxWindow: 20 },
    { maxWindow: 25_001 },
  ])('%j is no option', (options) => {
    expect(() => new OPTWIN(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
