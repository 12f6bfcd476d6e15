import { show, TradeLearnError } from '../core/errors.ts'
import { ModelRegistry, type ModelStore, type ModelVersion, unpackRegistryEvent } from '../lifecycle/index.ts'
import { nodeFs } from '../store/node-fs.ts'
import { readJournal } from '../store/read-journal.ts'

/** As many cards and moves as a journal may hold: what a bot would let go is shown. */
export const ALL_CARDS = { maxCards: 1_000_000, remember: 1_000_000 } as const

/** A registry as its journal has it, and what one should know of that. */
export type RegistryReading = { readonly registry: ModelRegistry; readonly notes: readonly string[] }

/**
 * Reads the registry that a directory's journal keeps, without taking its lock or changing anything.
 *
 * @throws `INVALID_INPUT` where the journal is none of a registry, and as `readJournal`
 */
export async function readRegistry(directory: string): Promise<RegistryReading> {
  const { snapshot, events, notes } = await readJournal(nodeFs, directory)
  let registry = new ModelRegistry(ALL_CARDS)
  let done = 0
  try {
    if (snapshot !== null) {
      registry = ModelRegistry.restore(snapshot.value as never, ALL_CARDS)
      done++
    }
    for (const { event } of events) {
      registry.apply(unpackRegistryEvent(event))
      done++
    }
  } catch (error) {
    const { message } = error as Error
    if (done > 0) throw new TradeLearnError('CORRUPT_STORE', `The registry's journal cannot be: ${message}`)
    throw new TradeLearnError('INVALID_INPUT', `${show(directory)} must hold a registry of models, got: ${message}`)
  }
  return { registry, notes }
}

/** Whether a version's model is there and what it was: `'card only'` where none is kept. */
export type BodyState = 'ok' | 'missing' | 'damaged' | 'card only'

/** Reads and hashes a version's model. @throws `STORE_FAILED` */
export async function bodyState(models: ModelStore, { kept, model }: ModelVersion): Promise<BodyState> {
  if (!kept || model === null) return 'card only'
  try {
    return (await models.get(model.hash)) === undefined ? 'missing' : 'ok'
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'CORRUPT_MODEL' || code === 'CORRUPT_SNAPSHOT') return 'damaged'
    throw error
  }
}

/** The version that somebody means: its number, its id, or an alias. @throws `UNKNOWN_MODEL` */
export function versionNamed(registry: ModelRegistry, name: string): ModelVersion {
  const known = registry.versions.find(({ version, id }) => name === String(version) || name === id)
  if (known !== undefined) return known
  const target = /^[a-z][a-z0-9_-]*$/.test(name) ? registry.target(name) : null
  if (target !== null) return registry.find(target)
  const there = registry.versions.at(-1)
  throw new TradeLearnError(
    'UNKNOWN_MODEL',
    `A version must be a number, an id or an alias of this registry, got ${show(name)}; ` +
      `${there ? `the newest is ${there.version}, ${show(there.id)}` : 'there is none yet'}.`,
  )
}
