import type { Codec, JsonObject, JsonValue, Learner, ProbabilityBound, Serializable, Snapshot } from '../contracts.ts'
import { oneOf } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { nested, restore } from '../core/snapshot.ts'
import { packState, unpackState } from '../core/state.ts'
import { KillSwitch, RiskLedger } from '../decision/index.ts'
import { ReliabilityBound } from '../learners/index.ts'
import type { Signal } from '../market.ts'
import { defaultCodecs } from './defaults.ts'
import { packModels, unpackModels } from './model-registry/model-bundle.ts'
import {
  type Contender,
  checkTask,
  checkWatchers,
  type Features,
  type Gradual,
  type Guard,
  type Parts,
  type Watch,
} from './parts.ts'
import { Rollout } from './rollout/rollout.ts'

/** A part's snapshot as a value that fits into its owner's state. */
export function packPart(part: Serializable): JsonObject {
  return { ...part.toJSON() }
}

/** Snapshots of all parts, by name. */
export function packParts<S extends Signal>({
  detectors,
  bound,
  challenger,
  previous,
  watch,
  ...parts
}: Parts<S>): JsonObject {
  return {
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part && packPart(part)])),
    // younger than its layout, so it is only there where there is one
    ...(bound === null ? {} : { bound: packPart(bound) }),
    ...(challenger?.bound ? { challengerBound: packPart(challenger.bound) } : {}),
    ...(previous?.bound ? { previousBound: packPart(previous.bound) } : {}),
    challenger: challenger && { ...packModels(challenger) },
    previous: previous && { ...packModels(previous) },
    ...(watch === null ? {} : { watch: packWatch(watch) }),
    detectors: detectors.map(packPart),
  }
}

function packWatch({ rollout, previous, ...names }: Watch): JsonObject {
  return {
    names: packState(names),
    rollout: packPart(rollout),
    ...(previous?.bound ? { previousBound: packPart(previous.bound) } : {}),
    previous: previous && { ...packModels(previous) },
  }
}

/**
 * Reads back what {@link packParts} wrote, for the features and the guard that are configured today. Codecs of the
 * caller's own come before the library's.
 *
 * A `KillSwitch` keeps what it has seen and whether it is halted, but its thresholds are the operator's: those of
 * `guard`, built from today's configuration. One that cannot be read comes back halted.
 *
 * Where the file holds no novelty or monitor, as none did before version 3, today's start with nothing learned.
 *
 * `trials` is the rollout that is configured, `trial` the name of the challenger's where that is another.
 */
export function unpackParts<S extends Signal>(
  { version, options, state }: Snapshot,
  own: readonly Codec[],
  { features: declared, killSwitch: guard, ...today }: Parts<S>,
  trials: Gradual | null,
  trial: string,
): Parts<S> {
  const codecs = [...own, ...defaultCodecs()]
  const parts = nested(state, 'parts', 'trade-learner') as unknown as JsonObject
  const readIn = (box: JsonObject) => (name: string) => able(name, restore(nested(box, name, 'trade-learner'), codecs))
  const read = readIn(parts)
  const saved = nested(parts, 'killSwitch', 'trade-learner')
  const configured = guard.toJSON()
  if (saved.type !== configured.type) {
    // a file must not put something else in the place of what can halt trading
    throw new TradeLearnError(
      'UNKNOWN_SNAPSHOT',
      `The kill switch must be restored from a ${show(configured.type)} snapshot, got ${show(saved.type)}.`,
    )
  }
  const features = read('features') as Features<S>
  for (const fingerprint of [features.schema.fingerprint, options['schema']]) {
    if (fingerprint === declared.schema.fingerprint) continue
    throw new TradeLearnError(
      'SCHEMA_MISMATCH',
      `The snapshot must be of the declared features (${declared.schema.fingerprint}), got others (${show(fingerprint)}).`,
    )
  }
  const watcher = (name: 'novelty' | 'monitor'): Serializable | null =>
    version < 3 || parts[name] === null ? today[name] : read(name)
  const watchers = {
    novelty: watcher('novelty') as Parts['novelty'],
    monitor: watcher('monitor') as Parts['monitor'],
  }
  checkWatchers({ features, ...watchers }, 'CORRUPT_SNAPSHOT')
  // before version 6 nobody was challenged
  const contender = (name: 'challenger' | 'previous', box = parts): Contender | null => {
    if (version < 6 || box[name] === null) return null
    const models = unpackModels(nested(box, name, 'trade-learner'), features.schema.size, own)
    return { ...models, bound: unpackBound(box, `${name}Bound`, today.bound?.anew() ?? null, readIn(box)) }
  }
  const watch = (): Watch | null => {
    if (!Object.hasOwn(parts, 'watch')) return null
    const box = nested(parts, 'watch', 'trade-learner') as unknown as JsonObject
    const at = 'state.parts.watch.names'
    const names = unpackState(box['names'], { trial: '', champion: '' as Watch['champion'], previousName: '' }, at)
    oneOf(`${at}.champion`, names.champion, ['baseline', 'models'], 'CORRUPT_SNAPSHOT')
    const previous = contender('previous', box)
    const rollout = unpackRollout(box, trials, names.trial, readIn(box))
    return rollout && { ...names, rollout, previous }
  }
  return {
    features,
    labeler: read('labeler') as Parts['labeler'],
    killSwitch:
      configured.type === KillSwitch.type
        ? KillSwitch.restoreOrHalt(saved, (guard as KillSwitch).options)
        : (read('killSwitch') as Guard),
    success: checkTask('success', read('success') as Learner, 'binary'),
    expectedReturn: checkTask('expectedReturn', read('expectedReturn') as Learner, 'regression'),
    stopRisk: checkTask('stopRisk', read('stopRisk') as Learner, 'binary'),
    interval: read('interval') as Parts['interval'],
    bound: unpackBound(parts, 'bound', today.bound, read),
    ...watchers,
    challenger: contender('challenger'),
    previous: contender('previous'),
    watch: watch(),
    rollout: version < 4 || parts['rollout'] === null ? today.rollout : unpackRollout(parts, trials, trial, read),
    ledger: version < 5 || parts['ledger'] === null ? today.ledger : unpackLedger(parts, today.ledger),
    detectors: list(parts['detectors']).map((json) =>
      able('detectors', restore(json as unknown as Snapshot, codecs)),
    ) as unknown as Parts['detectors'],
  }
}

/** What has been shown comes from the file; steps and thresholds are the operator's, and so is whether there is a rollout. */
function unpackRollout(
  parts: JsonObject,
  today: Gradual | null,
  trial: string,
  read: (name: string) => Serializable,
): Gradual | null {
  const saved = nested(parts, 'rollout', 'trade-learner')
  if (today === null) return null
  if (saved.type !== Rollout.type) return read('rollout') as Gradual
  return Rollout.restore(saved, { ...today.options, name: trial || today.name })
}

/** What predictions came to is remembered; how sure the bound must be, and whether there is one, the operator says. */
function unpackBound(
  parts: JsonObject,
  name: (typeof BOUNDS)[number],
  today: ProbabilityBound | null,
  read: (name: string) => Serializable,
): ProbabilityBound | null {
  if (today === null || !Object.hasOwn(parts, name)) return today
  const saved = nested(parts, name, 'trade-learner')
  const { type, options } = today.toJSON()
  // one of another kind has counted something else
  if (saved.type !== type) return today
  return type === ReliabilityBound.type
    ? ReliabilityBound.fromJSON({ ...saved, options })
    : (read(name) as ProbabilityBound)
}

/** Orders and losses of the day outlive a restart; how many are remembered, and whether there is a ledger, the operator says. */
function unpackLedger(parts: JsonObject, today: RiskLedger | null): RiskLedger | null {
  const saved = nested(parts, 'ledger', 'trade-learner')
  return today && RiskLedger.restore(saved, today.options)
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"detectors" must be an array, got ${show(value)}.`)
}

/** Where bounds are kept: of those that decide, and of those beside them. */
const BOUNDS = ['bound', 'challengerBound', 'previousBound'] as const

/** What each part must be able to do, so that no readable part of a file gets into the place of another. */
const ABILITIES: { readonly [name: string]: readonly string[] } = {
  features: ['schema', 'update', 'vector', 'settle', 'lastClose', 'atr'],
  labeler: ['open', 'cancel', 'advance', 'excursions'],
  killSwitch: ['halted', 'cause', 'observeOutcome', 'observeEquity', 'observeLatency', 'halt', 'reset'],
  success: ['predict', 'learn'],
  expectedReturn: ['predict', 'learn'],
  stopRisk: ['predict', 'learn'],
  interval: ['halfWidth', 'learn'],
  ...Object.fromEntries(BOUNDS.map((name) => [name, ['lowerBound', 'learn', 'anew']])),
  detectors: ['update', 'level'],
  novelty: ['scoreOf', 'learn'],
  monitor: ['names', 'update', 'summary'],
  rollout: ['assign', 'tell', 'step', 'report'],
}

function able(name: string, part: Serializable): Serializable {
  const missing = ABILITIES[name]!.find((ability) => !(ability in part))
  if (missing === undefined) return part
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `"${name}" must be saved as a part with "${missing}", got a ${show(part.toJSON().type)} snapshot.`,
  )
}
