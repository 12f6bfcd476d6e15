import { finite, fraction, integer, openFraction, positive } from '../../core/check.ts'
import { logGamma } from '../../core/distributions.ts'
import { drawFlag, drawNormal } from '../../core/draw.ts'
import { addMoment, createMoments, variance } from '../../core/moments.ts'
import { SeededRng } from '../../core/rng.ts'
import type { State } from '../../core/state.ts'
import { drawdownRule } from './drawdown.ts'
import { lossShare } from './loss-rate.ts'
import { type KillSwitchOptions, type RuleName, rulesOf, type ScopeRules } from './options.ts'
import type { Rule } from './rule.ts'
import type { ScopeKind } from './scope.ts'

/** What trading is like while nothing is wrong. */
export type NormalTimes = {
  /** Chance that a trade wins. */
  readonly winRate: number
  /** What a win adds to equity and a loss takes from it, as fractions of equity; or their mean and deviation, as those of
   *  a normal distribution. Without either nothing can be said of `drawdown`. */
  readonly payoff?:
    | { readonly win: number; readonly loss: number }
    | { readonly mean: number; readonly deviation: number }
  /** Symbols that the trades are spread over. @defaultValue 1 */
  readonly symbols?: number
  /** Share of predictions that take longer than `latency`. Without it nothing can be said of that rule. */
  readonly slow?: number
}

/** What one rule does by chance. */
export type ExpectedFalseAlarms = {
  readonly scope: ScopeKind
  readonly rule: RuleName
  /** Halts per 1,000 trades in all its scopes together, each counted as lifted at once; NaN where nothing can be said. */
  readonly per1000: number
  /** Standard error of that, where it was simulated. */
  readonly error: number
  /** Where the figure comes from; `"told"` is what the caller said himself. */
  readonly basis: 'exact' | 'simulated' | 'told' | 'unknown'
  /** Further locks after each halt because a probe lost by chance: 1 / winRate^probes - 1; 0 for a latch. */
  readonly relocks: number
}

/** Trades that figures are given for. */
const TRADES = 1000
/** Lives of 1,000 trades that are simulated: 1 halt in each is then known to a twentieth. Some 50 ms a rule. */
const LIVES = 400

/**
 * Halts that each rule which is on will cause by chance, per 1,000 trades.
 *
 * Losses in a row, and evidence in `"confidence"` mode, are exact. Let f(n) be the chance that a rule, started anew, trips
 * at trade n; then the expected halts m within n trades are
 *
 *     m(n) = sum over i up to n of f(i) (1 + m(n - i))
 *
 * and f follows from the chances of each streak, or each number of wins, step by step. The share of losses in a window and
 * drawdowns are simulated with the rules themselves, from a fixed seed. Trades are taken for independent: where losses
 * come in bunches there are more halts than this.
 *
 * @see W. Feller (1968), "An Introduction to Probability Theory and Its Applications", volume 1, chapter XIII
 */
export function expectedFalseAlarms(options: KillSwitchOptions, normal: NormalTimes): readonly ExpectedFalseAlarms[] {
  const { winRate, symbols = 1, slow } = normal
  openFraction('winRate', winRate, 'INVALID_INPUT')
  integer('symbols', symbols, 1, 'INVALID_INPUT')
  if (slow !== undefined) fraction('slow', slow, 'INVALID_INPUT')
  checkPayoff(normal)

  const parts = { all: 1, model: 1, side: 2, symbol: symbols }
  const kinds: readonly ScopeKind[] = ['all', 'model', 'side', 'symbol']
  return kinds.flatMap((kind) => {
    const rules = rulesOf(options, kind)
    const names: readonly RuleName[] = ['losses', 'lossRate', 'drawdown', 'latency']
    return names
      .filter((rule) => rules[rule] !== Infinity)
      .map((rule) => ({
        scope: kind,
        rule,
        ...figure(rule, rules, normal, parts[kind]),
        relocks: rules.lockFor[rule] === Infinity ? 0 : Math.exp(-options.probes * Math.log(winRate)) - 1,
      }))
  })
}

type Figure = Pick<ExpectedFalseAlarms, 'per1000' | 'error' | 'basis'>

const UNKNOWN: Figure = { per1000: NaN, error: NaN, basis: 'unknown' }

function figure(rule: RuleName, rules: ScopeRules, normal: NormalTimes, parts: number): Figure {
  const { winRate, payoff, slow } = normal
  const trades = Math.floor(TRADES / parts)
  const exact = (tripTimes: Float64Array): Figure => ({
    per1000: parts * renewals(tripTimes),
    error: 0,
    basis: 'exact',
  })
  const { mode, losses, lossRate, winRate: floor, falseAlarm } = rules
  if (rule === 'latency') return slow === undefined ? UNKNOWN : { per1000: slow * TRADES, error: 0, basis: 'told' }
  if (rule === 'losses') {
    return exact(
      mode === 'point' ? streakTimes(winRate, losses, trades) : proofTimes(winRate, floor, falseAlarm, trades),
    )
  }
  if (rule === 'lossRate' && mode === 'confidence') {
    return exact(proofTimes(winRate, 1 - lossRate, falseAlarm, trades))
  }
  const rng = new SeededRng('false alarms of a kill switch')
  if (rule === 'lossRate') return simulated(lossShare, rules, trades, parts, () => (drawFlag(rng, winRate) ? 1 : -1))
  if (payoff === undefined) return UNKNOWN
  const earned = (): number => {
    if ('mean' in payoff) return payoff.mean + payoff.deviation * drawNormal(rng)
    return drawFlag(rng, winRate) ? payoff.win : -payoff.loss
  }
  return simulated(drawdownRule, rules, trades, parts, (memory) => (memory.value || 1) * (1 + earned()))
}

/** Halts of a rule over simulated lives; it starts anew after each. `next` draws what it is shown. */
function simulated<M extends State>(
  rule: Rule<M>,
  rules: ScopeRules,
  trades: number,
  parts: number,
  next: (memory: M) => number,
): Figure {
  const counts = createMoments()
  for (let life = 0; life < LIVES; life++) {
    let memory = rule.start(rules)
    let halts = 0
    for (let n = 0; n < trades; n++) {
      if (rule.watch(memory, next(memory), rules) === null) continue
      halts++
      memory = rule.start(rules)
    }
    addMoment(counts, halts)
  }
  return { per1000: parts * counts.mean, error: parts * Math.sqrt(variance(counts) / LIVES), basis: 'simulated' }
}

/** Expected trips within as many trades as there are chances of a first one, when the rule starts anew after each. */
function renewals(tripTimes: Float64Array): number {
  const expected = new Float64Array(tripTimes.length)
  for (let n = 1; n < expected.length; n++) {
    let sum = 0
    for (let i = 1; i <= n; i++) sum += tripTimes[i]! * (1 + expected[n - i]!)
    expected[n] = sum
  }
  return expected.at(-1)!
}

/** Chance that the first run of `losses` losses is complete at trade n, for n from 0 up. */
function streakTimes(winRate: number, losses: number, trades: number): Float64Array {
  const times = new Float64Array(trades + 1)
  // chances of each streak, of those that have not tripped
  let chances = new Float64Array(Math.min(losses, trades + 1))
  chances[0] = 1
  for (let n = 1; n <= trades; n++) {
    const next = new Float64Array(chances.length)
    next[0] = winRate * chances.reduce((sum, chance) => sum + chance, 0)
    for (let streak = 1; streak < losses && streak < next.length; streak++) {
      next[streak] = (1 - winRate) * chances[streak - 1]!
    }
    if (chances.length === losses) times[n] = (1 - winRate) * chances[losses - 1]!
    chances = next
  }
  return times
}

/** Chance that trade n is the first at which the win rate is shown to lie below `floor`; see `win-rate-evidence.ts`. */
function proofTimes(winRate: number, floor: number, alpha: number, trades: number): Float64Array {
  const times = new Float64Array(trades + 1)
  const isProof = (n: number, wins: number): boolean => {
    const logMixture = logGamma(wins + 1) + logGamma(n - wins + 1) - logGamma(n + 2)
    const logE = logMixture - wins * Math.log(floor) - (n - wins) * Math.log1p(-floor)
    return wins < floor * n && logE >= -Math.log(alpha)
  }
  // chances of each number of wins, of those that have not tripped
  const chances = new Float64Array(trades + 2)
  chances[0] = 1
  for (let n = 1; n <= trades; n++) {
    for (let wins = n; wins > 0; wins--) {
      chances[wins] = (1 - winRate) * chances[wins]! + winRate * chances[wins - 1]!
    }
    chances[0] = (1 - winRate) * chances[0]!
    // proof is on the side of few wins
    for (let wins = 0; isProof(n, wins); wins++) {
      times[n]! += chances[wins]!
      chances[wins] = 0
    }
  }
  return times
}

function checkPayoff({ payoff }: NormalTimes): void {
  if (payoff === undefined) return
  if ('mean' in payoff) {
    positive('payoff.deviation', payoff.deviation, 'INVALID_INPUT')
    finite('payoff.mean', payoff.mean, 'INVALID_INPUT')
  } else {
    positive('payoff.win', payoff.win, 'INVALID_INPUT')
    openFraction('payoff.loss', payoff.loss, 'INVALID_INPUT')
  }
}
