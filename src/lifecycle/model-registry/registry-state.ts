import { show, TradeLearnError } from '../../core/errors.ts'
import { MAX_TAGS, type ModelCard } from './model-card.ts'
import type { AliasMove, RegistryEvent } from './registry-event.ts'
import { MAX_ALIASES, type RegistryOptions } from './registry-options.ts'

/** A version as the registry knows it: its card, and what may change about it. */
export type ModelVersion = ModelCard & {
  readonly tags: { readonly [name: string]: string }
  /** Whether its body is kept; false for one that never had one. */
  readonly kept: boolean
  /** The most that it has ever been. */
  readonly reached: 'nothing' | 'challenger' | 'champion'
  /** When it last became, or ceased to be, challenger or champion; else when it was registered. */
  readonly since: number
}

/** Everything about a registry that changes. */
export type RegistryState = {
  /** The number that the next version gets. */
  next: number
  /** In ascending order. */
  versions: ModelVersion[]
  aliases: { readonly alias: string; readonly version: number }[]
  /** Champions that were not rolled back, oldest first: the newest of them but the present one is the last good one. */
  line: number[]
  /** The newest moves, oldest first, and how many there ever were. */
  moves: AliasMove[]
  moved: number
}

/** A registry without any version. */
export const freshRegistry = (): RegistryState => ({
  next: 1,
  versions: [],
  aliases: [],
  line: [],
  moves: [],
  moved: 0,
})

/** Champions that are remembered to fall back to. */
export const LONGEST_LINE = 20

/** The two aliases that mean something to the library. */
export const CHAMPION = 'champion'
export const CHALLENGER = 'challenger'

export const findVersion = ({ versions }: RegistryState, version: number): ModelVersion | undefined =>
  versions.find((one) => one.version === version)

export const targetOf = ({ aliases }: RegistryState, alias: string): number | null =>
  aliases.find((one) => one.alias === alias)?.version ?? null

/** The last good champion but the present one, of those whose bodies are kept; null where there is none. */
export function previousOf(state: RegistryState): number | null {
  const champion = targetOf(state, CHAMPION)
  return state.line.findLast((version) => version !== champion && findVersion(state, version)!.kept) ?? null
}

/** Versions whose bodies are one too many: the oldest that nothing needs. */
export function surplusOf(state: RegistryState, { keepBodies }: Pick<RegistryOptions, 'keepBodies'>): number[] {
  const kept = state.versions.filter((one) => one.kept)
  const loose = kept.filter(({ version }) => !isNeeded(state, version) && version !== state.next - 1)
  return loose.slice(0, Math.max(0, kept.length - keepBodies)).map(({ version }) => version)
}

/** Whether an alias points to a version, or the champion would fall back to it. */
export function isNeeded(state: RegistryState, version: number): boolean {
  return state.aliases.some((one) => one.version === version) || previousOf(state) === version
}

/**
 * Lets an event happen. What was decided then stands, whatever the operator's rules of today make of it; only what cannot
 * be is refused.
 *
 * @throws `INVALID_INPUT` or `UNKNOWN_MODEL`, changing nothing
 */
export function happen(state: RegistryState, event: RegistryEvent, options: RegistryOptions): void {
  if (event.kind === 'registered') register(state, event, options)
  else if (event.kind === 'moved') move(state, event, options)
  else if (event.kind === 'tagged') tag(state, event)
  else drop(state, event)
}

function register(
  state: RegistryState,
  { version, time, by, card }: Extract<RegistryEvent, { kind: 'registered' }>,
  options: RegistryOptions,
): void {
  if (version !== state.next) {
    throw new TradeLearnError('INVALID_INPUT', `The next version must be ${state.next}, got ${version}.`)
  }
  if (card.parent !== null && card.parent >= version) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"parent" must be an earlier version than ${version}, got ${card.parent}.`,
    )
  }
  const made = { ...card, version, id: `${card.name}-${version}`, createdAt: time, by }
  state.next = version + 1
  state.versions.push(Object.freeze({ ...made, kept: card.model !== null, reached: 'nothing', since: time }))
  trim(state, options)
}

/** Lets the oldest cards go that nothing needs, and the oldest moves. */
export function trim(state: RegistryState, { maxCards, remember }: RegistryOptions): void {
  let tooMany = state.versions.length - maxCards
  if (tooMany > 0) {
    state.versions = state.versions.filter(({ kept }) => kept || tooMany-- <= 0)
    state.line = state.line.filter((version) => findVersion(state, version) !== undefined)
  }
  state.moves = state.moves.slice(-remember)
}

function move(
  state: RegistryState,
  event: Extract<RegistryEvent, { kind: 'moved' }>,
  { remember }: RegistryOptions,
): void {
  const { alias, to, how } = event
  const from = targetOf(state, alias)
  if (to !== null) checkKept(state, to)
  if (from === to) throw new TradeLearnError('INVALID_INPUT', `${show(alias)} must be moved, got ${to} again.`)
  if (how === 'rollback' && alias !== CHAMPION) {
    throw new TradeLearnError('INVALID_INPUT', `A rollback must be of "champion", got ${show(alias)}.`)
  }
  const champion = targetOf(state, CHAMPION)
  if (alias === CHALLENGER && to !== null && to === champion) {
    throw new TradeLearnError('INVALID_INPUT', `The challenger must not be the champion, got version ${to}.`)
  }
  if (from === null && state.aliases.length >= MAX_ALIASES) {
    throw new TradeLearnError('INVALID_INPUT', `There must be at most ${MAX_ALIASES} aliases, got ${show(alias)} too.`)
  }
  const { time, by, reason } = event
  point(state, { time, by, reason, alias, from, to, how })
  if (alias === CHAMPION) {
    state.line = lineAfter(state.line, from, to, how)
    // who has won challenges no more
    if (to !== null && targetOf(state, CHALLENGER) === to) {
      point(state, { time, by, reason, alias: CHALLENGER, from: to, to: null, how: 'set' })
    }
  }
  state.moves = state.moves.slice(-remember)
}

function point(state: RegistryState, entry: AliasMove): void {
  const { alias, from, to, time } = entry
  const others = state.aliases.filter((one) => one.alias !== alias)
  state.aliases = to === null ? others : [...others, { alias, version: to }]
  state.moves.push(Object.freeze({ ...entry }))
  state.moved++
  if (alias !== CHAMPION && alias !== CHALLENGER) return
  const reached = alias
  replace(state, from, () => ({ since: time }))
  replace(state, to, (one) => ({ since: time, reached: one.reached === CHAMPION ? CHAMPION : reached }))
}

/** The champions to fall back to, after a move: a rollback forgets those that came after the one it goes back to. */
function lineAfter(line: readonly number[], from: number | null, to: number | null, how: AliasMove['how']): number[] {
  if (how === 'set') return to === null ? [...line] : [...line.filter((one) => one !== to), to].slice(-LONGEST_LINE)
  if (to === null) return []
  const at = line.indexOf(to)
  return at >= 0 ? line.slice(0, at + 1) : [...line.filter((one) => one !== from), to].slice(-LONGEST_LINE)
}

function tag(state: RegistryState, { version, tag: name, value }: Extract<RegistryEvent, { kind: 'tagged' }>): void {
  const { tags } = checkKnown(state, version)
  const others = Object.entries(tags).filter(([key]) => key !== name)
  if (value !== null && others.length >= MAX_TAGS) {
    throw new TradeLearnError('INVALID_INPUT', `A version must have at most ${MAX_TAGS} tags, got ${show(name)} too.`)
  }
  const entries = value === null ? others : [...others, [name, value] as [string, string]]
  replace(state, version, () => ({ tags: Object.freeze(Object.fromEntries(entries)) }))
}

function drop(state: RegistryState, { versions }: Extract<RegistryEvent, { kind: 'dropped' }>): void {
  for (const version of versions) {
    checkKept(state, version)
    const pointing = state.aliases.find((one) => one.version === version)
    if (!pointing) continue
    throw new TradeLearnError(
      'INVALID_INPUT',
      `Version ${version} must be kept while ${show(pointing.alias)} points to it.`,
    )
  }
  for (const version of versions) replace(state, version, () => ({ kept: false }))
}

function replace(
  state: RegistryState,
  version: number | null,
  change: (one: ModelVersion) => Partial<ModelVersion>,
): void {
  const at = state.versions.findIndex((one) => one.version === version)
  if (at >= 0) state.versions[at] = Object.freeze({ ...state.versions[at]!, ...change(state.versions[at]!) })
}

/** The version, else throws. */
export function checkKnown(state: RegistryState, version: number): ModelVersion {
  const found = findVersion(state, version)
  if (found) return found
  throw new TradeLearnError(
    'UNKNOWN_MODEL',
    `"version" must be one that is registered, up to ${state.next - 1}, got ${show(version)}.`,
  )
}

/** The version with its body kept, else throws. */
export function checkKept(state: RegistryState, version: number): ModelVersion {
  const found = checkKnown(state, version)
  if (found.kept) return found
  throw new TradeLearnError('MISSING_MODEL', `Version ${version} must have a model that is kept, got its card alone.`)
}
