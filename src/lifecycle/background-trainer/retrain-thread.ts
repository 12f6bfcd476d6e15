import { type ErrorCode, show, TradeLearnError } from '../../core/errors.ts'
import type { Thread } from '../threads.ts'
import { type AnalysisJob, buffersOf, mismatchOf, type RetrainJob, type RetrainReply } from './protocol.ts'

/** How a job in a thread is watched and stopped. */
export type RetrainThreadOptions = {
  readonly thread: Thread
  /** Milliseconds after which the thread is ended. */
  readonly timeout: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

/** What settles a job. */
export type RetrainAnswer = Extract<RetrainReply, { readonly retrain: 'candidate' | 'rejected' | 'analysis' }>

/** What may be answered to each kind of job. */
const KINDS: { readonly [kind: string]: readonly string[] } = {
  job: ['candidate', 'rejected'],
  analyse: ['analysis'],
}

/**
 * Has a thread do a job, and ends it afterwards, whatever came of it. The table is handed over.
 *
 * @throws `WORKER_FAILED` where the thread ends by itself, is at work too long or says what cannot be
 *   of this job, the error that it reports, and `ABORTED`
 */
export async function retrainInThread(
  job: RetrainJob | AnalysisJob,
  { thread, timeout, signal, onProgress }: RetrainThreadOptions,
): Promise<RetrainAnswer> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stop = (): void => {}
  try {
    return await new Promise<RetrainAnswer>((resolve, reject) => {
      const fail = (code: ErrorCode, text: string): void => reject(new TradeLearnError(code, text))
      stop = () => fail('ABORTED', 'The retraining was aborted; the model in charge stays.')
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      timer = setTimeout(
        () => fail('WORKER_FAILED', `The worker must be done within ${timeout} ms; it was ended.`),
        timeout,
      )
      thread.listen(
        (message) => {
          const reply = message as RetrainReply
          // a thread that serves other work as well says that it has loaded
          if (typeof reply?.retrain !== 'string') return
          const mismatch = mismatchOf(job, reply)
          if (mismatch !== undefined)
            return fail('WORKER_FAILED', `The worker's answer is not of this job: ${mismatch}.`)
          if (reply.retrain === 'progress') onProgress(reply.done)
          else if (reply.retrain === 'failed') fail(reply.code as ErrorCode, String(reply.text))
          else if (KINDS[job.retrain]!.includes(reply.retrain)) resolve(reply)
          else fail('WORKER_FAILED', `The worker's answer must be one of its kind, got ${show(reply)}.`)
        },
        (reason) => fail('WORKER_FAILED', `The worker has ended: ${reason}.`),
      )
      thread.hold()
      thread.post(job, buffersOf(job.table))
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    // what goes wrong in ending it is of no use to anyone
    await Promise.allSettled([(async () => thread.end())()])
  }
}
