import type { Learner } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { Dataset } from '../../evaluation/dataset.ts'
import type { Models } from '../parts.ts'
import { compareCandidate, objectionTo } from './compare-candidate.ts'
import { scaled } from './in-slices.ts'
import {
  type GoldenRows,
  hashBytes,
  headingOf,
  MODEL_NAMES,
  type PackedModels,
  RETRAIN_PROTOCOL,
  type RetrainJob,
  type RetrainReply,
  type RetrainTable,
  rowsOf,
} from './protocol.ts'
import { learnInOrder, type RetrainRecipe } from './recipe.ts'
import type { RetrainReport } from './report.ts'
import { searchParams, validateCandidate } from './validate-candidate.ts'

/** Share of the work that validation is, roughly. */
const VALIDATION = 0.7

/**
 * Does a retraining, one short step per `next()`, wherever it is called: in a worker, or in slices where there is none.
 *
 * Validation first; a candidate that is not better is never trained. Yields the fraction done and returns what is to be
 * said of it. What a recipe throws is thrown on.
 *
 * @throws `UNSUPPORTED_VERSION` for a job of another release, `INVALID_INPUT` for a recipe that is not there
 */
export function* runRetrain(job: RetrainJob, recipes: readonly RetrainRecipe[]): Generator<number, RetrainReply, void> {
  if (job?.protocol !== RETRAIN_PROTOCOL) {
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      `The job must speak version ${RETRAIN_PROTOCOL}, got ${show(job?.protocol)}: worker and bot are of different releases.`,
    )
  }
  const recipe = recipes.find(({ name }) => name === job.recipe)
  if (!recipe) {
    const known = recipes.map(({ name }) => show(name)).join(', ')
    throw new TradeLearnError('INVALID_INPUT', `The worker must serve the recipe ${show(job.recipe)}, has ${known}.`)
  }
  const { table, plan } = job
  const dataset = datasetOf(table)
  const validation = yield* scaled(validateCandidate(dataset, recipe, plan), 0, VALIDATION)
  const comparison = compareCandidate(table, validation, plan)
  const { times, labelEnds, features } = table
  const report: RetrainReport = {
    rows: times.length,
    features,
    from: times[0]!,
    to: times[times.length - 1]!,
    known: labelEnds.reduce((latest, end) => Math.max(latest, end), 0),
    recipe: recipe.name,
    params: {},
    chosen: validation.chosen,
    trials: validation.trials,
    comparison,
  }
  const objection = objectionTo(comparison, plan)
  if (objection) return { ...headingOf(job), retrain: 'rejected', ...objection, report }

  const params = yield* scaled(searchParams(dataset, recipe, plan, 'model'), VALIDATION, 0.85)
  const trials = validation.trials + (recipe.space ? plan.trials : 0)
  const models = yield* scaled(trainAll(recipe.create(features, params, plan.seed), dataset, table), 0.85, 1)
  return {
    ...headingOf(job),
    retrain: 'candidate',
    models: packModels(models),
    golden: goldenOf(models, table, plan.golden),
    report: { ...report, params, trials },
  }
}

/** The models in the order of their names. */
export const modelList = (models: Models): readonly Learner[] => MODEL_NAMES.map((name) => models[name])

/** What a thread hands over, without a copy. */
export function buffersOfReply(reply: RetrainReply): ArrayBuffer[] {
  if (reply.retrain !== 'candidate') return []
  const { models, golden } = reply
  return [...MODEL_NAMES.map((name) => models[name]), golden.x, golden.outputs].map(
    ({ buffer }) => buffer as ArrayBuffer,
  )
}

function* trainAll(models: Models, { rows }: Dataset, table: RetrainTable): Generator<number, Models, void> {
  const labels = [table.y, table.netReturns, table.stops]
  for (const [m, model] of modelList(models).entries()) {
    for (const done of learnInOrder(model, rows, labels[m]!)) yield (m + done) / labels.length
  }
  return models
}

function datasetOf(table: RetrainTable): Dataset {
  const { y, netReturns, times, labelEnds } = table
  return { rows: rowsOf(table), y, netReturns, times, labelEnds }
}

function packModels(models: Models): PackedModels {
  const encoder = new TextEncoder()
  const [success, expectedReturn, stopRisk] = modelList(models).map((model) => {
    const bytes = encoder.encode(JSON.stringify(model))
    // of a buffer of its own, which can be handed over
    return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
  }) as [Uint8Array, Uint8Array, Uint8Array]
  return { success, expectedReturn, stopRisk, hash: hashBytes(success, expectedReturn, stopRisk) }
}

/** Rows at even distances up to the newest, and what the models say of them. */
function goldenOf(models: Models, table: RetrainTable, most: number): GoldenRows {
  const rows = rowsOf(table)
  const count = Math.min(most, rows.length)
  const picked = Array.from({ length: count }, (_, i) => rows[Math.floor(((i + 1) * rows.length) / count) - 1]!)
  const x = new Float64Array(count * table.features)
  for (const [i, row] of picked.entries()) x.set(row, i * table.features)
  const outputs = Float64Array.from(picked.flatMap((row) => modelList(models).map((model) => model.predict(row))))
  return { x, outputs }
}
