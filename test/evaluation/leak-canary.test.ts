import { mean } from 'simple-statistics'
import { describe, expect, test } from 'vitest'
import type { Splitter } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import {
  type Dataset,
  type ScoreName,
  ShuffledSplit,
  type Validation,
  WalkForward,
  walkForward,
} from '../../src/evaluation/index.ts'
import { GradientBoosting } from '../../src/learners/gradient-boosting/index.ts'

const ROWS = 3000
const HORIZON = 24
/** Distance of target and stop in standard deviations of one bar: about half of the trades reach one in time. */
const BARRIER = 6
const WARM_UP = 200
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed)

/**
 * A signal on every bar of a random walk, labelled by target, stop and time: nothing can be known, but labels of
 * neighbours are made from the same bars. `clock` features tell what time it is, each in its way.
 */
function randomWalk(seed: number, clock: 'foreign level' | 'own levels'): Dataset {
  const rng = new SeededRng(seed)
  const walk = (label: string): Float64Array => {
    const steps = rng.fork(label)
    let at = 0
    return Float64Array.from({ length: WARM_UP + ROWS + HORIZON }, () => (at += drawNormal(steps)))
  }
  const price = walk('price')
  const foreign = walk('foreign')
  const average = (bar: number, length: number): number => mean(Array.from(price.subarray(bar - length + 1, bar + 1)))

  const bars = Array.from({ length: ROWS }, (_, i) => WARM_UP + i)
  const exits = bars.map((bar) => {
    let exit = bar + 1
    while (exit < bar + HORIZON && Math.abs(price[exit]! - price[bar]!) < BARRIER) exit++
    return exit
  })
  const netReturns = bars.map((bar, i) => (price[exits[i]!]! - price[bar]!) / 1000)
  const rows = bars.map((bar) => {
    const now = price[bar]!
    const returns = [now - price[bar - 1]!, now - price[bar - 5]!, now - price[bar - 20]!]
    const levels = clock === 'own levels' ? [now, average(bar, 50), average(bar, 200)] : [foreign[bar]!]
    return Float64Array.from([...returns, ...levels])
  })
  const timeOf = (bar: number): number => 1.6e12 + bar * 3_600_000
  return {
    rows,
    y: netReturns.map((r) => Number(r > 0)),
    netReturns,
    times: bars.map(timeOf),
    labelEnds: exits.map(timeOf),
  }
}

const judge = (dataset: Dataset, splitter: Splitter): Validation =>
  walkForward(
    dataset,
    () => new GradientBoosting({ features: dataset.rows[0]!.length, task: 'binary', trees: 30 }),
    splitter,
    { resamples: 200 },
  )
const forward = () => new WalkForward({ train: 1000, test: 1000 })
const scoreOf = (result: Validation, name: ScoreName): number =>
  result.scores.find((score) => score.name === name)!.model.value

describe('on random walks with overlapping labels', () => {
  test('walking forward says 0.50, shuffling says far more', { timeout: 60_000 }, () => {
    const honest = SEEDS.map((seed) => judge(randomWalk(seed, 'foreign level'), forward()))
    expect(Math.abs(mean(honest.map((result) => scoreOf(result, 'auc'))) - 0.5)).toBeLessThan(0.02)
    expect(Math.abs(mean(honest.map((result) => scoreOf(result, 'correlation'))))).toBeLessThan(0.04)
    expect(honest.filter(({ verdict }) => verdict.skill === 'shown').length).toBeLessThanOrEqual(4)
    expect(honest.filter(({ verdict }) => verdict.probabilities === 'shown').length).toBe(0)

    for (const seed of SEEDS.slice(0, 3)) {
      const cheat = judge(randomWalk(seed, 'foreign level'), new ShuffledSplit({ seed }))
      expect(scoreOf(cheat, 'auc')).toBeGreaterThan(0.6)
      expect(scoreOf(cheat, 'correlation')).toBeGreaterThan(0.15)
      expect(cheat.verdict.skill).toBe('shown')
    }
  })

  // a walk's past lows are low only in hindsight, so rules on its own level have an AUC above 0.5 in any finite sample
  // without any leak: this is why the verdict asks the correlation about the base rate instead
  test('its own price levels do not fool the verdict', { timeout: 60_000 }, () => {
    const honest = SEEDS.map((seed) => judge(randomWalk(seed, 'own levels'), forward()))
    expect(Math.abs(mean(honest.map((result) => scoreOf(result, 'correlation'))))).toBeLessThan(0.04)
    expect(honest.filter(({ verdict }) => verdict.skill === 'shown').length).toBeLessThanOrEqual(4)
    expect(honest.filter(({ verdict }) => verdict.probabilities === 'shown').length).toBe(0)

    const cheat = judge(randomWalk(0, 'own levels'), new ShuffledSplit())
    expect(scoreOf(cheat, 'auc')).toBeGreaterThan(0.6)
    expect(cheat.verdict.skill).toBe('shown')
  })
})
