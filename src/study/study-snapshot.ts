import type { JsonObject, JsonValue, Serializable, Snapshot } from '../contracts.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { nested } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { coordinateOf, type Dimension, dropInactive } from './dimension.ts'
import type { Space } from './parameter.ts'
import { checkGiven, type Values } from './params.ts'
import type { Pruner } from './pruner.ts'
import type { Sampler } from './sampler.ts'
import type { StudyOptions, StudyState } from './study.ts'
import type { Direction, TrialState } from './trial.ts'

const TRIAL = { id: 0, params: {} as Values, state: '', value: 0, reports: [{ step: 0, value: 0 }], reason: '' }
const STATES: readonly TrialState[] = ['pending', 'complete', 'pruned', 'failed']

function corrupt(what: string): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A "study" snapshot must ${what}.`)
}

/** The options that a snapshot was made with, its sampler and pruner among them. */
export function readParts(json: Snapshot, restore: (nested: Snapshot) => Serializable): StudyOptions<Space> {
  const options = unpackState(json.options, { space: {}, direction: '', batch: 0, seed: '' }, 'options')
  const sampler = restore(nested(json.state, 'sampler', 'study'))
  const pruner = restore(nested(json.state, 'pruner', 'study'))
  if (!('suggest' in sampler)) corrupt(`hold a sampler, got ${show(sampler.toJSON().type)}`)
  if (!('judge' in pruner)) corrupt(`hold a pruner, got ${show(pruner.toJSON().type)}`)
  return {
    space: options.space as Space,
    direction: options.direction as Direction,
    batch: options.batch,
    seed: options.seed,
    sampler: sampler as Sampler,
    pruner: pruner as Pruner,
  }
}

/** The trials and the queue of a snapshot, which must be such as a study of these dimensions could have. */
export function readState(json: JsonObject, dimensions: readonly Dimension[], batch: number): StudyState {
  const { sampler: _, pruner: __, ...rest } = json
  const { trials, queue } = unpackState(rest, { trials: [TRIAL], queue: [] as Values[] })
  for (const [i, trial] of trials.entries()) {
    if (trial.id !== i) corrupt(`number its trials from 0 up, got ${show(trial.id)} in place ${i}`)
    checkTrial(trial, dimensions)
  }
  // the last trial could be asked only when those up to `batch` before it had been told
  const told = Math.max(0, trials.length - batch)
  if (trials.slice(0, told).some(({ state }) => state === 'pending')) {
    corrupt(`have no trial at work among the first ${told}`)
  }
  for (const params of queue) readParams(dimensions, params)
  return { trials: trials as unknown as StudyState['trials'], queue }
}

function checkTrial(
  { id, params, state, value, reports, reason }: typeof TRIAL,
  dimensions: readonly Dimension[],
): void {
  if (!STATES.includes(state as TrialState)) corrupt(`know the state of trial ${id}, got ${show(state)}`)
  if (Number.isFinite(value) !== (state === 'complete') || Math.abs(value) === Infinity) {
    corrupt(`have a value for complete trials only, got ${show(value)} for trial ${id}, which is ${state}`)
  }
  if ((reason !== '') !== (state === 'failed')) corrupt(`have a reason for failed trials only, got ${show(reason)}`)
  let last = -1
  for (const report of reports) {
    if (!Number.isSafeInteger(report.step) || report.step <= last || !Number.isFinite(report.value)) {
      corrupt(`have finite reports in ascending steps, got ${show(report.value)} at step ${show(report.step)}`)
    }
    last = report.step
  }
  readParams(dimensions, params)
  // the parameters that there are must be those that exist under their choices
  const point = new Float64Array(dimensions.length)
  for (const [d, dimension] of dimensions.entries()) {
    point[d] = Object.hasOwn(params, dimension.name) ? coordinateOf(dimension, params[dimension.name]!) : -1
  }
  dropInactive(dimensions, point, 0)
  for (const [d, { name }] of dimensions.entries()) {
    if (point[d] === -1 || Number.isNaN(point[d]!) === Object.hasOwn(params, name)) {
      corrupt(`have the parameters of trial ${id} that exist under its choices, got ${show(name)} wrong`)
    }
  }
}

function readParams(dimensions: readonly Dimension[], params: JsonValue): void {
  try {
    checkGiven(dimensions, params)
  } catch (error) {
    corrupt(`have parameters of its space: ${(error as Error).message}`)
  }
}

/** Throws unless a snapshot was made with the options, sampler and pruner that `fresh` has. */
export function checkSame(saved: Snapshot, fresh: Snapshot): void {
  const parts = ({ options, state }: Snapshot): JsonObject => ({
    ...options,
    sampler: state['sampler'] ?? null,
    pruner: state['pruner'] ?? null,
  })
  const was = parts(saved)
  for (const [name, value] of Object.entries(parts(fresh))) {
    if (!Object.hasOwn(was, name) || canonicalJson(was[name]!) !== canonicalJson(value)) {
      throw new TradeLearnError(
        'SCHEMA_MISMATCH',
        `A study can be resumed with the "${name}" that it was saved with only; this one is different.`,
      )
    }
  }
}
