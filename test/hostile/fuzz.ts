import { SeededRng } from '../../src/core/rng.ts'
import { mutate } from './mutate.ts'
import type { Target } from './targets.ts'

/** What became of a target's inputs. */
export type FuzzReport = {
  readonly target: string
  readonly inputs: number
  readonly refused: number
  readonly accepted: number
  /** Milliseconds of the slowest input, and which it was. */
  readonly slowest: { readonly ms: number; readonly input: number }
  /** Errors by code. */
  readonly codes: ReadonlyMap<string, number>
  /** What must not happen, with the number of the input that did it. */
  readonly faults: readonly string[]
}

/** Codes with which a reader may refuse a file; no other fits. */
const CODES: readonly string[] = [
  'CORRUPT_SNAPSHOT',
  'UNKNOWN_SNAPSHOT',
  'UNSUPPORTED_VERSION',
  'SCHEMA_MISMATCH',
  'CORRUPT_MODEL',
  'UNSUPPORTED_MODEL',
  'INVALID_OPTION',
  'INVALID_INPUT',
  'INVALID_CANDLE',
  'INVALID_TIME',
  'AMBIGUOUS_CANDLE',
  'OPEN_CANDLE',
  'CONFLICTING_CANDLES',
  'INVALID_OUTCOME',
  'INVALID_SIGNAL',
  // a learner that was restored may refuse what the test asks of it
  'TOO_MANY_OPEN',
  'OUT_OF_ORDER',
  'DUPLICATE_CANDLE',
  'UNKNOWN_SYMBOL',
  'UNKNOWN_DECISION',
  'ALREADY_LEARNED',
  'NOT_ENOUGH_DATA',
]
/** Numbers that an array may be made for at once: some megabytes, for files of a megabyte at most. */
const LARGEST_ARRAY = 4_000_000
/** A message for people: no novel, no control characters. Escaped ones make it a little longer. */
const LONGEST_MESSAGE = 3000
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const UNFIT = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

const clean = Object.getOwnPropertyNames(Object.prototype).join()

/** Gives a target `inputs` damaged files, numbered from `first`, and says what became of them. */
export function fuzz(target: Target, inputs: number, seed: string, first = 0): FuzzReport {
  const codes = new Map<string, number>()
  const faults: string[] = []
  let accepted = 0
  let slowest = { ms: 0, input: first }
  const watched = watchArrays()
  try {
    for (let input = first; input < first + inputs; input++) {
      const file = inputOf(target, seed, input)
      watched.most = 0
      const start = performance.now()
      const fault = faultOf(() => target.use(file), codes)
      const ms = performance.now() - start
      if (ms > slowest.ms) slowest = { ms, input }
      if (fault === 'accepted') accepted++
      else if (fault !== 'refused') faults.push(`${target.name} #${input}: ${fault}`)
      if (watched.most > LARGEST_ARRAY) faults.push(`${target.name} #${input}: an array of ${watched.most}`)
      const polluted = 'polluted' in {} || Object.getOwnPropertyNames(Object.prototype).join() !== clean
      if (polluted) throw new Error(`${target.name} #${input} changed Object.prototype`)
    }
  } finally {
    watched.end()
  }
  return { target: target.name, inputs, refused: inputs - accepted, accepted, slowest, codes, faults }
}

/** The `input`th damaged file. */
export function inputOf(target: Target, seed: string, input: number): string | Uint8Array {
  const rng = new SeededRng(`${seed}/${target.name}/${input}`)
  const original = target.seeds[Math.floor(rng.next() * target.seeds.length)]!
  return mutate(original, target.form, rng)
}

function faultOf(act: () => void, codes: Map<string, number>): string {
  try {
    act()
    return 'accepted'
  } catch (error) {
    const { name, code, message, stack } = error as Error & { code?: string }
    if (name !== 'TradeLearnError' || !CODES.includes(code!))
      return `${name} ${code} ${stack?.split('\n').slice(0, 4).join(' ')}`
    codes.set(code!, (codes.get(code!) ?? 0) + 1)
    if (message.length > LONGEST_MESSAGE) return `a message of ${message.length} characters: ${message.slice(0, 100)}`
    if (UNFIT.test(message)) return `a message with control characters: ${JSON.stringify(message)}`
    return 'refused'
  }
}

/** Notes the longest typed array that is made meanwhile. */
function watchArrays(): { most: number; end(): void } {
  const names = ['Float64Array', 'Float32Array', 'Int32Array', 'Uint32Array', 'Uint16Array', 'Uint8Array'] as const
  const host = globalThis as unknown as Record<string, new (...args: unknown[]) => object>
  const own = names.map((name) => host[name]!)
  const watch = {
    most: 0,
    end: () => names.forEach((name, i) => void (host[name] = own[i]!)),
  }
  for (const [i, name] of names.entries()) {
    host[name] = new Proxy(own[i]!, {
      construct(type, args: unknown[], newTarget) {
        if (typeof args[0] === 'number') watch.most = Math.max(watch.most, args[0])
        return Reflect.construct(type, args, newTarget === host[name] ? type : newTarget)
      },
    })
  }
  return watch
}
