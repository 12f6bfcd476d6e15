import type { JsonObject } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { packRecord, type State, unpackState } from '../../core/state.ts'
import type { DealtSignal } from '../../market.ts'
import { createDayCount, type DayCount } from './day-count.ts'
import type { Happening } from './health.ts'
import { createModelRecord, type ModelRecord } from './model-record.ts'

/** What an `AlertWatch` remembers. */
export type WatchState = {
  /** Open time of the first and of the newest candle, and of the newest that was looked at. */
  begun: number
  time: number
  looked: number
  /** When a label was last learned. */
  learnedAt: number
  /** Whether locks stood at the last look, and the latency that counted as too long. */
  locked: boolean
  latencyLimit: number
  /** Decisions of the models that decide now whose outcome is awaited. */
  readonly open: Set<string>
  record: ModelRecord
  /** Who is on trial beside them; empty for nobody. */
  challenger: string
  /** Signals dealt out in a step of somebody's trial since its share is what it is. */
  arms: Arms
  /** What is to be told at the next look, and the id of what happens next. */
  news: Happening[]
  nextId: number
  day: DayCount
}

type Arms = { trial: string; step: number; share: number; candidate: number; champion: number }

/** Decisions and news that are remembered where nobody ever settles or looks. */
const MOST_OPEN = 100_000
const MOST_NEWS = 100

const NEVER = Number.NEGATIVE_INFINITY

/** Nothing has been seen. */
export function freshWatch(): WatchState {
  return {
    ...{ begun: NEVER, time: NEVER, looked: NEVER, learnedAt: NEVER },
    ...{ locked: false, latencyLimit: Infinity, open: new Set(), record: createModelRecord(null, NEVER) },
    ...{ challenger: '', arms: noArms(), news: [], nextId: 0 },
    day: createDayCount(NEVER),
  }
}

/** Nothing has been dealt out. */
export const noArms = (): Arms => ({ trial: '', step: -1, share: 0, candidate: 0, champion: 0 })

/** Remembers a decision. */
export function openIn({ open }: WatchState, id: string): void {
  open.add(id)
  if (open.size > MOST_OPEN) open.delete(open.values().next().value!)
}

/** Puts something on the list of what is to be told. */
export function addNews(state: WatchState, code: Happening['code'], text: string): void {
  state.news.push({ id: state.nextId++, code, text })
  if (state.news.length > MOST_NEWS) state.news.shift()
}

/** Counts a signal that was dealt out. Where one arm gets all or nothing there is nothing to hold the counts against. */
export function dealIn(state: WatchState, { arm, propensity, step }: DealtSignal, trial: string): void {
  const share = arm === 'candidate' ? propensity : 1 - propensity
  if (!(share > 0 && share < 1)) return
  // said from both sides, a share may differ in its last bit
  const { arms } = state
  const same = step === arms.step && trial === arms.trial && Math.abs(share - arms.share) < 1e-9
  if (!same) state.arms = { ...noArms(), trial, step, share }
  state.arms[arm]++
}

/** The state for a snapshot. */
export function packWatch({ open, ...state }: WatchState): JsonObject {
  return packRecord({ ...state, open: [...open] } as unknown as { readonly [key: string]: State })
}

/** Reads back what {@link packWatch} wrote. @throws `CORRUPT_SNAPSHOT` */
export function readWatch(json: JsonObject): WatchState {
  const news: Happening = { id: 0, code: 'RETRAIN_DONE', text: '' }
  const { record } = freshWatch()
  const template = {
    ...freshWatch(),
    // null stands for anything
    ...{ record: { ...record, version: null }, news: [news], open: [''] },
  }
  const { open, ...read } = unpackState(json, template as unknown as State) as unknown as Omit<WatchState, 'open'> & {
    readonly open: readonly string[]
  }
  const { accuracy, taken, all, latency, version, bins, since } = read.record
  for (const [name, { n, hits }] of Object.entries({ accuracy, taken, all, latency })) {
    integer(`record.${name}.n`, n, 0, 'CORRUPT_SNAPSHOT')
    integer(`record.${name}.hits`, hits, 0, 'CORRUPT_SNAPSHOT')
    if (hits > n) refuse(`no more hits than ${n} in "${name}"`, hits)
  }
  for (const [bin, n] of bins.n.entries()) {
    const [hits, sum] = [bins.hits[bin]!, bins.sums[bin]!]
    if (!(n >= 0 && n < Infinity && hits >= 0 && hits <= n && sum >= 0 && sum <= n)) refuse('bins that agree', n)
  }
  for (const { id } of read.news) integer('news.id', id, 0, 'CORRUPT_SNAPSHOT')
  integer('nextId', read.nextId, 0, 'CORRUPT_SNAPSHOT')
  if (version !== null && typeof version !== 'string') refuse('a name', version)
  for (const time of [read.begun, read.time, read.looked, read.learnedAt, since, read.day.day, read.latencyLimit])
    if (Number.isNaN(time)) refuse('times that are numbers', time)
  const { step, share, candidate, champion } = read.arms
  integer('arms.step', step, -1, 'CORRUPT_SNAPSHOT')
  for (const n of [candidate, champion]) integer('arms', n, 0, 'CORRUPT_SNAPSHOT')
  if (!(share >= 0 && share < 1) || open.length > MOST_OPEN || read.news.length > MOST_NEWS)
    refuse('of its size', share)
  return { ...read, open: new Set(open) }
}

function refuse(wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `An "alert-watch" snapshot must have ${wanted}, got ${show(got)}.`)
}
