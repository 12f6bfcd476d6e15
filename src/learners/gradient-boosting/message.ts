import { show, type TradeLearnError } from '../../core/errors.ts'
import type { Forest } from '../forest/forest.ts'
import { runJob, TRAINING, type TrainingJob } from './job.ts'
import { trainingMemory } from './memory.ts'
import { createTeamMemory, SharedTeam, type TeamMemory } from './shared-team.ts'
import type { Table } from './window.ts'

/** What a training thread is sent: a job, and its place in a team where several work on it. */
export type TrainingRequest = {
  readonly id: number
  readonly job: TrainingJob
  readonly team?: { readonly memory: TeamMemory; readonly rank: number }
}

/** What a training thread answers: how far it is, and at last the forest or what went wrong. */
export type TrainingReply =
  | { readonly id: -1 }
  | { readonly id: number; readonly done: number }
  | { readonly id: number; readonly forest: Forest }
  | { readonly id: number; readonly code: string; readonly message: string }

/** Something to send, and the buffers in it that are handed over rather than copied. */
export type Parcel<T> = { readonly message: T; readonly transfer: readonly ArrayBuffer[] }

/** What a thread says once, when it has been loaded. */
export const READY: Parcel<TrainingReply> = { message: { id: -1 }, transfer: [] }

/** Values that are copied in one step: 2 MB, about a millisecond. */
const VALUES_A_STEP = 1 << 18

/**
 * Makes the requests by which `threads` threads do one job, in short steps, each yielding the fraction done. One thread
 * is given the table itself, without a copy; several share one copy of it.
 */
export function* requestsFor(
  work: unknown,
  id: number,
  threads: number,
): Generator<number, readonly Parcel<TrainingRequest>[], void> {
  const job = work as TrainingJob
  const { x, y, weights } = job.table
  if (threads === 1) {
    const transfer = [x.buffer, y.buffer, weights.buffer] as ArrayBuffer[]
    return [{ message: { id, job }, transfer }]
  }
  const table: Table = { x: yield* inCommon(x), y: yield* inCommon(y), weights: yield* inCommon(weights) }
  const memory = createTeamMemory(threads, trainingMemory(job.options, y.length, threads).shared)
  return Array.from({ length: threads }, (_, rank) => ({
    message: { id, job: { ...job, table }, team: { memory, rank } },
    transfer: [],
  }))
}

/** Whether this is a kind of work that training threads know. */
export function isTraining(kind: string): boolean {
  return kind === TRAINING
}

/** Does what a request asks, in the thread that it was sent to; `reply` is called with progress and with the result. */
export function answer({ id, job, team }: TrainingRequest, reply: (parcel: Parcel<TrainingReply>) => void): void {
  try {
    const steps = runJob(job, undefined, team && new SharedTeam(team.memory, team.rank))
    let step = steps.next()
    for (; !step.done; step = steps.next()) {
      // one member speaks for all
      if (!team || team.rank === 0) reply({ message: { id, done: step.value }, transfer: [] })
    }
    const forest = step.value
    reply({ message: { id, forest }, transfer: buffersOf(forest) })
  } catch (error) {
    const { code, message } = error as TradeLearnError
    reply({ message: { id, code: code ?? 'WORKER_FAILED', message: message ?? show(error) }, transfer: [] })
  }
}

/** The distinct buffers of a forest's arrays. */
function buffersOf(forest: Forest): ArrayBuffer[] {
  const arrays = Object.values(forest).filter((value) => ArrayBuffer.isView(value)) as ArrayBufferView[]
  return [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]
}

/** A copy that threads have in common. */
function* inCommon(values: Float64Array): Generator<number, Float64Array, void> {
  const copy = new Float64Array(new SharedArrayBuffer(8 * values.length))
  for (let start = 0; start < values.length; start += VALUES_A_STEP) {
    copy.set(values.subarray(start, start + VALUES_A_STEP), start)
    yield start / values.length
  }
  return copy
}
