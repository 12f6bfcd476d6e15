import type { Serializable, Snapshot } from '../contracts.ts'
import { integer, oneOf, openFraction, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Reason } from '../market.ts'
import { because, percent, REASONS, type ReasonCode } from './reasons.ts'
import { addTrade, createWinRateEvidence, isBelow, type WinRateEvidence } from './win-rate-evidence.ts'

/** Options of {@link KillSwitch}. */
export type KillSwitchOptions = {
  /** Losses in a row that halt; Infinity switches the rule off, in either mode. @defaultValue 3 */
  readonly losses: number
  /** Fall below the peak of equity that halts when exceeded; Infinity switches the rule off. @defaultValue 0.1 */
  readonly drawdown: number
  /** Milliseconds a prediction may take. A single long garbage collection or the first call of a cold process can
   *  exceed it, and the halt stays like any other; Infinity switches the rule off. @defaultValue 100 */
  readonly latency: number
  /** `"point"` counts losses in a row. `"confidence"` halts once the win rate is shown to lie below `winRate`.
   *  @defaultValue 'point' */
  readonly mode: 'point' | 'confidence'
  /** The win rate that trading must not fall below, in `"confidence"` mode. @defaultValue 0.5 */
  readonly winRate: number
  /** Chance "alpha" that `"confidence"` mode ever halts while the win rate is at least `winRate`. @defaultValue 0.05 */
  readonly falseAlarm: number
}

/** One halt or reset. */
export type KillSwitchEvent = {
  readonly kind: 'halt' | 'reset'
  readonly code: string
  readonly text: string
  /** Closed trades observed by then, since the switch was made. */
  readonly trades: number
}

type State = {
  /** The cause of the present halt; empty while there is none. */
  code: string
  text: string
  /** Losses in a row. */
  streak: number
  /** Closed trades ever observed. */
  trades: number
  /** Newest equity and the highest since the last reset; NaN before the first. */
  equity: number
  peak: number
  evidence: WinRateEvidence
  history: KillSwitchEvent[]
}

const fresh = (): State => ({
  code: '',
  text: '',
  streak: 0,
  trades: 0,
  equity: NaN,
  peak: NaN,
  evidence: createWinRateEvidence(),
  history: [],
})

/** Events kept: enough to see how the last weeks went, few enough for any snapshot. */
const REMEMBERED = 20
/** Characters kept of a text, so that a snapshot stays small. */
const TEXT_LENGTH = 500

/**
 * Halts trading when something is clearly wrong, and stays halted until the operator says otherwise.
 *
 * It watches closed trades (losses in a row), equity (fall from its peak) and predictions (time taken). What trips it
 * first is its `cause`; nothing but `reset` with a reason sets it going again. It fails closed: an observation that
 * is not a number halts, and so does a saved state that cannot be read ({@link KillSwitch.restoreOrHalt}).
 *
 * Short runs of losses are common: 3 in a row come every 15 trades at 52 % wins (`expectedTradesToTrip`). The mode
 * `"confidence"` waits for evidence instead: it halts wrongly, ever, with probability `falseAlarm` at most. It needs
 * more trades to halt (against a floor of 50 %: 88 in the median at 35 % wins, 210 at 40 %), and since it counts from
 * the last reset, a long good past delays it further.
 *
 * O(1) time and memory per observation.
 *
 * @see S. R. Howard et al. (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences"
 *
 * @example
 * ```ts
 * const killSwitch = new KillSwitch({ losses: 5 })
 * killSwitch.observeOutcome(-0.01)
 * killSwitch.observeEquity(9_870)
 * if (killSwitch.halted) notify(killSwitch.cause)
 * ```
 */
export class KillSwitch implements Serializable {
  static readonly type: string = 'kill-switch'
  static readonly version: number = 1

  readonly options: KillSwitchOptions
  #state: State = fresh()

  constructor({
    losses = 3,
    drawdown = 0.1,
    latency = 100,
    mode = 'point',
    winRate = 0.5,
    falseAlarm = 0.05,
  }: Partial<KillSwitchOptions> = {}) {
    this.options = Object.freeze({
      losses: losses === Infinity ? losses : integer('losses', losses),
      drawdown: drawdown === Infinity ? drawdown : openFraction('drawdown', drawdown),
      latency: latency === Infinity ? latency : positive('latency', latency),
      mode: oneOf('mode', mode, ['point', 'confidence']),
      winRate: openFraction('winRate', winRate),
      falseAlarm: openFraction('falseAlarm', falseAlarm),
    })
  }

  /** Whether trading is halted. */
  get halted(): boolean {
    return this.#state.code !== ''
  }

  /** What halted trading first, or null while nothing has. */
  get cause(): Reason | null {
    const { code, text } = this.#state
    return code === '' ? null : { code, text }
  }

  /** The last 20 halts and resets, oldest first. */
  get history(): readonly KillSwitchEvent[] {
    return this.#state.history.slice()
  }

  /** Takes in the net return of a closed trade; one that is not positive is a loss. */
  observeOutcome(netReturn: number): void {
    const { losses, mode, winRate, falseAlarm } = this.options
    const s = this.#state
    if (!Number.isFinite(netReturn)) {
      this.#trip('INVALID_OBSERVATION', `A net return of ${show(netReturn)}.`)
      return
    }
    const won = netReturn > 0
    s.trades++
    s.streak = won ? 0 : s.streak + 1
    addTrade(s.evidence, won, winRate)
    if (losses === Infinity) return
    if (mode === 'point') {
      if (s.streak >= losses) this.#trip('LOSS_STREAK', `${s.streak} losses in a row; ${losses} halt.`)
    } else if (isBelow(s.evidence, winRate, falseAlarm)) {
      const { wins, n } = s.evidence
      this.#trip('WIN_RATE', `${wins} wins in ${n} trades show a win rate below ${percent(winRate)}.`)
    }
  }

  /** Takes in the account's equity, whenever the caller knows it; a fall that is over by the next time goes unseen. */
  observeEquity(equity: number): void {
    const { drawdown } = this.options
    const s = this.#state
    s.equity = Number.isFinite(equity) ? equity : NaN
    if (Number.isNaN(s.equity)) {
      this.#trip('INVALID_OBSERVATION', `An equity of ${show(equity)}.`)
      return
    }
    if (!(s.peak >= equity)) s.peak = equity
    if (drawdown === Infinity) return
    const fall = equity > 0 ? (s.peak - equity) / s.peak : 1
    if (!(fall > drawdown)) return
    const numbers = `Equity of ${show(equity)} is ${percent(fall)} below its peak of ${show(s.peak)}`
    this.#trip('DRAWDOWN', `${numbers}; more than ${percent(drawdown)} halts.`)
  }

  /** Takes in the milliseconds that a prediction took. */
  observeLatency(ms: number): void {
    const { latency } = this.options
    if (!(ms >= 0 && ms < Infinity)) this.#trip('INVALID_OBSERVATION', `A latency of ${show(ms)} ms.`)
    else if (ms > latency) this.#trip('LATENCY', `A prediction took ${show(ms)} ms; more than ${latency} ms halts.`)
  }

  /** Halts by hand. An emergency stop must not fail on its text, so one that is missing, empty or no text will do. */
  halt(reason?: string): void {
    const said = typeof reason === 'string' && reason.trim() !== '' ? reason : 'no reason given'
    if (this.halted) this.#remember('halt', 'OPERATOR', said)
    else this.#trip('OPERATOR', said)
  }

  /**
   * Sets trading going again; for the operator alone. Counting starts anew and the present equity becomes the peak.
   *
   * @throws `INVALID_INPUT` without a reason
   */
  reset(reason: string): void {
    const said = text('reason', typeof reason === 'string' ? reason.trim() : reason, 'INVALID_INPUT')
    const { equity, trades, history } = this.#state
    this.#state = { ...fresh(), equity, peak: equity, trades, history }
    this.#remember('reset', 'RESET', said)
  }

  toJSON(): Snapshot {
    return snapshot(KillSwitch, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): KillSwitch {
    const { options, state } = checkSnapshot(KillSwitch, json)
    const killSwitch = new KillSwitch(
      unpackState(options, new KillSwitch().options as Mutable<KillSwitchOptions>, 'options'),
    )
    killSwitch.#state = checkState(unpackState(state, { ...fresh(), history: [EVENT] }))
    return killSwitch
  }

  /**
   * The saved switch under the operator's present options, or a halted one where it cannot be read.
   *
   * Missing counts as unreadable: a new bot makes its first switch with `new`. The options in the snapshot are not
   * used, so a changed file cannot loosen a rule; under another `winRate` the evidence starts anew.
   */
  static restoreOrHalt(json: unknown, options: Partial<KillSwitchOptions> = {}): KillSwitch {
    const killSwitch = new KillSwitch(options)
    try {
      const saved = KillSwitch.fromJSON(json as Snapshot)
      killSwitch.#state = saved.#state
      if (saved.options.winRate !== killSwitch.options.winRate) killSwitch.#state.evidence = createWinRateEvidence()
    } catch (error) {
      killSwitch.#trip('UNREADABLE', error instanceof Error ? error.message : String(error))
    }
    return killSwitch
  }

  /** Halts, unless something has already: the first cause is the one to look into. */
  #trip(code: ReasonCode, text: string): void {
    const s = this.#state
    if (s.code !== '') return
    s.code = code
    s.text = text.slice(0, TEXT_LENGTH)
    this.#remember('halt', code, text)
  }

  #remember(kind: KillSwitchEvent['kind'], code: ReasonCode, text: string): void {
    const { history, trades } = this.#state
    history.push({ kind, ...because(code, text.slice(0, TEXT_LENGTH)), trades })
    if (history.length > REMEMBERED) history.shift()
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const EVENT: KillSwitchEvent = { kind: 'halt', code: '', text: '', trades: 0 }

/** Passes a state whose parts agree: a file that says "running" right after a halt has been damaged. */
function checkState(state: State): State {
  const { code, streak, trades, equity, peak, evidence, history } = state
  const { n, wins, logE } = evidence
  const halted = code !== ''
  const sane =
    [streak, trades, n, wins].every((count) => Number.isSafeInteger(count) && count >= 0) &&
    streak <= trades &&
    wins <= n &&
    n <= trades &&
    Number.isFinite(logE) &&
    (Number.isNaN(equity) || equity <= peak) &&
    peak !== Infinity &&
    (!halted || Object.hasOwn(REASONS, code)) &&
    history.length <= REMEMBERED &&
    history.every(({ kind }) => kind === 'halt' || kind === 'reset') &&
    (history.at(-1)?.kind === 'halt') === halted
  if (!sane) throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "kill-switch" snapshot must agree with itself.')
  return state
}
