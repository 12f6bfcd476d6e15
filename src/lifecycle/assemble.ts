import type { Clock, Snapshot } from '../contracts.ts'
import { integer, oneOf } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { unpackState } from '../core/state.ts'
import { DecisionPolicy, KillSwitch } from '../decision/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import { ConformalInterval } from '../learners/index.ts'
import type { Signal } from '../market.ts'
import { Companions } from './companions.ts'
import { defaultDetectors, defaultModels } from './defaults.ts'
import { createExploration, type ExplorationOptions } from './exploration.ts'
import { checkFeatures, checkTask, checkWatchers, type Gradual, type Parts, type TradePolicy } from './parts.ts'
import { systemClock } from './system-clock.ts'
import type { TradeLearnerOptions } from './trade-learner-options.ts'

/** The name of a TradeLearner, and how much it keeps. */
export type Bounds = {
  readonly name: string
  readonly maxOpen: number
  readonly remember: number
  readonly reportWithin: number
  readonly keepAfterDrift: number
  readonly outcomeLag: number
}

/** Everything that a TradeLearner is made of. */
export type Assembled<S extends Signal> = {
  readonly mode: 'shadow' | 'live' | 'rollout'
  readonly policy: TradePolicy
  readonly clock: Clock
  readonly limits: Bounds
  readonly exploration: ExplorationOptions
  readonly companions: Companions
  /** What candidates go through, as it is configured. */
  readonly trials: Gradual | null
  readonly parts: Parts<S>
}

/** Checked options, with a default in the place of whatever is left out. */
export function assemble<S extends Signal>(options: TradeLearnerOptions<S>): Assembled<S> {
  checkFeatures(options?.features)
  const {
    features,
    rollout = null,
    mode = rollout === null ? 'shadow' : 'rollout',
    name = 'tl',
    policy = new DecisionPolicy(),
    clock = systemClock,
  } = options
  const models = options.models ?? defaultModels(features.schema.size)
  oneOf('mode', mode, ['shadow', 'live', 'rollout'])
  if (mode === (rollout === null ? 'rollout' : 'shadow')) {
    const wanted =
      rollout === null ? 'not be "rollout" where none is given' : 'be "rollout" or "live" where one is given'
    throw new TradeLearnError('INVALID_OPTION', `"mode" must ${wanted}, got ${show(mode)}.`)
  }
  if (!/^[A-Za-z0-9_]{1,20}$/.test(name)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"name" must be 1 to 20 characters of A-Z, a-z, 0-9 and _, got ${show(name)}.`,
    )
  }
  const limits = {
    name,
    maxOpen: integer('maxOpen', options.maxOpen ?? 1000),
    remember: integer('remember', options.remember ?? 1000),
    reportWithin: integer('reportWithin', options.reportWithin ?? 50, 0),
    keepAfterDrift: integer('keepAfterDrift', options.keepAfterDrift ?? 100),
    outcomeLag: integer('outcomeLag', options.outcomeLag ?? 0, 0),
  }
  const parts: Parts<S> = {
    features,
    labeler: options.labeler ?? new TripleBarrier(),
    killSwitch: options.killSwitch ?? new KillSwitch(),
    success: checkTask('success', models.success, 'binary'),
    expectedReturn: checkTask('expectedReturn', models.expectedReturn, 'regression'),
    stopRisk: checkTask('stopRisk', models.stopRisk, 'binary'),
    detectors: options.detectors ?? defaultDetectors(),
    interval: options.interval ?? new ConformalInterval(),
    bound: options.bound ?? null,
    novelty: options.novelty ?? null,
    monitor: options.monitor ?? null,
    challenger: null,
    previous: null,
    watch: null,
    // in mode "live" it waits for the first challenger
    rollout: mode === 'rollout' ? rollout : null,
    ledger: options.ledger ?? null,
  }
  checkWatchers(parts)
  const exploration = createExploration(options.exploration)
  const companions = new Companions(options.companions ?? [])
  return { mode, policy, clock, limits, exploration, companions, trials: rollout, parts }
}

const SAVED = { name: '', maxOpen: 0, remember: 0, reportWithin: 0, keepAfterDrift: 0, outcomeLag: 0, schema: '' }

/** Name and bounds as a snapshot of a TradeLearner holds them. @throws `CORRUPT_SNAPSHOT` */
export function savedBounds({ version, options }: Snapshot): Bounds {
  // before version 4 no outcome waited
  const whole = version < 4 ? { ...options, outcomeLag: 0 } : options
  const { schema: _, ...bounds } = unpackState(whole, SAVED, 'options')
  for (const name of ['maxOpen', 'remember', 'keepAfterDrift'] as const) {
    integer(`options.${name}`, bounds[name], 1, 'CORRUPT_SNAPSHOT')
  }
  for (const name of ['reportWithin', 'outcomeLag'] as const) {
    integer(`options.${name}`, bounds[name], 0, 'CORRUPT_SNAPSHOT')
  }
  return bounds
}
