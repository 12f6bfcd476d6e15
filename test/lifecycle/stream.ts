import fc from 'fast-check'
import type { TradeLearner } from '../../src/lifecycle/index.ts'
import type { Account, Candle, Decision, Outcome, Side } from '../../src/market.ts'
import { HOUR, type SmallSignal, START } from './helpers.ts'

/** One thing that a bot may tell its learner. Picks choose among what is open then. */
export type BotEvent =
  | {
      readonly kind: 'candle'
      readonly symbol: string
      readonly move: number
      readonly wick: number
      readonly gap: number
    }
  | {
      readonly kind: 'signal'
      readonly symbol: string
      readonly side: Side
      readonly confidence: number
      readonly source: 'rules' | 'ai'
      readonly bracket: boolean
      readonly equity: number
      readonly held: number
      /** Whether the broker has filled what is open, so that the account holds it under its id. */
      readonly filled: boolean
    }
  | { readonly kind: 'outcome'; readonly pick: number; readonly move: number; readonly paid: boolean }
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'refit' | 'halt' | 'resume' }

const symbol = fc.constantFrom('A', 'B')
const share = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true })

/** Any event, candles and signals most often. */
export const botEvent: fc.Arbitrary<BotEvent> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('candle' as const),
      symbol,
      move: share(-0.03, 0.03),
      wick: share(0, 0.01),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('signal' as const),
      symbol,
      side: fc.constantFrom('long' as const, 'short' as const),
      confidence: share(0, 1),
      source: fc.constantFrom('rules' as const, 'ai' as const),
      bracket: fc.boolean(),
      equity: share(80_000, 120_000),
      held: fc.integer({ min: 0, max: 21 }),
      filled: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('outcome' as const),
      pick: fc.nat(50),
      move: share(-0.03, 0.04),
      paid: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'refit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'halt' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'resume' as const }) },
)

/** Where prices stand: what the bot knows and the learner need not. */
export type World = { [symbol: string]: { close: number; bar: number } }

export const newWorld = (): World => ({ A: { close: 100, bar: 0 }, B: { close: 20, bar: 0 } })

/** Both symbols need a candle before anything else can happen. */
export const opening: readonly BotEvent[] = ['A', 'B'].map((symbol) => ({
  kind: 'candle',
  symbol,
  move: 0,
  wick: 0.001,
  gap: 1,
}))

/** Lets one event happen, in the world and to the learner; the decision where it was a signal. */
export function happen(learner: TradeLearner<SmallSignal>, world: World, event: BotEvent): Decision | undefined {
  const open = learner.openDecisions()
  switch (event.kind) {
    case 'candle':
      learner.onCandle(nextCandle(world, event))
      return
    case 'signal': {
      // as a bot would, it does not ask for more than can be open
      if (open.length >= 12) return
      const { close, bar } = world[event.symbol]!
      const sign = event.side === 'long' ? 1 : -1
      const signal: SmallSignal = {
        symbol: event.symbol,
        side: event.side,
        time: START + (bar + 1) * HOUR,
        meta: { confidence: event.confidence, source: event.source },
        ...(event.bracket ? { stop: close * (1 - 0.01 * sign), target: close * (1 + 0.02 * sign) } : {}),
      }
      return learner.decide(signal, accountOf(event, open))
    }
    case 'outcome': {
      const decision = open[event.pick % open.length]
      if (decision) learner.learn(decision.id, outcomeOf(decision, event))
      return
    }
    case 'cancel': {
      const decision = open[event.pick % open.length]
      if (decision) learner.cancel(decision.id)
      return
    }
    case 'refit':
      if (learner.refitDue) for (const _ of learner.refit());
      return
    case 'halt':
      learner.halt('the operator wants a rest')
      return
    case 'resume':
      learner.resume('rested')
      return
  }
}

function nextCandle(world: World, event: Extract<BotEvent, { kind: 'candle' }>): Candle {
  const at = world[event.symbol]!
  const open = at.close
  const close = open * (1 + event.move)
  at.close = close
  // both markets keep the same hours: every other candle begins a new bar
  at.bar = Math.max(at.bar + event.gap, ...Object.values(world).map(({ bar }) => bar))
  return {
    symbol: event.symbol,
    time: START + at.bar * HOUR,
    open,
    high: Math.max(open, close) * (1 + event.wick),
    low: Math.min(open, close) * (1 - event.wick),
    close,
    ...(event.gap === 2 ? {} : { volume: 1000 * event.wick }),
  }
}

function accountOf(
  { equity, held, filled }: Extract<BotEvent, { kind: 'signal' }>,
  open: readonly Decision[],
): Account {
  const positions = Array.from({ length: held }, (_, i) => ({
    symbol: i === 0 ? 'A' : `X${i}`,
    side: i % 2 === 0 ? ('long' as const) : ('short' as const),
    notional: 1000,
  }))
  if (!filled) return { equity, positions }
  const ours = open.map(({ id, symbol, side, size }) => ({ id, symbol, side, notional: size * equity }))
  return { equity, positions: [...positions, ...ours] }
}

function outcomeOf({ price, time }: Decision, { move, paid }: Extract<BotEvent, { kind: 'outcome' }>): Outcome {
  const exit = { exitPrice: price * (1 + move), exitTime: time + HOUR }
  return paid ? { ...exit, exitReason: move > 0 ? 'target' : 'stop', entryPrice: price * 1.0001, fees: 0.0005 } : exit
}
