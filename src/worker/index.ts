/**
 * The script that training threads run. Not to be imported: `TrainingPool` and `BackgroundTrainer` start it. A bundler
 * that cannot see that wants it as an entry of its own, and they its address:
 *
 *     const spawn = () => webThread(new Worker(new URL('tradelearn/worker', import.meta.url), { type: 'module' }))
 *     new TrainingPool({ spawn })
 *
 * @packageDocumentation
 */
import { answer, READY, type TrainingRequest } from '../learners/gradient-boosting/message.ts'
import { answerRetrain, defaultRecipe, isRetrainJob } from '../lifecycle/background-trainer/worker-side.ts'
import { type Parent, parentOf } from '../lifecycle/threads.ts'

type Host = {
  process?: {
    readonly platform: string
    getBuiltinModule?: (name: 'node:os') => { setPriority(id: number, priority: number): void } | undefined
  }
}

/** How far it stands back, from 0 to 19: the bot's own thread has nine times its share of a core that both want. */
const NICENESS = 10

const parent = parentOf()
if (parent) {
  giveWay(parent)
  parent.listen((message) => hear(message, parent))
  parent.post(READY.message, READY.transfer)
}

/**
 * Lets the bot's own thread go first where there are not enough cores. Linux alone counts threads: elsewhere this would be said
 * of the whole process, which must be one that does nothing else.
 */
function giveWay({ kind }: Parent): void {
  const host = (globalThis as unknown as Host).process
  if (kind === 'page' || (kind === 'thread' && host?.platform !== 'linux')) return
  try {
    host?.getBuiltinModule?.('node:os')?.setPriority(0, NICENESS)
  } catch {
    // a host that forbids it has its reasons
  }
}

/** Does what is asked: one fit of trees for a `TrainingPool`, or a whole retraining for a `BackgroundTrainer`. */
function hear(message: unknown, { post }: Parent): void {
  if (isRetrainJob(message)) answerRetrain(message, [defaultRecipe], post)
  else answer(message as TrainingRequest, (parcel) => post(parcel.message, parcel.transfer))
}
