import type { Snapshot } from '../../contracts.ts'
import { integer, positive } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { RetrainTrigger, RetrainWish } from './retrain-trigger.ts'
import type { SettledRow } from './settled-row.ts'

/** Options of {@link ScheduleTrigger}. */
export type ScheduleTriggerOptions = {
  /** Milliseconds of event time from one wish to the next. @defaultValue 604_800_000, a week */
  readonly every: number
  /** New rows that a wish needs besides. @defaultValue 100 */
  readonly minNewRows: number
}

const fresh = () => ({ last: Number.NEGATIVE_INFINITY, rows: 0 })

/** Asks for a retraining in regular distances of event time, provided that there is something new to learn. O(1). */
export class ScheduleTrigger implements RetrainTrigger {
  static readonly type: string = 'schedule-trigger'
  static readonly version: number = 1

  readonly options: ScheduleTriggerOptions
  #state: ReturnType<typeof fresh> = fresh()

  constructor({ every = 604_800_000, minNewRows = 100 }: Partial<ScheduleTriggerOptions> = {}) {
    this.options = { every: positive('every', every), minNewRows: integer('minNewRows', minNewRows, 0) }
  }

  observe(row: SettledRow): RetrainWish | undefined {
    this.#state.rows++
    return this.tick(row.labelEnd)
  }

  tick(time: number): RetrainWish | undefined {
    const s = this.#state
    const { every, minNewRows } = this.options
    // the clock starts with the first event
    if (s.last === Number.NEGATIVE_INFINITY) s.last = time
    if (time - s.last < every || s.rows < minNewRows) return undefined
    const rows = s.rows
    const days = (time - s.last) / 86_400_000
    this.#state = { last: time, rows: 0 }
    return {
      cause: 'schedule',
      trigger: 'schedule',
      time,
      text: `${days.toFixed(1)} days and ${rows} rows since the last time.`,
      evidence: { rows, days },
    }
  }

  toJSON(): Snapshot {
    return snapshot(ScheduleTrigger, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ScheduleTrigger {
    const { options, state } = checkSnapshot(ScheduleTrigger, json)
    const trigger = new ScheduleTrigger(unpackState(options, { every: 0, minNewRows: 0 }, 'options'))
    trigger.#state = unpackState(state, fresh())
    integer('state.rows', trigger.#state.rows, 0, 'CORRUPT_SNAPSHOT')
    return trigger
  }
}
