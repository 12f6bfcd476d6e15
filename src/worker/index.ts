/**
 * The script that training threads run. Not to be imported: `TrainingPool` and `BackgroundTrainer` start it. A bundler
 * that cannot see that wants it as an entry of its own, and they its address:
 *
 *     const spawn = () => webThread(new Worker(new URL('tradelearn/worker', import.meta.url), { type: 'module' }))
 *     new TrainingPool({ spawn })
 *
 * @packageDocumentation
 */
import {
  answer,
  type Parcel,
  READY,
  type TrainingReply,
  type TrainingRequest,
} from '../learners/gradient-boosting/message.ts'
import { answerRetrain, defaultRecipe, isRetrainJob } from '../lifecycle/background-trainer/worker-side.ts'

type Port = { on(event: 'message', listener: (message: unknown) => void): void } & Speaker
type Speaker = { postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void }
type Scope = Speaker & { onmessage: ((event: { data: unknown }) => void) | null }
type Modules = {
  readonly 'node:worker_threads': { readonly parentPort: Port | null }
  readonly 'node:os': { setPriority(id: number, priority: number): void }
}
type Host = {
  process?: {
    readonly platform: string
    getBuiltinModule?: <Name extends keyof Modules>(name: Name) => Modules[Name] | undefined
  }
}

/** How far a thread stands back, from 0 to 19: the bot's own has nine times its share of a core that both want. */
const NICENESS = 10

const host = (globalThis as unknown as Host).process
const port = host?.getBuiltinModule?.('node:worker_threads')?.parentPort
if (port) {
  giveWay()
  port.on('message', (message) => hear(message, port))
  sendBy(port)(READY)
} else if ('WorkerGlobalScope' in globalThis) {
  const scope = globalThis as unknown as Scope
  scope.onmessage = ({ data }) => hear(data, scope)
  sendBy(scope)(READY)
}

/**
 * Lets the bot's own thread go first where there are not enough cores. Linux alone counts threads: elsewhere this would be said
 * of the whole process.
 */
function giveWay(): void {
  if (host?.platform !== 'linux') return
  try {
    host.getBuiltinModule?.('node:os')?.setPriority(0, NICENESS)
  } catch {
    // a host that forbids it has its reasons
  }
}

/** Does what is asked: one fit of trees for a `TrainingPool`, or a whole retraining for a `BackgroundTrainer`. */
function hear(message: unknown, speaker: Speaker): void {
  if (isRetrainJob(message)) {
    answerRetrain(message, [defaultRecipe], (reply, transfer) => speaker.postMessage(reply, transfer))
  } else answer(message as TrainingRequest, sendBy(speaker))
}

function sendBy(speaker: Speaker): (parcel: Parcel<TrainingReply>) => void {
  return ({ message, transfer }) => speaker.postMessage(message, transfer)
}
