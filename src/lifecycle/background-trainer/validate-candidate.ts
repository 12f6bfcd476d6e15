import type { JsonObject, Learner } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { logLossOf } from '../../core/math.ts'
import type { Dataset } from '../../evaluation/dataset.ts'
import { createFoldRun, type FoldRun } from '../../evaluation/fold-run.ts'
import { checkScoring } from '../../evaluation/scoring.ts'
import { WalkForward } from '../../evaluation/splitters/walk-forward.ts'
import { Study, type TrialOutcome } from '../../study/index.ts'
import { learnInOrder, type RetrainRecipe } from './recipe.ts'
import type { RetrainPlan } from './report.ts'

/** What walking forward gave: predictions for the newer rows, each by a model that had not seen them. */
export type CandidateValidation = {
  /** P(win) by row; NaN for those that no fold tested. */
  readonly probabilities: Float64Array
  /** The share of winners among the training rows of each row's fold. */
  readonly baseRates: Float64Array
  /** What was chosen for each fold, from its training rows alone. */
  readonly chosen: readonly JsonObject[]
  readonly trials: number
}

/** Inner folds that a trial is judged by. */
const INNER_FOLDS = 3

/**
 * Walks forward with a search inside, one short step per `next()`: as `nestedWalkForward`, but for models that learn row by
 * row in the order of time. Yields the fraction done.
 */
export function* validateCandidate(
  dataset: Dataset,
  recipe: RetrainRecipe,
  plan: RetrainPlan,
): Generator<number, CandidateValidation, void> {
  const n = dataset.rows.length
  const run = createFoldRun(dataset, splitterFor(n, plan.train, plan.folds), checkScoring({}))
  const probabilities = new Float64Array(n).fill(NaN)
  const baseRates = new Float64Array(n).fill(NaN)
  const chosen: JsonObject[] = []
  let trials = 0
  const of = run.folds.length
  for (let fold = 0; fold < of; fold++) {
    const known = knownTo(dataset, run, fold)
    const search = searchParams(known, recipe, plan, `fold ${fold}`)
    let step = search.next()
    for (; !step.done; step = search.next()) yield (fold + 0.8 * step.value) / of
    const params = step.value
    chosen.push(params)
    trials += searches(recipe, plan)
    const learner = recipe.create(dataset.rows[0]!.length, params, plan.seed).success
    const { rows, y } = run.trainingRows(fold)
    for (const done of learnInOrder(learner, rows, y)) yield (fold + 0.8 + 0.2 * done) / of
    const wins = y.reduce((sum, label) => sum + label, 0)
    for (const { row, p } of run.ask(fold, learner).predictions) {
      probabilities[row] = p
      baseRates[row] = (wins + 1) / (y.length + 2)
    }
  }
  return { probabilities, baseRates, chosen, trials }
}

/** The parameters that do best on the rows, one short step per `next()`; none where nothing is to be chosen. */
export function* searchParams(
  dataset: Dataset,
  recipe: RetrainRecipe,
  plan: RetrainPlan,
  label: string,
): Generator<number, JsonObject, void> {
  const trials = searches(recipe, plan)
  if (trials === 0) return {}
  const inner = createFoldRun(dataset, splitterFor(dataset.rows.length, plan.train, INNER_FOLDS), checkScoring({}))
  // one at a time, so that each trial knows all before it
  const study = new Study({ space: recipe.space!, seed: `${plan.seed}/${label}`, batch: 1 })
  for (let t = 0; t < trials; t++) {
    const trial = study.ask()
    let sum = 0
    let outcome: TrialOutcome | undefined
    try {
      for (let fold = 0; fold < inner.folds.length && outcome === undefined; fold++) {
        const learner = recipe.create(dataset.rows[0]!.length, trial.params as JsonObject, plan.seed).success
        const { rows, y } = inner.trainingRows(fold)
        for (const done of learnInOrder(learner, rows, y)) yield (t + (fold + done) / inner.folds.length) / trials
        const loss = lossOf(inner, fold, learner)
        sum += loss
        if (trial.report(fold, loss) === 'prune') outcome = 'pruned'
      }
    } catch (error) {
      // parameters that cannot be are a result of the search
      outcome = { failed: (error as Error)?.message || 'The trial threw an error without a message.' }
    }
    study.tell(trial.id, outcome ?? sum / inner.folds.length)
  }
  const best = study.best
  if (best) return best.params as JsonObject
  const reason = study.trials.find(({ state }) => state === 'failed')?.reason ?? 'all were pruned'
  throw new TradeLearnError('NOT_ENOUGH_DATA', `No trial of the search was completed: ${reason}`)
}

const searches = ({ space }: RetrainRecipe, { trials }: RetrainPlan): number => (space ? trials : 0)

function splitterFor(rows: number, share: number, folds: number): WalkForward {
  const train = Math.max(1, Math.floor(share * rows))
  return new WalkForward({ train, test: Math.max(1, Math.ceil((rows - train) / folds)) })
}

function lossOf(run: FoldRun, fold: number, learner: Learner): number {
  const { predictions } = run.ask(fold, learner)
  return predictions.reduce((sum, { y, p }) => sum + logLossOf(y, p), 0) / predictions.length
}

/** The training rows of a fold, as a dataset of their own. */
function knownTo({ rows, y, netReturns, times, labelEnds }: Dataset, { folds }: FoldRun, fold: number): Dataset {
  const at = folds[fold]!.train.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
  const column = (of: ArrayLike<number>): Float64Array => Float64Array.from(at, (row) => of[row]!)
  return {
    rows: at.map((row) => rows[row]!),
    y: column(y),
    netReturns: column(netReturns),
    times: column(times),
    labelEnds: column(labelEnds),
  }
}
