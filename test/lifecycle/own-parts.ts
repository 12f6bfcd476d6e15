import type { Codec, DriftDetector, DriftLevel, Learner, Snapshot, Vector } from '../../src/contracts.ts'
import { snapshot } from '../../src/core/snapshot.ts'
import type { ClosedTrade } from '../../src/features/closed-trade.ts'
import type { Features, Guard, ReturnInterval, TradeLabeler, TradePolicy } from '../../src/lifecycle/index.ts'
import type { Bracket, Candle, Label, Plan, Reason, Signal } from '../../src/market.ts'

// One tiny part of a user's own for every place in a TradeLearner. Nothing here comes from the library but `snapshot`.

/** Two features: the newest close, and the side. */
export class OwnFeatures implements Features {
  static readonly type: string = 'own-features'
  static readonly version: number = 1
  readonly schema = { names: ['close', 'side'], size: 2, fingerprint: 'own-1' } as const
  #closes: { [symbol: string]: { close: number; time: number; wins: number } } = {}

  update({ symbol, close, time }: Candle): void {
    this.#closes[symbol] = { close, time, wins: this.#closes[symbol]?.wins ?? 0 }
  }
  knows(symbol: string): boolean {
    return symbol in this.#closes
  }
  lastClose(symbol: string): number {
    return this.#closes[symbol]!.close
  }
  lastTime(symbol: string): number {
    return this.#closes[symbol]!.time
  }
  atr(_: string): number {
    return 1
  }
  vector({ symbol, side }: Signal): Vector {
    return Float64Array.of(this.lastClose(symbol), side === 'long' ? 1 : 0)
  }
  settle({ symbol, won }: ClosedTrade): void {
    this.#closes[symbol]!.wins += won
  }
  toJSON(): Snapshot {
    return snapshot(OwnFeatures, {}, this.#closes)
  }
  static fromJSON(json: Snapshot): OwnFeatures {
    const features = new OwnFeatures()
    features.#closes = structuredClone(json.state) as never
    return features
  }
  codec(): Codec {
    return OwnFeatures
  }
}

/** Ends every bracket at the next close. */
export class OwnLabeler implements TradeLabeler {
  static readonly type: string = 'own-labeler'
  static readonly version: number = 1
  readonly options = { costs: 0 } as const
  #open: Bracket[] = []

  open(bracket: Bracket): void {
    this.#open.push(bracket)
  }
  cancel(id: string): void {
    this.#open = this.#open.filter((one) => one.id !== id)
  }
  advance({ symbol, close, time }: Candle): readonly Label[] {
    const done = this.#open.filter((one) => one.symbol === symbol)
    this.#open = this.#open.filter((one) => one.symbol !== symbol)
    return done.map(({ id, side, price }) => {
      const netReturn = ((side === 'long' ? 1 : -1) * (close - price)) / price
      const none = { ambiguous: false, maxFavorable: 0, maxAdverse: 0, bars: 1 }
      return { id, y: netReturn > 0 ? 1 : 0, netReturn, exitReason: 'time', exitPrice: close, exitTime: time, ...none }
    })
  }
  excursions(_: string): undefined {
    return undefined
  }
  toJSON(): Snapshot {
    return snapshot(OwnLabeler, {}, { open: this.#open })
  }
  static fromJSON(json: Snapshot): OwnLabeler {
    const labeler = new OwnLabeler()
    labeler.#open = structuredClone(json.state['open']) as never
    return labeler
  }
}

/** Halts for good after so many outcomes. */
export class OwnGuard implements Guard {
  static readonly type: string = 'own-guard'
  static readonly version: number = 1
  readonly most: number
  #state = { outcomes: 0, equity: 0, latency: 0, text: '' }

  constructor(most: number) {
    this.most = most
  }
  get halted(): boolean {
    return this.#state.text !== ''
  }
  get cause(): Reason | null {
    return this.halted ? { code: 'OWN', text: this.#state.text } : null
  }
  observeOutcome(_: number): void {
    if (++this.#state.outcomes >= this.most) this.halt('enough for today')
  }
  observeEquity(equity: number): void {
    this.#state.equity = equity
  }
  observeLatency(milliseconds: number): void {
    this.#state.latency = milliseconds
  }
  halt(text: string): void {
    this.#state.text = text
  }
  reset(_: string): void {
    this.#state = { ...this.#state, outcomes: 0, text: '' }
  }
  toJSON(): Snapshot {
    return snapshot(OwnGuard, { most: this.most }, this.#state)
  }
  static fromJSON(json: Snapshot): OwnGuard {
    const guard = new OwnGuard(json.options['most'] as number)
    guard.#state = { ...json.state } as never
    return guard
  }
}

/** Takes what the model likes, at 1 % of equity, until halted. */
export const ownPolicy: TradePolicy = {
  options: { minTrades: 0 },
  baseline({ signal, account, halted }): Plan {
    const price = signal.price
    const size = halted ? 0 : 0.01
    return {
      action: size > 0 ? 'take' : 'skip',
      size,
      quantity: (size * account.equity) / price,
      price,
      stop: price * (signal.side === 'long' ? 0.9 : 1.1),
      target: price * (signal.side === 'long' ? 1.1 : 0.9),
      reasons: [{ code: 'OWN_RULE', text: halted ? halted.text : 'one per cent' }],
    }
  },
  decide(prediction, context): Plan {
    const plan = this.baseline(context)
    return prediction.probability >= 0.5 ? plan : { ...plan, action: 'skip', size: 0, quantity: 0 }
  },
}

/** The mean of the newest two labels. */
export class OwnLearner implements Learner {
  static readonly type: string = 'own-learner'
  static readonly version: number = 1
  readonly task: 'binary' | 'regression'
  #state = { seen: 0, last: 0.5, before: 0.5 }

  constructor(task: 'binary' | 'regression') {
    this.task = task
  }
  get seen(): number {
    return this.#state.seen
  }
  predict(_: Vector): number {
    return (this.#state.last + this.#state.before) / 2
  }
  learn(_: Vector, y: number): void {
    this.#state = { seen: this.#state.seen + 1, last: y, before: this.#state.last }
  }
  toJSON(): Snapshot {
    return snapshot(OwnLearner, { task: this.task }, this.#state)
  }
  static fromJSON(json: Snapshot): OwnLearner {
    const learner = new OwnLearner(json.options['task'] as 'binary')
    learner.#state = { ...json.state } as never
    return learner
  }
}

/** Cries at every third error. */
export class OwnDetector implements DriftDetector {
  static readonly type: string = 'own-detector'
  static readonly version: number = 1
  level: DriftLevel = 'stable'
  errors = 0

  update(value: number): DriftLevel {
    this.errors += value
    this.level = this.errors >= 3 ? 'drift' : this.errors > 1 ? 'warning' : 'stable'
    if (this.level === 'drift') this.errors = 0
    return this.level
  }
  toJSON(): Snapshot {
    return snapshot(OwnDetector, {}, { level: this.level, errors: this.errors })
  }
  static fromJSON(json: Snapshot): OwnDetector {
    return Object.assign(new OwnDetector(), json.state)
  }
}

/** As wide as the largest miss so far. */
export class OwnInterval implements ReturnInterval {
  static readonly type: string = 'own-interval'
  static readonly version: number = 1
  readonly options = { coverage: 1 } as const
  #widest = 0

  halfWidth(_: number): number {
    return this.#widest
  }
  learn(residual: number): void {
    this.#widest = Math.max(this.#widest, Math.abs(residual))
  }
  toJSON(): Snapshot {
    return snapshot(OwnInterval, {}, { widest: this.#widest })
  }
  static fromJSON(json: Snapshot): OwnInterval {
    const interval = new OwnInterval()
    interval.#widest = json.state['widest'] as number
    return interval
  }
}

/** The codecs of all of the above but the features, which bring their own. */
export const ownCodecs: readonly Codec[] = [OwnLabeler, OwnGuard, OwnLearner, OwnDetector, OwnInterval]
