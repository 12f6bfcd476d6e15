import { TradeLearnError } from '../core/errors.ts'
import { normalCdf } from '../core/math.ts'

/** How windows are compared, and how often that may be wrong. */
export type TestPlan = {
  readonly features: number
  readonly reference: number
  readonly minSamples: number
  readonly window: number
  readonly testEvery: number
  readonly falseAlarmEvery: number
}

/** A test that is wrong half of the time is none. */
const MOST_LEVEL = 0.5
/** Steps in which distances of references from the truth are added up, and the largest, in standard deviations. */
const STEPS = 48
const FARTHEST = 6
/** Terms of a non-central tail; the last ones are below 1e-12 for all distances above. */
const TERMS = 120

/** Vectors from a report on a single feature to the next test of it: both windows begin anew. */
function restart({ minSamples, window, testEvery }: TestPlan): number {
  return testEvery * Math.ceil((minSamples + window) / testEvery)
}

/**
 * The chance of a report that each test may take, so that false ones are `falseAlarmEvery` vectors apart on average.
 *
 *     falseAlarmEvery = wait + testEvery (1 / level - 1)           (one feature)
 *     falseAlarmEvery = testEvery / level                          (several: while one starts again, others are tested)
 *
 * That is exact while references grow: everything before the window is held against it, and the rank of each value
 * among all before it tells nothing about the ranks of others, so tests are independent whatever the distribution. Two
 * things make reports rarer, and levels higher:
 *
 * - A full reference stays, and with it its luck: one that is close to the truth rarely alarms, so that times are a
 *   mixture whose mean is above one by the mean chance, by {@link luck}. 1.1 times where the reference is 10 windows and
 *   a report takes 100 tests; 2 times where it is 2.5 windows; more for rarer reports.
 * - Windows that share values say the same again: {@link clumping}.
 *
 * Half a millisecond at most; off the hot path.
 *
 * @throws `INVALID_OPTION` where tests are too rare for so many reports
 */
export function testLevel(plan: TestPlan): number {
  const least = leastEvery(plan)
  if (plan.falseAlarmEvery < least) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"falseAlarmEvery" must be at least ${least} for windows and tests of these lengths, got ${plan.falseAlarmEvery}.`,
    )
  }
  // halves the interval of the logarithm, 40 at most, down to less than 1e-4
  let low = Math.log(plan.testEvery / plan.falseAlarmEvery) - 1
  let high = Math.log(MOST_LEVEL)
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2
    if (meanTime(Math.exp(middle), plan) > plan.falseAlarmEvery) low = middle
    else high = middle
  }
  return Math.exp(high)
}

/** The shortest time between false reports that a plan can have. */
function leastEvery(plan: TestPlan): number {
  return Math.ceil(meanTime(MOST_LEVEL, plan))
}

/** Mean vectors from one false report to the next. */
function meanTime(level: number, plan: TestPlan): number {
  const { features, reference, minSamples, window, testEvery } = plan
  const share = window / (reference + window)
  const single = (level / features) * clumping(level / features, testEvery / window, share)
  // the share of references that have grown full before they alarm
  const full = Math.exp(((reference - minSamples) / testEvery) * Math.log1p(-single))
  const longer = 1 - full + full * luck(level / features, share)
  if (features === 1) return restart(plan) + testEvery * (longer / single - 1)
  // half-way between the first reports, when no reference was chosen by its luck, and those of the long run
  return (testEvery * Math.sqrt(longer)) / (features * single)
}

/** c such that a chi-squared number of four degrees of freedom exceeds 2 c with chance `level`: e^-c (1 + c) = level. */
function barrier(level: number): number {
  let c = -Math.log(level)
  // each step brings it closer by a factor of 1 + c, more than 2 up to the highest level
  for (let i = 0; i < 60; i++) c = Math.log1p(c) - Math.log(level)
  return c
}

/**
 * Mean of 1 / chance of an alarm over references, times the mean chance.
 *
 * A distance is that of r A + sqrt(1 - r²) B from 0, where A is the error of the reference, B that of the window, and r²
 * the `share` of the window in both. Seen so, KS, PSI and Wasserstein distances behave alike: four dimensions stand for
 * all of them, in which chances have closed forms. Simulated means agree within a tenth.
 */
function luck(level: number, share: number): number {
  const c = barrier(level) / (1 - share)
  const tails = new Float64Array(TERMS)
  // tails[j]: chance that 2 c is exceeded with 4 + 2 j degrees of freedom
  let term = Math.exp(-c) * c
  let tail = Math.exp(-c) + term
  for (let j = 0; j < TERMS; j++) {
    tails[j] = tail
    term *= c / (j + 2)
    tail += term
  }
  let sum = 0
  let whole = 0
  for (let i = 0; i < STEPS; i++) {
    const a = ((i + 0.5) * FARTHEST) / STEPS
    const density = a * a * a * Math.exp((-a * a) / 2)
    const half = (a * a * share) / (1 - share) / 2
    let weight = Math.exp(-half)
    let chance = 0
    for (let j = 0; j < TERMS && (j < half || weight > 1e-12); j++) {
      chance += weight * tails[j]!
      weight *= half / (j + 1)
    }
    sum += density / chance
    whole += density
  }
  return (level * sum) / whole
}

/**
 * The share of alarms that are no echo of the one before, where a test comes every `step` windows: of r A + sqrt(1 - r²) B
 * above, only B moves.
 *
 *     u² s ν(u sqrt(2 s))        s = step (1 - r²),  u² = 2 c,  ν(x) = (2 / x) (Φ(x / 2) - 1/2) / ((x / 2) Φ(x / 2) + φ(x / 2))
 *
 * @see D. Siegmund, B. Yakir (2007), "The statistics of gene mapping", section 5: maxima of processes whose
 *   correlation falls linearly, tested at steps
 */
function clumping(level: number, step: number, share: number): number {
  if (step >= 1) return 1
  const moved = 2 * barrier(level) * step * (1 - share)
  const half = Math.sqrt(moved / 2)
  const below = normalCdf(half)
  const density = Math.exp((-half * half) / 2) / Math.sqrt(2 * Math.PI)
  return Math.min(1, (moved * (below - 0.5)) / half / (half * below + density))
}
