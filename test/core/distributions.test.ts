import { expect, test } from 'vitest'
import {
  chiSquaredTail,
  hypergeometricLevel,
  hypergeometricP,
  kolmogorovTail,
  logChoose,
} from '../../src/core/distributions.ts'
import { jointP, toFalseDiscoveryRates } from '../../src/core/false-discovery.ts'
import { ratioQuantile, studentQuantile } from '../../src/core/quantiles.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { criticalSteps, distanceTail, exactTail, kolmogorovSmirnov } from '../../src/drift/kolmogorov-smirnov.ts'
import { populationStability } from '../../src/drift/psi.ts'
import { permutedWasserstein, wasserstein } from '../../src/drift/wasserstein.ts'
import golden from '../golden/drift-tests.json' with { type: 'json' }

/** Difference as a share of what was wanted. */
const off = (actual: number, wanted: number): number =>
  actual === wanted ? 0 : Math.abs(actual - wanted) / Math.abs(wanted)

test('tails equal those of scipy to 1e-12', () => {
  for (const [x, p] of golden.kolmogorov) expect(off(kolmogorovTail(x!), p!), `Kolmogorov ${x}`).toBeLessThan(1e-12)
  for (const [x, k, p] of golden.chiSquared) {
    expect(off(chiSquaredTail(x!, k!), p!), `chi-squared ${x}, ${k}`).toBeLessThan(1e-12)
  }
  for (const [k, n, marked, total, p] of golden.hypergeometric) {
    expect(off(hypergeometricP(k!, n!, marked!, total!), p!), `hypergeometric ${k} of ${n}`).toBeLessThan(1e-12)
  }
})

test('quantiles equal those of scipy to 1e-8', () => {
  for (const [p, d, t] of golden.student) expect(off(studentQuantile(p!, d!), t!), `t ${p}, ${d}`).toBeLessThan(1e-8)
  for (const [p, a, b, f] of golden.ratio) expect(off(ratioQuantile(p!, a!, b!), f!), `F ${a}, ${b}`).toBeLessThan(1e-8)
  expect(studentQuantile(0.75, 10)).toBe(-studentQuantile(0.25, 10))
})

test('distances equal those of scipy to 1e-12, with ties and without', () => {
  for (const { a, b, ks, wasserstein: area, ksExactP } of golden.samples) {
    const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()]
    const d = kolmogorovSmirnov(x, x.length, y, y.length)
    expect(off(d, ks)).toBeLessThan(1e-12)
    expect(off(wasserstein(x, x.length, y, y.length), area)).toBeLessThan(1e-12)
    const steps = Math.round(d * x.length * y.length)
    // 1 less the chance of staying inside: only so many digits are left of a small one
    expect(Math.abs(exactTail(steps, x.length, y.length) - ksExactP)).toBeLessThan(1e-12)
  }
})

test('a critical distance is the least one whose exact chance is small enough', () => {
  for (const p of [0.05, 0.005, 1e-5]) {
    const steps = criticalSteps(p, 30, 70)
    expect(exactTail(steps, 30, 70)).toBeLessThanOrEqual(p)
    expect(exactTail(steps - 1, 30, 70)).toBeGreaterThan(p)
  }
  expect(criticalSteps(1e-9, 2, 2)).toBe(5)
})

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))

test('chances of distances are within a tenth of the exact ones, half of that of the same distance included', () => {
  const sizes = [
    [50, 50],
    [200, 200],
    [400, 200],
    [333, 200],
    [500, 50],
  ] as const
  for (const [n, m] of sizes) {
    const step = divisor(n, m)
    for (const p of [0.2, 0.05, 0.01, 0.001]) {
      const steps = Math.ceil(criticalSteps(p, n, m) / step) * step
      const wanted = (exactTail(steps, n, m) + exactTail(steps + step, n, m)) / 2
      expect(off(distanceTail(steps / (n * m), n, m), wanted), `${n}, ${m}, ${p}`).toBeLessThan(0.1)
    }
  }
  expect(distanceTail(0, 50, 50)).toBe(1)
})

test('a level is the sum of all chances that are no less surprising', () => {
  const [n, marked, total] = [20, 15, 120]
  const counts = Array.from({ length: 16 }, (_, k) => k)
  const all = logChoose(total, n)
  const chance = (k: number): number => Math.exp(logChoose(marked, k) + logChoose(total - marked, n - k) - all)
  for (const got of counts) {
    const p = hypergeometricP(got, n, marked, total)
    const level = hypergeometricLevel(p, n, marked, total)
    let wanted = 0
    for (const k of counts) if (hypergeometricP(k, n, marked, total) <= p * (1 + 1e-9)) wanted += chance(k)
    expect(off(level, wanted), `${got}`).toBeLessThan(1e-9)
    expect(level).toBeLessThanOrEqual(p * (1 + 1e-9))
  }
  expect(hypergeometricLevel(0.01, 20, 1, 120)).toBe(0)
  expect(hypergeometricLevel(1, 20, 1, 120)).toBe(1)
})

test('the joint p-value is the least false discovery rate, and small as rarely as it says', () => {
  expect(jointP(Float64Array.of(0.03, NaN, 0.5, 0.02))).toBeCloseTo(0.045, 15)
  expect(jointP(Float64Array.of(NaN))).toBe(Infinity)
  const rng = new SeededRng('joint')
  let small = 0
  for (let i = 0; i < 5000; i++) if (jointP(Float64Array.from({ length: 20 }, () => rng.next())) <= 0.1) small++
  // 500 expected, with a deviation of 21
  expect(small).toBeGreaterThan(430)
  expect(small).toBeLessThan(570)
})

test('false discovery rates equal those of scipy; what was not tested does not count', () => {
  for (const { method, p, q } of golden.rates) {
    const rates = Float64Array.from([...p, NaN])
    toFalseDiscoveryRates(rates, method === 'bh' ? 'positive' : 'any')
    q.forEach((rate, i) => {
      expect(off(rates[i]!, rate)).toBeLessThan(1e-12)
    })
    expect(rates.at(-1)).toBeNaN()
  }
})

test('the population stability index is that of the stated bins', () => {
  // ten values in each quarter of the reference; the other sample lies in the upper half
  const a = Float64Array.from({ length: 40 }, (_, i) => i)
  const b = Float64Array.from({ length: 40 }, (_, i) => 20 + i / 2)
  const { distance, p } = populationStability(a, 40, b, 40, 4)
  const share = (n: number): number => (n + 0.5) / 42
  let wanted = 0
  for (const n of [0, 0, 20, 20]) wanted += (share(10) - share(n)) * Math.log(share(10) / share(n))
  expect(distance).toBeCloseTo(wanted, 12)
  expect(p).toBeCloseTo(chiSquaredTail(distance * 20, 3), 15)
  expect(p).toBeLessThan(1e-5)
})

test('values that fill bins of the index alone get their own', () => {
  const a = Float64Array.from({ length: 60 }, (_, i) => (i < 40 ? 0 : 1))
  const constant = new Float64Array(60)
  for (const other of [-1, 1, 0.5]) {
    const b = new Float64Array(60).fill(other)
    expect(populationStability(a, 60, b, 60, 10).p).toBeLessThan(1e-6)
    expect(populationStability(constant, 60, b, 60, 10).p).toBeLessThan(1e-6)
  }
  expect(populationStability(a, 60, a, 60, 10)).toEqual({ distance: 0, p: 1 })
  expect(populationStability(a, 60, a, 9, 10).p).toBeNaN()
})

test.each(['psi', 'wasserstein'] as const)(
  '%s: p-values of equal distributions are small as rarely as they say',
  (name) => {
    const rng = new SeededRng(`null ${name}`)
    const sample = (n: number): Float64Array => Float64Array.from({ length: n }, () => rng.next()).sort()
    const runs = name === 'psi' ? 4000 : 800
    let small = 0
    for (let i = 0; i < runs; i++) {
      const [a, b] = [sample(200), sample(100)]
      const { p } =
        name === 'psi'
          ? populationStability(a, 200, b, 100, 10)
          : permutedWasserstein(a, 200, b, 100, { permutations: 199, rng })
      if (p <= 0.05) small++
    }
    // three standard errors around 0.05, and a little for the approximation
    expect(small / runs).toBeGreaterThan(0.025)
    expect(small / runs).toBeLessThan(0.075)
  },
)

test('no permutation of two samples far apart is as far: p is the least there is', () => {
  const a = Float64Array.from({ length: 50 }, (_, i) => i)
  const b = Float64Array.from({ length: 30 }, (_, i) => 1e300 + i)
  const { distance, p } = permutedWasserstein(a, 50, b, 30, { permutations: 999, rng: new SeededRng(1) })
  expect(p).toBe(1 / 1000)
  expect(distance).toBeCloseTo(1e300, -290)
})
