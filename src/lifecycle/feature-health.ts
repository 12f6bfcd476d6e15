import { percent } from '../decision/reasons.ts'

/** What can be wrong with a feature, worst first: faults of the data stand before changes of the market. */
export type FeatureIssueCode = 'STUCK' | 'INCOMPLETE' | 'UNSEEN' | 'OUT_OF_RANGE' | 'DRIFTED'

/** One thing that is wrong with one feature. */
export type FeatureIssue = {
  readonly feature: string
  readonly code: FeatureIssueCode
  /** How much: a share for most, vectors for `STUCK`, the distance for `DRIFTED`. Larger is worse. */
  readonly amount: number
  readonly text: string
}

/** What is known of one feature. Shares are of recent vectors; NaN is what is not known yet, or not of this feature. */
export type FeatureNumbers = {
  readonly feature: string
  /** Share that was not missing. */
  readonly completeness: number
  /** Share of the values outside `low` to `high`. */
  readonly outside: number
  /** The reference's quantiles. */
  readonly low: number
  readonly high: number
  /** Share of the values that no declared category covers; NaN where the feature does not say so. */
  readonly unseen: number
  /** The newest value, for how many vectors in a row it has been that, and after how many it counts as stuck. */
  readonly value: number
  readonly run: number
  readonly longestRun: number
  /** Whether `run` is too long for what the feature has been like. */
  readonly stuck: boolean
  /** Vectors since its distribution was last found to have changed, and the distance of then; NaN where it never was. */
  readonly driftedAgo: number
  readonly driftDistance: number
}

/** How one feature is doing. */
export type FeatureHealth = FeatureNumbers & {
  /** Whether enough of it is there; true until enough vectors are seen. */
  readonly complete: boolean
  /** What the newest test of its distribution found; NaN before one. */
  readonly distance: number
  readonly falseDiscoveryRate: number
  readonly issues: readonly FeatureIssue[]
}

/** The names of the features that something is wrong with, worst first. */
export type FeatureSummary = {
  /** Share of all values that was not missing of late; NaN before the first vector. */
  readonly completeness: number
  readonly stuck: readonly string[]
  readonly incomplete: readonly string[]
  readonly unseen: readonly string[]
  readonly outOfRange: readonly string[]
  readonly drifted: readonly string[]
}

/** From where on something is wrong. */
export type FeatureLimits = {
  readonly minComplete: number
  readonly maxOutside: number
  readonly maxUnseen: number
  readonly lower: number
  readonly upper: number
  readonly halfLife: number
}

/** What is wrong with a feature, worst first. */
export function issuesOf(numbers: FeatureNumbers, limits: FeatureLimits): FeatureIssue[] {
  const { feature, completeness, outside, low, high, unseen, value, run, longestRun } = numbers
  const { stuck, driftedAgo, driftDistance } = numbers
  const issues: FeatureIssue[] = []
  const add = (code: FeatureIssueCode, amount: number, text: string): void => {
    issues.push({ feature, code, amount, text })
  }
  if (stuck) {
    add('STUCK', run, `"${feature}" has been ${brief(value)} for ${run} vectors; before, for ${longestRun} at most.`)
  }
  if (completeness <= limits.minComplete) {
    const wanted = `more than ${percent(limits.minComplete)} of it is wanted`
    add('INCOMPLETE', 1 - completeness, `"${feature}" is missing in ${percent(1 - completeness)} of late; ${wanted}.`)
  }
  if (unseen > limits.maxUnseen) {
    add('UNSEEN', unseen, `"${feature}": ${percent(unseen)} of late had a value that was not declared.`)
  }
  if (outside > limits.maxOutside) {
    const usual = percent(limits.upper - limits.lower)
    const range = `${brief(low)} to ${brief(high)}, which held ${usual} of its reference`
    add('OUT_OF_RANGE', outside, `"${feature}": ${percent(outside)} of late lay outside ${range}.`)
  }
  if (driftedAgo <= limits.halfLife) {
    const far = Number.isNaN(driftDistance) ? '' : ` by a distance of ${brief(driftDistance)}`
    add('DRIFTED', driftDistance || 0, `"${feature}": its distribution changed${far}, found ${driftedAgo} vectors ago.`)
  }
  return issues
}

/** Codes, worst first. */
const ORDER: readonly FeatureIssueCode[] = ['STUCK', 'INCOMPLETE', 'UNSEEN', 'OUT_OF_RANGE', 'DRIFTED']

/** Puts the worse issue first; what is as bad stays in order. */
export function byBadness(a: FeatureIssue | undefined, b: FeatureIssue | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return ORDER.indexOf(a.code) - ORDER.indexOf(b.code) || b.amount - a.amount
}

/** The names behind issues that are in order. */
export function summarise(issues: readonly FeatureIssue[], completeness: number): FeatureSummary {
  const namesOf = (code: FeatureIssueCode): string[] =>
    issues.filter((issue) => issue.code === code).map(({ feature }) => feature)
  return {
    completeness,
    stuck: namesOf('STUCK'),
    incomplete: namesOf('INCOMPLETE'),
    unseen: namesOf('UNSEEN'),
    outOfRange: namesOf('OUT_OF_RANGE'),
    drifted: namesOf('DRIFTED'),
  }
}

/** A number as people read it: four digits. */
function brief(value: number): string {
  const text = value.toPrecision(4)
  // the largest doubles are rounded beyond what a number can be
  return Number.isFinite(Number(text)) ? String(Number(text)) : text
}
