import { expect, test } from 'vitest'
import type { Vector } from '../../src/contracts.ts'
import { WalkForward, walkForward } from '../../src/evaluation/index.ts'
import { BaseRate } from '../../src/learners/index.ts'
import { validationSection } from '../../src/report/index.ts'

test('equity multiplies the net returns of what is taken, signals of one moment in one point', () => {
  const n = 120
  const START = Date.UTC(2024, 0, 1)
  const dataset = {
    rows: Array.from({ length: n }, (): Vector => Float64Array.of(0)),
    y: Array.from({ length: n }, (_, i) => (i % 4 === 0 ? 0 : 1)),
    netReturns: Array.from({ length: n }, (_, i) => (i % 4 === 0 ? -0.02 : 0.01)),
    // two signals a moment
    times: Array.from({ length: n }, (_, i) => START + Math.floor(i / 2) * 1000),
    labelEnds: Array.from({ length: n }, (_, i) => START + Math.floor(i / 2) * 1000 + 1),
  }
  const splitter = new WalkForward({ train: 40, test: 40 })
  const section = (threshold: number) => {
    const validation = walkForward(dataset, () => new BaseRate({ features: 1 }), splitter, { threshold, stake: 0.5 })
    return validationSection(validation, dataset, { title: 'x' })
  }
  // the base rate says about 0.75 throughout, so everything is taken, or nothing
  const growth = dataset.netReturns.slice(40).reduce((product, r) => product * (1 + 0.5 * r), 1)
  const [all, none] = [section(0.5), section(0.9)]
  expect(all.equity!.times).toHaveLength(40)
  expect(all.equity!.series.map(({ values }) => values.at(-1))).toEqual([growth, growth])
  expect(none.equity!.series.map(({ values }) => values.at(-1))).toEqual([1, growth])
  expect(all.confidence!.reduce((sum, { take }) => sum + take, 0)).toBe(80)
  expect(none.confidence!.reduce((sum, { skip }) => sum + skip, 0)).toBe(80)
})
