/** A thread, as far as training needs one; the same in Node and in browsers. */
export type Thread = {
  /** Sends a message; the buffers are handed over. */
  post(message: unknown, transfer: readonly ArrayBuffer[]): void
  /** Called with each message, and with a reason when the thread has failed or ended. */
  listen(onMessage: (message: unknown) => void, onFailure: (reason: string) => void): void
  /** Keeps the process alive until {@link release}: there is work. */
  hold(): void
  /** Lets the process end though the thread is still there. */
  release(): void
  /** Ends the thread, whatever it is doing. */
  end(): Promise<void>
}

/** Starts a thread that runs `tradelearn/worker`. @throws whatever the host throws where it has no threads */
export type Spawn = () => Thread

/** What {@link nodeThread} needs of a `Worker` of `node:worker_threads`. */
export type NodeWorker = {
  /** Sends a message; what is in `transfer` moves along. */
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  /** Hears `"message"`, `"error"`, `"messageerror"` and `"exit"`. */
  on(event: string, listener: (value: unknown) => void): void
  /** Ends the thread. */
  terminate(): Promise<number>
  /** Lets the process end although the thread is there. */
  unref(): void
  /** Keeps the process going while the thread is there. */
  ref(): void
}

/** What {@link webThread} needs of a browser's `Worker`. */
export type WebWorker = {
  /** Sends a message; what is in `transfer` moves along. */
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  /** Hears `"message"`, `"error"` and `"messageerror"`. */
  addEventListener(event: string, listener: (event: { data?: unknown; message?: string }) => void): void
  /** Ends the thread. */
  terminate(): void
}

type Host = {
  process?: {
    getBuiltinModule?: (name: string) => { Worker: new (url: URL, options: object) => NodeWorker } | undefined
  }
  Worker?: new (url: URL, options: object) => WebWorker
}

/** The script that threads run: beside this file in the package, in its folder in the sources. */
const script = (): URL =>
  import.meta.url.endsWith('.ts')
    ? new URL('../worker/index.ts', import.meta.url)
    : new URL('./worker.js', import.meta.url)

/** Whether threads can share memory here: browsers let them on pages alone that are isolated from other origins. */
export const canShareMemory = (): boolean => typeof SharedArrayBuffer === 'function'

/** Starts a thread of the host: a worker of Node or of the browser. */
export function spawnThread(): Thread {
  const host = globalThis as unknown as Host
  const threads = host.process?.getBuiltinModule?.('node:worker_threads')
  if (threads) return nodeThread(new threads.Worker(script(), { name: 'tradelearn training' }))
  if (host.Worker) return webThread(new host.Worker(script(), { type: 'module', name: 'tradelearn training' }))
  throw new Error('there are no worker threads here')
}

/** A worker of Node, as a thread. */
export function nodeThread(worker: NodeWorker): Thread {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen(onMessage, onFailure) {
      worker.on('message', onMessage)
      worker.on('error', (error) => onFailure((error as Error).message))
      worker.on('messageerror', (error) => onFailure((error as Error).message))
      worker.on('exit', (code) => onFailure(`it ended with code ${code}`))
    },
    hold: () => worker.ref(),
    release: () => worker.unref(),
    async end() {
      await worker.terminate()
    },
  }
}

/** A worker of the browser, as a thread. */
export function webThread(worker: WebWorker): Thread {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen(onMessage, onFailure) {
      worker.addEventListener('message', ({ data }) => onMessage(data))
      worker.addEventListener('error', ({ message }) => onFailure(message ?? 'it failed to load'))
      worker.addEventListener('messageerror', () => onFailure('a message could not be read'))
    },
    hold() {},
    release() {},
    async end() {
      worker.terminate()
    },
  }
}
