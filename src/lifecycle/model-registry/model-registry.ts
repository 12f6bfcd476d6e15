import type { Serializable, Snapshot } from '../../contracts.ts'
import { time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { missingData } from './minimum-data.ts'
import { checkDraft } from './model-card.ts'
import { type ModelStatus, type ModelTrial, modelStatus } from './model-status.ts'
import { type AliasMove, checkRegistryEvent, type RegistryCommand, type RegistryEvent } from './registry-event.ts'
import { createRegistryOptions, type RegistryOptions, type RegistrySettings } from './registry-options.ts'
import {
  CHALLENGER,
  CHAMPION,
  checkKept,
  checkKnown,
  freshRegistry,
  happen,
  isNeeded,
  type ModelVersion,
  previousOf,
  type RegistryState,
  surplusOf,
  targetOf,
  trim,
} from './registry-state.ts'
import { packRegistryState, readRegistryState } from './saved-registry.ts'

/**
 * Keeps the books of a bot's models: which versions there are, what each is made of, and which one decides.
 *
 * A version gets the next number, which is never given again, and a card that never changes: features, data, parameters,
 * figures, what it came from, and the SHA-256 of its content. Aliases point to versions and are moved: `champion` decides,
 * `challenger` is on trial, others mean what you like. Every move says who, when and why. A rollback is a move back, and
 * whatever it leaves is forgotten as something to fall back to.
 *
 * Only books: it holds no model, reads no clock and touches no disk. It is a reducer: `propose` makes of a command the event
 * that it would be, or refuses; `apply` lets an event happen. Whoever must not lose any writes the event down in between,
 * and applies the same events after a restart. `tell` does both at once.
 *
 * Time is linear in the versions kept, memory bounded by the options.
 *
 * @see MLflow, "Model Registry", for versions, aliases and tags, which took the place of fixed stages there
 *
 * @example
 * ```ts
 * const registry = new ModelRegistry()
 * const { version } = registry.tell({ kind: 'register', time, by: 'trainer', draft: { ...card, model: modelBody(snapshot) } })
 * registry.tell({ kind: 'move', alias: 'champion', to: version, time, by: 'Ada', reason: 'the first' })
 * registry.tell({ kind: 'rollback', to: 'previous', time, by: 'Ada', reason: 'it loses' })
 * ```
 */
export class ModelRegistry implements Serializable {
  static readonly type: string = 'model-registry'
  static readonly version: number = 1

  readonly options: RegistryOptions
  #state: RegistryState = freshRegistry()

  constructor(settings: RegistrySettings = {}) {
    this.options = createRegistryOptions(settings)
  }

  // ---------------------------------------------------------------- queries

  /** The versions whose cards are kept, oldest first. */
  get versions(): readonly ModelVersion[] {
    return this.#state.versions.slice()
  }

  /** The version with a number. @throws `UNKNOWN_MODEL` */
  find(version: number): ModelVersion {
    return checkKnown(this.#state, version)
  }

  /** What an alias points to; null where there is no such alias. */
  target(alias: string): number | null {
    return targetOf(this.#state, alias)
  }

  /** The version that decides; null for the baseline. */
  get champion(): number | null {
    return this.target(CHAMPION)
  }

  /** The version on trial. */
  get challenger(): number | null {
    return this.target(CHALLENGER)
  }

  /** The last good champion before this one, to which a rollback goes; null for the baseline. */
  get previous(): number | null {
    return previousOf(this.#state)
  }

  /** Versions to load in the place of the champion, in order: itself, then those before it that were not rolled back. */
  get fallbacks(): readonly number[] {
    const { champion } = this
    if (champion === null) return []
    const before = this.#state.line.filter((version) => version !== champion && this.find(version).kept)
    return [champion, ...before.reverse()]
  }

  /** The aliases of a version, sorted. */
  aliasesOf(version: number): readonly string[] {
    return this.#state.aliases
      .filter((one) => one.version === version)
      .map(({ alias }) => alias)
      .sort()
  }

  /** The newest moves of aliases, oldest first, and how many there have ever been. */
  get history(): { readonly moves: readonly AliasMove[]; readonly total: number } {
    return { moves: this.#state.moves.slice(), total: this.#state.moved }
  }

  /** A version's status as a view of aliases and of the rollout, where there is one. @throws `UNKNOWN_MODEL` */
  status(version: number, trial: ModelTrial | null = null): ModelStatus {
    return modelStatus(this.find(version), this, trial)
  }

  /** What a version lacks to be tried, in words; empty where it has enough. @throws `UNKNOWN_MODEL` */
  missing(version: number): readonly string[] {
    return missingData(this.find(version), this.options.minimum)
  }

  /** Whether any version needs the body with this hash. */
  needs(hash: string): boolean {
    return this.#state.versions.some(({ model, kept }) => kept && model?.hash === hash)
  }

  /** Versions whose bodies are one too many, oldest first. */
  get surplus(): readonly number[] {
    return surplusOf(this.#state, this.options)
  }

  /**
   * The event that a command would be. Pure.
   *
   * @throws `NOT_ENOUGH_DATA` with what is missing, `UNKNOWN_MODEL`, `MISSING_MODEL`, `INVALID_INPUT` or `INVALID_TIME`
   */
  propose(command: RegistryCommand): RegistryEvent {
    const event = this.#eventOf(command)
    // whatever cannot happen is found out here, on a copy that is thrown away
    happen(copyOf(this.#state), event, this.options)
    return event
  }

  // --------------------------------------------------------------- commands

  /** Lets an event happen: one that `propose` gave, or that a journal kept. @throws `INVALID_INPUT`, `INVALID_TIME`, `UNKNOWN_MODEL` or `MISSING_MODEL`, changing nothing */
  apply(event: RegistryEvent): void {
    happen(this.#state, checkRegistryEvent(event), this.options)
  }

  /** Does what it is told, at once, and returns the event that it was. @throws what {@link propose} throws, changing nothing */
  tell<C extends RegistryCommand>(command: C): EventOf<C> {
    const event = this.propose(command)
    this.apply(event)
    return event as EventOf<C>
  }

  // --------------------------------------------------------------- mechanics

  #eventOf(command: RegistryCommand): RegistryEvent {
    time('time', (command as RegistryCommand | null)?.time ?? Number.NaN)
    const { time: at, by } = command
    switch (command.kind) {
      case 'register': {
        const card = checkDraft(command.draft)
        if (card.parent !== null) this.find(card.parent)
        return checkRegistryEvent({ kind: 'registered', time: at, by, version: this.#state.next, card })
      }
      case 'move': {
        const { alias, to, reason } = command
        const event = { kind: 'moved', time: at, by, reason, alias, to, how: 'set' } as const
        const checked = checkRegistryEvent(event)
        if (to !== null && (alias === CHAMPION || alias === CHALLENGER)) this.#checkFit(to, alias)
        return checked
      }
      case 'rollback':
        return checkRegistryEvent({
          kind: 'moved',
          time: at,
          by,
          reason: command.reason,
          alias: CHAMPION,
          to: this.#checkWayBack(command.to),
          how: 'rollback',
        })
      case 'tag': {
        const { version, tag, value } = command
        return checkRegistryEvent({ kind: 'tagged', time: at, by, version, tag, value })
      }
      case 'drop': {
        const { reason, versions = this.surplus } = command
        for (const version of versions) this.#checkDroppable(version)
        return checkRegistryEvent({ kind: 'dropped', time: at, by, reason, versions: [...new Set(versions)] })
      }
      default:
        throw new TradeLearnError(
          'INVALID_INPUT',
          `"kind" must be one of register, move, rollback, tag and drop, got ${show((command as { kind: unknown }).kind)}.`,
        )
    }
  }

  #checkFit(version: number, alias: string): void {
    const { rejected } = checkKept(this.#state, version)
    if (rejected !== null) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `The ${alias} must not have been rejected, got version ${version} (${rejected.code}: ${rejected.text})`,
      )
    }
    const missing = this.missing(version)
    if (missing.length === 0) return
    throw new TradeLearnError(
      'NOT_ENOUGH_DATA',
      `The ${alias} must have learned enough, got version ${version} with ${missing.join(', ')}.`,
    )
  }

  /** The version to roll back to. One that has been tried is not asked for its data again: the way back must be open. */
  #checkWayBack(to: number | 'previous'): number | null {
    const { champion, previous } = this
    if (to === 'previous') {
      if (champion !== null || previous !== null) return previous
      throw new TradeLearnError(
        'UNKNOWN_MODEL',
        'There must be a champion to roll back from, got the baseline already.',
      )
    }
    if (checkKept(this.#state, to).reached === 'nothing') this.#checkFit(to, CHAMPION)
    return to
  }

  #checkDroppable(version: number): void {
    checkKept(this.#state, version)
    if (!isNeeded(this.#state, version)) return
    const why = this.aliasesOf(version).join(', ') || 'the last good one'
    throw new TradeLearnError('INVALID_INPUT', `Version ${version} must be kept: it is ${why}.`)
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    return { ...snapshot(ModelRegistry, {}, {}), state: packRegistryState(this.#state) }
  }

  /**
   * Reads back what {@link toJSON} wrote, under the operator's present rules, which no file holds.
   *
   * @throws `CORRUPT_SNAPSHOT`, `UNKNOWN_SNAPSHOT` or `UNSUPPORTED_VERSION`
   */
  static restore(json: Snapshot, settings: RegistrySettings = {}): ModelRegistry {
    const registry = new ModelRegistry(settings)
    registry.#state = readRegistryState(checkSnapshot(ModelRegistry, json).state)
    trim(registry.#state, registry.options)
    return registry
  }
}

/** The event that a command becomes. */
type EventOf<C extends RegistryCommand> = Extract<
  RegistryEvent,
  {
    readonly kind: {
      register: 'registered'
      move: 'moved'
      rollback: 'moved'
      tag: 'tagged'
      drop: 'dropped'
    }[C['kind']]
  }
>

/** A state that may be changed without the other: the reducer replaces entries, and never changes one. */
const copyOf = ({ versions, moves, ...rest }: RegistryState): RegistryState => ({
  ...rest,
  versions: versions.slice(),
  moves: moves.slice(),
})
