import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What a peer answers; times in milliseconds. */
export type Answer = {
  readonly bin: number
  readonly train: number
  readonly total: number
  readonly cpu: number
  readonly bytes: number
  readonly [other: string]: unknown
}

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }

/** Ends a peer that does not leave by itself, in milliseconds. */
const PATIENCE = 5000
/** Characters of its standard error that are kept, to say why it ended. */
const LAST_WORDS = 2000

/** Another process that trains and predicts when told to: one JSON object a line, there and back. */
export class Peer {
  readonly #process: ChildProcess
  readonly #waiting: Waiting[] = []
  #words = ''

  constructor(command: string, args: readonly string[]) {
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#answer(line))
    this.#process.stderr!.on('data', (text) => {
      this.#words = `${this.#words}${text}`.slice(-LAST_WORDS)
    })
    this.#process.on('error', (error) => this.#fail(error))
    this.#process.on('exit', () => this.#fail(new Error(`A peer (${command}) has ended. ${this.#words}`)))
    this.#process.stdin!.on('error', () => {})
  }

  /** Sends a command and waits for the answer. */
  ask(command: { readonly do: string; readonly [key: string]: unknown }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null) reject(new Error(`A peer has ended. ${this.#words}`))
      this.#waiting.push({ resolve, reject })
      this.#process.stdin!.write(`${JSON.stringify(command)}\n`)
    })
  }

  /** Lets it go. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.pid === undefined) return
    const gone = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.stdin!.end()
    const timer = setTimeout(() => this.#process.kill(), PATIENCE)
    await gone
    clearTimeout(timer)
  }

  #answer(line: string): void {
    const answer = JSON.parse(line) as Answer
    const next = this.#waiting.shift()
    if (typeof answer['error'] === 'string') next?.reject(new Error(answer['error']))
    else next?.resolve(answer)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/** A library in another process, ready to be asked. */
export type Library = {
  readonly peer: Peer
  /** What it is called in tables, with its version. */
  readonly name: string
  /** The key that `fit` knows it by. */
  readonly key: 'lightgbm' | 'xgboost' | 'ml-xgboost'
  /** Its shared library, where it has one. */
  readonly file: string | undefined
  /** Starts one more process of the same kind, for what needs a fresh one. */
  readonly another: () => Peer
}

/** Starts a peer by the first of these interpreters that can import `key`; `undefined` where none can. */
export async function findPython(
  key: 'lightgbm' | 'xgboost',
  pythons: readonly string[],
): Promise<Library | undefined> {
  const names = { lightgbm: 'LightGBM', xgboost: 'XGBoost' }
  for (const python of new Set(pythons)) {
    const found = await greet(
      key,
      names[key],
      () => new Peer(python, [fileURLToPath(new URL('peer.py', import.meta.url))]),
    )
    if (found) return found
  }
  return undefined
}

/** Starts a peer that runs the npm package `ml-xgboost`; `undefined` where it is not installed. */
export function findPackage(): Promise<Library | undefined> {
  const script = fileURLToPath(new URL('npm-peer.ts', import.meta.url))
  return greet('ml-xgboost', 'ml-xgboost', () => new Peer(process.execPath, [...process.execArgv, script]))
}

async function greet(key: Library['key'], label: string, another: () => Peer): Promise<Library | undefined> {
  const peer = another()
  try {
    const hello = await peer.ask({ do: 'hello' })
    const file = typeof hello['library'] === 'string' ? hello['library'] : undefined
    if (typeof hello[key] === 'string') return { peer, name: `${label} ${hello[key]}`, key, file, another }
  } catch {
    // no such interpreter, or one without numpy: the next may do
  }
  await peer.close()
  return undefined
}
