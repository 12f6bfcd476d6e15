import { expect } from 'vitest'
import type { Clock, Codec, DriftDetector } from '../../src/contracts.ts'
import type { TradeLearnError } from '../../src/core/errors.ts'
import { DecisionPolicy, KillSwitch } from '../../src/decision/index.ts'
import { ADWIN, PageHinkley } from '../../src/drift/index.ts'
import {
  atr,
  category,
  defaultFeatures,
  FeatureEngineer,
  numeric,
  recentWinRate,
  returns,
  rsi,
  StandardScaler,
  tradeSide,
} from '../../src/features/index.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import {
  BaseRate,
  BayesianLogisticRegression,
  ConformalInterval,
  GradientBoosting,
  Hedge,
  LinearRegression,
  MeanTarget,
  OnlineCalibration,
  Pipeline,
} from '../../src/learners/index.ts'
import type { Features, Models } from '../../src/lifecycle/index.ts'
import { TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import type { Account, Candle, Signal } from '../../src/market.ts'
import type { SimulatedSignal } from '../../src/simulate/index.ts'

/** 2024-01-01, a whole hour. */
export const START = 1_704_067_200_000
export const HOUR = 3_600_000
export const account: Account = { equity: 100_000, positions: [] }
/** Latencies of 0, so that a busy machine changes nothing. */
export const still: Clock = { now: () => 0 }

/** Features that can be restored, as a learner wants them. */
type Restorable<S extends Signal> = Features<S> & { codec(): Codec }
type SmallMeta = { readonly confidence: number; readonly source: 'rules' | 'ai' }
/** What {@link smallFeatures} asks of a signal. */
export type SmallSignal = Signal<SmallMeta> & { readonly meta: SmallMeta }

/** Eight features of every group, quickly warm. */
export function smallFeatures(): Restorable<SmallSignal> {
  return new FeatureEngineer({
    candles: { rsi: rsi(3), atr: atr(3) },
    directed: { returns: returns(1) },
    history: { winRate: recentWinRate(5) },
    signal: { side: tradeSide() },
    meta: { confidence: numeric(), source: category('rules', 'ai') },
  })
}

/** The default features, and what the simulated bot says of its signals. */
export function simulatedFeatures(): Restorable<SimulatedSignal> {
  return new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  })
}

/** The default mixtures with all their waiting times cut to some ten labels. */
export function smallModels(features: number): Models {
  const trees = (task: 'binary' | 'regression') =>
    new GradientBoosting({ features, task, trees: 4, minSamples: 8, minSamplesLeaf: 3, refitEvery: 6, window: 40 })
  const scaled = (learner: BayesianLogisticRegression | LinearRegression) =>
    new Pipeline({ transformer: new StandardScaler({ features }), learner })
  const probability = () =>
    new Hedge({
      learners: [new BaseRate({ features }), scaled(new BayesianLogisticRegression({ features })), trees('binary')],
    })
  return {
    success: new OnlineCalibration({ learner: probability(), minSamples: 10, window: 20, refitEvery: 3 }),
    expectedReturn: new Hedge({
      learners: [new MeanTarget({ features }), scaled(new LinearRegression({ features })), trees('regression')],
    }),
    stopRisk: probability(),
  }
}

/** Detectors that alarm at the least thing. */
export const nervous = (): readonly DriftDetector[] => [
  new PageHinkley({ direction: 'up', tolerance: 0.01, threshold: 1.5, minSamples: 5 }),
  new ADWIN({ direction: 'up', confidence: 0.3, testEvery: 4, minWindow: 4, minSubWindow: 2 }),
]

/** Options under which everything that can happen happens within some dozen events. */
export function smallOptions(): TradeLearnerOptions<SmallSignal> & { features: Restorable<SmallSignal> } {
  const features = smallFeatures()
  return {
    features,
    mode: 'live',
    models: smallModels(features.schema.size),
    policy: new DecisionPolicy({ minTrades: 6 }),
    labeler: new TripleBarrier({ maxBars: 3 }),
    killSwitch: new KillSwitch(),
    detectors: nervous(),
    interval: new ConformalInterval({ window: 20, minSamples: 5 }),
    clock: still,
    maxOpen: 12,
    remember: 15,
    reportWithin: 2,
    keepAfterDrift: 8,
  }
}

/** A kill switch that nothing but the operator trips. */
export const patient = (): KillSwitch =>
  new KillSwitch({ losses: Number.POSITIVE_INFINITY, drawdown: Number.POSITIVE_INFINITY })

export const stateOf = (learner: object): string => JSON.stringify(learner)

export function candleAt(
  symbol: string,
  bar: number,
  close: number,
  open: number = close,
  wick: number = 0.002,
): Candle {
  return {
    symbol,
    time: START + bar * HOUR,
    open,
    high: Math.max(open, close) * (1 + wick),
    low: Math.min(open, close) * (1 - wick),
    close,
    volume: 100,
  }
}

export function signalAt(bar: number, parts: Partial<SmallSignal> = {}): SmallSignal {
  return {
    symbol: 'A',
    side: 'long',
    time: START + bar * HOUR,
    meta: { confidence: 0.5, source: 'ai' },
    ...parts,
  }
}

/** A learner that has seen `bars` flat candles of A and B at 100, numbered from 0. */
export function warm<S extends Signal = SmallSignal>(
  options: TradeLearnerOptions<S> = smallOptions() as unknown as TradeLearnerOptions<S>,
  bars = 6,
): TradeLearner<S> {
  const learner = new TradeLearner<S>(options)
  for (let bar = 0; bar < bars; bar++) {
    for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
  }
  return learner
}

/** The coded error that `run` throws. */
export function errorOf(run: () => unknown): TradeLearnError {
  let caught: unknown
  try {
    run()
  } catch (error) {
    caught = error
  }
  if (caught === undefined) expect.fail('wanted an error, got none')
  expect(caught).toMatchObject({ name: 'TradeLearnError', code: expect.stringMatching(/^[A-Z_]+$/) })
  return caught as TradeLearnError
}

/** Asserts a coded error that tells what came, and that `learner` is as it was. */
export function refused(learner: object, code: string, says: RegExp, run: () => unknown): void {
  const before = stateOf(learner)
  const error = errorOf(run)
  expect(error.code, error.message).toBe(code)
  expect(error.message).toMatch(says)
  expect(stateOf(learner) === before, `state unchanged after ${error.message}`).toBe(true)
}
