import type { EventStore, JsonValue, Recovery, Snapshot } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import type { RetrainResult } from '../background-trainer/trainer-options.ts'
import type { Transition } from '../rollout/rollout-event.ts'
import { type CandidateDetails, candidateDraft } from './candidate-draft.ts'
import { hashInSlices, modelBytes } from './content-hash.ts'
import { type LoadedModel, type LoadModelOptions, loadModel } from './load-model.ts'
import { missingData } from './minimum-data.ts'
import type { ModelDraft } from './model-card.ts'
import { ModelRegistry } from './model-registry.ts'
import type { ModelStore } from './model-store.ts'
import {
  type AliasMove,
  packRegistryEvent,
  type RegistryCommand,
  type RegistryEvent,
  unpackRegistryEvent,
  type Why,
} from './registry-event.ts'
import type { RegistrySettings } from './registry-options.ts'
import { CHALLENGER, CHAMPION } from './registry-state.ts'

/** Options of {@link RegisteredModels}. */
export type RegisteredModelsOptions = {
  /** Where the models are. */
  readonly models: ModelStore
  /** Where the registry's events are kept; opened and closed with it. @defaultValue null, nowhere */
  readonly events?: EventStore | null
  /** The operator's rules. */
  readonly registry?: RegistrySettings
  /** Events from one snapshot of the registry to the next. @defaultValue 200 */
  readonly snapshotEvery?: number
  /** Told what went wrong and hurts nothing, such as a file that could not be removed; what it throws is dropped. */
  readonly onWarning?: (text: string) => void
}

/** The books, to be looked at. */
export type RegistryBooks = Omit<ModelRegistry, 'apply' | 'tell'>

/** A version to be registered, with its model. */
export type NewVersion = Omit<ModelDraft, 'model'> & { readonly model: Snapshot | null } & Omit<Why, 'reason'>

/** What became of a retraining. */
export type Adoption = {
  readonly outcome: 'challenger' | 'rejected' | 'nothing'
  /** The version that it was registered as; null where there was nothing to register. */
  readonly version: number | null
  readonly text: string
}

/**
 * A registry, its models and its journal as one: what a bot asks for its champion at the start, and tells of candidates and
 * rollouts afterwards.
 *
 * Everything is written before it acts: a model is in its store before the version is registered, and an event in the journal
 * before the registry shows it. Where writing fails nothing changes and the promise is rejected. Commands are done one after
 * another, in the order of the calls.
 *
 * Nothing of it belongs on the way to a decision: load at the start, decide with what was loaded.
 *
 * @example
 * ```ts
 * const registered = await RegisteredModels.open({
 *   models: new ModelFiles({ directory: 'state/models' }),
 *   events: new JournalStore({ directory: 'state/models' }),
 * })
 * const { schema } = engineer
 * const read = (saved: Snapshot): Models => unpackModels(saved, schema.size)
 * const { model, state, fallback, reason } = await registered.champion({ schema: schema.fingerprint, read })
 * if (state !== 'ready') notify(reason)
 * ```
 */
export class RegisteredModels {
  readonly #registry: ModelRegistry
  readonly #models: ModelStore
  readonly #events: EventStore | null
  readonly #snapshotEvery: number
  readonly #onWarning: (text: string) => void
  /** What was found when it was opened. */
  readonly recovery: Pick<Recovery, 'replayed' | 'tornTail' | 'warnings'>
  #since: number
  #last: Promise<unknown> = Promise.resolve()

  private constructor(
    { models, events = null, snapshotEvery = 200, onWarning = () => {} }: RegisteredModelsOptions,
    registry: ModelRegistry,
    recovery: RegisteredModels['recovery'],
  ) {
    this.#models = models
    this.#events = events
    this.#snapshotEvery = integer('snapshotEvery', snapshotEvery)
    this.#onWarning = onWarning
    this.#registry = registry
    this.recovery = recovery
    this.#since = recovery.replayed
  }

  /**
   * Reads the journal, and looks whether the models that it speaks of are there.
   *
   * @throws `CORRUPT_STORE` with the event that cannot be, and what the store throws
   */
  static async open(options: RegisteredModelsOptions): Promise<RegisteredModels> {
    const { models, events = null, registry: settings } = options
    integer('snapshotEvery', options.snapshotEvery ?? 200)
    let registry = new ModelRegistry(settings)
    let recovery: RegisteredModels['recovery'] = { replayed: 0, tornTail: null, warnings: [] }
    if (events !== null) {
      try {
        recovery = await events.open(
          (_, value) => {
            registry = ModelRegistry.restore(value as unknown as Snapshot, settings)
          },
          ({ seq, event }) => replay(registry, seq, event),
        )
      } catch (error) {
        await events.close().catch(() => {})
        throw error
      }
    }
    const lost = await lostModels(registry, models)
    const opened = new RegisteredModels(options, registry, { ...recovery, warnings: [...recovery.warnings, ...lost] })
    // what a crash kept from being removed
    await opened.#removeUnneeded(registry.versions.filter(({ kept }) => !kept).map(({ version }) => version))
    return opened
  }

  // ---------------------------------------------------------------- queries

  /** The books. */
  get registry(): RegistryBooks {
    return this.#registry
  }

  /** Loads the champion or, loudly, what is left: see `loadModel`. */
  champion<T>(options: Omit<LoadModelOptions<T>, 'alias'>): Promise<LoadedModel<T>> {
    return this.load(CHAMPION, options)
  }

  /** Loads what an alias points to. */
  load<T>(alias: string, options: Omit<LoadModelOptions<T>, 'alias'>): Promise<LoadedModel<T>> {
    return loadModel(this.#registry, this.#models, { ...options, alias })
  }

  // --------------------------------------------------------------- commands

  /** Stores a model and registers it; returns the version. @throws what the registry and the stores throw, changing nothing */
  register(version: NewVersion): Promise<number> {
    return this.#inTurn(() => this.#register(version))
  }

  /** Tells the registry to move an alias, roll back, tag or drop. @throws what the registry and the stores throw, changing nothing */
  tell(command: Exclude<RegistryCommand, { kind: 'register' }>): Promise<RegistryEvent> {
    return this.#inTurn(() => this.#tell(command))
  }

  /**
   * Takes in how a retraining ended: registers a candidate and makes it challenger. One that was rejected, or has learned too
   * little, is registered by its card alone, with the reason; one that failed or was aborted has made nothing.
   */
  adopt(result: RetrainResult, model: Snapshot | null, details: CandidateDetails): Promise<Adoption> {
    return this.#inTurn(async () => {
      const draft = candidateDraft(result, details, this.#registry.champion)
      if (draft === undefined) return { outcome: 'nothing', version: null, text: 'text' in result ? result.text : '' }
      const by = 'trainer'
      const { time } = result
      const missing = missingData(draft, this.#registry.options.minimum)
      const lacks = { code: 'NOT_ENOUGH_DATA', text: `It has learned from ${missing.join(', ')}.` }
      const rejected = draft.rejected ?? (missing.length > 0 ? lacks : null)
      if (rejected !== null) {
        const version = await this.#register({ ...draft, rejected, model: null, time, by })
        return { outcome: 'rejected', version, text: `${rejected.code}: ${rejected.text}` }
      }
      if (model === null) throw new TradeLearnError('INVALID_INPUT', '"model" must be that of the candidate, got null.')
      const version = await this.#register({ ...draft, model, time, by })
      const reason = result.wishes.map((wish) => wish.text).join(' ') || 'It was retrained.'
      await this.#tell({ kind: 'move', alias: CHALLENGER, to: version, time, by, reason })
      return { outcome: 'challenger', version, text: reason }
    })
  }

  /** Makes a version champion; one that is already stays it. */
  promote(version: number, why: Why): Promise<void> {
    return this.#inTurn(() => this.#promote(version, why))
  }

  /** Makes the champion before, or any other version, champion again, in one call; where there was none before, the baseline. */
  rollback(to: number | 'previous', why: Why): Promise<RegistryEvent> {
    return this.tell({ kind: 'rollback', to, ...why })
  }

  /**
   * Does what a rollout's transition asks for: one that reached all signals makes its version champion, one that ended takes
   * `challenger` away from it or, where it was champion already, rolls back. What the books have done already they do not do
   * again, whatever an operator has said since.
   */
  follow(version: number, { time, to, cause, text, by }: Transition): Promise<void> {
    const why = { time, by: by || 'rollout', reason: `${cause}: ${text}` }
    return this.#inTurn(async () => {
      const { champion, challenger, history } = this.#registry
      const moves = history.moves.filter(({ alias }) => alias === CHAMPION)
      const isThis = (move: AliasMove): boolean =>
        to.status === 'ended' ? move.how === 'rollback' && move.from === version : move.to === version
      if (moves.some((move) => move.time === time && isThis(move))) return
      if (to.status === 'promoted') await this.#promote(version, why)
      if (to.status !== 'ended') return
      if (version === champion) await this.#tell({ kind: 'rollback', to: 'previous', ...why })
      else if (version === challenger) await this.#tell({ kind: 'move', alias: CHALLENGER, to: null, ...why })
    })
  }

  /** Removes models that no version needs and no event speaks of, as a crash leaves them; returns their hashes. */
  sweep(): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const strays = (await this.#models.list()).filter((hash) => !this.#registry.needs(hash))
      for (const hash of strays) await this.#models.remove(hash)
      return strays
    })
  }

  /** Waits for what is under way, and closes the journal. */
  async close(): Promise<void> {
    await this.#last.catch(() => {})
    await this.#events?.close()
  }

  // --------------------------------------------------------------- mechanics

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => {})
    return mine
  }

  async #register({ model, time, by, ...rest }: NewVersion): Promise<number> {
    const bytes = model && modelBytes(model)
    const body = bytes && { hash: await hashInSlices(bytes), bytes: bytes.length }
    const event = this.#registry.propose({ kind: 'register', time, by, draft: { ...rest, model: body } })
    if (model !== null) await this.#models.put(body!.hash, model)
    await this.#write(event)
    const { surplus } = this.#registry
    if (surplus.length > 0) await this.#tell({ kind: 'drop', time, by, reason: 'There are newer ones.' })
    return (event as Extract<RegistryEvent, { kind: 'registered' }>).version
  }

  async #promote(version: number, why: Why): Promise<void> {
    if (this.#registry.champion !== version) await this.#tell({ kind: 'move', alias: CHAMPION, to: version, ...why })
  }

  async #tell(command: RegistryCommand): Promise<RegistryEvent> {
    const event = this.#registry.propose(command)
    await this.#write(event)
    if (event.kind === 'dropped') await this.#removeUnneeded(event.versions)
    return event
  }

  /** Writes an event down, then lets it happen. */
  async #write(event: RegistryEvent): Promise<void> {
    const seq = (await this.#events?.append(packRegistryEvent(event))) ?? 0
    this.#registry.apply(event)
    this.#since++
    if (this.#events === null || this.#since < this.#snapshotEvery) return
    this.#since = 0
    await this.#harmless('The snapshot of the registry could not be saved', () =>
      this.#events!.saveSnapshot(seq, this.#registry.toJSON() as unknown as JsonValue),
    )
  }

  async #removeUnneeded(versions: readonly number[]): Promise<void> {
    for (const version of versions) {
      const hash = this.#registry.find(version).model?.hash
      if (hash === undefined || this.#registry.needs(hash)) continue
      await this.#harmless(`The model of version ${version} could not be removed`, () => this.#models.remove(hash))
    }
  }

  async #harmless(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      try {
        this.#onWarning(`${what}: ${(error as Error)?.message ?? String(error)}`)
      } catch {
        // whoever listens must not be able to stop it
      }
    }
  }
}

function replay(registry: ModelRegistry, seq: number, event: JsonValue): void {
  try {
    registry.apply(unpackRegistryEvent(event))
  } catch (error) {
    throw new TradeLearnError('CORRUPT_STORE', `Event ${seq} of the registry cannot be: ${(error as Error).message}`)
  }
}

/** What is said of models that ought to be there and are not. */
async function lostModels(registry: ModelRegistry, models: ModelStore): Promise<readonly string[]> {
  let there: ReadonlySet<string>
  try {
    there = new Set(await models.list())
  } catch (error) {
    // the bot must come up, with the baseline if need be
    return [`Nobody knows which models are there: ${(error as Error)?.message ?? String(error)}`]
  }
  return registry.versions
    .filter(({ kept, model }) => kept && !there.has(model!.hash))
    .map(({ id, model }) => `The model of ${id} is missing: there is none named ${model!.hash}.`)
}
