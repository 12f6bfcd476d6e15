/** A thread, or a process of its own, as far as training needs one; the same in Node and in browsers. */
export type Thread = {
  /** Sends a message; the buffers are handed over, or copied where they cannot be. */
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

/** What is needed of a `ChildProcess` of `node:child_process`. */
type NodeProcess = {
  send(message: unknown): boolean
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown, signal?: unknown) => void): void
  kill(signal: 'SIGKILL'): boolean
  unref(): void
  ref(): void
  readonly channel?: { ref(): void; unref(): void } | null
}

type Modules = {
  readonly 'node:worker_threads': { Worker: new (url: URL, options: object) => NodeWorker; parentPort: NodePort | null }
  readonly 'node:os': { setPriority(id: number, priority: number): void }
  readonly 'node:child_process': { fork(script: URL, options: object): NodeProcess }
}
type NodePort = {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: unknown) => void): void
}
type Host = {
  process?: {
    getBuiltinModule?: <Name extends keyof Modules>(name: Name) => Modules[Name] | undefined
    readonly platform: string
    readonly ppid: number
    readonly execArgv: readonly string[]
    readonly env: { readonly [name: string]: string | undefined }
    send?(message: unknown, sent: (error: unknown) => void): boolean
    on(event: 'message' | 'disconnect', listener: (message: unknown) => void): void
    exit(): void
  }
  Worker?: new (url: URL, options: object) => WebWorker
  WorkerGlobalScope?: unknown
  postMessage?(message: unknown, transfer: readonly ArrayBuffer[]): void
  onmessage?: ((event: { data: unknown }) => void) | null
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

/** What tells a process that it is there to train: a bot may have been forked by something else. */
const TRAINS = 'TRADELEARN_TRAINS'
/** What a process that trains is told not to do: it would open the debugger's port anew, or run the parent's own code. */
const NOT_FOR_CHILDREN = /^(--inspect|--cpu-prof|--heap-prof)/
const CODE_FOLLOWS = ['-e', '--eval', '-p', '--print', '-pe']

/**
 * Starts a process of Node that trains, with one thread and of low priority: for a `BackgroundTrainer` on a machine with few
 * cores, where the helpers of a worker thread, which compile and collect garbage, get in the way of the thread that decides. It
 * can run out of memory without the bot's, and ends at its next message where the bot is gone. Its messages are copied, so a
 * `TrainingPool` can have only one thread of this kind. `file` is a script of yours that calls `serveRetrains` or `serveTrials`,
 * the library's own where left out.
 *
 * @throws where the host has no processes
 *
 * @example
 * ```ts
 * const trainer = new BackgroundTrainer({ schema, adopt, spawn: () => spawnProcess() })
 * ```
 */
export function spawnProcess(file: URL = script()): Thread {
  const host = (globalThis as unknown as Host).process
  const processes = host?.getBuiltinModule?.('node:child_process')
  if (!host || !processes) throw new Error('there are no processes here')
  const given = host.execArgv.filter(
    (flag, i, all) =>
      !NOT_FOR_CHILDREN.test(flag) && !CODE_FOLLOWS.includes(flag) && !CODE_FOLLOWS.includes(all[i - 1] ?? ''),
  )
  return processThread(
    processes.fork(file, {
      execArgv: [...given, '--single-threaded'],
      env: { ...host.env, [TRAINS]: '1' },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  )
}

/** A process of Node, as a thread. */
function processThread(child: NodeProcess): Thread {
  const gone = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', () => resolve())
  })
  return {
    post: (message) => void child.send(message),
    listen(onMessage, onFailure) {
      child.on('message', onMessage)
      child.on('error', (error) => onFailure((error as Error).message))
      child.on('exit', (code, signal) => onFailure(`it ended with ${code === null ? signal : `code ${code}`}`))
    },
    hold() {
      child.ref()
      child.channel?.ref()
    },
    release() {
      child.unref()
      child.channel?.unref()
    },
    async end() {
      // else the process that waits for its end could end before it
      child.ref()
      child.kill('SIGKILL')
      await gone
    },
  }
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

/** Whoever has started this thread or process. */
export type Parent = {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void
  /** Hears its messages, and stands back for it from now on. To be called once. */
  listen(hear: (message: unknown) => void): void
}

/** How far a thread stands back, from 0 to 19: the bot's own has nine times its share of a core that both want. */
const NICENESS = 10

/** Whoever has started this thread or process and waits for its messages; undefined where it is neither. */
export function parentOf(): Parent | undefined {
  const scope = globalThis as unknown as Host
  const { process: host } = scope
  const standBack = (): void => {
    try {
      host?.getBuiltinModule?.('node:os')?.setPriority(0, NICENESS)
    } catch {
      // a host that forbids it has its reasons
    }
  }
  const port = host?.getBuiltinModule?.('node:worker_threads')?.parentPort
  if (port) {
    return {
      post: (message, transfer) => port.postMessage(message, transfer),
      listen(hear) {
        // Linux alone counts threads: elsewhere this would be said of the bot's whole process
        if (host?.platform === 'linux') standBack()
        port.on('message', hear)
      },
    }
  }
  if (host?.send && host.env[TRAINS]) {
    const bot = host.ppid
    return {
      // whoever works hears of no end of its parent, but is another's child by then: nobody is left to train for
      post: (message) => {
        if (host.ppid !== bot) host.exit()
        host.send!(message, (error) => void (error && host.exit()))
      },
      listen(hear) {
        standBack()
        host.on('message', hear)
        host.on('disconnect', () => host.exit())
      },
    }
  }
  if (!('WorkerGlobalScope' in globalThis)) return undefined
  return {
    post: (message, transfer) => scope.postMessage!(message, transfer),
    listen: (hear) => void (scope.onmessage = ({ data }) => hear(data)),
  }
}
