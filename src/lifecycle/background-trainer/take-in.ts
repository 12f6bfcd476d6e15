import type { Codec, Learner, Serializable, Snapshot } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { parseSnapshot, restore } from '../../core/snapshot.ts'
import { checkTask, type Models } from '../parts.ts'
import { scaled } from './in-slices.ts'
import { type GoldenRows, hashInSteps, MODEL_NAMES, type PackedModels } from './protocol.ts'

/** What a candidate from elsewhere is checked against. */
export type TakeInOptions = {
  readonly features: number
  readonly codecs: readonly Codec[]
  /** Most bytes of all models together. */
  readonly maxBytes: number
}

const TASKS = { success: 'binary', expectedReturn: 'regression', stopRisk: 'binary' } as const

/**
 * Reads models that a thread has made and believes nothing: the bytes must have the hash that came with them, codecs must
 * accept each snapshot, and each model must say of the golden rows, to the bit, what it said over there, all finite.
 *
 * One model a step, so that the event loop turns in between. About 10 ms a megabyte.
 *
 * @throws `CORRUPT_MODEL`, and what codecs throw
 */
export function* takeIn(
  packed: PackedModels,
  golden: GoldenRows,
  options: TakeInOptions,
): Generator<number, Models, void> {
  const bytes = MODEL_NAMES.map((name) => asBytes(`models.${name}`, packed?.[name]))
  const size = bytes.reduce((sum, { length }) => sum + length, 0)
  if (size > options.maxBytes) corrupt(`The models must have at most ${options.maxBytes} bytes, got ${size}`)
  const { x, rows } = checkGolden(golden, options.features)
  const hash = yield* scaled(hashInSteps(bytes), 0, 0.1)
  if (packed.hash !== hash) {
    corrupt(`The models must have the hash ${show(packed.hash)} that came with them, got ${hash}: bytes were altered`)
  }
  const models = {} as { [name in (typeof MODEL_NAMES)[number]]: Learner }
  for (const [m, name] of MODEL_NAMES.entries()) {
    const json = parseSnapshot(new TextDecoder().decode(bytes[m]!))
    yield (m + 0.3) / MODEL_NAMES.length
    models[name] = readModel(name, json, options.codecs)
    yield (m + 0.6) / MODEL_NAMES.length
    for (let row = 0; row < rows; row++) {
      const wanted = golden.outputs[row * MODEL_NAMES.length + m]!
      const got = models[name].predict(x(row))
      if (!Number.isFinite(got)) corrupt(`"${name}" must predict finite numbers, got ${got} for golden row ${row}`)
      if (!Object.is(got, wanted)) {
        corrupt(`"${name}" must say of golden row ${row} what it said in the worker, ${wanted}, got ${got}`)
      }
    }
    yield (m + 1) / MODEL_NAMES.length
  }
  return models
}

function readModel(name: keyof typeof TASKS, json: Snapshot, codecs: readonly Codec[]): Learner {
  const model: Serializable = restore(json, codecs)
  if (!('predict' in model && 'learn' in model)) corrupt(`"${name}" must be a learner, got ${show(json.type)}`)
  return checkTask(name, model as Learner, TASKS[name])
}

function checkGolden(golden: GoldenRows, features: number): { rows: number; x: (row: number) => Float64Array } {
  const { x, outputs } = golden ?? {}
  if (!(x instanceof Float64Array) || !(outputs instanceof Float64Array)) corrupt('Golden rows must be numbers')
  const rows = x.length / features
  if (!Number.isInteger(rows) || rows < 1 || outputs.length !== rows * MODEL_NAMES.length) {
    corrupt(
      `Golden rows must be of ${features} features with three outputs each, got ${x.length} and ${outputs.length}`,
    )
  }
  return { rows, x: (row) => x.subarray(row * features, (row + 1) * features) }
}

function asBytes(name: string, value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : corrupt(`"${name}" must be bytes, got ${show(value)}`)
}

function corrupt(fault: string): never {
  throw new TradeLearnError('CORRUPT_MODEL', `${fault}.`)
}
