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
type Host = {
  process?: { getBuiltinModule?: (name: string) => { parentPort: Port | null } | undefined }
}

const port = (globalThis as unknown as Host).process?.getBuiltinModule?.('node:worker_threads')?.parentPort
if (port) {
  port.on('message', (message) => hear(message, port))
  sendBy(port)(READY)
} else if ('WorkerGlobalScope' in globalThis) {
  const scope = globalThis as unknown as Scope
  scope.onmessage = ({ data }) => hear(data, scope)
  sendBy(scope)(READY)
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
