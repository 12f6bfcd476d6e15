import { SeededRng } from '../../src/core/index.ts'
import { Rollout } from '../../src/lifecycle/rollout/rollout.ts'
import type { RolloutOptions } from '../../src/lifecycle/rollout/rollout-options.ts'

/** A market and a candidate of which it is known how well it chooses. */
export type Kind = {
  readonly name: string
  /** Share of signals that it keeps. */
  readonly keeps: number
  /** Win rates of what it keeps and of what it skips; one number where it chooses blindly. */
  readonly kept: number
  readonly skipped: number
  /** What a winner returns beside a loser's -1 %. */
  readonly payoff: number
  /** Signals that share one outcome and one choice. */
  readonly cluster: number
  /**
   * A champion that is a model: it keeps a half of the signals, whatever the candidate does, and those win by so much more often,
   * the others by so much less. Left out, it is the baseline.
   */
  readonly championEdge?: number
}

/** What became of one candidate: signals until each, or none. */
export type Life = {
  readonly pastShadow: number
  readonly promoted: number
  readonly ended: number
  readonly cause: string
  /** Signals after which a rule without statistics would have let it out of shadow; 0 for never. */
  readonly naive: number
}

const HOUR = 3_600_000
/** Three hours from one signal to the next: eight a day. */
const BETWEEN = 3 * HOUR
const START = 1_704_067_200_000

/** One life of a candidate over so many signals. */
export function live(kind: Kind, signals: number, seed: string, options: Partial<RolloutOptions> = {}): Life {
  const rng = new SeededRng(seed)
  const rollout = new Rollout({ name: seed, ...options })
  const life = { pastShadow: 0, promoted: 0, ended: 0, cause: '', naive: 0 }
  const sums = { kept: 0, keptReturns: 0, returns: 0 }
  const { championEdge } = kind
  let keeps = false
  let championShare = 1
  let y: 0 | 1 = 0
  for (let i = 0; i < signals; i++) {
    if (i % kind.cluster === 0) {
      keeps = rng.next() < kind.keeps
      let wins = keeps ? kind.kept : kind.skipped
      if (championEdge !== undefined) {
        championShare = rng.next() < 0.5 ? 1 : 0
        wins += championShare === 1 ? championEdge : -championEdge
      }
      y = rng.next() < wins ? 1 : 0
    }
    // a cluster's signals come together, and their trades last until the next cluster
    const decidedAt = START + (i - (i % kind.cluster)) * BETWEEN + (i % kind.cluster) * 60_000
    const time = decidedAt + (kind.cluster === 1 ? 2 * HOUR : (kind.cluster - 1) * BETWEEN)
    const { step } = rollout
    const { arm } = rollout.assign(`s-${i}`)
    const netReturn = y === 1 ? 0.01 * kind.payoff : -0.01
    const share = keeps ? 1 : 0
    rollout.tell({ kind: 'decided', time: decidedAt, arm })
    const size = 0.02 * (arm === 'champion' ? championShare : share)
    const settled = { time, decidedAt, step, arm, share, championShare, y, netReturn, size }
    const changes = rollout.tell({ kind: 'settled', ...settled })
    for (const { to, cause } of changes) {
      if (to.step > 0 && life.pastShadow === 0) life.pastShadow = i + 1
      if (to.status === 'promoted') life.promoted = i + 1
      if (to.status === 'ended') Object.assign(life, { ended: i + 1, cause })
    }
    sums.returns += netReturn
    if (keeps) {
      sums.kept++
      sums.keptReturns += netReturn
    }
    const better = sums.kept > 0 && sums.keptReturns / sums.kept > sums.returns / (i + 1)
    if (life.naive === 0 && i + 1 >= 56 && better) life.naive = i + 1
    if (life.ended > 0 || life.promoted > 0) break
  }
  return life
}

/** Win rates of kept and skipped signals, where keeping `keeps` of signals that win at `all` lifts wins to `kept`. */
export function lifting(all: number, kept: number, keeps: number): Pick<Kind, 'keeps' | 'kept' | 'skipped'> {
  return { keeps, kept, skipped: (all - kept * keeps) / (1 - keeps) }
}

/**
 * A model that was promoted and has chosen well for `good` signals, until what it keeps wins at other rates: signals from then on
 * until it is ended; 0 where it is not within `signals`.
 */
export function turn(kind: Kind, good: number, signals: number, seed: string): number {
  const rng = new SeededRng(seed)
  // how it got there is not asked; of the guards only what it leaves is looked at
  const steps = [{ share: 0, hold: 0, signals: 0, evidence: 0, approval: false }]
  const rollout = new Rollout({ name: seed, steps, margin: 0, maxDrawdown: 0.999, winRateSlack: 1 })
  for (let i = 0; i < good + signals; i++) {
    const keeps = rng.next() < kind.keeps
    const [kept, skipped] = i < good ? [0.52, 0.38] : [kind.kept, kind.skipped]
    const y = rng.next() < (keeps ? kept : skipped) ? 1 : 0
    const decidedAt = START + i * BETWEEN
    const { step } = rollout
    const { arm } = rollout.assign(`s-${i}`)
    rollout.tell({ kind: 'decided', time: decidedAt, arm })
    const how = { decidedAt, step, arm, share: keeps ? 1 : 0, y, netReturn: y === 1 ? 0.01 : -0.01, size: 0 } as const
    rollout.tell({ kind: 'settled', time: decidedAt + 2 * HOUR, ...how })
    if (rollout.status === 'ended') return i < good ? Number.NaN : i - good + 1
  }
  return 0
}
