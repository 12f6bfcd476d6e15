import { integer, oneOf, openFraction, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { KillSwitchEvent } from './event.ts'
import type { ScopeKind } from './scope.ts'

/** The rules that can set a lock. */
export type RuleName = 'losses' | 'lossRate' | 'drawdown' | 'latency'

/** How long the lock of each rule holds, milliseconds. Infinity: until the operator resets it. @defaultValue Infinity */
export type LockTimes = { readonly [R in RuleName]: number }

/** The rules of one scope. */
export type ScopeRules = {
  /** Losses in a row that halt; Infinity switches the rule off, in either mode. @defaultValue 3 for all trading, else Infinity */
  readonly losses: number
  /** Share of losses that halts when exceeded; Infinity switches the rule off. @defaultValue Infinity */
  readonly lossRate: number
  /** Trades that `lossRate` looks back on in `"point"` mode. @defaultValue 20 */
  readonly window: number
  /** Fall below the peak of equity that halts when exceeded; Infinity switches the rule off.
   *  @defaultValue 0.1 for all trading, else Infinity */
  readonly drawdown: number
  /** Milliseconds a prediction may take; Infinity switches the rule off. @defaultValue 100 for all trading, else Infinity */
  readonly latency: number
  /** `"point"` counts losses. `"confidence"` halts once the win rate is shown to lie below `winRate`, or below 1 less
   *  `lossRate`. @defaultValue 'point', and elsewhere that of all trading */
  readonly mode: 'point' | 'confidence'
  /** The win rate that trading must not fall below, in `"confidence"` mode. @defaultValue 0.5, elsewhere that of all trading */
  readonly winRate: number
  /** Chance "alpha" that a rule in `"confidence"` mode ever halts while the win rate is at least `winRate`, for each
   *  scope. @defaultValue 0.05, elsewhere that of all trading */
  readonly falseAlarm: number
  readonly lockFor: LockTimes
}

/** Options of {@link KillSwitch}: the rules of all trading, those of narrower scopes, and how locks end. */
export type KillSwitchOptions = ScopeRules & {
  /** Rules for the trades that the model planned. */
  readonly model: ScopeRules
  /** Rules for the trades of one direction. */
  readonly side: ScopeRules
  /** Rules for the trades of one symbol. */
  readonly symbol: ScopeRules
  /** Age of a symbol's newest candle, milliseconds from its open time, that halts the symbol when exceeded; Infinity
   *  switches the rule off. @defaultValue Infinity */
  readonly staleAfter: number
  /** Probe trades after a timed lock: all must win. @defaultValue 2 */
  readonly probes: number
  /** Longest that a lock grows to by failed probes, milliseconds. @defaultValue 604_800_000, a week */
  readonly longestLock: number
  /** Symbols that are watched at once; the one unseen for longest goes first, a halted one never. @defaultValue 1000 */
  readonly maxSymbols: number
  /** What a halt of the model means: the baseline's plan stands, or nothing new is opened. @defaultValue 'baseline' */
  readonly onModelHalt: 'baseline' | 'skip'
  /**
   * Is handed every halt and reset before it takes effect. Where it throws or rejects, everything halts until the
   * operator resets it. Not part of a snapshot.
   */
  readonly persist?: ((event: KillSwitchEvent) => unknown) | undefined
}

type SomeRules = Partial<Omit<ScopeRules, 'lockFor'>> & { readonly lockFor?: Partial<LockTimes> }

/** What a {@link KillSwitch} is made with: any of its options, to any depth. */
export type KillSwitchSettings = Partial<Omit<KillSwitchOptions, ScopeKind | 'lockFor'>> & {
  readonly lockFor?: Partial<LockTimes>
  readonly model?: SomeRules
  readonly side?: SomeRules
  readonly symbol?: SomeRules
}

/** A hundred thousand symbols' worth of results must still fit into memory. */
const LONGEST_WINDOW = 10_000

const WEEK = 604_800_000

/** Checked, frozen options; what is left out gets its default. */
export function checkOptions(settings: KillSwitchSettings): KillSwitchOptions {
  const { staleAfter = Infinity, probes = 2, longestLock = WEEK, maxSymbols = 1000 } = settings
  const { onModelHalt = 'baseline', persist } = settings
  positive('longestLock', longestLock)
  const all = checkRules('', settings, { ...OFF, losses: 3, drawdown: 0.1, latency: 100 }, longestLock)
  if (all.lockFor.drawdown !== Infinity) {
    refuse('lockFor.drawdown', 'Infinity, because a fall of all equity waits for the operator', all.lockFor.drawdown)
  }
  const { mode, winRate, falseAlarm } = all
  const narrower = (kind: 'model' | 'side' | 'symbol'): ScopeRules =>
    checkRules(`${kind}.`, settings[kind] ?? {}, { ...OFF, mode, winRate, falseAlarm }, longestLock)
  if (persist !== undefined && typeof persist !== 'function') refuse('persist', 'a function', persist)
  return Object.freeze({
    ...all,
    model: narrower('model'),
    side: narrower('side'),
    symbol: narrower('symbol'),
    staleAfter: finiteOr('staleAfter', staleAfter, positive),
    probes: integer('probes', probes),
    longestLock,
    maxSymbols: integer('maxSymbols', maxSymbols),
    onModelHalt: oneOf('onModelHalt', onModelHalt, ['baseline', 'skip']),
    ...(persist === undefined ? {} : { persist }),
  })
}

/** The rules that watch trades, equity or predictions in a scope of this kind. */
export function rulesOf(options: KillSwitchOptions, kind: ScopeKind): ScopeRules {
  return kind === 'all' ? options : options[kind]
}

/** Whether scopes of this kind are watched at all; all trading has a record in any case. */
export function isWatched(options: KillSwitchOptions, kind: ScopeKind): boolean {
  const { losses, lossRate, drawdown, latency } = rulesOf(options, kind)
  // each is above 0, and Infinity where it is off
  const tightest = Math.min(losses, lossRate, drawdown, latency)
  return tightest < Infinity || (kind === 'symbol' && options.staleAfter < Infinity)
}

/** Rules that never trip. */
const OFF: Omit<ScopeRules, 'lockFor'> = {
  losses: Infinity,
  lossRate: Infinity,
  window: 20,
  drawdown: Infinity,
  latency: Infinity,
  mode: 'point',
  winRate: 0.5,
  falseAlarm: 0.05,
}

function checkRules(prefix: string, rules: SomeRules, usual: typeof OFF, longest: number): ScopeRules {
  // what is given as undefined gets its default too: it must not switch a rule off
  const { losses = usual.losses, lossRate = usual.lossRate, window = usual.window } = rules
  const { drawdown = usual.drawdown, latency = usual.latency, lockFor = {} } = rules
  const { mode = usual.mode, winRate = usual.winRate, falseAlarm = usual.falseAlarm } = rules
  const lock = (name: RuleName): number => {
    const time = finiteOr(`${prefix}lockFor.${name}`, lockFor[name] ?? Infinity, positive)
    if (time !== Infinity && time > longest) {
      refuse(`${prefix}lockFor.${name}`, `at most "longestLock", ${longest}, or Infinity`, time)
    }
    return time
  }
  if (integer(`${prefix}window`, window) > LONGEST_WINDOW) {
    refuse(`${prefix}window`, `at most ${LONGEST_WINDOW}`, window)
  }
  return Object.freeze({
    losses: finiteOr(`${prefix}losses`, losses, integer),
    lossRate: finiteOr(`${prefix}lossRate`, lossRate, openFraction),
    window,
    drawdown: finiteOr(`${prefix}drawdown`, drawdown, openFraction),
    latency: finiteOr(`${prefix}latency`, latency, positive),
    mode: oneOf(`${prefix}mode`, mode, ['point', 'confidence']),
    winRate: openFraction(`${prefix}winRate`, winRate),
    falseAlarm: openFraction(`${prefix}falseAlarm`, falseAlarm),
    lockFor: Object.freeze({
      losses: lock('losses'),
      lossRate: lock('lossRate'),
      drawdown: lock('drawdown'),
      latency: lock('latency'),
    }),
  })
}

function finiteOr(name: string, value: number, check: (name: string, value: number) => number): number {
  return value === Infinity ? value : check(name, value)
}

function refuse(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be ${wanted}, got ${show(got)}.`)
}
