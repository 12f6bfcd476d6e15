import { SeededRng } from '../../core/rng.ts'
import { createForest, type Forest } from '../forest/forest.ts'
import { appendForest } from './append.ts'
import { baseOf, boost, fade } from './boost.ts'
import { type CustomLoss, lossFor } from './loss.ts'
import type { GradientBoostingOptions } from './options.ts'
import { refreshLeaves } from './refresh.ts'
import type { Team } from './team.ts'
import type { Table } from './window.ts'

/** The kind of work that is a `TrainingJob`. */
export const TRAINING = 'gradient-boosting'

/** One training as plain data, so that it can be done somewhere else. */
export type TrainingJob = {
  readonly options: GradientBoostingOptions
  readonly table: Table
  /** Names the stream of chance. */
  readonly label: string
  /** The trees so far, where the strategy goes on from them; else absent. */
  readonly start?: Forest
}

/** Does a job in short steps, each yielding the fraction done; the last one returns the forest. */
export function* runJob(job: TrainingJob, custom?: CustomLoss, team?: Team): Generator<number, Forest, void> {
  const { options, table, label, start } = job
  const loss = lossFor(options, custom)
  const rng = new SeededRng(options.seed).fork(label)
  const alike = team ? { team } : {}
  if (start === undefined && table.y.length < options.minSamples) {
    return createForest(options.features, baseOf(table, options, loss), 0, 0)
  }
  if (start === undefined) return yield* boost(table, { options, loss, rng, ...alike })
  if (options.strategy === 'refreshLeaves')
    return yield* refreshLeaves(fade(table, options.halfLife), start, options, loss)
  const more = yield* boost(table, { options, loss, rng, rounds: options.appended, start, ...alike })
  return appendForest(more, options.trees * start.base.length)
}
