import type { Learner, Snapshot, Vector } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { snapshot } from '../../src/core/snapshot.ts'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { MeanTarget } from '../../src/learners/index.ts'
import {
  type Models,
  type RestoreOptions,
  Rollout,
  type RolloutStep,
  type TradeLearner,
  type TradeLearnerOptions,
} from '../../src/lifecycle/index.ts'
import type { Decision } from '../../src/market.ts'
import {
  account,
  candleAt,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallOptions,
  stateOf,
} from './helpers.ts'

const { schema } = smallOptions().features
const CONFIDENCE = schema.names.indexOf('confidence')
export const HIGH = 0.9
const LOW = 0.1

/** Likes signals by what the bot says of them: `taste` of each tenth of confidence. */
export class Taster implements Learner {
  static readonly type: string = 'taster'
  static readonly version: number = 1
  readonly task = 'binary' as const
  readonly tastes: readonly number[]
  seen = 0
  constructor(tastes: readonly number[]) {
    this.tastes = tastes
  }
  predict(x: Vector): number {
    return this.tastes[Math.round(10 * x[CONFIDENCE]!)] ?? 0.5
  }
  learn(): void {
    this.seen++
  }
  toJSON(): Snapshot {
    return snapshot(Taster, {}, { tastes: [...this.tastes], seen: this.seen })
  }
  static fromJSON({ state }: Snapshot): Taster {
    const taster = new Taster(state['tastes'] as number[])
    taster.seen = state['seen'] as number
    return taster
  }
}

export const modelsThat = (...tastes: number[]): Models => ({
  success: new Taster(tastes),
  expectedReturn: new MeanTarget({ features: schema.size }),
  stopRisk: new Taster([]),
})
/** Signals come in four kinds, by confidence 0 to 0.3; of each kind so many in ten pay. */
export const PAYS: readonly number[] = [0.2, 0.4, 0.6, 0.8]
export const likes = (...kinds: number[]): Models =>
  modelsThat(...PAYS.map((_, kind) => (kinds.includes(kind) ? HIGH : LOW)))

export const steps: RolloutStep[] = [
  { share: 0, hold: 24 * HOUR, signals: 20, evidence: 20, approval: false },
  { share: 0.5, hold: 24 * HOUR, signals: 20, evidence: 100, approval: false },
]
export const guards = { endBelowAccuracy: 0, pauseBelowAccuracy: 0, maxDrawdown: 0.99 }

export function optionsOf(
  models: Models,
  mode: 'live' | 'rollout' = 'live',
): TradeLearnerOptions<SmallSignal> & RestoreOptions<SmallSignal> & { readonly rollout: Rollout } {
  return {
    ...smallOptions(),
    ...{ mode, models, killSwitch: patient(), maxOpen: 100, detectors: [], codecs: [Taster] },
    policy: new DecisionPolicy({ minTrades: 0 }),
    rollout: new Rollout({ name: 'first', steps, ...guards }),
  }
}

export type Learning = Pick<TradeLearner<SmallSignal>, 'onCandle' | 'decide' | 'cancel' | 'status'> & {
  learn(id: string, outcome: { exitPrice: number; exitTime: number }): unknown
}

/** Lives `bars` more bars; a signal of a kind pays as `PAYS` says, or as `pays` does. */
export function live(learner: Learning, from: number, bars: number, pays: readonly number[] = PAYS): Decision[] {
  const decisions: Decision[] = []
  for (let bar = from; bar < from + bars; bar++) {
    // two hours a bar: a candle, a signal at its close, and the candle that ends it
    learner.onCandle(candleAt('A', 2 * bar, 100, 100, 0.001))
    const rng = new SeededRng('market').fork(`${bar}`)
    const kind = Math.floor(4 * rng.next())
    const signal = signalAt(2 * bar + 1, { meta: { confidence: kind / 10, source: 'ai' }, stop: 90, target: 110 })
    const decision = learner.decide(signal, account)
    decisions.push(decision)
    const won = rng.next() < pays[kind]!
    learner.onCandle({ ...candleAt('A', 2 * bar + 1, 100), ...(won ? { high: 111 } : { low: 89 }) })
    if (decision.action === 'skip') continue
    learner.learn(decision.id, { exitPrice: won ? 110 : 90, exitTime: START + (2 * bar + 1.5) * HOUR })
  }
  return decisions
}
export const modelsSeen = (learner: TradeLearner<SmallSignal>, part: 'challenger' | 'previous'): number => {
  const { parts } = JSON.parse(stateOf(learner)).state
  return parts[part].state.success.state.seen
}
