import type { Snapshot } from '../../contracts.ts'
import { type TradeLearnError as Coded, show, TradeLearnError } from '../../core/errors.ts'
import { hashInSlices, modelBytes } from './content-hash.ts'
import type { ModelRegistry } from './model-registry.ts'
import type { ModelStore } from './model-store.ts'
import { CHAMPION, type ModelVersion } from './registry-state.ts'

/** Why a version could not be used. */
export type ModelFault = { readonly version: number; readonly id: string; readonly code: string; readonly text: string }

/** What was loaded, and what was wrong with all that were tried before it. */
export type LoadedModel<T = Snapshot> = {
  /** The version; null where nothing could be loaded, or nothing was asked for: the baseline decides. */
  readonly version: ModelVersion | null
  readonly model: T | null
  readonly faults: readonly ModelFault[]
  /** The three below are what the alert `MODEL_FALLBACK` reads. */
  readonly state: 'ready' | 'missing' | 'corrupt'
  readonly fallback: 'previous' | 'baseline' | null
  readonly reason: string
}

/** Options of {@link loadModel}. */
export type LoadModelOptions<T> = {
  /** Fingerprint of the features of today: models of others are not used. */
  readonly schema: string
  /** Makes the model of its snapshot, by codecs that the caller names; what it throws is a fault of the version. */
  readonly read: (model: Snapshot) => T
  /** @defaultValue 'champion' */
  readonly alias?: string
}

/**
 * Loads the model that an alias points to, having checked that it is the one that was registered, for the features of today.
 *
 * A champion that is missing, damaged, unreadable or of other features is replaced by the one before it, and so on, then by
 * the baseline; what was wrong is said of each (`faults`), and the aliases stay where they are: a disk that is away for a
 * minute must not rewrite the books. Any other alias has nothing to fall back to: a challenger that cannot be read is none.
 *
 * Never throws for what is wrong with a model. Reads 1 MB in about 30 ms, hashing in slices: at the start, not on the way to
 * a decision.
 */
export async function loadModel<T>(
  registry: ModelRegistry,
  store: ModelStore,
  { schema, read, alias = CHAMPION }: LoadModelOptions<T>,
): Promise<LoadedModel<T>> {
  const target = registry.target(alias)
  const versions = alias === CHAMPION ? registry.fallbacks : target === null ? [] : [target]
  const faults: ModelFault[] = []
  for (const number of versions) {
    const version = registry.find(number)
    try {
      return told<T>({ version, model: read(await fetchModel(version, store, schema)), faults })
    } catch (error) {
      const { code = 'CORRUPT_MODEL', message = String(error) } = error as Partial<Coded>
      faults.push({ version: number, id: version.id, code, text: message })
    }
  }
  return told<T>({ version: null, model: null, faults })
}

/** The snapshot of a version. @throws `SCHEMA_MISMATCH`, `MISSING_MODEL`, `CORRUPT_MODEL`, and what the store throws */
async function fetchModel(
  { id, model, schema: its }: ModelVersion,
  store: ModelStore,
  schema: string,
): Promise<Snapshot> {
  if (its !== schema) {
    throw new TradeLearnError(
      'SCHEMA_MISMATCH',
      `${id} must be of the features of today (${schema}), got ${show(its)}.`,
    )
  }
  const hash = model?.hash ?? ''
  const snapshot = await store.get(hash)
  if (snapshot === undefined) {
    throw new TradeLearnError('MISSING_MODEL', `The model of ${id} must be in the store, got none named ${hash}.`)
  }
  // a store of the user's own may not have looked
  const found = await hashInSlices(modelBytes(snapshot))
  if (found === hash) return snapshot
  throw new TradeLearnError('CORRUPT_MODEL', `The model of ${id} must have the hash ${hash}, got ${found}.`)
}

function told<T>(found: Pick<LoadedModel<T>, 'version' | 'model' | 'faults'>): LoadedModel<T> {
  const { version, faults } = found
  const [first] = faults
  if (first === undefined) return { ...found, state: 'ready', fallback: null, reason: '' }
  const instead = version === null ? 'The baseline decides instead.' : `${version.id} decides instead.`
  return {
    ...found,
    state: first.code === 'MISSING_MODEL' || first.code === 'STORE_FAILED' ? 'missing' : 'corrupt',
    fallback: version === null ? 'baseline' : 'previous',
    reason: `${faults.map(({ id, code, text }) => `${id}: ${code}: ${text}`).join(' ')} ${instead}`,
  }
}
