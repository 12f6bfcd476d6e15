import { type DailyAnalysis, dailyAnalysis, type WeeklyAnalysis, weeklyAnalysis } from './analysis.ts'
import { turn } from './in-slices.ts'
import { type AnalysisJob, RETRAIN_PROTOCOL, tableOf } from './protocol.ts'
import { retrainInThread } from './retrain-thread.ts'
import type { RowLog } from './row-log.ts'
import type { SettledRow } from './settled-row.ts'
import { type TrainerEvent, type TrainerSettings, threadOf } from './trainer-options.ts'

const DAY = 86_400_000

/**
 * The looks that are due between two event times: one a day begun, one a week begun, on Monday, UTC. Pure.
 *
 * Nothing is due at the first event.
 */
export function analysesDue(before: number, now: number): readonly ('daily' | 'weekly')[] {
  if (!Number.isFinite(before)) return []
  const day = (time: number): number => Math.floor(time / DAY)
  // the epoch began on a Thursday, three days after a Monday
  const week = (time: number): number => Math.floor((day(time) + 3) / 7)
  return [
    ...(day(now) > day(before) ? (['daily'] as const) : []),
    ...(week(now) > week(before) ? (['weekly'] as const) : []),
  ]
}

/**
 * Looks at the rows of complete cohorts at the turn of days and weeks of event time, one after another, in a thread where
 * there is one, else here in a later turn. What goes wrong is told as a fault.
 */
export class AnalysisQueue {
  readonly #settings: TrainerSettings
  readonly #tell: (event: TrainerEvent) => void
  readonly #closing = new AbortController()
  #queue: Promise<void> = Promise.resolve()
  #jobs = 0

  constructor(settings: TrainerSettings, tell: (event: TrainerEvent) => void) {
    this.#settings = settings
    this.#tell = tell
  }

  /** Event time moves on: begins the looks that are due. */
  advance(before: number, now: number, log: RowLog): void {
    for (const which of analysesDue(before, now)) {
      if (!this.#settings.analyses.includes(which)) continue
      this.#queue = this.#queue.then(() => this.#look(which, now, log))
    }
  }

  /** Ends what runs, for good. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#queue
  }

  async #look(which: 'daily' | 'weekly', time: number, log: RowLog): Promise<void> {
    try {
      await turn()
      const rows = log.complete(time)
      if (this.#closing.signal.aborted || rows.length === 0) return
      this.#tell({ type: which, time, analysis: await this.#analyse(which, rows) } as TrainerEvent)
    } catch (error) {
      const text = `The ${which} look has failed: ${(error as Error)?.message ?? String(error)}`
      this.#tell({ type: 'fault', text })
    }
  }

  async #analyse(which: 'daily' | 'weekly', rows: readonly SettledRow[]): Promise<DailyAnalysis | WeeklyAnalysis> {
    const thread = threadOf(this.#settings)
    if (!thread) return which === 'daily' ? dailyAnalysis(rows) : weeklyAnalysis(rows)
    const { schema, policy, timeout } = this.#settings
    const job: AnalysisJob = {
      protocol: RETRAIN_PROTOCOL,
      id: this.#jobs++,
      schema: schema.fingerprint,
      policy,
      retrain: 'analyse',
      which,
      table: tableOf(rows, schema.size),
      symbols: rows.map(({ symbol }) => symbol),
      sides: rows.map(({ side }) => side),
    }
    const { signal } = this.#closing
    const answer = await retrainInThread(job, { thread, timeout, signal, onProgress: () => {} })
    return (answer as Extract<typeof answer, { readonly retrain: 'analysis' }>).analysis
  }
}
