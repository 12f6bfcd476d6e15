import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Metric } from '../../src/contracts.ts'
import { Accuracy, AUC, LogLoss, Precision, Recall, Rolling } from '../../src/metrics/index.ts'

const file = new URL('../../../shared/reference/river/metrics/metrics_stats_scalers.json', import.meta.url)
const there = existsSync(file)

type Reference = {
  readonly checkpoints: readonly number[]
  readonly binary: readonly (readonly [number, number, number])[]
  readonly results: { readonly [name: string]: readonly number[] }
}

const twins: { readonly [river: string]: () => Metric } = {
  'bin.Accuracy': () => new Accuracy(),
  'bin.Precision': () => new Precision(),
  'bin.Recall': () => new Recall(),
  'bin.LogLoss': () => new LogLoss(),
  'bin.weighted.Accuracy': () => new Accuracy(),
  'bin.weighted.Precision': () => new Precision(),
  'bin.weighted.Recall': () => new Recall(),
  'bin.weighted.LogLoss': () => new LogLoss(),
  'bin.Rolling200.Accuracy': () => new Rolling(() => new Accuracy(), { window: 200 }),
  'bin.Rolling200.LogLoss': () => new Rolling(() => new LogLoss(), { window: 200 }),
}

describe.skipIf(!there)('the same stream gives the same numbers as River 0.24.2', () => {
  const reference = there ? (JSON.parse(readFileSync(file, 'utf8')) as Reference) : undefined

  test.each(Object.entries(twins))('%s', (name, create) => {
    const { checkpoints, binary, results } = reference!
    const metric = create()
    let compared = 0
    binary.forEach(([y, prediction, weight], i) => {
      metric.update(y, prediction, name.includes('weighted') ? weight : 1)
      const at = checkpoints.indexOf(i + 1)
      // where nothing is defined yet we say NaN, River 0
      if (at < 0 || Number.isNaN(metric.value)) return
      expect(Math.abs(metric.value - results[name]![at]!)).toBeLessThan(1e-12)
      compared++
    })
    expect(compared).toBeGreaterThanOrEqual(checkpoints.length - 1)
  })

  // River's rolling AUC counts a tied pair as 0 or 1 by the order of arrival, ours as a half
  test.each([50, 200, 1000])('AUC of the newest %d, up to its ties', (window) => {
    const { checkpoints, binary, results } = reference!
    const auc = new AUC({ window })
    let untied = 0
    binary.forEach(([y, prediction], i) => {
      auc.update(y, prediction)
      const at = checkpoints.indexOf(i + 1)
      if (at < 0 || Number.isNaN(auc.value)) return
      const kept = binary.slice(Math.max(0, i + 1 - window), i + 1)
      const losers = kept.filter((row) => row[0] === 0).map((row) => row[1])
      const winners = kept.filter((row) => row[0] === 1).map((row) => row[1])
      const ties = winners.reduce((sum, p) => sum + losers.filter((q) => q === p).length, 0)
      const slack = ties / 2 / (winners.length * losers.length)
      expect(Math.abs(auc.value - results[`bin.RollingROCAUC_${window}`]![at]!)).toBeLessThan(slack + 1e-12)
      if (ties === 0) untied++
    })
    expect(untied).toBeGreaterThanOrEqual(4)
  })
})
