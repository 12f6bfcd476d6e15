/**
 * The script that training threads run. Not to be imported: `TrainingPool` starts it. A bundler that cannot see that
 * wants it as an entry of its own, and the pool its address:
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

type Port = { on(event: 'message', listener: (message: TrainingRequest) => void): void } & Speaker
type Speaker = { postMessage(message: TrainingReply, transfer: readonly ArrayBuffer[]): void }
type Scope = Speaker & { onmessage: ((event: { data: TrainingRequest }) => void) | null }
type Host = {
  process?: { getBuiltinModule?: (name: string) => { parentPort: Port | null } | undefined }
}

const port = (globalThis as unknown as Host).process?.getBuiltinModule?.('node:worker_threads')?.parentPort
if (port) {
  port.on('message', (request) => answer(request, sendBy(port)))
  sendBy(port)(READY)
} else if ('WorkerGlobalScope' in globalThis) {
  const scope = globalThis as unknown as Scope
  scope.onmessage = ({ data }) => answer(data, sendBy(scope))
  sendBy(scope)(READY)
}

function sendBy(speaker: Speaker): (parcel: Parcel<TrainingReply>) => void {
  return ({ message, transfer }) => speaker.postMessage(message, transfer)
}
