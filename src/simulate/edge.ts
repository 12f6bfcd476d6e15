import type { Rng } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { clamp, logit, sigmoid } from '../core/math.ts'
import type { Candle, Side, Signal } from '../market.ts'

/** What the simulated bot knows about its signal. */
export type SimulatedMeta = {
  /** Uniform from 0 to 1. */
  readonly aiConfidence: number
  /** Uniform whole number from 0 to 5. */
  readonly confirmations: number
  readonly source: 'rules' | 'ai'
}

/** A signal of the simulated bot, complete. */
export type SimulatedSignal = Signal<SimulatedMeta> & {
  readonly price: number
  readonly stop: number
  readonly target: number
  readonly meta: SimulatedMeta
}

/** Log-odds per standard deviation of each ingredient of the edge. */
export type EdgeWeights = {
  readonly confidence: number
  readonly confirmations: number
  readonly momentum: number
  /** Of confidence times source: how much more a confident AI is worth than confident rules. */
  readonly interaction: number
}

/** How the edge changes. */
export type EdgeChange = 'flip' | 'redraw' | 'vanish' | 'none'

/** The weights at strength 1, whose Bayes AUC is 0.70. */
export const WEIGHTS: EdgeWeights = { confidence: 0.47, confirmations: 0.36, momentum: 0.32, interaction: 0.42 }

/** Standard deviation of a uniform number from 0 to 1. */
const CONFIDENCE_DEVIATION = Math.sqrt(1 / 12)
/** Standard deviation of a uniform whole number from 0 to 5. */
const CONFIRMATIONS_DEVIATION = Math.sqrt(35 / 12)
/** Bars of the momentum, and of the volatility it is measured by. */
const MOMENTUM_BARS = 10
const VOLATILITY_BARS = 20

/** The edge's chance of a win: log-odds linear in the ingredients, plus one product. */
export function winProbability(
  meta: SimulatedMeta,
  momentum: number,
  weights: EdgeWeights,
  strength: number,
  winRate: number,
): number {
  const confidence = (meta.aiConfidence - 0.5) / CONFIDENCE_DEVIATION
  const confirmations = (meta.confirmations - 2.5) / CONFIRMATIONS_DEVIATION
  const source = meta.source === 'ai' ? 1 : -1
  const pull =
    weights.confidence * confidence +
    weights.confirmations * confirmations +
    weights.momentum * momentum +
    weights.interaction * confidence * source
  return sigmoid(logit(winRate) + strength * pull)
}

/**
 * The return of the last 10 bars in the direction of the trade, over what 10 bars at the volatility of the last 20
 * would bring; within ±2.5. Anyone who has the candles can compute it.
 */
export function momentumOf(candles: readonly Candle[], side: Side): number {
  const last = candles.length - 1
  let squares = 0
  for (let i = last - VOLATILITY_BARS + 1; i <= last; i++) {
    const change = Math.log(candles[i]!.close / candles[i - 1]!.close)
    squares += change * change
  }
  const deviation = Math.sqrt((squares / VOLATILITY_BARS) * MOMENTUM_BARS)
  const change = Math.log(candles[last]!.close / candles[last - MOMENTUM_BARS]!.close)
  return clamp(((side === 'long' ? 1 : -1) * change) / deviation, -2.5, 2.5)
}

/** The weights after the change: of opposite sign, of another direction and the same length, all 0, or as they were. */
export function changedWeights(weights: EdgeWeights, change: EdgeChange, rng: Rng): EdgeWeights {
  if (change === 'vanish') return { confidence: 0, confirmations: 0, momentum: 0, interaction: 0 }
  const { confidence, confirmations, momentum, interaction } = weights
  const old = [confidence, confirmations, momentum, interaction]
  const drawn = change === 'redraw' ? old.map(() => drawNormal(rng)) : old.map((w) => (change === 'flip' ? -w : w))
  const scale = length(old) / length(drawn)
  const [a, b, c, d] = drawn.map((w) => w * scale) as [number, number, number, number]
  return { confidence: a, confirmations: b, momentum: c, interaction: d }
}

function length(vector: readonly number[]): number {
  return Math.sqrt(vector.reduce((sum, w) => sum + w * w, 0))
}
