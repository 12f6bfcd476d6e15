import { nonNegative, oneOf, text, time } from '../../core/check.ts'
import type { Side } from '../../market.ts'

/** What a halt is about: all trading, the model's word, one direction, or one symbol. */
export type Scope = 'all' | 'model' | `side:${Side}` | `symbol:${string}`

/** The four kinds of scope; each has rules of its own. */
export type ScopeKind = 'all' | 'model' | 'side' | 'symbol'

/** What an observation is about. What is left out counts for all trading alone, at the latest time told. */
export type Subject = {
  readonly symbol?: string | undefined
  readonly side?: Side | undefined
  /** When it happened, epoch milliseconds. */
  readonly time?: number | undefined
  /** Whose plan it was. Only what the model planned counts for the scope `"model"`. */
  readonly plan?: 'model' | 'baseline' | undefined
}

/** What a closed trade was. */
export type TradeSubject = Subject & {
  /** When it was entered: a trade entered after a lock's end is one of its probes. */
  readonly entryTime?: number | undefined
  /** Its value as a fraction of equity, for the drawdown of a model, side or symbol. @defaultValue 1 */
  readonly size?: number | undefined
}

/** Characters of a symbol, so that a bounded number of them stays a bounded number of bytes. */
const LONGEST_SYMBOL = 100

/** The scopes that something belongs to, the widest first. */
export function scopesOf({ symbol, side, plan }: Subject): readonly Scope[] {
  const scopes: Scope[] = ['all']
  if (plan === 'model') scopes.push('model')
  if (side !== undefined) scopes.push(`side:${side}`)
  if (symbol !== undefined) scopes.push(`symbol:${symbol}`)
  return scopes
}

/** The kind of a scope. */
export function kindOf(scope: Scope): ScopeKind {
  if (scope === 'all' || scope === 'model') return scope
  return scope.startsWith('side:') ? 'side' : 'symbol'
}

/** Whether a value names a scope. */
export function isScope(value: unknown): value is Scope {
  if (typeof value !== 'string') return false
  const symbol = value.startsWith('symbol:') ? value.length - 'symbol:'.length : 0
  return ['all', 'model', 'side:long', 'side:short'].includes(value) || (symbol > 0 && symbol <= LONGEST_SYMBOL)
}

/** What is wrong with what is said about an observation; empty where nothing is. */
export function faultOf(subject: TradeSubject): string {
  try {
    const { symbol, side, time: at, plan, entryTime, size } = subject
    if (symbol !== undefined && text('symbol', symbol).length > LONGEST_SYMBOL) {
      return `"symbol" must have at most ${LONGEST_SYMBOL} characters, got ${symbol.length}.`
    }
    if (side !== undefined) oneOf('side', side, ['long', 'short'])
    if (at !== undefined) time('time', at)
    if (plan !== undefined) oneOf('plan', plan, ['model', 'baseline'])
    if (entryTime !== undefined) time('entryTime', entryTime)
    if (size !== undefined) nonNegative('size', size)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
