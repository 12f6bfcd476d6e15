import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { choice, float, int, RandomSampler, type Sampler, type Space, Study, TPE } from '../../src/study/index.ts'
import { historyOf } from './past.ts'

type Values = { readonly [name: string]: number }

/** A function of a unit box with its least value. */
type Problem = {
  readonly name: string
  readonly space: Space
  readonly least: number
  readonly of: (params: never) => number
}

const numbers = (count: number, low: number, high: number): Space =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, float({ low, high })]))

// Dixon and Szegő (1978)
const HARTMANN = [
  { c: 1, a: [10, 3, 17, 3.5, 1.7, 8], p: [1312, 1696, 5569, 124, 8283, 5886] },
  { c: 1.2, a: [0.05, 10, 17, 0.1, 8, 14], p: [2329, 4135, 8307, 3736, 1004, 9991] },
  { c: 3, a: [3, 3.5, 1.7, 10, 17, 8], p: [2348, 1451, 3522, 2883, 3047, 6650] },
  { c: 3.2, a: [17, 8, 0.05, 10, 0.1, 14], p: [4047, 8828, 8732, 5743, 1091, 381] },
]
const PENALTY: { readonly [name: string]: number } = { a: 0.5, b: 0, c: 1, d: 2 }

const PROBLEMS: readonly Problem[] = [
  {
    name: 'Branin',
    space: { x: float({ low: -5, high: 10 }), y: float({ low: 0, high: 15 }) },
    least: 0.39788735772973816,
    of: ({ x, y }: { x: number; y: number }) => {
      const bowl = y - (5.1 / (4 * Math.PI * Math.PI)) * x * x + (5 / Math.PI) * x - 6
      return bowl * bowl + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
    },
  },
  {
    name: 'Hartmann of 6',
    space: numbers(6, 0, 1),
    least: -3.32237,
    of: (params: Values) =>
      -HARTMANN.reduce((sum, { c, a, p }) => {
        const square = a.reduce((total, each, i) => {
          const apart = params[`x${i}`]! - p[i]! / 10_000
          return total + each * apart * apart
        }, 0)
        return sum + c * Math.exp(-square)
      }, 0),
  },
  {
    name: 'Rosenbrock of 4',
    space: numbers(4, -2, 2),
    least: 0,
    of: (params: Values) =>
      [0, 1, 2].reduce((sum, i) => {
        const [x, next] = [params[`x${i}`]!, params[`x${i + 1}`]!]
        return sum + 100 * (next - x * x) * (next - x * x) + (1 - x) * (1 - x)
      }, 0),
  },
  {
    name: 'choices and whole numbers',
    space: {
      kind: choice(['a', 'b', 'c', 'd']),
      on: choice([true, false]),
      count: int({ low: 1, high: 200, log: true }),
      rate: float({ low: 1e-4, high: 1, log: true }),
      depth: int({ low: 0, high: 10 }),
    },
    least: 0,
    of: (p: { kind: string; on: boolean; count: number; rate: number; depth: number }) =>
      PENALTY[p.kind]! +
      (p.on ? 0 : 0.5) +
      Math.abs(Math.log(p.count / 20)) +
      0.5 * Math.abs(Math.log(p.rate / 0.01)) +
      0.1 * Math.abs(p.depth - 7),
  },
]

const SEEDS = 25
const TRIALS = 60

/** Logarithms of what is left to the least value, a search each. */
async function searches({ space, least, of }: Problem, sampler: Sampler, sign: 1 | -1): Promise<number[]> {
  const left: number[] = []
  for (let seed = 0; seed < SEEDS; seed++) {
    const study = new Study({ space, seed, sampler, direction: sign === 1 ? 'minimize' : 'maximize' })
    await study.optimize((params) => sign * of(params as never), { trials: TRIALS })
    left.push(Math.log(Math.max(sign * study.best!.value - least, 1e-9)))
  }
  return left
}

function meanOf(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
  return { mean, error: Math.sqrt(square / (values.length - 1) / values.length) }
}

describe.each(PROBLEMS)('on $name', (problem) => {
  test('TPE finds better values than random search, far beyond chance', async () => {
    const tpe = meanOf(await searches(problem, new TPE(), 1))
    const random = meanOf(await searches(problem, new RandomSampler(), 1))
    const error = Math.sqrt(tpe.error * tpe.error + random.error * random.error)
    // by chance this happens less than once in a million times
    expect(random.mean - tpe.mean).toBeGreaterThan(5 * error)
  })

  test('the largest value is looked for as the smallest is', async () => {
    expect(await searches(problem, new TPE(), -1)).toEqual(await searches(problem, new TPE(), 1))
  })
})

test.each([new TPE(), new TPE({ rules: 'optuna', good: 0.1 })])(
  'what TPE suggests stays in the space whatever values are told',
  (sampler) => {
    for (const value of [0, 1e300, -1e300, 5e-324]) {
      const study = new Study({ space: PROBLEMS[3]!.space, sampler, batch: 1 })
      for (let i = 0; i < 60; i++) {
        const { id, params } = study.ask()
        expect(Object.values(params).every((each) => typeof each !== 'number' || Number.isFinite(each))).toBe(true)
        // huge values of both signs, whose differences overflow
        study.tell(id, i % 7 === 0 ? 'pruned' : i % 5 === 0 ? { failed: 'no' } : i % 2 === 0 ? value : -value)
      }
    }
  },
)

test('trials that were pruned count behind complete ones, and failed ones not at all', () => {
  const space = { x: float({ low: 0, high: 1 }) }
  const study = new Study({ space, batch: 1, seed: 3 })
  // complete trials are good on the left; pruned ones reported better values, and failed ones are on the right
  for (let i = 0; i < 60; i++) study.enqueue({ x: (i + 0.5) / 60 })
  for (let i = 0; i < 60; i++) {
    const { id, params, report } = study.ask()
    if (params.x > 2 / 3) study.tell(id, { failed: 'no' })
    else if (params.x > 1 / 3) {
      report(0, -100)
      study.tell(id, 'pruned')
    } else study.tell(id, params.x)
  }
  let left = 0
  for (let i = 0; i < 30; i++) {
    const { id, params } = study.ask()
    if (params.x < 1 / 3) left++
    study.tell(id, { failed: 'only asked' })
  }
  expect(left).toBeGreaterThanOrEqual(25)
})

test('trials at work keep the next ones away', () => {
  const space = { x: float({ low: 0, high: 1 }) }
  const settled = Array.from({ length: 40 }, (_, i): readonly [number] => [(i + 0.5) / 40])
  const results = settled.map(([x]) => ({ state: 'complete', loss: Math.abs(x - 0.3), step: -1 }) as const)
  const nearOf = (atWork: readonly (readonly [number])[]): number => {
    const past = historyOf(space, [...settled, ...atWork], results)
    const out = new Float64Array(1)
    let near = 0
    for (let i = 0; i < 400; i++) {
      new TPE().suggest(past, new SeededRng(i), out)
      if (Math.abs(out[0]! - 0.35) < 0.05) near++
    }
    return near
  }
  expect(nearOf([[0.35], [0.36], [0.34], [0.35]])).toBeLessThan(0.7 * nearOf([]))
})
