import { TradeLearnError } from '../core/errors.ts'
import type { XgboostModule } from './load.ts'

/** A model within the compiled code's memory, which no garbage collector sees. */
export type Handle = {
  readonly pointer: number
  /** What frees it, once. */
  free(): void
}

/** A table as the compiled code reads it: float32, rows one after another. */
export type FloatTable = { readonly x: Float32Array; readonly y: Float32Array; readonly features: number }

/** Measured: what training takes for one value of the table, with its copies and histograms. */
const BYTES_PER_VALUE = 32
/** The compiled code addresses 2 GB; some of it is for trees. */
const MOST_BYTES = 1.8e9

/**
 * XGBoost's C functions with their traps closed: tables go through the heap and not the 5 MB stack, printed text becomes
 * part of the error, thrown numbers become coded errors, and whatever is forgotten is freed with its owner.
 */
export class XgboostEngine {
  readonly #module: XgboostModule
  readonly #forgotten: FinalizationRegistry<() => void>

  constructor(module: XgboostModule) {
    this.#module = module
    this.#forgotten = new FinalizationRegistry((free) => free())
  }

  /** Sets up a training; every {@link grow} then adds trees. The caller frees it. */
  prepare({ x, y, features }: FloatTable, params: { readonly [name: string]: string }): Handle {
    const module = this.#module
    if (x.length * BYTES_PER_VALUE > MOST_BYTES) {
      const most = Math.floor(MOST_BYTES / BYTES_PER_VALUE / features)
      throw new TradeLearnError(
        'INVALID_INPUT',
        `ml-xgboost has memory for about ${most} rows of ${features} features, got ${y.length}.`,
      )
    }
    return this.#guard('set up a training', () => {
      const rows = this.#put(x)
      const labels = this.#put(y)
      const pointer = module._create_model(rows, labels, y.length, features)
      module._free(rows)
      module._free(labels)
      const handle = this.#own(pointer)
      for (const [name, value] of Object.entries(params)) {
        const strings = [this.#putText(name), this.#putText(value)] as const
        module._set_param(pointer, ...strings)
        for (const string of strings) module._free(string)
      }
      return handle
    })
  }

  /** Adds so many trees. */
  grow(training: Handle, trees: number): void {
    this.#guard('train on these rows', () => this.#module._train_full_model(training.pointer, trees))
  }

  /** The model as bytes. */
  save(training: Handle): Uint8Array {
    const module = this.#module
    return this.#guard('save the model', () => {
      const bytes = module._save_model(training.pointer)
      if (!(bytes > 0)) throw new Error(`got ${bytes} bytes`)
      const at = this.#room(bytes)
      module._get_file_content(at, bytes)
      const copy = module.HEAPU8.slice(at, at + bytes)
      module._free(at)
      return copy
    })
  }

  /** A model from the bytes that {@link save} gave. */
  load(bytes: Uint8Array): Handle {
    const module = this.#module
    return this.#guard('read the model', () => {
      const at = this.#room(bytes.length)
      module.HEAPU8.set(bytes, at)
      const pointer = module._load_model(at, bytes.length)
      module._free(at)
      if (pointer === 0) throw new Error('it is no model')
      return this.#own(pointer)
    })
  }

  /** Room for a vector and the prediction behind it, for {@link predict}. */
  createRow(features: number): Handle {
    const pointer = this.#room(4 * (features + 1))
    return this.#keep(pointer, () => this.#module._free(pointer))
  }

  /** The first number that the model predicts for the vector `x`. Allocates nothing on this side. */
  predict(model: Handle, row: Handle, x: Float64Array, read: (value: number) => number): number {
    const module = this.#module
    const features = x.length
    const at = row.pointer >> 2
    const heap = module.HEAPF32
    for (let f = 0; f < features; f++) heap[at + f] = read(x[f]!)
    module._predict_one(model.pointer, row.pointer, features, row.pointer + 4 * features)
    // the memory may have been replaced
    return module.HEAPF32[at + features]!
  }

  #own(pointer: number): Handle {
    return this.#keep(pointer, () => this.#module._free_memory_model(pointer))
  }

  /** Frees with its handle what the handle's owner forgets to free. */
  #keep(pointer: number, release: () => void): Handle {
    const forgotten = this.#forgotten
    const once = onlyOnce(release)
    // no closure here may hold the handle itself, or it would never be collected
    const handle: Handle = {
      pointer,
      free() {
        forgotten.unregister(this)
        once()
      },
    }
    forgotten.register(handle, once, handle)
    return handle
  }

  #room(bytes: number): number {
    const pointer = this.#module._malloc(bytes)
    if (pointer !== 0) return pointer
    throw new TradeLearnError('INVALID_INPUT', `ml-xgboost has no memory for another ${bytes} bytes.`)
  }

  #put(values: Float32Array): number {
    const pointer = this.#room(4 * Math.max(1, values.length))
    this.#module.HEAPF32.set(values, pointer >> 2)
    return pointer
  }

  #putText(text: string): number {
    const bytes = new TextEncoder().encode(`${text}\0`)
    const pointer = this.#room(bytes.length)
    this.#module.HEAPU8.set(bytes, pointer)
    return pointer
  }

  /** Runs `action` with the module's voice taken, and turns what it throws, numbers mostly, into a coded error. */
  #guard<T>(what: string, action: () => T): T {
    const module = this.#module
    const { print, printErr } = module
    const said: string[] = []
    module.print = module.printErr = (text) => {
      if (said.length < 20) said.push(String(text))
    }
    try {
      return action()
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== undefined) throw error
      const reason = said.at(-1) ?? (error as Error)?.message ?? String(error)
      throw new TradeLearnError('INVALID_INPUT', `ml-xgboost could not ${what}: ${reason.slice(0, 200)}`)
    } finally {
      module.print = print
      module.printErr = printErr
    }
  }
}

function onlyOnce(release: () => void): () => void {
  let held = true
  return () => {
    if (held) release()
    held = false
  }
}

/** Kept as long as their modules are, for with an engine would go the registry of what to free. */
const engines: WeakMap<XgboostModule, XgboostEngine> = new WeakMap()

/** The engine over a loaded module. */
export function engineFor(module: XgboostModule): XgboostEngine {
  const engine = engines.get(module) ?? new XgboostEngine(module)
  engines.set(module, engine)
  return engine
}
