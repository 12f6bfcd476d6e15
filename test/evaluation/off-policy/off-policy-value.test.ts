import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type OffPolicyRow,
  offPolicyDifference,
  offPolicyValue,
  type TargetPolicy,
} from '../../../src/evaluation/off-policy/index.ts'
import { HOUR, logOf, policy, truth } from './worlds.ts'

const METHODS = ['direct', 'ips', 'snips', 'doublyRobust', 'clippedIps', 'clippedDoublyRobust'] as const
type Method = (typeof METHODS)[number]
type Case = {
  readonly name: string
  readonly clip: number
  readonly values: Record<Method, number>
  readonly errors: Record<Method, number>
  readonly effective: number
  readonly largestWeight: number
  readonly clipped: number
  readonly rows: readonly (Omit<OffPolicyRow, 'known'> & { readonly known: readonly (number | null)[] })[]
  readonly target: readonly (readonly number[])[]
}
const golden = JSON.parse(readFileSync(new URL('../../golden/off-policy.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[]
}
const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

test.each(golden.cases)('values and errors are those of an independent program: $name', (wanted) => {
  const rows = wanted.rows.map((row) => ({ ...row, known: row.known.map((value) => value ?? Number.NaN) }))
  const got = offPolicyValue(rows, (_, i) => wanted.target[i]!, { clip: wanted.clip, minEffective: 2 })
  for (const method of METHODS) {
    expect(got[method].refusal).toBeNull()
    expect(got[method].value).toBeCloseTo(wanted.values[method], 12)
    expect(got[method].error).toBeCloseTo(wanted.errors[method], 12)
    expect(got[method].low).toBeLessThan(wanted.values[method] - 1.9 * wanted.errors[method])
  }
  expect(got.effective).toBeCloseTo(wanted.effective, 9)
  expect(got.largestWeight).toBeCloseTo(wanted.largestWeight, 12)
  expect(got.clipped).toBeCloseTo(wanted.clipped, 12)
  expect(got.clipped).toBeGreaterThan(0)
})

test('over all logs that could have been, inverse propensities and doubly robust give the value exactly', () => {
  const e = [0.3, 0.8, 0.55, 0.15]
  const pi = [0.9, 0.25, 0.5, 0.6]
  const rewards = [0.4, -1.3, 0.7, 2.5]
  const value = pi.reduce((sum, share, i) => sum + share * rewards[i]!, 0) / 4
  let ips = 0
  let robust = 0
  for (let log = 0; log < 16; log++) {
    let chance = 1
    const rows = e.map((propensity, i) => {
      const action = (log >> i) & 1
      chance *= action === 1 ? propensity : 1 - propensity
      const time = 1_700_000_000_000 + i * HOUR
      const [propensities, expected] = [
        [1 - propensity, propensity],
        [0.2, i - 1],
      ]
      return { id: `${i}`, time, labelEnd: time, action, propensities, reward: action * rewards[i]!, expected }
    })
    const got = offPolicyValue(rows, (_, i) => [1 - pi[i]!, pi[i]!], { minEffective: 1 })
    ips += chance * got.ips.value
    robust += chance * got.doublyRobust.value
  }
  expect(ips).toBeCloseTo(value, 12)
  expect(robust).toBeCloseTo(value, 12)
})

describe('over many logs', () => {
  /** Mean error of each method in standard errors of that mean. */
  function bias(flaws: Parameters<typeof logOf>[2], method: Method): number {
    const errors: number[] = []
    for (let seed = 0; seed < 200; seed++) {
      errors.push(offPolicyValue(logOf(`log ${seed}`, 300, flaws), policy)[method].value - truth)
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
    const square = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length
    return mean / Math.sqrt(square / errors.length)
  }
  test('doubly robust is right where the model is wrong, where the direct method is not', () => {
    expect(Math.abs(bias({ model: 'wrong' }, 'doublyRobust'))).toBeLessThan(3)
    expect(Math.abs(bias({ model: 'wrong' }, 'direct'))).toBeGreaterThan(10)
  })
  test('and where propensities are wrong, where inverse propensities are not', () => {
    expect(Math.abs(bias({ propensities: 'wrong' }, 'doublyRobust'))).toBeLessThan(3)
    expect(Math.abs(bias({ propensities: 'wrong' }, 'ips'))).toBeGreaterThan(10)
  })

  test.each([0, 12])(
    '95 %% intervals hold the value some 95 %% of the time where labels are open for %i signals',
    (open) => {
      const held = { ips: 0, snips: 0, doublyRobust: 0 }
      const logs = 200
      for (let seed = 0; seed < logs; seed++) {
        const got = offPolicyValue(logOf(`interval ${open} ${seed}`, 600, { open, model: 'wrong' }), policy, {
          minEffective: 10,
        })
        for (const method of ['ips', 'snips', 'doublyRobust'] as const) {
          if (got[method].low <= truth && truth <= got[method].high) held[method]++
        }
      }
      for (const count of Object.values(held)) {
        expect(count / logs).toBeGreaterThan(0.88)
        expect(count / logs).toBeLessThan(0.995)
      }
    },
  )
})

describe('what is known needs no weights', () => {
  test('where every outcome is known all methods are the plain mean', () => {
    const rows = logOf('known', 200).map((row, i) => ({ ...row, known: [0, Math.sin(i)] }))
    const mean = rows.reduce((sum, row, i) => sum + policy(row, i)[1]! * Math.sin(i), 0) / rows.length
    const got = offPolicyValue(rows, policy)
    for (const method of METHODS) expect(got[method].value).toBeCloseTo(mean, 12)
    expect(got.effective).toBe(200)
  })

  test('to skip what was always taken is supported, for skipping pays nothing', () => {
    const rows = logOf('always', 400).map((row) => ({ ...row, action: 1, propensities: [0, 1], reward: 0.01 }))
    const got = offPolicyValue(rows, policy, { minEffective: 10 })
    expect(got.unsupported).toBe(0)
    const shares = rows.map((row, i) => policy(row, i)[1]!)
    expect(got.ips.value).toBeCloseTo((0.01 * shares.reduce((sum, share) => sum + share, 0)) / 400, 12)
  })
})

describe('refusals', () => {
  const takeAll: TargetPolicy = () => [0, 1]
  test('a policy that would do what was never possible has no value from weights, however much data there is', () => {
    const rows = logOf('never', 400).map((row, i) =>
      i % 10 === 0 ? { ...row, action: 0, propensities: [1, 0], reward: 0 } : row,
    )
    const got = offPolicyValue(rows, takeAll)
    expect(got.unsupported).toBeCloseTo(0.1, 12)
    for (const method of ['ips', 'snips', 'doublyRobust', 'clippedIps', 'clippedDoublyRobust'] as const) {
      expect(got[method].refusal).toMatchObject({ code: 'NO_SUPPORT', needs: Infinity })
      expect(got[method].value).toBeNaN()
    }
    expect(got.direct.refusal).toBeNull()
  })

  test('too few effective rows say how many it takes', () => {
    const { ips, effective } = offPolicyValue(logOf('few', 60), takeAll, { minEffective: 100 })
    expect(effective).toBeLessThan(60)
    expect(ips.refusal).toMatchObject({ code: 'TOO_FEW' })
    expect(ips.refusal!.needs).toBe(Math.ceil((60 * 100) / effective))
    expect(offPolicyValue(logOf('few', 2 * ips.refusal!.needs), takeAll, { minEffective: 100 }).ips.refusal).toBeNull()
  })

  test('labels that are open together count as what fits side by side', () => {
    const { ips, effective } = offPolicyValue(logOf('open', 400, { open: 48 }), policy)
    expect(effective).toBeGreaterThan(100)
    expect(ips.refusal?.code).toBe('OVERLAP')
  })

  test('without expectations there is neither a direct nor a doubly robust value', () => {
    const rows = logOf('blind', 300).map(({ expected: _, ...row }) => row)
    const got = offPolicyValue(rows, policy)
    expect(got.direct.refusal?.code).toBe('NO_MODEL')
    expect(got.doublyRobust.refusal?.code).toBe('NO_MODEL')
    expect(got.ips.refusal).toBeNull()
  })

  test('rows and policies that cannot be are refused with a code', () => {
    const [row] = logOf('one', 1)
    const bad: readonly Partial<OffPolicyRow>[] = [
      { action: 2 },
      { propensities: [0.5, 0.6] },
      { propensities: [1, 0], action: 1 },
      { reward: Number.NaN },
      { labelEnd: row!.time - 1 },
      { known: [0] },
      { expected: [0, Number.POSITIVE_INFINITY] },
      { id: '' },
    ]
    for (const fault of bad) expect(codeOf(() => offPolicyValue([{ ...row!, ...fault }], policy))).toBe('INVALID_INPUT')
    expect(codeOf(() => offPolicyValue([], policy))).toBe('NOT_ENOUGH_DATA')
    expect(codeOf(() => offPolicyValue([row!], () => [0.5]))).toBe('INVALID_INPUT')
    expect(codeOf(() => offPolicyValue([row!], policy, { clip: 0 }))).toBe('INVALID_OPTION')
    expect(codeOf(() => offPolicyValue([row!, { ...row!, time: row!.time - 1 }], policy))).toBe('INVALID_INPUT')
  })
})

test('a difference of two policies is that of their values, and surer than either', () => {
  const rows = logOf('two', 500)
  const almost: TargetPolicy = (row, i) => (i % 10 === 0 ? [1, 0] : policy(row, i))
  const difference = offPolicyDifference(rows, policy, almost)
  const [first, second] = [offPolicyValue(rows, policy), offPolicyValue(rows, almost)]
  for (const method of ['direct', 'ips', 'doublyRobust'] as const) {
    expect(difference[method].value).toBeCloseTo(first[method].value - second[method].value, 12)
    expect(difference[method].error).toBeLessThan(first[method].error)
  }
})
