import type { Splitter } from '../../contracts.ts'
import { integer, openFraction } from '../../core/check.ts'
import { toFalseDiscoveryRates } from '../../core/false-discovery.ts'
import { SeededRng } from '../../core/rng.ts'
import { usualOf } from '../baselines.ts'
import { blockLengthFor, MIN_BLOCKS, percentileInterval } from '../block-bootstrap.ts'
import { type Estimate, formatEstimate } from '../compare.ts'
import type { Dataset } from '../dataset.ts'
import { chanceOfBets } from './feature-bets.ts'
import { checkAborted, foldsOf, namesOf, pick, ROWS_NEEDED, type Watch } from './folds.ts'
import {
  type FoldSkill,
  RARER_NEEDED,
  rankFeature,
  rarerOf,
  resampleFeatures,
  sumsOf,
  testRowsOf,
} from './ranked-feature.ts'

/** Options of {@link singleFeatureSkill}. */
export type SingleFeatureOptions = Watch & {
  /** Share of the features called skilled that may be so by chance. @defaultValue 0.05 */
  readonly level: number
  /** A feature whose AUC surely exceeds it is suspected to know the label. @defaultValue 0.75 */
  readonly tooGood: number
  /** Neighbouring rows that the bootstrap draws together. @defaultValue twice the labels open at once */
  readonly blockLength: number
  /** Resamples of the bootstrap. @defaultValue 1000 */
  readonly resamples: number
  /** Probability with which each interval should hold the truth. @defaultValue 0.95 */
  readonly coverage: number
  /** Seed of the bootstrap. @defaultValue 0 */
  readonly seed: number | string
}

/** What one feature knows by itself. */
export type FeatureSkill = {
  readonly name: string
  readonly feature: number
  readonly folds: readonly FoldSkill[]
  /** Over all folds, each weighing by its pairs of winner and loser. */
  readonly auc: Estimate
  /** Over all folds, each weighing by its rows. */
  readonly informationCoefficient: Estimate
  /** One-sided: how often a feature that knows nothing would lean the right way as much. NaN where there is too little. */
  readonly p: number
  /** The false discovery rate at which it would be called skilled (Benjamini and Hochberg, over all features). */
  readonly q: number
  readonly skill: 'shown' | 'not shown' | 'too little data'
  /** Why it is suspected to know the label; empty where it is not. */
  readonly suspicion: string
}

/** What each feature knows by itself, as plain data. */
export type SingleFeatureSkill = {
  readonly features: readonly FeatureSkill[]
  /** Features that could be tested. */
  readonly tested: number
  readonly level: number
  readonly text: string
}

/**
 * What each feature knows by itself about rows that it has not seen, fold by fold, and which one knows too much.
 *
 * The direction of a feature comes from the training rows of each fold; the test rows only say whether it held. No model
 * is trained, so this is quick, and it finds leaks: no honest feature of a price knows the label by itself.
 *
 * Intervals are from a bootstrap of blocks of neighbouring rows. Whether skill is shown does not rest on AUC, which slow
 * features push above a half on any random walk (see ADR 6), but on bets placed in advance: the feature's rank among the
 * training rows, about its mean so far, times the label about the share of 1s settled so far, with the exact error for labels
 * that overlap. It is a test of labels; the information coefficient is of net returns.
 *
 * O(features x rows x resamples).
 *
 * @throws `NOT_ENOUGH_DATA` if the splitter gives no folds, `ABORTED` if the signal says so
 *
 * @example
 * ```ts
 * const { features } = singleFeatureSkill(dataset, new WalkForward({ train: 1000, test: 250 }))
 * for (const { name, auc, suspicion } of features) print(name, formatEstimate(auc), suspicion)
 * ```
 */
export function singleFeatureSkill(
  dataset: Dataset,
  splitter: Splitter,
  options: Partial<SingleFeatureOptions> = {},
): SingleFeatureSkill {
  const { level = 0.05, tooGood = 0.75, resamples = 1000, coverage = 0.95, seed = 0, onProgress, signal } = options
  openFraction('level', level)
  openFraction('tooGood', tooGood)
  openFraction('coverage', coverage)
  integer('resamples', resamples)
  const folds = foldsOf(dataset, splitter)
  const { times, labelEnds, y } = dataset
  const names = namesOf(dataset)
  const testRows = testRowsOf(folds)
  const { tested } = testRows
  const n = tested.length
  const blockLength = integer(
    'blockLength',
    options.blockLength ?? blockLengthFor(pick(times, tested), pick(labelEnds, tested)),
  )
  const steps = names.length + resamples
  const ranked = names.map((_, feature) => {
    checkAborted(signal, feature, steps)
    return rankFeature(dataset, feature, folds, testRows)
  })
  const rng = new SeededRng(seed).fork('single features')
  const resampled = resampleFeatures(ranked, n, { rng, blockLength, resamples }, (done) => {
    checkAborted(signal, names.length + done, steps)
    onProgress?.({ done: names.length + done, of: steps })
  })
  onProgress?.({ done: steps, of: steps })

  const usual = usualOf(dataset).baseRates
  const once = new Uint32Array(n).fill(1)
  const judged = ranked.map((feature, f): FeatureSkill => {
    const sums = sumsOf(feature.ranked, once)
    const blocks = sums.rows / blockLength
    const estimate = (value: number, values: Float64Array, have: number, needs: number): Estimate => {
      if (have < needs) return { value: NaN, low: NaN, high: NaN, have, needs }
      if (blocks < MIN_BLOCKS) return { value, low: NaN, high: NaN, have, needs }
      const { low, high } = percentileInterval(values, coverage, blocks)
      return { value, low, high, have, needs }
    }
    const { aucs, coefficients } = resampled[f]!
    const auc = estimate(sums.area / sums.pairs, aucs, rarerOf(feature.ranked), RARER_NEEDED)
    return {
      name: names[f]!,
      feature: f,
      folds: feature.folds,
      auc,
      informationCoefficient: estimate(sums.together / sums.rows, coefficients, sums.rows, ROWS_NEEDED),
      p: sums.rows < ROWS_NEEDED ? NaN : chanceOfBets(feature.leans, tested, { y, usual, times, labelEnds }),
      q: NaN,
      skill: 'too little data',
      suspicion: auc.low > tooGood ? suspicionOf(auc, tooGood) : '',
    }
  })

  const rates = Float64Array.from(judged, ({ p }) => p)
  toFalseDiscoveryRates(rates, 'positive')
  const features = judged.map((each, i): FeatureSkill => {
    const q = rates[i]!
    return { ...each, q, skill: Number.isNaN(q) ? 'too little data' : q <= level ? 'shown' : 'not shown' }
  })
  const count = features.filter(({ q }) => !Number.isNaN(q)).length
  return { features, tested: count, level, text: inWords(features, count, level) }
}

const suspicionOf = (auc: Estimate, tooGood: number): string =>
  `Suspected leak: by itself it ranks winners above losers with an AUC of ${formatEstimate(auc)}, surely above ${tooGood}; ` +
  'honest features of hourly prices reach about 0.51. Check whether it knows anything that came after the signal.'

function inWords(features: readonly FeatureSkill[], tested: number, level: number): string {
  const namesOf = (some: readonly FeatureSkill[]): string => some.map(({ name }) => name).join(', ')
  const skilled = features.filter(({ skill }) => skill === 'shown')
  const suspects = features.filter(({ suspicion }) => suspicion !== '')
  const rate = `at a false discovery rate of ${100 * level} %`
  const found =
    tested === 0
      ? 'Skill of single features: N/A, too little data.'
      : skilled.length === 0
        ? `None of ${tested} features shows skill by itself ${rate}.`
        : `${skilled.length} of ${tested} features show skill by themselves ${rate}: ${namesOf(skilled)}.`
  return suspects.length === 0 ? found : `${found} Suspected leaks: ${namesOf(suspects)}.`
}
