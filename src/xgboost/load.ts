import { TradeLearnError } from '../core/errors.ts'

/** The part of the compiled XGBoost that we use: its C functions, and its memory, which is replaced when it grows. */
export type XgboostModule = {
  readonly isReady: Promise<unknown>
  print: (text: string) => void
  printErr: (text: string) => void
  readonly HEAPU8: Uint8Array
  readonly HEAPF32: Float32Array
  _malloc(bytes: number): number
  _free(pointer: number): void
  _create_model(rows: number, labels: number, count: number, columns: number): number
  _set_param(model: number, name: number, value: number): void
  _train_full_model(model: number, iterations: number): void
  _predict_one(model: number, row: number, columns: number, out: number): number
  _save_model(model: number): number
  _get_file_content(out: number, bytes: number): void
  _load_model(bytes: number, length: number): number
  _free_memory_model(model: number): void
}

/** Where the compiled code stands in the package: without the package's own class, and its second copy of ml-matrix. */
const FILE = 'ml-xgboost/dist/wasm/xgboost.js'

/** What it says on every load, because it was made before fetch came to Node. */
const NOISE = /^(?:wasm streaming compile failed|falling back to ArrayBuffer instantiation)/

/** The source of the handler that it adds to the process: everybody's errors then end in its own minified line. */
const HANDLER = /^function\s*\(ex\)\s*\{\s*if\s*\(!\(ex \w+ ExitStatus\)\)\s*\{\s*throw ex;?\s*\}\s*\}$/

type Listener = (...args: never[]) => void
type Host = {
  readonly process?: {
    listeners?(event: string): Listener[]
    removeListener?(event: string, listener: Listener): void
  }
  readonly console?: { warn: (...args: unknown[]) => void }
}

/** Loads wait for one another, for what they put right is the whole process's. */
let turn: Promise<unknown> | undefined

/**
 * Loads the package and takes back what doing so does to the process: two lines on stderr, and a handler of everybody's
 * uncaught exceptions. `from` imports the compiled code where the package cannot be found by its name, as in bundles.
 *
 * @throws `MISSING_PACKAGE`
 */
export async function loadXgboost(from: () => Promise<unknown> = importPackage): Promise<XgboostModule> {
  const before = turn
  const mine = (async (): Promise<XgboostModule> => {
    await before?.catch(() => undefined)
    return loadQuietly(from)
  })()
  turn = mine
  return mine
}

/** A name in a variable, so that bundlers do not look for a package that is optional. */
const importPackage = (): Promise<unknown> => {
  const name: string = FILE
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name)
}

async function loadQuietly(from: () => Promise<unknown>): Promise<XgboostModule> {
  const { process, console } = globalThis as unknown as Host
  const handlers = process?.listeners?.('uncaughtException') ?? []
  const warn = console?.warn
  const quiet = (...args: unknown[]): void => {
    if (!NOISE.test(String(args[0]))) warn?.apply(console, args)
  }
  if (console) console.warn = quiet
  try {
    const module = await importFrom(from)
    await module.isReady
    // it kept the function that stood there when it was loaded
    if (module.printErr === quiet && warn) module.printErr = warn
    return module
  } finally {
    if (console && warn && console.warn === quiet) console.warn = warn
    const added = process?.listeners?.('uncaughtException').filter((handler) => !handlers.includes(handler)) ?? []
    const its = added.find((handler) => HANDLER.test(String(handler)))
    if (its) process?.removeListener?.('uncaughtException', its)
  }
}

const FUNCTIONS = [
  '_malloc',
  '_free',
  '_create_model',
  '_set_param',
  '_train_full_model',
  '_predict_one',
  '_save_model',
  '_get_file_content',
  '_load_model',
  '_free_memory_model',
] as const

async function importFrom(from: () => Promise<unknown>): Promise<XgboostModule> {
  let loaded: unknown
  try {
    loaded = await from()
  } catch (error) {
    throw new TradeLearnError(
      'MISSING_PACKAGE',
      `XgboostLearner needs the package ml-xgboost: npm install ml-xgboost (${(error as Error)?.message}).`,
    )
  }
  // CommonJS comes as the default of a namespace, or of a namespace in a namespace; some show its names as theirs too
  let module = loaded as (Partial<XgboostModule> & { readonly default?: unknown }) | null | undefined
  while (typeof module?.default === 'object') module = module.default as typeof module
  if (typeof module?.isReady?.then === 'function') await module.isReady
  const lacks = FUNCTIONS.find((name) => typeof module?.[name] !== 'function')
  if (lacks === undefined) return module as XgboostModule
  throw new TradeLearnError('MISSING_PACKAGE', `Wanted ml-xgboost 1.1.2 (${FILE}), got a module without "${lacks}".`)
}
