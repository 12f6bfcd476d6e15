import { TradeLearnError } from '../../core/errors.ts'

/** What a failed attempt means. */
export type Verdict =
  /** It may work the next time: a deadlock, a busy file, a lost connection. */
  | 'again'
  /** The database refused a value; the connection and everything else are fine. */
  | 'value'
  /** It will not work: a full disk, a damaged file, a missing right. */
  | 'over'

/** How long a store tries. */
export type Patience = {
  /** Milliseconds of waiting in all before it gives up. */
  readonly patience: number
  /** Waits. */
  readonly wait: (milliseconds: number) => Promise<void>
}

/** First pause, doubled from try to try up to the longest; a deadlock is over in milliseconds, a restart in seconds. */
const FIRST_PAUSE = 5
const LONGEST_PAUSE = 1000

/**
 * Tries `attempt` until it works, or has failed for good.
 *
 * @throws `INVALID_INPUT` or `STORE_FAILED` with what the database said; an error with a code of ours passes as it is
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  judge: (error: unknown) => Verdict,
  { patience, wait }: Patience,
): Promise<T> {
  let pause = FIRST_PAUSE
  let waited = 0
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if ((error as Error)?.name === 'TradeLearnError') throw error
      const said = sayingOf(error)
      const verdict = judge(error)
      if (verdict === 'value') throw new TradeLearnError('INVALID_INPUT', `The database refused a value: ${said}.`)
      if (verdict === 'over') throw new TradeLearnError('STORE_FAILED', `The database failed: ${said}.`)
      if (waited >= patience) {
        throw new TradeLearnError('STORE_FAILED', `The database did not answer for ${waited} ms of trying: ${said}.`)
      }
      await wait(pause)
      waited += pause
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
  }
}

/** What an error of a driver says, in one line. */
function sayingOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  const text = `${typeof message === 'string' && message !== '' ? message : String(error)}`
    .split('\n')[0]!
    .slice(0, 200)
  return typeof code === 'string' ? `${text} (${code})` : text
}

/** The host's timers. */
export const pauseOf = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Fails with a code of a lost connection unless `work` ends in time: a broken line may never say so. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(Object.assign(new Error(`no answer in ${milliseconds} ms`), { code: 'ETIMEDOUT' })),
      milliseconds,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
