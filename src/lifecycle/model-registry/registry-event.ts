import type { JsonObject, JsonValue } from '../../contracts.ts'
import { integer, oneOf, time } from '../../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../../core/errors.ts'
import { packRecord, type State, unpackState } from '../../core/state.ts'
import { type CardContent, checkBy, checkDraft, checkReason, checkTag, type ModelDraft, words } from './model-card.ts'

/** Who wants something, when, and why. Times are epoch milliseconds. */
export type Why = { readonly time: number; readonly by: string; readonly reason: string }

/** What a registry can be asked to do. */
export type RegistryCommand =
  /** Takes in a new version. */
  | ({ readonly kind: 'register'; readonly draft: ModelDraft } & Omit<Why, 'reason'>)
  /** Points an alias to a version, or takes the alias away. */
  | ({ readonly kind: 'move'; readonly alias: string; readonly to: number | null } & Why)
  /** Makes an older version champion again; `'previous'` is the champion before this one or, where there is none, the baseline. */
  | ({ readonly kind: 'rollback'; readonly to: number | 'previous' } & Why)
  /** Tags a version; `null` takes the tag away. */
  | ({ readonly kind: 'tag'; readonly version: number; readonly tag: string; readonly value: string | null } & Omit<
      Why,
      'reason'
    >)
  /** Lets bodies go and keeps their cards: those that are too many where no versions are named. */
  | ({ readonly kind: 'drop'; readonly versions?: readonly number[] } & Why)

/** What has happened to a registry, as plain data for a journal. A registry is a function of its events, in order. */
export type RegistryEvent =
  | {
      readonly kind: 'registered'
      readonly time: number
      readonly by: string
      readonly version: number
      readonly card: CardContent
    }
  | ({
      readonly kind: 'moved'
      readonly alias: string
      readonly to: number | null
      readonly how: AliasMove['how']
    } & Why)
  | {
      readonly kind: 'tagged'
      readonly time: number
      readonly by: string
      readonly version: number
      readonly tag: string
      readonly value: string | null
    }
  | ({ readonly kind: 'dropped'; readonly versions: readonly number[] } & Why)

/** That an alias was moved: by whom, when, why. */
export type AliasMove = Why & {
  readonly alias: string
  readonly from: number | null
  readonly to: number | null
  readonly how: 'set' | 'rollback'
}

const WHY = { time: 0, by: '', reason: '' }
/** What each kind holds; `null` stands for anything, which is then checked. */
const TEMPLATES: { readonly [kind in RegistryEvent['kind']]: { readonly [name: string]: State } } = {
  registered: { time: 0, by: '', version: 0, card: null },
  moved: { ...WHY, alias: '', to: null, how: '' },
  tagged: { time: 0, by: '', version: 0, tag: '', value: null },
  dropped: { ...WHY, versions: [0] },
}

/** An event as JSON that keeps every number. */
export function packRegistryEvent(event: RegistryEvent): JsonObject {
  return packRecord(event as unknown as { readonly [key: string]: State })
}

/** Reads back what {@link packRegistryEvent} wrote. @throws `CORRUPT_SNAPSHOT` */
export function unpackRegistryEvent(json: JsonValue): RegistryEvent {
  const kind = typeof json === 'object' && json !== null ? (json as JsonObject)['kind'] : undefined
  if (typeof kind !== 'string' || !Object.hasOwn(TEMPLATES, kind)) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `An event of a registry must be one of ${Object.keys(TEMPLATES).join(', ')}, got ${show(kind)}.`,
    )
  }
  const template = { kind: '', ...TEMPLATES[kind as RegistryEvent['kind']] }
  return checkRegistryEvent(unpackState(json, template, 'event') as unknown as RegistryEvent, 'CORRUPT_SNAPSHOT')
}

/** A checked copy of an event, whatever registry it is for. */
export function checkRegistryEvent(event: RegistryEvent, code: ErrorCode = 'INVALID_INPUT'): RegistryEvent {
  const kinds = ['registered', 'moved', 'tagged', 'dropped'] as const
  const at = {
    time: time('time', (event as RegistryEvent | null)?.time ?? Number.NaN, code),
    by: checkBy(event.by, code),
  }
  switch (oneOf('kind', event.kind, kinds, code)) {
    case 'registered': {
      const { version, card } = event as Extract<RegistryEvent, { kind: 'registered' }>
      return { kind: 'registered', ...at, version: integer('version', version, 1, code), card: checkDraft(card, code) }
    }
    case 'moved': {
      const { reason, alias, to, how } = event as Extract<RegistryEvent, { kind: 'moved' }>
      return {
        kind: 'moved',
        ...at,
        reason: checkReason(reason, code),
        alias: checkAlias(alias, code),
        to: to === null ? null : integer('to', to, 1, code),
        how: oneOf('how', how, ['set', 'rollback'], code),
      }
    }
    case 'tagged': {
      const { version, tag, value } = event as Extract<RegistryEvent, { kind: 'tagged' }>
      checkTag(tag, value, code)
      return { kind: 'tagged', ...at, version: integer('version', version, 1, code), tag, value }
    }
    case 'dropped': {
      const { reason, versions } = event as Extract<RegistryEvent, { kind: 'dropped' }>
      if (!Array.isArray(versions)) {
        throw new TradeLearnError(code, `"versions" must be an array, got ${show(versions)}.`)
      }
      const whole = versions.map((version) => integer('versions', version, 1, code))
      return { kind: 'dropped', ...at, reason: checkReason(reason, code), versions: whole }
    }
  }
}

/** Passes an alias, else throws. What looks like a version, or has a meaning of its own, is none. */
export function checkAlias(alias: string, code: ErrorCode = 'INVALID_INPUT'): string {
  words('alias', alias, 40, code)
  if (/^[a-z][a-z0-9_-]*$/.test(alias) && !/^(v?\d+|previous|latest|baseline)$/.test(alias)) return alias
  throw new TradeLearnError(
    code,
    `"alias" must be of a-z, 0-9, "_" and "-", begin with a letter, and be no number, "previous", "latest" or "baseline", got ${show(alias)}.`,
  )
}
