import { logLossOf } from '../core/math.ts'
import { studentQuantile } from '../core/quantiles.ts'
import { MIN_BLOCKS } from './block-bootstrap.ts'
import type { Estimate, Field } from './compare.ts'
import { type OverlappingMean, overlappingMean } from './overlap.ts'
import { SCORES, type Scored, type ScoreName } from './scorecard.ts'

/** How much better than the base rate a model is, and how sure that is. */
export type SkillGain = OverlappingMean & {
  /** Observations behind it, and the fewest that it needs. */
  readonly have: number
  readonly needs: number
  /** The largest that there is. */
  readonly most: number
}

/** The gains over the base rate that a verdict rests on. */
export type SkillGains = {
  /** Correlation of predictions and net returns, each about what was usual before it. */
  readonly returnCorrelation: SkillGain
  /** Correlation of predictions and labels, each about what was usual before it. */
  readonly correlation: SkillGain
  /** Nats of log loss. */
  readonly logLoss: SkillGain
}

/** Measures the gains; their errors are exact for labels that overlap, where a bootstrap of blocks is too sure. */
export function skillOf({ model, baseRate }: Field<Scored>): SkillGains {
  const { leans, surprises, excesses, y, times, labelEnds } = model
  const have = y.length
  const gain = (name: ScoreName, terms: Float64Array, scale: number, most: number): SkillGain => {
    const { value, error, spans } = overlappingMean(terms, times, labelEnds)
    const { needs } = SCORES.find((score) => score.name === name)!
    return { value: have < needs ? NaN : value / scale, error: error / scale, spans, have, needs, most }
  }
  const size = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0) / have
  /** Correlation of leans with what came; who never leans knows nothing: 0 of anything. */
  const correlation = (name: ScoreName, came: Float64Array): SkillGain => {
    const terms = leans.map((lean, row) => lean * came[row]!)
    return gain(name, terms, Math.sqrt(size(leans) * size(came)) || 1, 1)
  }
  const better = Float64Array.from(
    y,
    (label, row) => logLossOf(label, baseRate.probabilities[row]!) - logLossOf(label, model.probabilities[row]!),
  )
  return {
    returnCorrelation: correlation('returnCorrelation', excesses),
    correlation: correlation('correlation', surprises),
    logLoss: gain('logLoss', better, 1, Infinity),
  }
}

/** A gain with the interval that should hold the truth with probability `coverage`; NaN where it rests on too little. */
export function intervalOf({ value, error, spans, have, needs, most }: SkillGain, coverage: number): Estimate {
  const half = spans < MIN_BLOCKS ? NaN : error * studentQuantile((1 - coverage) / 2, spans - 1)
  // NaN stays NaN
  return { value, low: Math.max(-most, value - half), high: Math.min(most, value + half), have, needs }
}
