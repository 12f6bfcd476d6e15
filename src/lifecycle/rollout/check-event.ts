import { finite, fraction, integer, oneOf, text, time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { RolloutEvent } from './rollout-event.ts'

/** Throws unless an event is one, of a rollout of so many steps. @throws `INVALID_INPUT`, `INVALID_TIME` */
export function checkEvent(event: RolloutEvent, steps: number): void {
  if (typeof event !== 'object' || event === null) {
    throw new TradeLearnError('INVALID_INPUT', `An event must be an object, got ${show(event)}.`)
  }
  const kinds = ['decided', 'settled', 'latency', 'approve', 'pause', 'resume', 'abort', 'tick'] as const
  oneOf('kind', event.kind, kinds, 'INVALID_INPUT')
  time('time', event.time)
  if (event.kind === 'decided' || event.kind === 'settled')
    oneOf('arm', event.arm, ['champion', 'candidate'], 'INVALID_INPUT')
  if (event.kind === 'approve') text('by', event.by, 'INVALID_INPUT')
  if (event.kind === 'pause' || event.kind === 'resume' || event.kind === 'abort')
    text('reason', event.reason, 'INVALID_INPUT')
  if (event.kind !== 'settled') return
  time('decidedAt', event.decidedAt)
  if (integer('step', event.step, 0, 'INVALID_INPUT') > steps) {
    throw new TradeLearnError('INVALID_INPUT', `"step" must be at most ${steps}, got ${event.step}.`)
  }
  fraction('share', event.share, 'INVALID_INPUT')
  fraction('championShare', event.championShare ?? 1, 'INVALID_INPUT')
  if (event.y !== 0 && event.y !== 1)
    throw new TradeLearnError('INVALID_INPUT', `"y" must be 0 or 1, got ${show(event.y)}.`)
  finite('netReturn', event.netReturn, 'INVALID_INPUT')
  fraction('size', event.size, 'INVALID_INPUT')
}
