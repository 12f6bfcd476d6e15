import { show, TradeLearnError } from '../core/errors.ts'
import type { Declaration } from './declaration.ts'
import { metaOfKey } from './trade-key.ts'

type Group = keyof Declaration

const INDICATOR = ['init', 'update', 'read']

/** What the features of a group are called, and what each must be able to do. */
const FEATURES: { readonly [Key in Group]-?: { readonly wanted: string; readonly methods: readonly string[] } } = {
  candles: { wanted: 'an indicator like rsi(14)', methods: INDICATOR },
  directed: { wanted: 'an indicator like macd()', methods: INDICATOR },
  context: { wanted: "a context feature like trendOf('SPY')", methods: [] },
  history: { wanted: 'a history feature like recentWinRate()', methods: INDICATOR },
  signal: { wanted: 'a signal feature like tradeSide()', methods: ['read'] },
  meta: { wanted: 'a meta feature like numeric()', methods: ['accepts', 'write'] },
}

/** Refuses a declaration whose groups or features are not what their types say. */
export function checkDeclaration(declaration: Declaration): void {
  if (!isRecord(declaration)) invalid('declaration', 'an object of groups of features', declaration)
  for (const group of Object.keys(FEATURES) as Group[]) {
    const features: unknown = declaration[group]
    if (features === undefined) continue
    if (!isRecord(features)) invalid(group, 'an object of features by name', features)
    const { wanted, methods } = FEATURES[group]
    for (const [name, feature] of Object.entries(features)) {
      const whole = isFeature(feature, methods) && (SPECIAL[group]?.(feature) ?? true)
      if (!whole) invalid(`${group}.${name}`, wanted, feature)
    }
  }
  for (const [name, { by }] of Object.entries(declaration.history ?? {})) {
    const source = metaOfKey(by)
    if (source === undefined || Object.hasOwn(declaration.meta ?? {}, source)) continue
    // a slip of the pen would otherwise be a key that no signal has
    invalid(`history.${name}.by`, '"symbol", "side", "hour", a map of sectors or a declared meta feature', source)
  }
}

type Fields = { readonly [name: string]: unknown }

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isFeature(value: unknown, methods: readonly string[]): value is Fields {
  if (!isRecord(value) || typeof value['kind'] !== 'string') return false
  const { outputs } = value
  const named = Array.isArray(outputs) && outputs.every((output) => typeof output === 'string')
  return named && methods.every((method) => typeof value[method] === 'function')
}

/** What the features of a group must have besides their methods. */
const SPECIAL: { readonly [Key in Group]?: (feature: Fields) => boolean } = {
  context: ({ symbol, indicator, lookBack, readPeers }) =>
    typeof readPeers === 'function'
      ? Number.isSafeInteger(lookBack) && (lookBack as number) >= 0
      : typeof symbol === 'string' && isFeature(indicator, INDICATOR),
  history: ({ by }) => typeof by === 'string' || isRecord(by),
}

function invalid(name: string, wanted: string, value: unknown): never {
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be ${wanted}, got ${show(value)}.`)
}
