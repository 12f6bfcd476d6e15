import type { JsonObject } from '../../contracts.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { integer, oneOf, time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { sha256 } from '../../core/sha256.ts'
import { packRecord, type State, unpackState } from '../../core/state.ts'
import { checkBy, checkDraft, checkReason } from './model-card.ts'
import { type AliasMove, checkAlias } from './registry-event.ts'
import { MAX_ALIASES } from './registry-options.ts'
import {
  CHALLENGER,
  CHAMPION,
  findVersion,
  LONGEST_LINE,
  type ModelVersion,
  type RegistryState,
  targetOf,
} from './registry-state.ts'

const CODE = 'CORRUPT_SNAPSHOT'
const MOVE = { time: 0, by: '', reason: '', alias: '', from: null, to: null, how: '' }
/** `null` stands for anything, which is then checked. */
const SAVED = {
  next: 0,
  versions: [null],
  aliases: [{ alias: '', version: 0 }],
  line: [0],
  moves: [MOVE],
  moved: 0,
}

/** The state as a snapshot holds it, under a seal: a digit that has changed shows, even where it makes sense. */
export function packRegistryState(state: RegistryState): JsonObject {
  const packed = packRecord(state as unknown as { readonly [key: string]: State })
  return { ...packed, seal: sha256(canonicalJson(packed)) }
}

/** The state in a snapshot, believed in nothing: whoever means harm can seal it too. @throws `CORRUPT_SNAPSHOT` */
export function readRegistryState({ seal, ...json }: JsonObject): RegistryState {
  const read = unpackState(json, SAVED as never) as unknown as RegistryState
  if (seal !== sha256(canonicalJson(json))) refuse('have its seal unbroken', seal)
  const state: RegistryState = {
    next: integer('state.next', read.next, 1, CODE),
    versions: read.versions.map(readVersion),
    aliases: read.aliases.map(({ alias, version }) =>
      Object.freeze({ alias: checkAlias(alias, CODE), version: integer('version', version, 1, CODE) }),
    ),
    line: read.line,
    moves: read.moves.map(readMove),
    moved: integer('state.moved', read.moved, read.moves.length, CODE),
  }
  checkAgreement(state)
  return state
}

function readVersion(json: ModelVersion): ModelVersion {
  const content = checkDraft(json, CODE)
  const { version, id, createdAt, by, kept, reached, since } = json
  integer('version', version, 1, CODE)
  if (id !== `${content.name}-${version}`) refuse(`call version ${version} by its name and number`, id)
  if (typeof kept !== 'boolean') refuse('say whether a body is kept', kept)
  if (kept && content.model === null) refuse('have a hash of each body', `none of version ${version}`)
  return Object.freeze({
    ...content,
    version,
    id,
    createdAt: time('createdAt', createdAt, CODE),
    by: checkBy(by, CODE),
    kept,
    reached: oneOf('reached', reached, ['nothing', 'challenger', 'champion'], CODE),
    since: time('since', since, CODE),
  })
}

function readMove({ time: at, by, reason, alias, from, to, how }: AliasMove): AliasMove {
  for (const target of [from, to]) if (target !== null) integer('move', target, 1, CODE)
  return Object.freeze({
    time: time('time', at, CODE),
    by: checkBy(by, CODE),
    reason: checkReason(reason, CODE),
    alias: checkAlias(alias, CODE),
    from,
    to,
    how: oneOf('how', how, ['set', 'rollback'], CODE),
  })
}

/** Throws unless the parts of a state agree with each other. */
function checkAgreement(state: RegistryState): void {
  const { next, versions, aliases, line } = state
  versions.forEach(({ version, parent }, i) => {
    if (version >= next || (i > 0 && version <= versions[i - 1]!.version)) refuse('count its versions up', version)
    if (parent !== null && parent >= version) refuse('have parents before children', parent)
  })
  if (new Set(aliases.map(({ alias }) => alias)).size !== aliases.length) refuse('have each alias once', aliases.length)
  if (aliases.length > MAX_ALIASES) refuse(`have ${MAX_ALIASES} aliases at most`, aliases.length)
  for (const { alias, version } of aliases) {
    if (findVersion(state, version)?.kept !== true) refuse(`have the model that ${show(alias)} points to`, version)
  }
  if (new Set(line).size !== line.length || line.length > LONGEST_LINE) refuse('have each champion once', line.length)
  for (const version of line) {
    if (findVersion(state, version)?.reached !== CHAMPION) refuse('know its champions', version)
  }
  const champion = targetOf(state, CHAMPION)
  const challenger = targetOf(state, CHALLENGER)
  if (champion !== null && line.at(-1) !== champion) refuse('have its champion last in its line', champion)
  if (challenger !== null && (challenger === champion || findVersion(state, challenger)!.reached === 'nothing')) {
    refuse('have another challenger', challenger)
  }
}

function refuse(wanted: string, got: unknown): never {
  throw new TradeLearnError(CODE, `A "model-registry" snapshot must ${wanted}, got ${show(got)}.`)
}
