import type { Clock, Codec } from '../../contracts.ts'
import { integer, oneOf, positive, text } from '../../core/check.ts'
import type { Models } from '../parts.ts'
import { systemClock } from '../system-clock.ts'
import { type Spawn, spawnThread, type Thread } from '../threads.ts'
import type { DailyAnalysis, WeeklyAnalysis } from './analysis.ts'
import { defaultRecipe, type RetrainRecipe } from './recipe.ts'
import { checkPlan, type RetrainPlan, type RetrainReport } from './report.ts'
import type { RetrainGateOptions } from './retrain-gate.ts'
import type { RetrainTrigger, RetrainWish } from './retrain-trigger.ts'
import type { RowLogOptions } from './row-log.ts'

/** How a retraining ended. */
export type RetrainResult = {
  /** Event time at which it began. */
  readonly time: number
  readonly wishes: readonly RetrainWish[]
} & (
  | {
      readonly outcome: 'candidate'
      readonly report: RetrainReport
      /** Rows that the candidate has learned since: those that came in, or were in no complete cohort, meanwhile. */
      readonly caughtUp: number
      /** Milliseconds that `adopt` took, the only time in which nothing can be decided. */
      readonly swapMs: number
    }
  | { readonly outcome: 'rejected'; readonly code: string; readonly text: string; readonly report?: RetrainReport }
  | { readonly outcome: 'failed' | 'aborted'; readonly code: string; readonly text: string }
)

/** What a trainer tells. */
export type TrainerEvent =
  | { readonly type: 'wish'; readonly wish: RetrainWish }
  | { readonly type: 'started'; readonly time: number; readonly rows: number; readonly wishes: readonly RetrainWish[] }
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'result'; readonly result: RetrainResult }
  | { readonly type: 'daily'; readonly time: number; readonly analysis: DailyAnalysis }
  | { readonly type: 'weekly'; readonly time: number; readonly analysis: WeeklyAnalysis }
  | { readonly type: 'fault'; readonly text: string }
  | { readonly type: 'disabled'; readonly code: 'RETRAIN_DISABLED'; readonly text: string }

/** Options of `BackgroundTrainer`. */
export type BackgroundTrainerOptions = {
  /** The features' schema, of which only its size and its fingerprint count. */
  readonly schema: { readonly size: number; readonly fingerprint: string }
  /** Takes the new models over, at once; what it throws leaves the old ones in charge. */
  readonly adopt: (models: Models, report: RetrainReport) => void
  /** Hash of the decision policy; models made for another are refused. @defaultValue 'none' */
  readonly policy?: string
  /** Who asks for retrainings. @defaultValue `defaultTriggers()` */
  readonly triggers?: readonly RetrainTrigger[]
  /** How models are made; a name is enough where the worker knows it. @defaultValue `defaultRecipe` */
  readonly recipe?: RetrainRecipe | string
  /**
   * Starts a thread that runs `tradelearn/worker`, or a script of yours that calls `serveRetrains`; `null` for none, so that
   * retrainings run in slices here. They do too where starting one throws. On a machine with few cores `spawnProcess` disturbs
   * the bot least. @defaultValue a worker of Node or of the browser
   */
  readonly spawn?: Spawn | null
  /** How candidates are validated and judged. */
  readonly plan?: Partial<RetrainPlan>
  /** When a retraining may begin. */
  readonly gate?: Partial<RetrainGateOptions>
  /** Which rows are kept. */
  readonly log?: Partial<Omit<RowLogOptions, 'features'>>
  /** Rows of complete cohorts that a retraining needs. @defaultValue 400 */
  readonly minRows?: number
  /** The newest rows that it uses, at most. @defaultValue 10_000 */
  readonly maxRows?: number
  /** Milliseconds after which a retraining is ended. @defaultValue 1_200_000, twenty minutes */
  readonly timeout?: number
  /** Milliseconds of work in this thread at a time. @defaultValue 2 */
  readonly sliceMs?: number
  /** Most bytes of a candidate's snapshots. @defaultValue 256 MiB */
  readonly maxBytes?: number
  /** Codecs of parts of your own. @defaultValue none besides the library's */
  readonly codecs?: readonly Codec[]
  /**
   * Looks at the settled rows that are told to `onEvent`: `'daily'` ones at the turn of each day, UTC, and `'weekly'` ones
   * as Monday begins, both in a thread where there is one. Without, a weekly look takes this thread for seconds.
   * @defaultValue none
   */
  readonly analyses?: readonly ('daily' | 'weekly')[]
  /** Told of everything; what it throws is dropped. */
  readonly onEvent?: (event: TrainerEvent) => void
  /** Measures slices and the swap; event times come with the events. @defaultValue the system's */
  readonly clock?: Clock
}

/** The options with their defaults. */
export type TrainerSettings = {
  readonly schema: { readonly size: number; readonly fingerprint: string }
  readonly adopt: BackgroundTrainerOptions['adopt']
  readonly policy: string
  readonly recipe: RetrainRecipe | string
  readonly spawn: Spawn | null
  readonly plan: RetrainPlan
  readonly minRows: number
  readonly maxRows: number
  readonly timeout: number
  readonly sliceMs: number
  readonly maxBytes: number
  readonly codecs: readonly Codec[]
  readonly analyses: readonly ('daily' | 'weekly')[]
  readonly onEvent: (event: TrainerEvent) => void
  readonly clock: Clock
}

/** Fills in the defaults and checks what was given. */
export function checkTrainerOptions(options: BackgroundTrainerOptions): TrainerSettings {
  const { schema, adopt, policy = 'none', recipe = defaultRecipe, spawn = spawnThread, codecs = [] } = options
  const { minRows = 400, maxRows = 10_000, timeout = 1_200_000, sliceMs = 2, maxBytes = 268_435_456 } = options
  return {
    schema: { size: integer('schema.size', schema.size), fingerprint: text('schema.fingerprint', schema.fingerprint) },
    adopt,
    policy: text('policy', policy),
    recipe,
    spawn,
    plan: checkPlan(options.plan ?? {}),
    minRows: integer('minRows', minRows, 4),
    maxRows: integer('maxRows', maxRows, minRows),
    timeout: positive('timeout', timeout),
    sliceMs: positive('sliceMs', sliceMs),
    maxBytes: positive('maxBytes', maxBytes),
    codecs,
    analyses: (options.analyses ?? []).map((one) => oneOf('analyses', one, ['daily', 'weekly'])),
    onEvent: options.onEvent ?? (() => {}),
    clock: options.clock ?? systemClock,
  }
}

/** A thread, or `undefined` where there are none. */
export function threadOf({ spawn }: Pick<TrainerSettings, 'spawn'>): Thread | undefined {
  try {
    return spawn?.()
  } catch {
    return undefined
  }
}
