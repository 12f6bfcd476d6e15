import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { RetrainResult, TrainerEvent } from '../background-trainer/trainer-options.ts'
import type { Companion } from '../companion.ts'
import type { Models } from '../parts.ts'
import type { Transition } from '../rollout/rollout-event.ts'
import type { Status } from '../trade-learner-options.ts'
import type { CandidateDetails } from './candidate-draft.ts'
import { packModels } from './model-bundle.ts'
import type { RegisteredModels } from './registered-models.ts'

/** Options of a {@link Succession}. */
export type SuccessionOptions = {
  readonly registered: Pick<RegisteredModels, 'adopt' | 'follow' | 'registry' | 'tell'>
  /** What candidates are called, and the features that they are made for. */
  readonly details: CandidateDetails
  /**
   * Signals after which a model that has not left shadow makes room for a newer one. Who lifts wins from 45 to 52 % has left it by
   * then in half of all cases. @defaultValue 300
   */
  readonly patience?: number
  /** Told what went wrong: the models that decide stay as they are. What it throws is dropped. */
  readonly onWarning?: (text: string) => void
}

/** Whom challengers are put to; a `TradeLearner` is one, and so is a `DurableLearner`. */
export type Challengeable = {
  challenge(models: Models, version: string): unknown
  status(): Pick<Status, 'challenger' | 'version' | 'rollout'>
}

/**
 * Joins a trainer, a registry and a learner into one life of models: what was trained is registered and challenges, what proves
 * itself becomes champion in the books as it does in the learner, and what fails is rolled back in both. A rollback by hand, in the
 * books alone, does not reach a learner: `replace` its models, too.
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

  /** Names the learner that challengers are put to. */
  serve(learner: Challengeable): void {
    this.#learner = learner
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
  }

  async #take(result: RetrainResult, made: Models | null): Promise<void> {
    const { registered, details } = this.#options
    const judged = this.#judged(result)
    const before = registered.registry.challenger
    const { outcome, version } = await registered.adopt(judged, made && packModels(made), details)
    if (outcome !== 'challenger' || made === null || version === null) return
    const { id } = registered.registry.find(version)
    try {
      if (this.#learner === null) {
        throw new TradeLearnError('INVALID_INPUT', 'A learner must be served before candidates come, got none.')
      }
      await this.#learner.challenge(made, id)
    } catch (error) {
      const reason = `It could not challenge: ${messageOf(error)}`
      await registered.tell({
        kind: 'move',
        alias: 'challenger',
        to: before,
        time: result.time,
        by: 'succession',
        reason,
      })
      throw error
    }
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
      (error: unknown) => {
        try {
          this.#options.onWarning?.(messageOf(error))
        } catch {
          // whoever listens must not be able to stop it
        }
      },
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
