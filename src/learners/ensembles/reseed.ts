import type { JsonObject, JsonValue, Learner } from '../../contracts.ts'
import { SeededRng } from '../../core/rng.ts'
import { packMember } from '../members.ts'

/** The snapshot of an unused learner as it would be with the seed `to` in the place of `from`. */
export function reseed(learner: Learner, from: number, to: number): JsonObject {
  const { options } = learner as { readonly options?: { readonly seed?: unknown } }
  if (String(options?.seed) !== String(from)) return exchange(packMember(learner), String(from), String(to))
  // what a class has drawn at the start it draws anew
  const Class = learner.constructor as new (options: object) => Learner
  return packMember(new Class({ ...options, seed: typeof options?.seed === 'number' ? to : String(to) }))
}

/** Exchanges the seeds of a snapshot's parts, and the states of generators that were made from them. */
function exchange<T extends JsonValue>(json: T, from: string, to: string): T {
  return exchangeIn(json, from, to) as T
}

function exchangeIn(json: JsonValue, from: string, to: string): JsonValue {
  if (json === null || typeof json !== 'object') return json
  if (Array.isArray(json)) return json.map((item: JsonValue) => exchangeIn(item, from, to))
  const record = json as JsonObject
  const { type, options } = record as { type?: JsonValue; options?: JsonObject }
  const seed = type === SeededRng.type ? options?.['seed'] : undefined
  if (typeof seed === 'string' && isSeed(seed, from)) return packMember(new SeededRng(exchanged(seed, from, to)))
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, exchangeAt(key, value, from, to)]))
}

function exchangeAt(key: string, value: JsonValue, from: string, to: string): JsonValue {
  if (key !== 'seed') return exchangeIn(value, from, to)
  if (typeof value === 'number') return String(value) === from ? Number(to) : value
  return typeof value === 'string' && isSeed(value, from) ? exchanged(value, from, to) : value
}

/** The seed itself, or one forked from it. */
const isSeed = (seed: string, from: string): boolean => seed === from || seed.startsWith(`${from}/`)
const exchanged = (seed: string, from: string, to: string): string => to + seed.slice(from.length)
