import type { Codec, Snapshot } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { RetrainResult, TrainerEvent } from '../background-trainer/trainer-options.ts'
import type { Companion } from '../companion.ts'
import type { Models } from '../parts.ts'
import type { OperatorEvent, Transition } from '../rollout/rollout-event.ts'
import type { Status } from '../trade-learner-options.ts'
import type { CandidateDetails } from './candidate-draft.ts'
import { packModels, unpackModels } from './model-bundle.ts'
import type { RegisteredModels } from './registered-models.ts'
import type { AliasMove, Why } from './registry-event.ts'
import { CHALLENGER, CHAMPION } from './registry-state.ts'

/** Options of a {@link Succession}. */
export type SuccessionOptions = {
  readonly registered: Pick<
    RegisteredModels,
    'adopt' | 'follow' | 'load' | 'promote' | 'registry' | 'rollback' | 'tell'
  >
  /** What candidates are called, and the features that they are made for. */
  readonly details: CandidateDetails
  /**
   * Signals after which a model that has not left shadow makes room for a newer one. Who lifts wins from 45 to 52 % has left it by
   * then in half of all cases. @defaultValue 300
   */
  readonly patience?: number
  /** Codecs of models of your own, before the library's. @defaultValue none */
  readonly codecs?: readonly Codec[]
  /** Told what went wrong: the models that decide stay as they are. What it throws is dropped. */
  readonly onWarning?: (text: string) => void
}

/** Whom challengers are put to; a `TradeLearner` is one, and so is a `DurableLearner`. */
export type Challengeable = {
  challenge(models: Models, version: string): unknown
  replace(models: Models, version: string): unknown
  tellRollout(event: OperatorEvent): unknown
  status(): Pick<Status, 'challenger' | 'champion' | 'version' | 'rollout'>
}

/**
 * Joins a trainer, a registry and a learner into one life of models: what was trained is registered and challenges, what proves
 * itself becomes champion in the books as it does in the learner, and what fails is rolled back in both. What the books were told
 * while no learner was there (a rollback by `tradelearn models`), and what a crash kept from the learner (a challenger that was
 * registered, and no more), reaches it when it is served.
 *
 *     trainer: candidate -> registry: challenger -> learner: shadow, 10, 25, 50 % -> registry: champion, or what was before
 *
 * A trial takes longer than a training. So a candidate that was trained because it was time, and not because the market or the
 * champion has changed, is put aside while another is on trial: each would take the place of the one before it, and none would
 * ever have proved anything. After `patience` signals in shadow it makes room. Each that is tried has its own chance of 5 % of
 * leaving shadow, and of 1 % of deciding all, without any skill. A model that could not be registered does not decide. Between its registration and its challenge it misses what closes
 * meanwhile, milliseconds as a rule. While a journal is lived through again nothing is written; of what happened then, the newest
 * is put into the books afterwards, for a crash may have come in between.
 *
 * @example
 * ```ts
 * const succession = new Succession({ registered, details: { name: 'momentum', schema: schema.fingerprint } })
 * const trainer = new BackgroundTrainer({ schema, adopt: succession.adopt, onEvent: succession.onEvent })
 * const learner = new TradeLearner({ features, rollout, companions: [trainer, succession] })
 * succession.serve(learner)
 * ```
 */
export class Succession implements Companion {
  readonly #options: SuccessionOptions
  readonly #patience: number
  #learner: Challengeable | null = null
  #made: Models | null = null
  #asleep = false
  #newest: { readonly transition: Transition; readonly name: string } | null = null
  #work: Promise<void> = Promise.resolve()

  constructor(options: SuccessionOptions) {
    if (typeof options?.registered?.adopt !== 'function') {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"registered" must be RegisteredModels, got ${show(options?.registered)}.`,
      )
    }
    this.#options = options
    this.#patience = integer('patience', options.patience ?? 300, 0)
  }

  /** Names the learner that challengers are put to, and brings it up to date with the books. */
  serve(learner: Challengeable): void {
    this.#learner = learner
    if (!this.#asleep) this.#queue(() => this.#reconcile())
  }

  /**
   * Makes an older version champion, in the books and in the learner, in one call; where there is none before, the baseline. A
   * learner in which models decide all the same, as in mode "live", says so by `onWarning`: it wants a halt.
   *
   * @throws what the registry throws, changing nothing; what the learner throws is a warning
   */
  async rollback(to: number | 'previous', why: Why): Promise<void> {
    const told = this.#work.then(() => this.#options.registered.rollback(to, why))
    this.#work = told.then(
      () => {},
      () => {},
    )
    await told
    this.#queue(() => this.#reconcile())
    await this.settled()
  }

  /** What a trainer is to do with its candidate. */
  readonly adopt: (models: Models) => void = (models) => {
    this.#made = models
  }

  /** What a trainer is to tell of its work. */
  readonly onEvent: (event: TrainerEvent) => void = (event) => {
    if (event.type !== 'result') return
    const made = this.#made
    this.#made = null
    this.#queue(() => this.#take(event.result, made))
  }

  /** Resolves once everything so far is in the books. */
  settled(): Promise<void> {
    return this.#work
  }

  moved(transition: Transition, name: string): void {
    if (this.#asleep) this.#newest = { transition, name }
    else this.#follow(transition, name)
  }

  sleep(): void {
    this.#asleep = true
  }

  wake(): void {
    this.#asleep = false
    const newest = this.#newest
    this.#newest = null
    if (newest !== null) this.#follow(newest.transition, newest.name)
    // as a rule nobody is served yet, and `serve` does it
    if (this.#learner !== null) this.#queue(() => this.#reconcile())
  }

  async #take(result: RetrainResult, made: Models | null): Promise<void> {
    const { registered, details } = this.#options
    const judged = this.#judged(result)
    const before = registered.registry.challenger
    const { outcome, version } = await registered.adopt(judged, made && packModels(made), details)
    if (outcome !== 'challenger' || made === null || version === null) return
    await this.#challenge(async () => made, version, before, result.time)
  }

  /** Puts a challenger of the books to the learner; where that fails, whoever was challenger before is it again. */
  async #challenge(read: () => Promise<Models>, version: number, before: number | null, time: number): Promise<void> {
    const { registered } = this.#options
    try {
      if (this.#learner === null) {
        throw new TradeLearnError('INVALID_INPUT', 'A learner must be served before candidates come, got none.')
      }
      await this.#learner.challenge(await read(), registered.registry.find(version).id)
    } catch (error) {
      const reason = `It could not challenge: ${messageOf(error)}`
      await registered.tell({ kind: 'move', alias: CHALLENGER, to: before, time, by: 'succession', reason })
      throw error
    }
  }

  /** Lets the learner follow what the books say of those that it has, and of those that they say it should have. */
  async #reconcile(): Promise<void> {
    const learner = this.#learner
    if (learner === null) return
    const { registry } = this.#options.registered
    const versionOf = (name: string): number | null => registry.versions.find(({ id }) => id === name)?.version ?? null
    const status = learner.status()
    // models of the constructor are in no books
    const decides = versionOf(status.version)
    // a promotion that the books were not told of: the disk was full, or the process ended before it was written
    if (decides !== null && decides === registry.challenger && status.rollout?.status === 'promoted') {
      const { since: time } = registry.find(decides)
      await this.#options.registered.promote(decides, {
        time,
        by: 'succession',
        reason: 'It decided before a restart.',
      })
    }
    // the newest word about it; whoever came after it may have been rolled back, too
    const moved = registry.history.moves.findLast(
      ({ alias, from, to }) => alias === CHAMPION && (from === decides || to === decides),
    )
    // a promotion or a fall of the learner's own it knows already; what was rolled back in the books it may not
    if (moved?.how === 'rollback' && moved.from === decides && decides !== null) await this.#goBack(moved)
    const { challenger } = registry
    const tried = versionOf(status.challenger)
    if (challenger === null || challenger === tried || challenger === decides) return
    await this.#challenge(() => this.#read(CHALLENGER), challenger, tried, registry.find(challenger).since)
  }

  /**
   * Ends the trial of the models that were rolled back, which may bring the champion of the books back with all that it has
   * learned since, and otherwise puts that champion in their place.
   */
  async #goBack({ time, by, reason }: AliasMove): Promise<void> {
    const learner = this.#learner!
    const { registry } = this.#options.registered
    const { version, champion, challenger } = learner.status()
    const wanted = registry.champion === null ? null : registry.find(registry.champion).id
    const why = `${by} rolled it back: ${reason}`
    // that of a challenger is not theirs, and nobody wanted it to end
    const theirs = challenger === ''
    // after one against the baseline the baseline decides, which must not happen to a champion
    if (wanted === null || (theirs && champion === 'models')) {
      const rollout = theirs ? {} : { rollout: version }
      try {
        await learner.tellRollout({ kind: 'abort', time, by, reason, ...rollout })
      } catch (error) {
        // models that nobody promoted are watched by nobody: who decides is said below
        if (theirs) throw error
      }
    }
    if (wanted === null) return this.#warn(`${whoDecides(version, learner.status())} ${why}`)
    try {
      if (learner.status().version !== wanted) await learner.replace(await this.#read(CHAMPION), wanted)
      this.#warn(`${version} decides no more; ${why}`)
    } catch (error) {
      const { version: now } = learner.status()
      this.#warn(
        `${now || 'What was there at the start'} decides, and not ${wanted}, though ${why}. ${messageOf(error)}`,
      )
    }
  }

  /** The models that an alias of the books points to. @throws why they cannot be had */
  async #read(alias: string): Promise<Models> {
    const { registered, details, codecs = [] } = this.#options
    const read = (saved: Snapshot): Models => unpackModels(saved, null, codecs)
    const { version, model, faults } = await registered.load(alias, { schema: details.schema, read })
    if (model !== null && version?.version === registered.registry.target(alias)) return model
    // not what could decide instead: the models that the learner has do
    const [fault] = faults
    const found = fault === undefined ? 'none' : `${fault.id}: ${fault.code}: ${fault.text}`
    throw new TradeLearnError(
      'MISSING_MODEL',
      `The ${alias} of the books must be there, whole and readable, got ${found}`,
    )
  }

  /** Rejects what was trained only because it was time while another is on trial. */
  #judged(result: RetrainResult): RetrainResult {
    const { rollout = null, challenger = '', version = '' } = this.#learner?.status() ?? {}
    const onTrial =
      rollout !== null &&
      (rollout.status === 'running' || rollout.status === 'paused') &&
      (rollout.step > 0 || rollout.signals < this.#patience)
    const byTime = result.wishes.length > 0 && result.wishes.every(({ cause }) => cause === 'schedule')
    if (result.outcome !== 'candidate' || !onTrial || !byTime) return result
    const { time, wishes, report } = result
    const text = `${challenger || version || 'The first model'} is on trial.`
    return { time, wishes, outcome: 'rejected', code: 'OTHER_ON_TRIAL', text, report }
  }

  #follow(transition: Transition, name: string): void {
    const { registered } = this.#options
    // models of the constructor are in no books
    const known = registered.registry.versions.find(({ id }) => id === name)
    if (known !== undefined) this.#queue(() => registered.follow(known.version, transition))
  }

  /** One after another, and what fails is told. */
  #queue(work: () => Promise<unknown>): void {
    this.#work = this.#work.then(work).then(
      () => {},
      (error: unknown) => this.#warn(messageOf(error)),
    )
  }

  #warn(text: string): void {
    try {
      this.#options.onWarning?.(text)
    } catch {
      // whoever listens must not be able to stop it
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Who decides now that no model is champion in the books. */
function whoDecides(before: string, { champion, version }: Pick<Status, 'champion' | 'version'>): string {
  return champion === 'baseline'
    ? `${before} decides no more, and no model is champion in the books.`
    : `No model is champion in the books, but the models of ${version || 'the start'} decide: halt or replace them.`
}
