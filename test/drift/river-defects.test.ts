import { describe, expect, test } from 'vitest'
import type { DriftDetector } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { ADWIN, DDM, HDDMA, HDDMW, STEPD } from '../../src/drift/index.ts'
import { recorded, riverCases, streamOf } from './reference.ts'

const alarms = (detector: DriftDetector, values: readonly number[]): number[] =>
  values.flatMap((value, i) => (detector.update(value) === 'drift' ? [i] : []))
const coins = (p: (i: number) => number, n: number, seed: string): number[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => Number(rng.next() < p(i)))
}

/** FHDDM as in its paper, which is about right answers: an alarm where their share in a window has fallen. */
function fhddm(right: readonly number[], window = 100, delta = 1e-6): number[] {
  const fall = Math.sqrt(Math.log(1 / delta) / (2 * window))
  const drifts: number[] = []
  let kept: number[] = []
  let best = 0
  for (const [i, value] of right.entries()) {
    kept = [...kept, value].slice(-window)
    if (kept.length < window) continue
    const share = kept.reduce((a, b) => a + b, 0) / window
    best = Math.max(best, share)
    if (best - share <= fall) continue
    drifts.push(i)
    kept = []
    best = 0
  }
  return drifts
}

describe('FHDDM', () => {
  test.skipIf(!recorded)('River’s is the paper’s, of whatever it is given', () => {
    const cases = riverCases('FHDDM').filter(({ params }) => params['short_window_size'] === undefined)
    expect(cases).toHaveLength(18)
    for (const { stream, params, drifts } of cases) {
      const { sliding_window_size: window = 100, confidence_level: delta = 1e-6 } = params
      expect(fhddm(streamOf(stream), Number(window), Number(delta)), stream).toEqual(drifts)
    }
  })

  test('it says to give it errors, and then hears them stop, not begin; every detector here hears them begin', () => {
    const worse = coins((i) => (i < 1000 ? 0.2 : 0.8), 2000, 'worse')
    const better = worse.map((error) => 1 - error)
    expect([fhddm(worse).length, fhddm(better).length]).toEqual([0, 1])
    for (const create of [() => new DDM(), () => new HDDMA(), () => new HDDMW(), () => new STEPD()]) {
      const [first] = alarms(create(), worse).filter((i) => i >= 1000)
      expect(first).toBeLessThan(1100)
    }
  })
})

test('two detectors in one process do not hear each other, as MOA’s HDDM-W does', () => {
  const calm = coins(() => 0.5, 3000, 'calm')
  const broken = coins((i) => (i % 1000 < 500 ? 0.1 : 0.9), 3000, 'broken')
  const [a, b] = [new HDDMW(), new HDDMW()]
  const heard: [number[], number[]] = [[], []]
  for (let i = 0; i < 3000; i++) {
    if (a.update(calm[i]!) === 'drift') heard[0].push(i)
    if (b.update(broken[i]!) === 'drift') heard[1].push(i)
  }
  expect(heard).toEqual([alarms(new HDDMW(), calm), alarms(new HDDMW(), broken)])
  expect(heard[1].length).toBeGreaterThan(2)
})

describe('River’s public ADWIN throws its window away after an alarm', () => {
  /** How far both windows' means are from the truth, on the average. */
  const errorsOn = (p: (i: number) => number, confidence: number): { ours: number; river: number } => {
    const sums = { ours: 0, river: 0 }
    for (let seed = 0; seed < 20; seed++) {
      const ours = new ADWIN({ confidence })
      let river = new ADWIN({ confidence })
      for (const [i, value] of coins(p, 6000, `coins ${seed}`).entries()) {
        if (river.level === 'drift') river = new ADWIN({ confidence })
        ours.update(value)
        river.update(value)
        sums.ours += Math.abs(ours.mean - p(i)) / 120_000
        sums.river += Math.abs(river.mean - p(i)) / 120_000
      }
    }
    return sums
  }

  test.skipIf(!recorded)('and begins anew in every recorded case, where ours has more of the newer side', () => {
    const cases = riverCases('ADWIN').filter(({ drifts }) => drifts.length > 0)
    expect(cases).toHaveLength(60)
    for (const { drifts, river_wrapper: theirs, raw_window_no_reset: bare } of cases) {
      const [drift] = drifts
      // the first window recorded after the first alarm
      const at = theirs!.trace.findIndex(([i]) => i > drift!)
      if (at < 0 || drifts.some((other) => other > drift! && other <= theirs!.trace[at]![0])) continue
      const [i, width] = theirs!.trace[at]!
      expect(width).toBe(i - drift!)
      expect(bare!.trace[at]![1]).toBeGreaterThan(width)
    }
  })

  test('which costs it what it knew after a false alarm', () => {
    const { ours, river } = errorsOn(() => 0.5, 0.99)
    expect(ours).toBeLessThan(0.95 * river)
  })

  test('but not after a change: the bound leaves some of the old side in, so there the empty window is nearer', () => {
    const { ours, river } = errorsOn((i) => (i < 3000 ? 0.2 : 0.5), 0.002)
    expect(river).toBeLessThan(ours)
  })
})
