import type { Rng } from '../../../src/contracts.ts'
import { drawFlag, drawInteger } from '../../../src/core/draw.ts'
import type { DecisionContext, DecisionPolicySettings, LimitOptions } from '../../../src/decision/index.ts'
import type { Account, Prediction } from '../../../src/market.ts'
import type { Setup } from './desk.ts'

export const SYMBOLS = ['A', 'B', 'C', 'D', 'constructor'] as const
const SECTORS = { A: 'x', B: 'x', C: 'y' } as const

export function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[drawInteger(rng, items.length)]!
}

/** What an operator may have set: every limit is loose in some setups, tight in others, off in others. */
export function drawSetup(rng: Rng): Setup {
  const limits = drawLimits(rng)
  return {
    policies: [drawPolicy(rng, limits), drawPolicy(rng, limits)],
    ledger: {
      orders: pick(rng, [2, 8, 64]),
      reservations: pick(rng, [2, 8, 64]),
      reserveFor: pick(rng, [1000, 60_000, 1e12]),
      stepBack: pick(rng, [0, 1000]),
    },
  }
}

function drawLimits(rng: Rng): LimitOptions {
  const cap = (): number => pick(rng, [0, 0.05, 0.15, 0.3, 2, Infinity, Infinity])
  return {
    maxPosition: pick(rng, [0, 0.02, 0.1, 0.1, 0.25, 1]),
    maxPositions: pick(rng, [0, 1, 3, 20, 20]),
    maxRisk: pick(rng, [0, 0.001, 0.01, 0.01, 1]),
    maxOrders: pick(rng, [0, 1, 3, Infinity, Infinity]),
    ordersWindow: pick(rng, [1000, 60_000]),
    maxSymbolExposure: cap(),
    maxSectorExposure: cap(),
    sectorOf: SECTORS,
    maxSideExposure: { long: cap(), short: cap() },
    maxGrossExposure: cap(),
    maxDailyLoss: pick(rng, [0.02, 0.1, 1, Infinity, Infinity]),
  }
}

function drawPolicy(rng: Rng, limits: LimitOptions): DecisionPolicySettings {
  const instead = () => pick(rng, ['skip', 'probe', 'baseline'] as const)
  const [low, high] = pick(rng, [
    [0.4, 0.6],
    [0, 1],
    [0.5, 0.5],
    [0, 0],
  ] as const)
  return {
    skipBelow: low,
    takeAbove: high,
    bandsAround: pick(rng, ['half', 'break-even'] as const),
    expectedValue: pick(rng, ['note', 'veto'] as const),
    sizing: pick(rng, ['confidence', 'kelly', 'bet-size'] as const),
    kellyFraction: pick(rng, [0.25, 1]),
    baseSize: pick(rng, [0.05, 0.1, 0.1, 0.3, 1]),
    probeSize: pick(rng, [0, 0.01, 0.2]),
    costs: pick(rng, [0, 0.001, 0.1]),
    targetWithin: pick(rng, ['stretch', 'interval'] as const),
    minTrades: pick(rng, [0, 100]),
    maxNovelty: pick(rng, [0.5, 0.995, 1]),
    maxModelAge: pick(rng, [1000, Infinity]),
    maxMissing: pick(rng, [0, 0.5, 1]),
    abstentions: { tooFewTrades: instead(), novel: instead(), stale: instead(), incomplete: instead() },
    closing: pick(rng, ['judged', 'free'] as const),
    limits,
  }
}

const JUNK: readonly unknown[] = [NaN, Infinity, -Infinity, -1, 2, 1e308, null, undefined, '0.9', {}, true]
/** Numbers that no prediction may hold, whatever else it says. */
const NO_NUMBERS: readonly unknown[] = [NaN, Infinity, -Infinity, null, undefined, '0.9', {}]

/** A prediction: most are sane, some hold one number that cannot be. */
export function drawPrediction(rng: Rng): { readonly prediction: Prediction; readonly isJunk: boolean } {
  const probability = drawFlag(rng, 0.2) ? pick(rng, [0, 0.4, 0.5, 0.6, 1]) : rng.next()
  const low = drawFlag(rng, 0.1) ? -Infinity : -0.1 * rng.next()
  const sane: Prediction = {
    probability,
    ...(drawFlag(rng, 0.3) ? { probabilityLow: probability * rng.next() } : {}),
    expectedReturn: drawFlag(rng, 0.05) ? pick(rng, [-1e308, 1e308]) : 0.1 * (rng.next() - 0.5),
    interval: { low, high: drawFlag(rng, 0.1) ? Infinity : low + 0.2 * rng.next(), coverage: 0.9 },
    stopRisk: rng.next(),
    // how many labels are behind it is not a number that a size is computed from without a check
    trades: drawFlag(rng, 0.1) ? (pick(rng, JUNK) as number) : drawInteger(rng, 2000),
  }
  if (drawFlag(rng, 0.85)) return { prediction: sane, isJunk: false }
  const junk = pick(rng, NO_NUMBERS) as number
  const spoiled = pick<Prediction>(rng, [
    { ...sane, probability: junk },
    { ...sane, probability: pick(rng, [-1e-9, 1.000001]) },
    { ...sane, expectedReturn: junk },
    { ...sane, stopRisk: junk },
    { ...sane, probabilityLow: (junk ?? NaN) as number },
    { ...sane, interval: { low: pick(rng, [NaN, 'x']) as number, high: 1, coverage: 0.9 } },
    { ...sane, interval: { low: 1, high: 0, coverage: 0.9 } },
    junk as unknown as Prediction,
  ])
  return { prediction: spoiled, isJunk: true }
}

/** A signal and what is known of the model; without account, ledger and time. */
export function drawQuestion(rng: Rng): Omit<DecisionContext, 'account' | 'ledger' | 'time'> {
  const side = pick(rng, ['long', 'short'] as const)
  const price = pick(rng, [1e-6, 1, 100, 65_000])
  const sign = side === 'long' ? 1 : -1
  const own = (direction: number): number => price * (1 + direction * sign * (0.001 + 0.5 * rng.next()))
  const any = (least: number): number => (drawFlag(rng, 0.05) ? (pick(rng, [NaN, Infinity]) as number) : least)
  return {
    signal: {
      symbol: pick(rng, SYMBOLS),
      side,
      price,
      ...(drawFlag(rng, 0.3) ? { stop: own(-1) } : {}),
      ...(drawFlag(rng, 0.3) ? { target: own(1) } : {}),
    },
    atr: drawFlag(rng, 0.1) ? pick(rng, [NaN, 0, Infinity, -1]) : price * 0.05 * rng.next(),
    trades: any(pick(rng, [0, 99, 100, 5000])),
    ...(drawFlag(rng, 0.5) ? { novelty: any(drawFlag(rng, 0.5) ? 0.2 : rng.next()) } : {}),
    ...(drawFlag(rng, 0.7) ? { modelAge: any(pick(rng, [0, 1000, 1001, 1e9])) } : {}),
    ...(drawFlag(rng, 0.7) ? { missing: any(pick(rng, [0, 0.4, 0.6, 1])) } : {}),
    halted: drawFlag(rng, 0.15) ? { code: 'DRAWDOWN', text: 'x' } : null,
    ...(drawFlag(rng, 0.1) ? { probe: { code: 'LOSS_STREAK', text: 'x' } } : {}),
  }
}

/** The same question with one number of the account or the signal that cannot be. */
export function spoil(rng: Rng, context: DecisionContext): DecisionContext {
  const junk = pick(rng, NO_NUMBERS) as number
  const { account, signal } = context
  const position = { symbol: 'A', side: 'long' as const, notional: (junk ?? NaN) as number }
  return pick<DecisionContext>(rng, [
    { ...context, account: { ...account, equity: junk } },
    { ...context, account: { ...account, equity: pick(rng, [0, -1]) } },
    { ...context, account: { ...account, positions: [...account.positions, position] } },
    { ...context, account: { equity: 1, positions: junk } as unknown as Account },
    { ...context, signal: { ...signal, price: junk } },
    { ...context, signal: { ...signal, stop: pick(rng, [NaN, Infinity, -1, signal.price]) } },
    { ...context, signal: { ...signal, target: pick(rng, [NaN, Infinity, -1, signal.price]) } },
  ])
}
