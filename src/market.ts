/**
 * The plain data that travels between the bot and the library. No behaviour, no imports.
 *
 * Units everywhere: times are epoch milliseconds, prices are numbers in the quote currency, fractions are 0 to 1,
 * returns are fractions of the entry price (0.01 is one per cent) from the point of view of the position, so a short
 * that falls by one per cent returns +0.01.
 */

/** One closed bar of one symbol. */
export type Candle = {
  readonly symbol: string
  /** When the bar opened. */
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** Traded volume; leave it out where the source has none, and features that need it become missing. */
  readonly volume?: number
}

/** The direction of a position. */
export type Side = 'long' | 'short'

/** What the bot knows about its own signal: names and values as the feature declaration says. */
export type SignalMeta = { readonly [name: string]: number | string | boolean | null }

/** The bot's own wish to enter a trade; the library says whether to. */
export type Signal<Meta extends SignalMeta = SignalMeta> = {
  readonly symbol: string
  readonly side: Side
  /** When the signal was made: not before the symbol's newest candle. */
  readonly time: number
  /** Expected entry price; the newest close where left out. */
  readonly price?: number
  /** The bot's own stop price; the policy sets one where left out. */
  readonly stop?: number
  /** The bot's own target price; the policy sets one where left out. */
  readonly target?: number
  readonly meta?: Meta
}

/** A two-sided range that should hold the truth with probability `coverage`. */
export type Interval = { readonly low: number; readonly high: number; readonly coverage: number }

/** What the models say about one signal. */
export type Prediction = {
  /** P(net return > 0). */
  readonly probability: number
  /** What that probability lies above as nearly surely as can be said, where the model can say it. */
  readonly probabilityLow?: number
  /** Expected net return, as a fraction of the entry price. */
  readonly expectedReturn: number
  /** Range for the net return. */
  readonly interval: Interval
  /** P(the stop is hit). */
  readonly stopRisk: number
  /** Closed trades behind it. */
  readonly trades: number
}

/** A position that the account holds now. */
export type Position = {
  readonly symbol: string
  readonly side: Side
  /** Value in account currency, positive. */
  readonly notional: number
  /** The decision it came from, so that it is not counted twice while it is fresh. */
  readonly id?: string
}

/** The account at the moment of a decision. */
export type Account = {
  /** Value of everything, in account currency. */
  readonly equity: number
  /** What is held, pending orders included. */
  readonly positions: readonly Position[]
}

/** What to do with a signal. */
export type Action = 'take' | 'reduce' | 'skip'

/** One cause of a decision: a code for programs, a sentence for people. */
export type Reason = { readonly code: string; readonly text: string }

/** A size and its bracket: everything that an order needs besides the symbol and side. */
export type Plan = {
  readonly action: Action
  /** Position value as a fraction of equity, 0 to 1. */
  readonly size: number
  /** Position in units of the asset: size times equity over price. */
  readonly quantity: number
  /** Entry price it was computed for. */
  readonly price: number
  /** Stop price. */
  readonly stop: number
  /** Target price. */
  readonly target: number
  readonly reasons: readonly Reason[]
}

/** The answer to one signal. */
export type Decision = Plan & {
  /** Joins the decision to its order and outcome; at most 36 characters of `[A-Za-z0-9_-]`. */
  readonly id: string
  readonly symbol: string
  readonly side: Side
  readonly time: number
  readonly prediction: Prediction
  /** `"live"`: the model's plan. `"shadow"`: the baseline's plan, while the model only watches. */
  readonly mode: 'shadow' | 'live'
  /** What the model would have done; the decision itself when live. */
  readonly model: Plan
  /** What a challenger says of the signal, where one is on trial beside the models that decide. */
  readonly challenger?: Challenge
  /** Where a rollout dealt the signal out: who decided it, and what an honest estimate from the log needs. */
  readonly trial?: DealtSignal
  /** Where the model would have skipped the signal and it might be tried out instead. */
  readonly exploration?: ExploredSignal
}

/** What models on trial make of a signal that other models may decide. */
export type Challenge = {
  /** What they are called. */
  readonly version: string
  readonly prediction: Prediction
  /** What they would have done; the decision itself where they were let. */
  readonly plan: Plan
}

/** A would-be skip that was, or might have been, traded at the smallest size to find out what skipping costs. */
export type ExploredSignal = {
  readonly explored: boolean
  /** How likely that was before the draw. */
  readonly propensity: number
}

/** How a rollout dealt out a signal. */
export type DealtSignal = {
  /** The rollout's name; how the signal ends counts for no other. Absent in what was saved before there could be several. */
  readonly rollout?: string
  readonly arm: 'champion' | 'candidate'
  /** How likely it was that this arm would decide. */
  readonly propensity: number
  /** The rollout's step. */
  readonly step: number
  /** Share of the baseline's size that the candidate took or would have taken, 0 to 1. */
  readonly share: number
  /** The same of the champion, where that is a model, too. */
  readonly championShare?: number
  /** Then also how likely it was, before anything was drawn, that the signal would be traded. */
  readonly traded?: number
}

/** Which barrier ended a trade. `"exit"` is any other reason the bot had. */
export type ExitReason = 'target' | 'stop' | 'time' | 'exit'

/** How a real trade closed, as the bot tells it. */
export type Outcome = {
  readonly exitPrice: number
  readonly exitTime: number
  readonly exitReason?: ExitReason
  /** Entry price that was really paid; the decision's price where left out. */
  readonly entryPrice?: number
  /** All fees of the round trip, as a fraction of the entry value; the labeler's costs where left out. */
  readonly fees?: number
}

/** A bracket whose fate is to be found out from candles. */
export type Bracket = {
  readonly id: string
  readonly symbol: string
  readonly side: Side
  /** When it was entered. A candle that opened before it and closes after it can only stop it out. */
  readonly time: number
  readonly price: number
  readonly stop: number
  readonly target: number
}

/** What became of a decision. */
export type Label = {
  readonly id: string
  /** 1 if the net return is positive, else 0. */
  readonly y: 0 | 1
  /** Net return, costs included, as a fraction of the entry price. */
  readonly netReturn: number
  readonly exitReason: ExitReason
  readonly exitPrice: number
  /** Open time of the candle that settled it; the entry's own time for a stop in the candle it was entered in. */
  readonly exitTime: number
  /** Whether the stop was assumed: the candle held stop and target both, or the entry. */
  readonly ambiguous: boolean
  /** Largest unrealised gain on the way, as a fraction of the entry price, at least 0. */
  readonly maxFavorable: number
  /** Largest unrealised loss on the way, as a fraction of the entry price, at least 0. */
  readonly maxAdverse: number
  /** Whole candles from entry to exit; 0 for a stop in the candle it was entered in. */
  readonly bars: number
}
