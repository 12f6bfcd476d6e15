import { answer, READY, type TrainingRequest } from '../../src/learners/gradient-boosting/message.ts'
import type { Thread } from '../../src/lifecycle/index.ts'

/** What a {@link threadDouble} has been through. */
export type ThreadDouble = Thread & {
  readonly posted: TrainingRequest[]
  ended: boolean
  /** What has been said of the life of the process. */
  readonly life: string[]
  /** Says that it has loaded. */
  load(): void
  /** Fails as a thread does that ends by itself. */
  die(): void
}

/** How a {@link threadDouble} behaves. */
export type Manner = 'prompt' | 'loads when told' | 'never answers'

/** A thread that is none: it works here, a little later, and says what it has to say as a real one does. */
export function threadDouble(manner: Manner = 'prompt'): ThreadDouble {
  let say = (_message: unknown): void => {}
  let fail = (_reason: string): void => {}
  const later = (act: () => void): void => void setTimeout(() => double.ended || act(), 0)
  const double: ThreadDouble = {
    posted: [],
    ended: false,
    life: [],
    load: () => say(READY.message),
    die: () => fail('it died'),
    listen(onMessage, onFailure) {
      say = onMessage
      fail = onFailure
      if (manner !== 'loads when told') later(() => say(READY.message))
    },
    post(message, transfer) {
      const request = structuredClone(message, { transfer: [...transfer] }) as TrainingRequest
      double.posted.push(request)
      if (manner !== 'never answers') later(() => answer(request, (reply) => later(() => say(reply.message))))
    },
    hold: () => void double.life.push('hold'),
    release: () => void double.life.push('release'),
    async end() {
      double.life.push('end')
      double.ended = true
    },
  }
  return double
}
