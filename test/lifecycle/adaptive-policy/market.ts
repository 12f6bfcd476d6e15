import type { Learner, Snapshot, Vector } from '../../../src/contracts.ts'
import { snapshot } from '../../../src/core/snapshot.ts'
import { atr, FeatureEngineer, numeric } from '../../../src/features/index.ts'
import { TripleBarrier } from '../../../src/labels/index.ts'
import { type AdaptivePolicy, TradeLearner, type TradeLearnerOptions } from '../../../src/lifecycle/index.ts'
import type { Candle, Decision, Signal } from '../../../src/market.ts'
import { type MarketOptions, type SimulatedSignal, simulateMarket } from '../../../src/simulate/index.ts'
import { account, patient, still } from '../helpers.ts'

/** What the bot of these tests says: what the model will say of its signal, and two sources' votes. */
export type ToldSignal = Signal<{ readonly claim: number; readonly good: number; readonly coin: number }>

/** Says what one of the features is. */
export class Claim implements Learner {
  static readonly type: string = 'my-claim'
  static readonly version: number = 1
  readonly task = 'binary'
  readonly seen = 0
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
  predict(x: Vector): number {
    return x[this.at]!
  }
  learn(): void {}
  toJSON(): Snapshot {
    return snapshot(Claim, { at: this.at }, {})
  }
  static fromJSON({ options }: Snapshot): Claim {
    return new Claim(options['at'] as number)
  }
}

/** Says the same of everything, and learns nothing. */
export class Constant implements Learner {
  static readonly type: string = 'my-constant'
  static readonly version: number = 1
  readonly task: 'binary' | 'regression'
  readonly seen = 0
  constructor(task: 'binary' | 'regression') {
    this.task = task
  }
  predict(): number {
    return this.task === 'binary' ? 0.5 : 0
  }
  learn(): void {}
  toJSON(): Snapshot {
    return snapshot(Constant, { task: this.task }, {})
  }
  static fromJSON({ options }: Snapshot): Constant {
    return new Constant(options['task'] as Constant['task'])
  }
}

/** A simulated market whose signals say what the model will claim, given the truth. */
export function toldMarket(
  options: Partial<MarketOptions>,
  claim: (truth: number) => number,
  brackets: 'own' | 'none' = 'own',
): { readonly candles: readonly Candle[]; readonly signals: readonly ToldSignal[] } {
  const { candles, signals, truth } = simulateMarket({ change: 'none', ...options })
  const told = signals.map((signal: SimulatedSignal, i): ToldSignal => {
    const { probability } = truth[i]!
    const { symbol, side, time, price, stop, target, meta } = signal
    const own = brackets === 'own' ? { stop: stop!, target: target! } : {}
    const good = probability > 0.5 ? 1 : -1
    const said = { claim: claim(probability), good, coin: meta.source === 'ai' ? 1 : -1 }
    return { symbol, side, time, price, ...own, meta: said }
  })
  return { candles, signals: told }
}

/** Options of a learner whose models say what the signal claims. */
export function toldOptions(
  policy: AdaptivePolicy,
  costs: number = 0.001,
): TradeLearnerOptions<ToldSignal> & {
  features: FeatureEngineer<never, never>
} {
  const features = new FeatureEngineer({
    meta: { claim: numeric(), good: numeric(), coin: numeric() },
    candles: { atr: atr(14) },
  })
  return {
    features,
    mode: 'live',
    models: {
      success: new Claim(features.schema.names.indexOf('claim')),
      expectedReturn: new Constant('regression'),
      stopRisk: new Constant('binary'),
    },
    policy,
    companions: [policy],
    labeler: new TripleBarrier({ costs }),
    killSwitch: patient(),
    detectors: [],
    clock: still,
    reportWithin: 0,
  } as never
}

/** Lives through a market; what was decided. */
export function live(
  learner: Pick<TradeLearner<ToldSignal>, 'decide' | 'onCandle'>,
  { candles, signals }: ReturnType<typeof toldMarket>,
  each: (decision: Decision) => void = () => {},
): void {
  let next = 0
  for (const candle of candles) {
    for (; signals[next] && signals[next]!.time <= candle.time; next++) each(learner.decide(signals[next]!, account))
    learner.onCandle(candle)
  }
}

export const newLearner = (policy: AdaptivePolicy, costs?: number): TradeLearner<ToldSignal> =>
  new TradeLearner<ToldSignal>(toldOptions(policy, costs))
