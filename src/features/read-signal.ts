import type { Vector } from '../contracts.ts'
import { oneOf, text, time } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Signal, SignalMeta } from '../market.ts'
import { few, type Layout } from './schema.ts'

/** Passes a signal whose symbol, side and time are what they should be, else throws. */
export function checkSignal(signal: Signal): Signal {
  if (typeof signal !== 'object' || signal === null) invalid(`A signal must be an object, got ${show(signal)}.`)
  text('signal.symbol', signal.symbol, 'INVALID_SIGNAL')
  oneOf('signal.side', signal.side, ['long', 'short'], 'INVALID_SIGNAL')
  time('signal.time', signal.time)
  return signal
}

/** Writes what a signal says about itself; throws where it is not what is declared. */
export function writeMeta(slots: Layout['meta'], meta: SignalMeta | undefined, out: Vector): void {
  if (meta !== undefined && (typeof meta !== 'object' || meta === null || Array.isArray(meta))) {
    invalid(`"signal.meta" must be an object, got ${show(meta)}.`)
  }
  let found = 0
  for (const { key, part, at } of slots) {
    const given = meta !== undefined && Object.hasOwn(meta, key)
    if (given) found++
    const value = given ? meta[key] : undefined
    if (part.accepts(value)) part.write(value, out, at)
    else if (part.presence === 'optional' && isMissing(value)) out.fill(NaN, at, at + part.outputs.length)
    else invalid(`"signal.meta.${key}" must be ${part.wanted}, got ${show(value)}.`)
  }
  if (meta === undefined || found === Object.keys(meta).length) return
  const declared = slots.map(({ key }) => key)
  const unknown = Object.keys(meta).filter((key) => !declared.includes(key))
  invalid(`"signal.meta" must hold only what is declared (${few(declared) || 'nothing'}), got ${few(unknown)}.`)
}

const isMissing = (value: unknown): boolean => value === undefined || value === null || Number.isNaN(value)

function invalid(message: string): never {
  throw new TradeLearnError('INVALID_SIGNAL', message)
}
