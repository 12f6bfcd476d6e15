/**
 * Every pluggable behaviour of the library, in one file that imports nothing.
 *
 * Folders talk to each other through these interfaces only, so any class that satisfies one is a first-class
 * citizen: no base class to extend, no registry to call. Each contract states its laws; `tradelearn/testing` makes
 * them executable, for our own classes and for yours.
 */

/** Anything JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** A dense feature vector in schema order. `NaN` means "missing". */
export type Vector = Float64Array

// ---------------------------------------------------------------- snapshots

/** The complete state of an object as plain JSON, tagged so that it can be read back years later. */
export interface Snapshot {
  /** What wrote it, e.g. `"adwin"`. Stable for ever: class names may change, tags may not. */
  readonly type: string
  /** Layout of `options` and `state`; bumped whenever either changes shape. */
  readonly version: number
  /** The constructor's options, fully resolved. */
  readonly options: JsonObject
  /** Everything learned since construction. */
  readonly state: JsonObject
}

/**
 * An object that can be written to JSON and read back.
 *
 * Law: `JSON.parse(JSON.stringify(a))`, restored, behaves bit for bit like `a` from then on.
 */
export interface Serializable {
  /** Everything needed to carry on from here. Called by `JSON.stringify`. */
  toJSON(): Snapshot
}

/** Reads snapshots of one type. The static side of every serializable class is its codec. */
export interface Codec<T extends Serializable = Serializable> {
  /** The tag it reads. */
  readonly type: string
  /** The newest layout it reads. */
  readonly version: number
  /** Rebuilds the object. `restore` reads nested snapshots, so a composite need not know its parts. */
  fromJSON(snapshot: Snapshot, restore: (nested: Snapshot) => Serializable): T
}

// ----------------------------------------------------------------- learning

/**
 * A model that learns from one observation at a time.
 *
 * Laws
 * 1. `predict` is pure: it never changes the learner, and allocates nothing.
 * 2. `predict` works before the first `learn` and is always finite.
 * 3. `learn` neither modifies nor keeps `x`.
 * 4. `NaN` in `x` is a missing value. `NaN` or infinity in `y`, an infinity in `x`, a weight that is not positive and
 *    finite, and a vector of the wrong length are errors that leave the learner as it was.
 * 5. Equal options and equal streams give equal snapshots, to the bit.
 */
export interface Learner extends Serializable {
  /** `"binary"` predicts P(y = 1), `"regression"` predicts E[y]. */
  readonly task: 'binary' | 'regression'
  /** Number of observations learned from. */
  readonly seen: number
  /** Scores one observation. */
  predict(x: Vector): number
  /** Learns from one observation and its outcome. */
  learn(x: Vector, y: number, weight?: number): void
}

/** A learner that can also be trained on a whole table. */
export interface BatchLearner extends Learner {
  /** Forgets everything and trains anew; the learner can go on learning one by one afterwards. */
  fit(rows: readonly Vector[], y: ArrayLike<number>, weights?: ArrayLike<number>): void
}

/**
 * A learner whose expensive work waits until it is asked for, found with `'refit' in learner`.
 *
 * Laws: running `refit()` to its end changes the model at its last step and not before; observations learned
 * meanwhile are kept; a generator that is dropped half-way changes nothing.
 */
export interface Refittable {
  /** Whether enough has been learned since the last refit to make another one worthwhile. */
  readonly refitDue: boolean
  /** Trains on what the learner remembers, one short step per `next()`, yielding the fraction done. */
  refit(): Generator<number, void, void>
}

/** What can say how much memory it will take. */
export interface Measurable {
  /** Bytes that it takes at most with so many threads, its own data included. */
  memory(threads: number): number
}

/**
 * A training that can be done elsewhere: `job` is plain data for `postMessage`, and `kind` names who can do it.
 *
 * Law: whoever does it, the result is to the bit that of `run()`. `adopt` drops a result that `fit`, `forget` or another
 * refit has overtaken, and an `adopt` that throws leaves the model as it was.
 */
export type RefitWork = Partial<Measurable> & {
  /** `"local"` where it cannot leave this thread. */
  readonly kind: string
  readonly job: unknown
  /** Does it here, one short step per `next()`, yielding the fraction done; returns the result. */
  run(): Generator<number, unknown, void>
  /** Takes over what `run`, or another thread, has made of it. */
  adopt(result: unknown): void
}

/** A learner whose refits can be done elsewhere, found with `'beginRefit' in learner`. */
export interface Offloadable {
  /** The next refit; `undefined` where there is none. */
  beginRefit(): RefitWork | undefined
}

/**
 * A model whose training on a whole table can be done elsewhere, found with `'beginFit' in model`.
 *
 * Laws: the steps change nothing, and throw what `fit` would; once `adopt` has returned the model is what `fit` would have
 * made of it, with what it has learned since the first step learned after that.
 */
export interface BatchOffloadable {
  /**
   * Checks and copies a table, one short step per `next()`, yielding the fraction done; returns its training. Where the
   * steps are `Measurable`, they know what the training will take before the first of them is done.
   */
  beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, RefitWork, void> & Partial<Measurable>
}

/** A learner that can let go of the past when told that the world has changed, found with `'forget' in learner`. */
export interface Forgetful {
  /** Keeps at most the newest `keep` observations (a whole number), or the trust they would have earned. */
  forget(keep: number): void
}

/** One feature's part in a prediction. */
export type Contribution = {
  /** Position of the feature in the vector. */
  readonly feature: number
  /** What it added, in the unit that the learner's `explains` states. */
  readonly amount: number
}

/**
 * A model that predicts several numbers at once: a probability for each class, or a value for each quantile.
 *
 * The laws of `Learner` hold, with `predictInto` in the place of `predict`.
 */
export interface MultiLearner extends Serializable {
  /** Numbers that it predicts. */
  readonly outputs: number
  /** Number of observations learned from. */
  readonly seen: number
  /** Writes the predictions for one observation into `out`, which has room for `outputs`, and returns it. */
  predictInto(x: Vector, out: Vector): Vector
  /** Learns from one observation and its outcome: the number of the class from 0 up, or the value. */
  learn(x: Vector, y: number, weight?: number): void
}

/**
 * A learner that can say why, found with `'explain' in learner`.
 *
 * Law: `baseValue(x)` and the amounts of `explain(x)` add up to the prediction for `x`, or to its log-odds where
 * `explains` says so.
 */
export interface Explainable {
  /** The unit of the amounts and of the base value: `'value'` is that of y in regressions. */
  readonly explains: 'log-odds' | 'probability' | 'value'
  /** Where the contributions start from: what is said before looking at the features of `x`. Pure. */
  baseValue(x: Vector): number
  /** The features' parts in the prediction for `x`, largest magnitude first. Pure. */
  explain(x: Vector): readonly Contribution[]
}

/**
 * Turns one vector into another. `transform` is pure; only `learn` updates the statistics behind it.
 *
 * Law: whoever uses one transforms a row first and lets it learn the row afterwards, never before. A transformation that
 * has seen the row, or its label, has seen more than it will have when it counts.
 */
export interface Transformer extends Serializable {
  /** Writes into `out`, which may be `x` itself where both are of one length, and returns it. */
  transform(x: Vector, out: Vector): Vector
  /** Updates the statistics behind the transformation; neither modifies nor keeps `x`. */
  learn(x: Vector, y?: number, weight?: number): void
}

/** A transformer that cannot learn without the label, found with `'needsLabel' in transformer`. */
export interface Supervised {
  readonly needsLabel: true
}

/** A transformer that writes another number of features than it reads, found with `'outputs' in transformer`. */
export interface Resizing {
  /** Length of what it writes. */
  readonly outputs: number
}

/**
 * Says what the true rate of 1s lies above where a probability is predicted, from what became of such predictions.
 *
 * Laws: `lowerBound` is pure, and from 0 to the probability, or `NaN` while too little is known. `learn` gets what was
 * predicted before the label was known. `anew` makes one of the same options that knows nothing, for other models.
 */
export interface ProbabilityBound extends Serializable {
  lowerBound(probability: number): number
  /** Takes in a prediction and its outcome. */
  learn(probability: number, y: 0 | 1): void
  anew(): ProbabilityBound
}

// -------------------------------------------------------------------- drift

/** In order of severity. */
export type DriftLevel = 'stable' | 'warning' | 'drift'

/**
 * Watches a stream of numbers, usually errors, for a change of distribution.
 *
 * Law: by the time it reports `"drift"` a detector has already forgotten the old regime. Callers react; they never
 * reset. A value that is not finite is an error and leaves the detector as it was.
 */
export interface DriftDetector extends Serializable {
  /** The verdict of the last update. */
  readonly level: DriftLevel
  /** Takes in the next value and returns the verdict. */
  update(value: number): DriftLevel
}

/** A detector that knows how many of the newest values belong to the present regime, found with `'width' in detector`. */
export interface Windowed {
  readonly width: number
}

/**
 * A part that can say how much memory its learnt state takes, found with `'sizeInBytes' in part`.
 *
 * Law: at least as much as the typed arrays of its snapshot, and the same after a restart.
 */
export interface Sized {
  /** Bytes of the learnt state. */
  readonly sizeInBytes: number
}

// --------------------------------------------------------------- evaluation

/** A running score of predictions against outcomes. */
export interface Metric extends Serializable {
  /** Which direction is an improvement. */
  readonly better: 'higher' | 'lower'
  /** The score so far; `NaN` while there is too little data to define it. */
  readonly value: number
  /** Scores one prediction against what happened. */
  update(y: number, prediction: number, weight?: number): void
}

/** A half-open range of row indices: `start` included, `end` not. */
export type Range = { readonly start: number; readonly end: number }

/** What to train on and what to test on. */
export type Fold = { readonly train: readonly Range[]; readonly test: readonly Range[] }

/**
 * Cuts time-ordered rows into train and test ranges.
 *
 * Laws: ranges lie within the rows, train and test never overlap, and no training row's label is open while one of a test
 * is. A splitter that walks forward trains on nothing that ends after its test begins; cross-validation trains on both
 * sides.
 */
export interface Splitter {
  /** `times` are ascending, one per row; `labelEnds` say when each row's label was settled. */
  split(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Iterable<Fold>
}

/**
 * Defines "right": turns what happened after a decision into a label.
 *
 * Law: a decision stays open until an event after it settles it, so no label can see past its own time.
 */
export interface Labeler<Opened, Event, Settled> extends Serializable {
  /** Starts waiting for the outcome of a decision. */
  open(decision: Opened): void
  /** Stops waiting for one; unknown ids are ignored. */
  cancel(id: string): void
  /** Advances by one event and returns the decisions it settled. */
  advance(event: Event): readonly Settled[]
}

// ----------------------------------------------------------------- deciding

/** Maps a prediction and the account's situation to a decision. Law: pure. */
export interface Policy<Prediction, Context, Decision> {
  /** The decision for one prediction. */
  decide(prediction: Prediction, context: Context): Decision
}

// -------------------------------------------------------------- environment

/** Named JSON documents. Law: `set` is atomic; readers see the old or the new value, never half. */
export interface Store {
  /** The document, or `undefined`. */
  get(key: string): Promise<unknown>
  /** Creates or replaces a document. */
  set(key: string, value: unknown): Promise<void>
  /** Removes a document; missing ones are fine. */
  delete(key: string): Promise<void>
  /** All keys that start with `prefix`, sorted. */
  keys(prefix?: string): Promise<string[]>
}

/** An event or snapshot value, JSON that keeps every number (see core/state packState). */
export type StoredEvent = { readonly seq: number; readonly event: JsonValue }

/** What an {@link EventStore} found when it was opened. */
export type Recovery = {
  /** The newest snapshot that is whole. */
  readonly snapshot: { readonly seq: number; readonly value: JsonValue } | null
  /** Events after it. */
  readonly replayed: number
  /** What the last write left half done, kept aside. */
  readonly tornTail: { readonly bytes: number; readonly keptAt: string } | null
  readonly warnings: readonly string[]
}

/**
 * Where the events of one learner are kept, in order, with a snapshot now and then so that reading them back stays short.
 *
 * Laws: after `append` resolves the event is there after any crash that the store's mode names; before, it may or may not
 * be, never half. One writer at a time.
 */
export interface EventStore {
  /** Takes the writer's lock, recovers, and hands every event after the snapshot to `onEvent`, in order. Once. */
  open(onSnapshot: (seq: number, value: JsonValue) => void, onEvent: (stored: StoredEvent) => void): Promise<Recovery>
  /** Queues an event; resolves with its sequence number once it survives what the mode promises. Order of calls is order of events. */
  append(event: JsonValue): Promise<number>
  /** Saves a snapshot of everything up to `seq`. */
  saveSnapshot(seq: number, value: JsonValue): Promise<void>
  /** Why nothing can be written any more, or null. Latched until reopened. */
  readonly failure: Error | null
  /** Resolves when everything queued is stored. */
  flush(): Promise<void>
  /** Flushes, releases the lock. */
  close(): Promise<void>
}

/** The only source of time: milliseconds since the Unix epoch. */
export interface Clock {
  /** The current time. */
  now(): number
}

/** The only source of chance. */
export interface Rng extends Serializable {
  /** Uniform in [0, 1). */
  next(): number
  /** An independent stream that depends on the seed and `label` only, never on draws made so far. */
  fork(label: string): Rng
}
