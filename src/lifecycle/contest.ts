import { text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Signal } from '../market.ts'
import type { LearnerState } from './learner-state.ts'
import { type Contender, checkModels, type Gradual, type Models, type Parts, type Watch } from './parts.ts'
import type { Transition } from './rollout/rollout-event.ts'

/**
 * Who decides, who is on trial, and who comes back: models as they rise and fall.
 *
 *     champion     decides what is not dealt to the candidate: the baseline at first, then models that were promoted
 *     candidate    the models of the parts while the baseline is champion; the challenger once models are
 *     previous     the champion that a promoted challenger has beaten; it learns on, and returns should the new one be ended
 *     watch        the rollout that a champion was promoted by, put aside during the trial of a challenger: it goes on watching,
 *                  with what would come back, and is the rollout again when that trial has ended
 *
 * All of them learn every label, and each is judged by its own predictions. Whoever is promoted, dropped or brought back
 * changes places in one assignment, between two decisions. Pure: what changes is returned.
 */
export type Contest<S extends Signal> = {
  readonly parts: Parts<S>
  readonly state: LearnerState
}

/**
 * Puts `models` on trial under a new rollout named by `version`. Others that were on trial make room; a champion that is a model
 * stays it, and so do promoted models that were still being watched.
 *
 * @throws `INVALID_OPTION` for models that cannot be, `INVALID_INPUT` where nothing says how challengers are tried
 */
export function challenge<S extends Signal>(
  { parts, state }: Contest<S>,
  given: Models,
  version: string,
  trials: Gradual | null,
): Contest<S> {
  text('version', version, 'INVALID_INPUT')
  const rollout = trials?.next?.(version)
  if (rollout === undefined) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      'Challengers need a rollout among the options, in mode "live" or "rollout", got none that can begin anew.',
    )
  }
  const models = untried(parts, given)
  const champion = parts.rollout?.share === 1 ? 'models' : state.champion
  const now = { ...state, champion, trial: version, previous: '' } as const
  if (champion === 'models') {
    const watch = watchOf({ parts, state })
    return {
      parts: { ...parts, rollout, challenger: models, previous: null, watch },
      state: { ...now, challenger: version },
    }
  }
  return { parts: { ...parts, ...models, rollout, previous: null }, state: { ...now, version } }
}

/** What watches those that decide; null where nobody would come back. */
function watchOf<S extends Signal>({ parts, state }: Contest<S>): Watch | null {
  const { rollout, previous, challenger, watch } = parts
  if (challenger !== null) return watch
  const { trial, champion, previous: previousName } = state
  if (rollout?.report.status !== 'promoted' || (champion === 'models' && previous === null)) return null
  return { rollout, trial, champion, previous, previousName }
}

/** Models of which nothing is known but that they have the right tasks. @throws `INVALID_OPTION` */
export function untried<S extends Signal>({ features, bound }: Parts<S>, given: Models): Contender {
  return { ...checkModels(given, features.schema.size), bound: bound?.anew() ?? null }
}

/**
 * Passes what was read from a file, unless its names and its models do not agree; but where models have been made to decide since,
 * by mode "live", the baseline does not come back.
 *
 * @throws `CORRUPT_SNAPSHOT`
 */
export function checkContest<S extends Signal>(contest: Contest<S>, mode: 'shadow' | 'live' | 'rollout'): Contest<S> {
  const { parts, state } = contest
  if (parts.challenger === null && parts.watch !== null) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A watch must be saved beside a challenger, got it without one.')
  }
  if ((parts.challenger === null) === (state.challenger === '')) {
    const isOver = mode === 'live' && parts.watch?.champion === 'baseline'
    return isOver ? { parts: { ...parts, watch: null }, state } : contest
  }
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A challenger must be saved with its name and its models, got the name ${show(state.challenger)} and ` +
      `${parts.challenger === null ? 'no ' : ''}models.`,
  )
}

/** What a transition of the rollout does to its models. */
export function follow<S extends Signal>(contest: Contest<S>, { to }: Transition): Contest<S> {
  const { parts, state } = contest
  const { success, expectedReturn, stopRisk, bound, challenger, previous, watch } = parts
  if (challenger !== null && to.status === 'promoted') {
    return {
      parts: {
        ...{ ...parts, ...challenger, challenger: null, watch: null },
        previous: { success, expectedReturn, stopRisk, bound },
      },
      state: { ...state, version: state.challenger, challenger: '', previous: state.version },
    }
  }
  if (to.status !== 'ended') return contest
  if (challenger !== null && watch !== null) {
    const { rollout, trial, champion, previousName } = watch
    return {
      parts: { ...parts, rollout, challenger: null, previous: watch.previous, watch: null },
      state: { ...state, challenger: '', trial, champion, previous: previousName },
    }
  }
  if (challenger !== null) return { parts: { ...parts, challenger: null }, state: { ...state, challenger: '' } }
  if (previous === null) return contest
  return {
    parts: { ...parts, ...previous, previous: null },
    state: { ...state, version: state.previous, previous: '' },
  }
}

/** What a transition of the watch does to the champion, while another is on trial, which then goes on beside who comes back. */
export function fall<S extends Signal>(contest: Contest<S>, { to }: Transition): Contest<S> {
  const { parts, state } = contest
  const { watch, challenger } = parts
  if (watch === null || to.status !== 'ended') return contest
  if (watch.previous !== null) {
    return {
      parts: { ...parts, ...watch.previous, watch: null },
      state: { ...state, version: watch.previousName },
    }
  }
  return {
    parts: { ...parts, ...challenger, challenger: null, watch: null },
    state: { ...state, version: state.challenger, challenger: '', champion: 'baseline' },
  }
}
