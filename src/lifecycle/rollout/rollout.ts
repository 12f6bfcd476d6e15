import type { Serializable, Snapshot } from '../../contracts.ts'
import { integer, nonNegative, oneOf, text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { packRecord, type State, unpackState } from '../../core/state.ts'
import { addTrade, createWinRateEvidence } from '../../decision/win-rate-evidence.ts'
import { SelectionEvidence } from '../../significance/index.ts'
import { type Assignment, assign } from './assign.ts'
import { checkEvent } from './check-event.ts'
import { createGuards, doubtful, fatal, type GuardState, guardLatency, guardSettled } from './guards.ts'
import type { RolloutCause, RolloutEvent, RolloutStatus, SettledSignal, Transition } from './rollout-event.ts'
import { createRolloutOptions, type RolloutOptions } from './rollout-options.ts'

type RolloutState = {
  step: number
  status: RolloutStatus
  /** Why it is paused; empty while it is not. */
  pausedFor: string
  /** When the step began, the newest time told, and that of the newest signal; NaN before the first. */
  since: number
  time: number
  lastSignal: number
  /** Settled signals of this step. */
  signals: number
  /** Who has allowed this step to be left; empty for nobody. */
  approvedBy: string
  guards: GuardState
  history: Transition[]
}

/** How a rollout is doing, and what it still needs. */
export type RolloutReport = {
  readonly step: number
  readonly status: RolloutStatus
  /** Share of signals that the candidate decides now. */
  readonly share: number
  /** Milliseconds, signals and evidence that the step still needs, and whether a person must allow its end. */
  readonly holdLeft: number
  readonly signalsLeft: number
  readonly evidence: number
  readonly evidenceNeeded: number
  readonly approvalNeeded: boolean
  /** Signals until the evidence suffices if it grows on as it has; Infinity while it does not grow. */
  readonly signalsStill: number
  /** Always-valid p-value of the candidate choosing blindly. */
  readonly p: number
  readonly signals: number
  readonly winRate: number
  readonly keptWinRate: number
  /** Win rate of what the champion takes, which the candidate must reach: that of all signals where it is the baseline. */
  readonly championWinRate: number
  /** `keptWinRate / winRate - 1`, beside the margin that it must reach. */
  readonly lift: number
  readonly margin: number
  /** Mean net return of a signal, whole and as much of it as the candidate takes. */
  readonly meanReturn: number
  readonly meanChosenReturn: number
  /** How far its own account stands below its peak. */
  readonly drawdown: number
}

/** Transitions kept. */
const REMEMBERED = 100
const DAY = 86_400_000

/** A change that is to be made. */
type Change = Transition['to'] & { readonly cause: RolloutCause; readonly text: string; readonly by?: string }

const fresh = (): RolloutState => ({
  step: 0,
  status: 'running',
  pausedFor: '',
  since: Number.NaN,
  time: Number.NaN,
  lastSignal: Number.NaN,
  signals: 0,
  approvedBy: '',
  guards: createGuards(),
  history: [],
})

/**
 * Takes a candidate from watching to deciding everything, step by step, or throws it out.
 *
 * The champion is the baseline, which takes every signal, or models that were promoted before. In shadow the candidate decides
 * nothing, but what it would have done with each signal is known, and so is how the signal ended. It leaves shadow once that
 * shows, at a level of 5 % however often one looks, that what it keeps does better than what it leaves, or than what a champion
 * that chooses, too, keeps in its place (`SelectionEvidence`), after a week and 50 signals at least. Then it decides 10, 25 and
 * 50 % of signals, and each step must be held for its time and asks for more of the same evidence, in the end for that of one in
 * a hundred. A candidate that chooses blindly leaves shadow in its whole life with a chance of 5 % at most, and gets all signals
 * with one of 1 %.
 *
 * Meanwhile guards watch it: its own account's fall, its win rate, accuracy and latency, what it leaves doing better than what
 * it keeps, and signals that it was given ending worse than the champion's end it, promoted or not; too few signals, a share that
 * it should not have, and doubtful accuracy pause it. Guards that go by evidence are wrong, ever, with a chance of `falseAlarm`
 * each. Once it is promoted, and watched for as long as it decides, what it leaves is judged anew all the time, which is wrong
 * once in `falseAlarmEvery` pairs at most.
 *
 * It is a pure reducer: its state follows from its options and the events told, in order. A decision counts for the step that
 * it was made in, however late its outcome comes. O(1) time an event, bounded memory.
 *
 * @see R. Kohavi, D. Tang, Y. Xu (2020), "Trustworthy Online Controlled Experiments", chapters 15 (ramping) and 21
 *   (sample-ratio mismatch)
 *
 * @example
 * ```ts
 * const rollout = new Rollout({ name: 'model-7' })
 * const { arm, propensity } = rollout.assign(decisionId)
 * rollout.tell({ kind: 'decided', time, arm })
 * for (const { text } of rollout.tell({ kind: 'settled', ...outcome })) notify(text)
 * ```
 */
export class Rollout implements Serializable {
  static readonly type: string = 'rollout'
  static readonly version: number = 1

  /** The candidate's name, by which signals are dealt out. */
  readonly name: string
  readonly options: RolloutOptions
  #selection = new SelectionEvidence()
  /** Whether what it leaves does better than what it keeps; from the beginning of this step. */
  #worse = new SelectionEvidence()
  /** Whether the signals that the champion is given end better than its own; of this step. */
  #harm = new SelectionEvidence()
  #state: RolloutState = fresh()

  constructor({ name, ...options }: { readonly name: string } & Partial<RolloutOptions>) {
    this.name = text('name', name)
    this.options = createRolloutOptions(options)
  }

  // ---------------------------------------------------------------- queries

  /** The step that it is in, from 0; `options.steps.length` once it is promoted. */
  get step(): number {
    return this.#state.step
  }

  get status(): RolloutStatus {
    return this.#state.status
  }

  /** Share of signals that the candidate decides now: none while it is paused or ended, all once it is promoted. */
  get share(): number {
    const { status, step } = this.#state
    if (status === 'promoted') return 1
    return status === 'running' ? this.options.steps[step]!.share : 0
  }

  /** The last 100 transitions, oldest first. */
  get history(): readonly Transition[] {
    return this.#state.history.slice()
  }

  /** An untouched one for the next candidate, under the same options. */
  next(name: string): Rollout {
    return new Rollout({ ...this.options, name })
  }

  /** Who decides a signal. Pure, and the same for the same unit while the share does not shrink. */
  assign(unit: string): Assignment {
    return assign(this.share, this.name, text('unit', unit, 'INVALID_INPUT'))
  }

  /** How it is doing, and what it still needs. */
  get report(): RolloutReport {
    const { step, status, since, time: now, signals, approvedBy, guards } = this.#state
    const { steps, margin } = this.options
    const here = steps[Math.min(step, steps.length - 1)]!
    const { evidence, p, n, winRate, keptWinRate, othersWinRate, meanReturn, meanChosenReturn } = this.#selection
    const growth = Math.log(evidence) / n
    return {
      step,
      status,
      share: this.share,
      holdLeft: Number.isNaN(since) ? here.hold : Math.max(0, since + here.hold - now),
      signalsLeft: Math.max(0, here.signals - signals),
      evidence,
      evidenceNeeded: here.evidence,
      approvalNeeded: here.approval && approvedBy === '',
      signalsStill:
        evidence >= here.evidence
          ? 0
          : growth > 0
            ? Math.ceil(Math.log(here.evidence / evidence) / growth)
            : Number.POSITIVE_INFINITY,
      p,
      signals: n,
      winRate,
      keptWinRate,
      championWinRate: othersWinRate,
      lift: keptWinRate / winRate - 1,
      margin,
      meanReturn,
      meanChosenReturn,
      drawdown: 1 - guards.equity / guards.peak,
    }
  }

  // --------------------------------------------------------------- commands

  /**
   * Takes in an event; returns what has changed by it.
   *
   * @throws `INVALID_INPUT` or `INVALID_TIME`, changing nothing. One that has ended takes in nothing more; one that is promoted is watched on.
   */
  tell(event: RolloutEvent): readonly Transition[] {
    checkEvent(event, this.options.steps.length)
    const s = this.#state
    if (s.status === 'ended') return []
    if (Number.isNaN(s.since)) s.since = s.lastSignal = event.time
    s.time = Number.isNaN(s.time) ? event.time : Math.max(s.time, event.time)
    const asked = this.#take(event)
    const changes = asked === null ? [] : [this.#go(asked)]
    const judged = this.#judge()
    return judged === null ? changes : [...changes, this.#go(judged)]
  }

  /** Takes in an event; returns the change that it asks for. */
  #take(event: RolloutEvent): Change | null {
    const s = this.#state
    switch (event.kind) {
      case 'decided': {
        s.lastSignal = s.time
        if (s.status === 'running' && this.share > 0) addTrade(s.guards.given, event.arm === 'candidate', this.share)
        const back = s.status === 'paused' && s.pausedFor === 'SILENCE'
        return back ? { step: s.step, status: 'running', cause: 'RECOVERED', text: 'Signals have come again.' } : null
      }
      case 'settled':
        this.#settle(event)
        return null
      case 'latency':
        guardLatency(s.guards, event.ms, this.options)
        return null
      case 'approve':
        s.approvedBy = event.by
        return null
      case 'pause':
        return s.status === 'running' ? this.#byHand('paused', event) : null
      case 'resume':
        // whoever lets it go on has looked at what made it stop
        s.guards.pauses = createWinRateEvidence()
        s.guards.given = createWinRateEvidence()
        s.lastSignal = s.time
        return s.status === 'paused' ? this.#byHand('running', event) : null
      case 'abort':
        return this.#byHand('ended', event)
      case 'tick':
        return null
    }
  }

  #byHand(status: RolloutStatus, { reason, by }: { readonly reason: string; readonly by: string }): Change {
    return { step: this.#state.step, status, cause: 'OPERATOR', text: reason, by }
  }

  #settle(event: SettledSignal): void {
    const s = this.#state
    const { arm, share, championShare = 1, y, netReturn, decidedAt, time: labelEnd, step } = event
    const { n, winRate } = this.#selection
    guardSettled(s.guards, event, winRate, n, this.options)
    const signal = { y, netReturn, time: decidedAt, labelEnd: Math.max(decidedAt, labelEnd) }
    this.#selection.update({ ...signal, share, others: championShare })
    if (step !== s.step) return
    this.#worse.update({ ...signal, share: 1 - share, others: 1 - championShare })
    // what was good for long must not outweigh what has turned bad
    if (s.status === 'promoted') this.#worse.restake()
    if (s.status !== 'running') return
    s.signals++
    if (this.share === 0) return
    // by what each arm made of its signals; whether one that was left would have won is not asked
    const earned = (arm === 'candidate' ? share : championShare) * netReturn
    this.#harm.update({ ...signal, y: 0, netReturn: earned, share: arm === 'champion' ? 1 : 0 })
  }

  /** The change that it is time for: an end, a pause, or the next step. */
  #judge(): Change | null {
    const s = this.#state
    if (s.status === 'ended') return null
    const { falseAlarm, falseAlarmEvery, silence } = this.options
    const fault = fatal(s.guards, this.options)
    if (fault !== null) return { step: s.step, status: 'ended', ...fault }
    for (const [{ evidence }, needed, text] of [
      [
        this.#worse,
        s.status === 'promoted' ? falseAlarmEvery : 1 / falseAlarm,
        'What it leaves does better than what it keeps.',
      ],
      [this.#harm, 1 / falseAlarm, 'Signals that it was given have ended worse than those of the champion.'],
    ] as const) {
      if (evidence >= needed) return { step: s.step, status: 'ended', cause: 'HARM', text }
    }
    if (s.status !== 'running') return null
    const doubt = doubtful(s.guards, this.share, this.options)
    if (doubt !== null) return { step: s.step, status: 'paused', ...doubt }
    if (s.time - s.lastSignal > silence) {
      const text = `No signal for ${((s.time - s.lastSignal) / DAY).toFixed(1)} days.`
      return { step: s.step, status: 'paused', cause: 'SILENCE', text }
    }
    return this.#nextStep()
  }

  #nextStep(): Change | null {
    const s = this.#state
    const { steps, margin } = this.options
    const { hold, signals, evidence: needed, approval } = steps[s.step]!
    const { evidence, keptWinRate, winRate, othersWinRate } = this.#selection
    // a champion that takes nothing has no win rate
    const earned = evidence >= needed && keptWinRate >= winRate * (1 + margin) && !(keptWinRate < othersWinRate)
    if (!earned || s.time - s.since < hold || s.signals < signals || (approval && s.approvedBy === '')) return null
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
    const champion = othersWinRate === winRate ? '' : `, and the champion ${percent(othersWinRate)}`
    return {
      step: s.step + 1,
      status: s.step + 1 === steps.length ? 'promoted' : 'running',
      cause: approval ? 'APPROVED' : 'EARNED',
      text: `Evidence ${evidence.toFixed(1)} of ${needed}; it wins ${percent(keptWinRate)} where all win ${percent(winRate)}${champion}.`,
      by: s.approvedBy,
    }
  }

  #go({ step, status, cause, text: why, by = '' }: Change): Transition {
    const s = this.#state
    const from = { step: s.step, status: s.status }
    const transition = Object.freeze({ time: s.time, from, to: { step, status }, cause, text: why.slice(0, 500), by })
    s.history.push(transition)
    if (s.history.length > REMEMBERED) s.history.shift()
    s.status = status
    s.pausedFor = status === 'paused' ? cause : ''
    if (step === s.step) return transition
    s.step = step
    s.since = s.time
    s.signals = 0
    s.approvedBy = ''
    s.guards.given = createWinRateEvidence()
    this.#worse = new SelectionEvidence()
    this.#harm = new SelectionEvidence()
    return transition
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    return {
      ...snapshot(Rollout, { name: this.name }, {}),
      state: {
        ...packRecord(this.#state as unknown as { readonly [key: string]: State }),
        selection: { ...this.#selection.toJSON() },
        worse: { ...this.#worse.toJSON() },
        harm: { ...this.#harm.toJSON() },
      },
    }
  }

  /** Reads back what {@link toJSON} wrote, under the operator's present options, which no file holds. */
  static restore(json: Snapshot, options: { readonly name: string } & Partial<RolloutOptions>): Rollout {
    const { options: saved, state } = checkSnapshot(Rollout, json)
    const rollout = new Rollout(options)
    if (saved['name'] !== rollout.name) {
      throw new TradeLearnError(
        'UNKNOWN_SNAPSHOT',
        `Wanted the rollout of ${show(rollout.name)}, got that of ${show(saved['name'])}.`,
      )
    }
    const { selection: _, worse: __, harm: ___, ...plain } = state
    const read = unpackState(plain, SAVED as unknown as State, 'state') as unknown as RolloutState
    checkState(read, rollout.options.steps.length)
    rollout.#selection = SelectionEvidence.fromJSON(nested(state, 'selection', Rollout.type))
    rollout.#worse = SelectionEvidence.fromJSON(nested(state, 'worse', Rollout.type))
    rollout.#harm = SelectionEvidence.fromJSON(nested(state, 'harm', Rollout.type))
    rollout.#state = { ...read, history: read.history.map((transition) => Object.freeze(transition)) }
    return rollout
  }
}

const POINT = { step: 0, status: '' }
const SAVED = { ...fresh(), history: [{ time: 0, from: POINT, to: POINT, cause: '', text: '', by: '' }] }

/** Throws unless the parts of a state agree. */
function checkState({ step, status, signals, guards, history }: RolloutState, steps: number): void {
  oneOf('state.status', status, ['running', 'paused', 'promoted', 'ended'], 'CORRUPT_SNAPSHOT')
  integer('state.step', step, 0, 'CORRUPT_SNAPSHOT')
  integer('state.signals', signals, 0, 'CORRUPT_SNAPSHOT')
  nonNegative('state.guards.equity', guards.equity, 'CORRUPT_SNAPSHOT')
  const sane =
    (status === 'promoted' ? step === steps : step < steps || (status === 'ended' && step === steps)) &&
    guards.peak >= Math.max(1, guards.equity) &&
    guards.peak < Number.POSITIVE_INFINITY &&
    history.length <= REMEMBERED &&
    [guards.wins, guards.ends, guards.pauses, guards.inTime, guards.given].every(
      ({ n, wins, logE }) =>
        Number.isSafeInteger(n) && Number.isSafeInteger(wins) && wins >= 0 && wins <= n && Number.isFinite(logE),
    )
  if (!sane)
    throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "rollout" snapshot must agree with itself and with its options.')
}
