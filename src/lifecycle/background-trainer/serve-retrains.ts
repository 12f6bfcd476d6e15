import { type TradeLearnError as Coded, TradeLearnError } from '../../core/errors.ts'
import { parentOf } from '../threads.ts'
import { dailyAnalysis, weeklyAnalysis } from './analysis.ts'
import { type AnalysisJob, headingOf, type RetrainJob, type RetrainReply, rowsOfAnalysis } from './protocol.ts'
import { defaultRecipe, type RetrainRecipe } from './recipe.ts'
import { buffersOfReply, runRetrain } from './run-retrain.ts'

/** Sends what a thread has to say. */
export type SayReply = (reply: RetrainReply, transfer: readonly ArrayBuffer[]) => void

/** Progress is told in steps of this size, so that messages do not outnumber the work. */
const TOLD_EVERY = 0.01

/** Whether a message is a job for retraining, or for a look at the rows. */
export function isRetrainJob(message: unknown): message is RetrainJob | AnalysisJob {
  const kind = (message as RetrainJob | null)?.retrain as string | undefined
  return kind === 'job' || kind === 'analyse'
}

/** Does a job in the thread that it was sent to; what goes wrong is said, not thrown. */
export function answerRetrain(job: RetrainJob | AnalysisJob, recipes: readonly RetrainRecipe[], say: SayReply): void {
  try {
    if (job.retrain === 'analyse') {
      const rows = rowsOfAnalysis(job)
      const analysis = job.which === 'daily' ? dailyAnalysis(rows) : weeklyAnalysis(rows)
      say({ ...headingOf(job), retrain: 'analysis', analysis }, [])
      return
    }
    const steps = runRetrain(job, recipes)
    let told = 0
    let step = steps.next()
    for (; !step.done; step = steps.next()) {
      if (step.value < told + TOLD_EVERY) continue
      told = step.value
      say({ ...headingOf(job), retrain: 'progress', done: told }, [])
    }
    say(step.value, buffersOfReply(step.value))
  } catch (error) {
    const { code, message } = error as Coded
    say({ ...headingOf(job), retrain: 'failed', code: code ?? 'WORKER_FAILED', text: message ?? String(error) }, [])
  }
}

/**
 * Makes this thread, or this process, one that retrains models by recipes of your own: to be called once by the script that
 * `BackgroundTrainer` spawns. The default recipe is served too.
 *
 * @throws `WORKER_FAILED` where this is no thread
 *
 * @example
 * ```ts
 * // retrain.js
 * serveRetrains([{ name: 'mine', create: (features, params, seed) => ({ success, expectedReturn, stopRisk }) }])
 * // bot.js
 * const spawn = () => nodeThread(new Worker(new URL('./retrain.js', import.meta.url)))
 * const trainer = new BackgroundTrainer({ ...options, recipe: 'mine', spawn })
 * ```
 */
export function serveRetrains(recipes: readonly RetrainRecipe[]): void {
  const parent = parentOf()
  if (!parent)
    throw new TradeLearnError('WORKER_FAILED', 'Retrainings are served by a worker thread, and this is none.')
  const all = [...recipes, defaultRecipe]
  parent.listen((message) => {
    if (isRetrainJob(message)) answerRetrain(message, all, parent.post)
  })
}
