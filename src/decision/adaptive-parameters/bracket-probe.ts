import type { Serializable, Snapshot } from '../../contracts.ts'
import { integer, oneOf, positive, text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { type State as Packable, unpackState } from '../../core/state.ts'
import { TripleBarrier } from '../../labels/index.ts'
import type { Bracket, Candle } from '../../market.ts'
import type { BracketReturns } from './narrower-brackets.ts'

/** Options of {@link BracketProbe}. */
export type BracketProbeOptions = {
  /** Distances to follow, in ATR, as of `AdaptiveParameters.distances`. */
  readonly stopAtr: readonly number[]
  readonly targetAtr: readonly number[]
  /** Candles after which a position is closed at the market, as of the labeler. @defaultValue 24 */
  readonly maxBars: number
  /** Costs of the round trip, as of the labeler. @defaultValue 0.001 */
  readonly costs: number
  /** Decisions that may wait at one time. @defaultValue 500 */
  readonly maxOpen: number
}

/** A decision to be followed with every distance. */
export type ProbedDecision = Pick<Bracket, 'id' | 'symbol' | 'side' | 'time' | 'price'> & {
  /** Average true range at the decision, in price units. */
  readonly atr: number
  /** Distances that were in use, in ATR: stops are tried with this target and targets with this stop. */
  readonly stopAtr: number
  readonly targetAtr: number
}

/** What every distance would have returned. */
export type ProbedReturns = BracketReturns & { readonly id: string }

type Waiting = { readonly id: string; readonly returns: Float64Array; left: number }

/** More distances than this would be more brackets a decision than a candle has time for. */
const MOST_DISTANCES = 202

/**
 * Follows each decision on candles with every stop and every target distance of a grid at once, so that nothing is
 * censored: farther distances are seen to their end, jumps and doubts are settled as {@link TripleBarrier} settles them.
 *
 * A decision's returns are complete when its slowest bracket is, at most `maxBars` candles later; that is also when
 * {@link AdaptiveParameters} may learn them. Distances that leave no price for a barrier return NaN.
 *
 * O(distances) a candle and decision that waits on its symbol, O(distances · `maxOpen`) memory.
 *
 * @example
 * ```ts
 * const probe = new BracketProbe({ ...parameters.distances, maxBars: 24, costs: 0.001 })
 * probe.open({ id, symbol, side, time, price, atr, ...parameters.values })
 * for (const { id, stopReturns, targetReturns } of probe.advance(candle)) learnLater(id, stopReturns, targetReturns)
 * ```
 */
export class BracketProbe implements Serializable {
  static readonly type: string = 'bracket-probe'
  static readonly version: number = 1

  readonly options: BracketProbeOptions
  #labeler: TripleBarrier
  #state: Map<string, Waiting> = new Map()

  constructor(options: Partial<BracketProbeOptions> & Pick<BracketProbeOptions, 'stopAtr' | 'targetAtr'>) {
    const { stopAtr, targetAtr, maxBars = 24, costs = 0.001, maxOpen = 500 } = options
    for (const [name, distances] of [['stopAtr', stopAtr] as const, ['targetAtr', targetAtr] as const]) {
      if (!Array.isArray(distances)) {
        throw new TradeLearnError('INVALID_OPTION', `"${name}" must be a list of distances, got ${show(distances)}.`)
      }
      for (const distance of distances) positive(name, distance)
    }
    const each = stopAtr.length + targetAtr.length
    if (!(each >= 1 && each <= MOST_DISTANCES)) {
      throw new TradeLearnError('INVALID_OPTION', `Distances must be 1 to ${MOST_DISTANCES} together, got ${each}.`)
    }
    this.#labeler = new TripleBarrier({ maxBars, costs, maxOpen: each * integer('maxOpen', maxOpen) })
    this.options = Object.freeze({ stopAtr: [...stopAtr], targetAtr: [...targetAtr], maxBars, costs, maxOpen })
  }

  /** Decisions that wait. */
  get openCount(): number {
    return this.#state.size
  }

  /** Whether a decision waits. */
  isOpen(id: string): boolean {
    return this.#state.has(id)
  }

  /** Starts to follow a decision. @throws as `TripleBarrier.open`, following nothing then */
  open(decision: ProbedDecision): void {
    const { id, symbol, side, time, price, atr } = decision
    const code = 'INVALID_INPUT'
    text('id', id, code)
    oneOf('side', side, ['long', 'short'], code)
    positive('price', price, code)
    positive('atr', atr, code)
    positive('stopAtr', decision.stopAtr, code)
    positive('targetAtr', decision.targetAtr, code)
    if (this.#state.has(id)) throw new TradeLearnError(code, `"id" must be new, got ${show(id)}, which is open.`)
    if (this.#state.size >= this.options.maxOpen) {
      throw new TradeLearnError('TOO_MANY_OPEN', `At most ${this.options.maxOpen} decisions may wait, got one more.`)
    }
    const sign = side === 'long' ? 1 : -1
    const { stopAtr, targetAtr } = this.options
    const pairs = [
      ...stopAtr.map((stop) => [stop, decision.targetAtr] as const),
      ...targetAtr.map((target) => [decision.stopAtr, target] as const),
    ]
    const waiting = { id, returns: new Float64Array(pairs.length).fill(NaN), left: 0 }
    for (const [k, pair] of pairs.entries()) {
      const [stop, target] = [price - sign * pair[0] * atr, price + sign * pair[1] * atr]
      if (!(stop > 0 && target > 0 && stop !== price && target !== price)) continue
      this.#labeler.open({ id: `${k}/${id}`, symbol, side, time, price, stop, target })
      waiting.left++
    }
    if (waiting.left > 0) this.#state.set(id, waiting)
  }

  /** Stops following a decision; unknown ids are ignored. */
  cancel(id: string): void {
    const waiting = this.#state.get(id)
    for (let k = 0; waiting !== undefined && k < waiting.returns.length; k++) this.#labeler.cancel(`${k}/${id}`)
    this.#state.delete(id)
  }

  /** Advances by a closed candle and returns the decisions whose last distance it settled. */
  advance(candle: Candle): readonly ProbedReturns[] {
    const done: ProbedReturns[] = []
    const stops = this.options.stopAtr.length
    for (const label of this.#labeler.advance(candle)) {
      const slash = label.id.indexOf('/')
      const id = label.id.slice(slash + 1)
      const waiting = this.#state.get(id)!
      waiting.returns[Number(label.id.slice(0, slash))] = label.netReturn
      waiting.left--
      if (waiting.left > 0) continue
      this.#state.delete(id)
      done.push({ id, stopReturns: waiting.returns.slice(0, stops), targetReturns: waiting.returns.slice(stops) })
    }
    return done
  }

  toJSON(): Snapshot {
    return snapshot(BracketProbe, this.options, {
      labeler: this.#labeler.toJSON() as unknown as Packable,
      waiting: [...this.#state.values()].map(({ id, returns }) => ({ id, returns })),
    })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): BracketProbe {
    const { options, state } = checkSnapshot(BracketProbe, json)
    const template = { stopAtr: [0], targetAtr: [0], maxBars: 0, costs: 0, maxOpen: 0 }
    const probe = new BracketProbe(unpackState(options, template, 'options'))
    const labeler = TripleBarrier.fromJSON(nested(state, 'labeler', BracketProbe.type))
    const each = probe.options.stopAtr.length + probe.options.targetAtr.length
    const { labeler: _, ...rest } = state
    const { waiting } = unpackState(rest, { waiting: [{ id: '', returns: new Float64Array(each) }] })
    const { maxBars, costs, maxOpen } = probe.#labeler.options
    const own = labeler.options
    let open = 0
    for (const { id, returns } of waiting) {
      let left = 0
      for (let k = 0; k < each; k++) if (labeler.isOpen(`${k}/${id}`)) left++
      if (left === 0 || probe.#state.has(id) || returns.some((value) => Math.abs(value) === Infinity)) corrupt()
      probe.#state.set(id, { id, returns, left })
      open += left
    }
    if (open !== labeler.openCount || waiting.length > probe.options.maxOpen) corrupt()
    if (own.maxBars !== maxBars || own.costs !== costs || own.maxOpen !== maxOpen) corrupt()
    probe.#labeler = labeler
    return probe
  }
}

function corrupt(): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "bracket-probe" snapshot must agree with itself.')
}
