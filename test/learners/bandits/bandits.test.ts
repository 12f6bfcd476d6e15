import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Codec, JsonObject, Snapshot } from '../../../src/contracts.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { restore } from '../../../src/core/snapshot.ts'
import { drawBeta, drawGamma } from '../../../src/learners/bandits/draw-beta.ts'
import { type Bandit, Exp3, LinUCB, replayLog, ThompsonSampling, UCB1 } from '../../../src/learners/bandits/index.ts'
import { refuses, stateOf } from '../../../src/testing/law.ts'
import { coins, contextual, meanRegret, normals, regrets, turning, Uniform, type World } from './worlds.ts'

const arms = 3
const codecs: readonly Codec[] = [Exp3, LinUCB, ThompsonSampling, UCB1]
const kinds: readonly [string, () => Bandit, World][] = [
  ['UCB1', () => new UCB1({ arms }), coins(0.2, 0.5, 0.8)],
  ['UCB1 that forgets', () => new UCB1({ arms, halfLife: 20, range: 1 }), coins(0.2, 0.5, 0.8)],
  ['ThompsonSampling of coins', () => new ThompsonSampling({ arms }), coins(0.2, 0.5, 0.8)],
  [
    'ThompsonSampling of numbers',
    () => new ThompsonSampling({ arms, reward: 'number', halfLife: 50 }),
    normals(1, 0, 1, 2),
  ],
  ['Exp3', () => new Exp3({ arms, halfLife: 100 }), coins(0.2, 0.5, 0.8)],
  ['LinUCB', () => new LinUCB({ arms, features: 2 }), contextual],
  ['LinUCB that forgets', () => new LinUCB({ arms, features: 2, halfLife: 50, noise: 1 }), contextual],
]

/** Choices of a bandit that lives in a world. */
function live(bandit: Bandit, world: World, n: number, rng: SeededRng): number[] {
  return Array.from({ length: n }, (_, t) => {
    const context = world.contextAt?.(rng) ?? new Float64Array(2)
    const arm = bandit.choose(context)
    bandit.update(arm, world.pay(world.meansAt(t, context)[arm]!, rng), context)
    return arm
  })
}

describe.each(kinds)('%s', (_, create, world) => {
  const x = Float64Array.of(0.5, -0.5)
  const copy = (bandit: Bandit): Bandit => restore(JSON.parse(stateOf(bandit)) as Snapshot, codecs) as unknown as Bandit
  const trained = (): Bandit => {
    const bandit = create()
    live(bandit, world, 100, new SeededRng('training'))
    return bandit
  }

  test('chooses arms that exist, and counts what it learned', () => {
    const bandit = create()
    const chosen = live(bandit, world, 300, new SeededRng('choices'))
    expect([...new Set(chosen)].sort()).toEqual([0, 1, 2])
    expect([bandit.seen, bandit.arms]).toEqual([300, 3])
  })

  test('equal calls give equal choices, also after a restart in mid-life, to the bit', () => {
    for (const stop of [0, 1, 50]) {
      const [a, b] = [create(), create()]
      for (const bandit of [a, b]) live(bandit, world, stop, new SeededRng('before'))
      expect(stateOf(b)).toBe(stateOf(a))
      const restored = copy(b)
      const lived = (bandit: Bandit): number[] => live(bandit, world, 100, new SeededRng('later'))
      expect(lived(restored)).toEqual(lived(a))
      expect(stateOf(restored)).toBe(stateOf(a))
    }
  })

  test('a choice leaves alone what was learned', () => {
    const bandit = trained()
    const learned = (): string => JSON.stringify({ ...(JSON.parse(stateOf(bandit)) as Snapshot).state, rng: 0 })
    const before = learned()
    for (let i = 0; i < 20; i++) bandit.choose(x)
    expect(learned()).toBe(before)
  })

  test('refuses arms that do not exist and rewards that are none, unchanged', () => {
    const bandit = trained()
    for (const arm of [-1, 3, 0.5, Number.NaN]) refuses(bandit, `arm ${arm}`, () => bandit.update(arm, 1, x))
    for (const reward of [Number.NaN, Infinity]) refuses(bandit, `${reward}`, () => bandit.update(0, reward, x))
  })

  test('stays finite on rewards that never differ, and on the widest', () => {
    for (const reward of [() => 1, (i: number) => (i % 2 === 0 ? 0 : 1)]) {
      const bandit = create()
      for (let i = 0; i < 3000; i++) bandit.update(bandit.choose(x), reward(i), x)
      expect(JSON.stringify(bandit.toJSON().state)).not.toMatch(/NaN|Infinity|null/)
      expect([0, 1, 2]).toContain(bandit.choose(x))
    }
  })

  test('memory is bounded and stated', () => {
    const bytes = (bandit: Bandit): number => (bandit as Bandit & { sizeInBytes: number }).sizeInBytes
    expect(bytes(trained())).toBe(bytes(create()))
    expect(bytes(copy(trained()))).toBe(bytes(create()))
    expect(bytes(create())).toBeGreaterThanOrEqual(8 * arms)
  })

  test('refuses damaged snapshots, and huge ones before making room for them', () => {
    const bandit = trained()
    const whole = JSON.parse(stateOf(bandit)) as Snapshot
    for (const key of Object.keys(whole.state)) {
      const { [key]: gone, ...state } = whole.state
      refuses(bandit, `no ${key}`, () => restore({ ...whole, state }, codecs))
      const wrong = { ...whole, state: { ...whole.state, [key]: 'x' } }
      refuses(bandit, `a text as ${key}, not ${gone}`, () => restore(wrong, codecs))
    }
    for (const n of [1e9, 2, 0, -1]) {
      const options = { ...whole.options, arms: n } as JsonObject
      refuses(bandit, `${n} arms`, () => restore({ ...whole, options }, codecs))
    }
  })
})

describe('regret', () => {
  const n = 3000
  const contestants: readonly [string, (seed: string) => Bandit, World, share: number][] = [
    ['UCB1 on coins', () => new UCB1({ arms: 3 }), coins(0.3, 0.5, 0.7), 0.3],
    ['UCB1 on numbers of any size', () => new UCB1({ arms: 3 }), normals(2e-4, 1e-4, 2e-4, 4e-4), 0.35],
    ['ThompsonSampling on coins', (seed) => new ThompsonSampling({ arms: 3, seed }), coins(0.3, 0.5, 0.7), 0.1],
    [
      'ThompsonSampling on numbers of any size',
      (seed) => new ThompsonSampling({ arms: 3, seed, reward: 'number' }),
      normals(2e-4, 1e-4, 2e-4, 4e-4),
      0.1,
    ],
    ['Exp3 on coins', (seed) => new Exp3({ arms: 3, seed }), coins(0.2, 0.5, 0.8), 0.5],
    ['LinUCB on contexts', () => new LinUCB({ arms: 3, features: 2 }), contextual, 0.1],
  ]
  test.each(contestants)('%s loses less than choosing at random, and less and less', (_, create, world, share) => {
    const uniform = meanRegret((seed) => new Uniform(world.arms, seed), world, n)
    expect(meanRegret(create, world, n)).toBeLessThan(share * uniform)
    const early = meanRegret(create, world, n / 3)
    // the last two thirds lose less than twice the first
    expect(meanRegret(create, world, n) - early).toBeLessThan(1.6 * early)
  })

  test('UCB1 stays within the bound that its paper proves', () => {
    const world = coins(0.4, 0.6, 0.9)
    const gaps = [0.5, 0.3]
    const bound = gaps.reduce((sum, gap) => sum + (8 * Math.log(n)) / gap + (1 + Math.PI ** 2 / 3) * gap, 0)
    expect(meanRegret(() => new UCB1({ arms: 3, range: 1 }), world, n)).toBeLessThan(bound)
  })

  test('Exp3 stays within the bound that its paper proves', () => {
    const world = coins(0.4, 0.6, 0.9)
    const exploration = Math.sqrt((3 * Math.log(3)) / ((Math.E - 1) * n))
    const bound = 2.63 * Math.sqrt(n * 3 * Math.log(3))
    expect(meanRegret((seed) => new Exp3({ arms: 3, exploration, seed }), world, n)).toBeLessThan(bound)
  })

  test('a context that matters is worth more than any arm', () => {
    const withContext = meanRegret(() => new LinUCB({ arms: 3, features: 2 }), contextual, n)
    expect(withContext).toBeLessThan(0.2 * meanRegret(() => new UCB1({ arms: 3 }), contextual, n))
  })

  const forgetful: readonly [string, (seed: string, halfLife: number) => Bandit][] = [
    ['UCB1', (_, halfLife) => new UCB1({ arms: 3, halfLife, exploration: 0.3 })],
    ['ThompsonSampling', (seed, halfLife) => new ThompsonSampling({ arms: 3, seed, halfLife })],
    ['Exp3', (seed, halfLife) => new Exp3({ arms: 3, seed, halfLife })],
  ]
  test.each(forgetful)('%s that forgets loses less after the best arm has become the worst', (_, create) => {
    const late = (halfLife: number): number =>
      ['1', '2', '3', '4', '5'].reduce((sum, seed) => {
        const total = regrets(create(seed, halfLife), turning(2000), 4000, seed)
        return sum + total.at(-1)! - total[2000]!
      }, 0)
    expect(late(150)).toBeLessThan(0.7 * late(Infinity))
  })
})

describe('closed forms', () => {
  const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 40,
  })

  test('UCB1 chooses by mean + √(2 ln N / n), faded where told to', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(Infinity, 10), (history, halfLife) => {
        const bandit = new UCB1({ arms, range: 1, halfLife })
        for (const [arm, reward] of history) bandit.update(arm, reward)
        const decay = Math.exp(-Math.LN2 / halfLife)
        const weightOf = (i: number): number => decay ** (history.length - 1 - i)
        const all = history.reduce((sum, _, i) => sum + weightOf(i), 0)
        for (let arm = 0; arm < arms; arm++) {
          let [n, sum] = [0, 0]
          for (const [i, [chosen, reward]] of history.entries()) {
            if (chosen !== arm) continue
            n += weightOf(i)
            sum += weightOf(i) * reward
          }
          const bound = n === 0 ? Infinity : sum / n + Math.sqrt((2 * Math.log(Math.max(all, 1))) / n)
          if (n === 0) expect(bandit.boundOf(arm)).toBe(Infinity)
          else expect(bandit.boundOf(arm)).toBeCloseTo(bound, 9)
        }
      }),
    )
  })

  test('LinUCB is a ridge regression an arm with its standard error, by plain elimination', () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true })
    const row = fc.tuple(fc.integer({ min: 0, max: 1 }), number, fc.tuple(number, number))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 25 }), fc.tuple(number, number), (rows, probe) => {
        const bandit = new LinUCB({ arms: 2, features: 2, ridge: 0.7, exploration: 1.3, noise: 0.9 })
        for (const [arm, reward, context] of rows) bandit.update(arm, reward, Float64Array.from(context))
        for (const arm of [0, 1]) {
          const mine = rows.filter(([chosen]) => chosen === arm).map(([, reward, [a, b]]) => ({ z: [1, a, b], reward }))
          const matrix = [0, 1, 2].map((i) =>
            [0, 1, 2].map((j) => mine.reduce((sum, { z }) => sum + z[i]! * z[j]!, i === j ? 0.7 : 0)),
          )
          const target = [0, 1, 2].map((i) => mine.reduce((sum, { z, reward }) => sum + z[i]! * reward, 0))
          const z = [1, ...probe]
          const mean = dot(solve(matrix, target), z)
          const error = Math.sqrt(dot(solve(matrix, z), z))
          expect(bandit.boundOf(arm, Float64Array.from(probe))).toBeCloseTo(mean + 1.3 * 0.9 * error, 7)
        }
      }),
    )
  })

  test('Exp3 keeps the weights of its paper', () => {
    const [exploration, weights] = [0.2, [1, 1, 1]]
    const bandit = new Exp3({ arms, exploration })
    const rng = new SeededRng('exp3')
    for (let t = 0; t < 50; t++) {
      const sum = weights.reduce((a, b) => a + b)
      const p = weights.map((w) => ((1 - exploration) * w) / sum + exploration / arms)
      for (let arm = 0; arm < arms; arm++) expect(bandit.probabilityOf(arm)).toBeCloseTo(p[arm]!, 9)
      const arm = bandit.choose()
      const reward = rng.next()
      weights[arm]! *= Math.exp((exploration * reward) / (p[arm]! * arms))
      bandit.update(arm, reward)
    }
  })

  test('Exp3 counts a late reward by the chance of its choice at the time', () => {
    const [late, prompt] = [new Exp3({ arms: 2 }), new Exp3({ arms: 2 })]
    prompt.update(0, 1, undefined, 0.5)
    prompt.update(0, 1, undefined, 0.5)
    late.update(0, 1)
    late.update(0, 1, undefined, 0.5)
    expect(late.probabilityOf(0)).toBe(prompt.probabilityOf(0))
  })

  test('Thompson sampling chooses each arm as often as it is likely to be the best', () => {
    // Beta(3, 1) against Beta(1, 1): P(first is better) = 3/4
    const bandit = new ThompsonSampling({ arms: 2 })
    bandit.update(0, 1)
    bandit.update(0, 1)
    const chosen = Array.from({ length: 4000 }, () => bandit.choose())
    expect(chosen.filter((arm) => arm === 0).length / 4000).toBeCloseTo(0.75, 1)
  })

  test('beta and gamma draws have the moments of their distributions', () => {
    const rng = new SeededRng('beta')
    for (const [a, b] of [
      [1, 1],
      [2, 5],
      [40, 3],
    ] as const) {
      const draws = Array.from({ length: 8000 }, () => drawBeta(rng, a, b))
      const mean = draws.reduce((sum, x) => sum + x) / 8000
      const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 8000
      expect(mean).toBeCloseTo(a / (a + b), 1.9)
      expect(variance / ((a * b) / ((a + b) ** 2 * (a + b + 1)))).toBeCloseTo(1, 0.9)
    }
    const gammas = Array.from({ length: 8000 }, () => drawGamma(rng, 3.5))
    expect(gammas.reduce((sum, x) => sum + x) / 8000).toBeCloseTo(3.5, 0.9)
  })
})

describe('replayLog', () => {
  test('estimates what a bandit earns from choices made at random', () => {
    const rng = new SeededRng('log')
    const means = [0.2, 0.4, 0.7]
    const log = Array.from({ length: 9000 }, () => {
      const arm = Math.floor(rng.next() * 3)
      return { arm, reward: Number(rng.next() < means[arm]!) }
    })
    const result = replayLog(new ThompsonSampling({ arms }), log)
    expect(result.total).toBe(9000)
    expect(result.matched / 9000).toBeCloseTo(1 / 3, 1)
    expect(result.meanReward).toBeGreaterThan(0.62)
    expect(replayLog(new Uniform(3, 'replay'), log).meanReward).toBeCloseTo(13 / 30, 1)
  })

  test('weighs choices that were not equally likely', () => {
    const rng = new SeededRng('skewed log')
    // the better arm was hardly ever chosen
    const log = Array.from({ length: 20_000 }, () => {
      const arm = Number(rng.next() < 0.1)
      return { arm, reward: Number(rng.next() < (arm === 1 ? 0.9 : 0.1)), probability: arm === 1 ? 0.1 : 0.9 }
    })
    expect(replayLog(new Uniform(2, 'skewed'), log).meanReward).toBeCloseTo(0.5, 1)
    expect(replayLog(new UCB1({ arms: 2 }), []).meanReward).toBeNaN()
    expect(() => replayLog(new UCB1({ arms: 2 }), [{ arm: 0, reward: 1, probability: 0 }])).toThrow(/"probability"/)
  })
})

describe('replayLog of a log with bad rows', () => {
  const good = { arm: 0, reward: 1 }
  test.each([
    { arm: 7, reward: 1 },
    { arm: 1, reward: Number.NaN },
    { arm: 0.5, reward: 1 },
  ])('refuses %o, though the bandit would have chosen another arm', (bad) => {
    expect(() => replayLog(new UCB1({ arms: 2 }), [good, bad])).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})

describe('LinUCB with a half-life', () => {
  const x = Float64Array.of(1, 0.9)
  const trained = (): LinUCB => {
    const bandit = new LinUCB({ arms: 2, features: 2, halfLife: 50, noise: 1, ridge: 0.5 })
    const rng = new SeededRng('fading')
    for (let i = 0; i < 400; i++) {
      const a = rng.next()
      // features that move together, so that their errors do too
      const z = Float64Array.of(a, a + 0.1 * rng.next())
      bandit.update(i % 2, 3 * a, z)
    }
    return bandit
  }
  /** Weights and bonus of an arm, from its bounds. */
  const bonusAt = (bandit: LinUCB, arm: number, z: Float64Array): number => {
    const mirrored = z.map((value) => -value)
    const origin = Float64Array.of(0, 0)
    // m·(1, z) + b(z): the odd part cancels between z and -z
    return (bandit.boundOf(arm, z) + bandit.boundOf(arm, mirrored)) / 2 - bandit.boundOf(arm, origin)
  }

  test('fades an arm that is not tried back to the ridge: weights to 0, doubts to those at first and no further', () => {
    const [bandit, fresh] = [trained(), new LinUCB({ arms: 2, features: 2, halfLife: 50, noise: 1, ridge: 0.5 })]
    expect(bandit.boundOf(1, x)).toBeGreaterThan(2.5)
    for (let i = 0; i < 5000; i++) bandit.update(0, 0, Float64Array.of(0, 0))
    for (const z of [x, Float64Array.of(1, -1), Float64Array.of(-1, 1), Float64Array.of(0, 2)]) {
      const ratio = bandit.boundOf(1, z) / fresh.boundOf(1, z)
      expect(ratio).toBeGreaterThan(0.97)
      expect(ratio).toBeLessThan(1.06)
    }
    expect(Math.abs(bonusAt(bandit, 1, x) / bonusAt(fresh, 1, x) - 1)).toBeLessThan(0.06)
  })

  test('a snapshot of version 1 is read', () => {
    const bandit = new LinUCB({ arms: 2, features: 2 })
    for (let i = 0; i < 9; i++) bandit.update(i % 2, i, x)
    const json = JSON.parse(stateOf(bandit)) as Snapshot
    const arms = (json.state['arms'] as readonly JsonObject[]).map(({ held, turn: _, mean, ...covariance }) => ({
      count: held!,
      ...covariance,
      weights: mean!,
    }))
    const old = { ...json, version: 1, state: { ...json.state, arms } }
    expect(stateOf(restore(old, codecs))).toBe(stateOf(bandit))
  })
})

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

/** Solves a positive definite system by Gauss's elimination. */
function solve(matrix: readonly (readonly number[])[], target: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, target[i]!])
  for (const [i, pivot] of rows.entries()) {
    for (const [j, row] of rows.entries()) {
      if (i === j) continue
      const factor = row[i]! / pivot[i]!
      for (let k = i; k < row.length; k++) row[k]! -= factor * pivot[k]!
    }
  }
  return rows.map((row, i) => row.at(-1)! / row[i]!)
}
