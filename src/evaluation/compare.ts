import type { Rng } from '../contracts.ts'
import { drawBlocks, MIN_BLOCKS, percentileInterval } from './block-bootstrap.ts'
import {
  countsOf,
  createScorecard,
  SCORES,
  type Scorecard,
  type Scored,
  type ScoreName,
  scoreRows,
} from './scorecard.ts'
import { intervalOf, type SkillGains } from './skill.ts'

/** The predictors that need no learning. */
export type BaselineName = 'takeAll' | 'baseRate' | 'lastLabel'

/** One figure: its value, the interval that should hold the truth, and whether there was enough to say it. */
export type Estimate = {
  /** NaN where `have` is below `needs`, and where it is not defined. */
  readonly value: number
  /** Ends of the interval; NaN where the rows are too few blocks. */
  readonly low: number
  readonly high: number
  /** Observations that it rests on, and the fewest that it needs. */
  readonly have: number
  readonly needs: number
}

/** A baseline's figure, and how much better the model's is. */
export type Comparison = Estimate & {
  /** The improvement of the model over this baseline: positive is better, whatever the score's direction. */
  readonly gain: Estimate
}

/** One score of the model, beside the baselines. */
export type ScoreReport = {
  readonly name: ScoreName
  readonly better: 'higher' | 'lower'
  readonly model: Estimate
  readonly baselines: { readonly [name in BaselineName]: Comparison }
}

/** Values of all scores, NaN below their floors. */
export type Scores = { readonly [name in ScoreName]: number }

/** One set of values for the model and for each baseline. */
export type Field<T> = { readonly model: T } & { readonly [name in BaselineName]: T }

const BASELINES = ['takeAll', 'baseRate', 'lastLabel'] as const
const PLAYERS = ['model', ...BASELINES] as const

/** How to resample. */
export type CompareOptions = {
  readonly rng: Rng
  readonly blockLength: number
  readonly resamples: number
  readonly coverage: number
}

/** Scores the model and the baselines on rows in order of time, without intervals. */
export function scoreField(field: Field<Scored>): Field<Scores> {
  const scores = (scored: Scored): Scores => {
    const values = floored(createScorecard(scored))
    return Object.fromEntries(SCORES.map(({ name }, s) => [name, values[s]!])) as Scores
  }
  return mapField(field, scores)
}

/**
 * Scores the model beside the baselines, with a bootstrap interval for every figure and for every difference.
 *
 * All are scored on the same resamples of blocks of neighbouring rows, so that what moves them together cancels in the
 * difference. The gains that the verdict rests on are measured by `skillOf` and keep their own intervals.
 */
export function compareField(
  field: Field<Scored>,
  gains: SkillGains,
  { rng, blockLength, resamples, coverage }: CompareOptions,
): ScoreReport[] {
  const cards = mapField(field, createScorecard)
  const n = field.model.y.length
  const enough = n >= MIN_BLOCKS * blockLength

  // draws[player][score] holds one value for each resample
  const draws = mapField(cards, () => SCORES.map(() => new Float64Array(resamples).fill(NaN)))
  const rows = new Uint32Array(n)
  const out = new Float64Array(SCORES.length)
  for (let i = 0; enough && i < resamples; i++) {
    drawBlocks(rng, blockLength, rows)
    for (const player of PLAYERS) {
      scoreRows(cards[player], rows, out)
      for (let s = 0; s < out.length; s++) draws[player][s]![i] = out[s]!
    }
  }

  const values = mapField(cards, floored)
  const counts = mapField(cards, countsOf)
  const estimate = (value: number, drawn: Float64Array, have: number, needs: number): Estimate => {
    if (!enough || Number.isNaN(value)) return { value, low: NaN, high: NaN, have, needs }
    const { low, high } = percentileInterval(drawn, coverage, n / blockLength)
    return { value, low, high, have, needs }
  }
  return SCORES.map(({ name, better, counts: kind, needs }, s) => {
    const sign = better === 'higher' ? 1 : -1
    const compared = BASELINES.map((baseline): [BaselineName, Comparison] => {
      const [mine, theirs] = [draws.model[s]!, draws[baseline][s]!]
      const gain = estimate(
        sign * (values.model[s]! - values[baseline][s]!),
        mine.map((value, i) => sign * (value - theirs[i]!)),
        Math.min(counts.model[kind], counts[baseline][kind]),
        needs,
      )
      const own =
        baseline === 'baseRate' && name in gains ? intervalOf(gains[name as keyof SkillGains], coverage) : gain
      return [baseline, { ...estimate(values[baseline][s]!, theirs, counts[baseline][kind], needs), gain: own }]
    })
    return {
      name,
      better,
      // its gain over a base rate that leans neither way
      model:
        name === 'correlation' || name === 'returnCorrelation'
          ? intervalOf(gains[name], coverage)
          : estimate(values.model[s]!, draws.model[s]!, counts.model[kind], needs),
      baselines: Object.fromEntries(compared) as ScoreReport['baselines'],
    }
  })
}

/** `0.513 (0.498 to 0.528)`, without the interval where there is none, or `N/A (needs n)`. */
export function formatEstimate({ value, low, high, have, needs }: Estimate, digits = 3): string {
  if (have < needs) return `N/A (needs ${needs})`
  if (Number.isNaN(value)) return 'N/A'
  const words = (x: number): string => (x === Infinity ? '∞' : x.toFixed(digits))
  return Number.isNaN(low) ? words(value) : `${words(value)} (${words(low)} to ${words(high)})`
}

/** All scores of the rows as they are, NaN below their floors. */
function floored(card: Scorecard): Float64Array {
  const all = Uint32Array.from({ length: card.y.length }, (_, i) => i)
  const counts = countsOf(card)
  const values = scoreRows(card, all, new Float64Array(SCORES.length))
  return values.map((value, s) => (counts[SCORES[s]!.counts] < SCORES[s]!.needs ? NaN : value))
}

function mapField<A, B>(field: Field<A>, map: (value: A) => B): Field<B> {
  return {
    model: map(field.model),
    takeAll: map(field.takeAll),
    baseRate: map(field.baseRate),
    lastLabel: map(field.lastLabel),
  }
}
