import { nonNegative, openFraction } from '../../core/check.ts'
import { chiSquaredTail, logGamma } from '../../core/distributions.ts'
import { percent } from '../../decision/reasons.ts'
import { wilsonInterval } from '../../significance/index.ts'
import type { AlertRule, Finding, Severity } from './alert.ts'
import type { Health, Tally } from './health.ts'
import type { AlertRuleOptions } from './options.ts'
import { createShareWatch, type ShareWatch, watchShare } from './share-watch.ts'

/** A share that must not fall below a rate. */
type Share = { readonly tally: Tally; readonly rate: number; readonly what: string }

/** The rules that count, and wait for evidence: a share that has fallen, calibration, and the shares of the arms. */
export function countingRules(options: AlertRuleOptions): readonly AlertRule[] {
  const { accuracyFloor, accuracyGoal, baselineMargin, slowShare, falseAlarms, level } = options
  const accuracy =
    (rate: number) =>
    ({ accuracy: tally }: Health): Share | null =>
      tally === undefined ? null : { tally, rate, what: 'predictions were right' }
  const wins = ({ wins: tallies }: Health): Share | null => {
    if (tallies === undefined || tallies.baseline.n === 0) return null
    // the baseline's rate is only known so well
    const { low } = wilsonInterval(tallies.baseline.hits, tallies.baseline.n)
    return low > baselineMargin
      ? { tally: tallies.model, rate: low - baselineMargin, what: "of the model's trades won" }
      : null
  }
  const quick = ({ latency }: Health): Share | null =>
    latency === undefined
      ? null
      : { tally: latency, rate: 1 - slowShare, what: `decisions took at most ${latency.limit} ms` }
  const share = (code: string, severity: Severity, topic: string, of: (health: Health) => Share | null) =>
    shareRule({ code, severity, topic, falseAlarms, of })
  return [
    share('ACCURACY_BELOW_FLOOR', 'critical', 'ACCURACY', accuracy(accuracyFloor)),
    share('BELOW_BASELINE', 'critical', 'BELOW_BASELINE', wins),
    share('ACCURACY_LOW', 'warning', 'ACCURACY', accuracy(accuracyGoal)),
    share('LATENCY_HIGH', 'warning', 'LATENCY_HIGH', quick),
    calibrationRule(level),
    sampleRatioRule(level),
  ]
}

function shareRule(parts: {
  readonly code: string
  readonly severity: Severity
  readonly topic: string
  readonly falseAlarms: number
  readonly of: (health: Health) => Share | null
}): AlertRule<ShareWatch> {
  const { of, ...rule } = parts
  const limit = 1000 / rule.falseAlarms
  return {
    ...rule,
    kind: 'state',
    start: createShareWatch,
    read(health, memory) {
      const share = of(health)
      if (share === null || !watchShare(memory, share.tally, share.rate, limit)) return []
      const { n, hits } = share.tally
      const { low, high } = wilsonInterval(hits, n)
      const text = `${hits} of ${n} ${share.what}; the share has fallen below ${percent(share.rate)}.`
      return [{ scope: 'all', text, evidence: { n, hits, share: hits / n, low, high, below: share.rate } }]
    },
  }
}

/** Predictions at the first look; every further look waits for twice as many. */
const FIRST_LOOK = 200
/** A bin with less variance than this is too far from normal for the test. */
const LEAST_VARIANCE = 5

type Calibration = { looks: number; next: number; off: boolean; n: number }

/**
 * Alarms where probabilities do not come true: a chi-squared test over the bins, at 200 predictions, 400, 800, and so on.
 * The k-th look has level / (k (k + 1)), which over all looks adds up to the level.
 */
function calibrationRule(level: number): AlertRule<Calibration> {
  const start = (): Calibration => ({ looks: 0, next: FIRST_LOOK, off: false, n: 0 })
  return {
    code: 'CALIBRATION_OFF',
    severity: 'warning',
    kind: 'state',
    falseAlarms: level,
    start,
    read({ calibration: bins }, memory) {
      if (bins === undefined) return []
      const n = bins.reduce((sum, bin) => sum + nonNegative('n', bin.n, 'INVALID_INPUT'), 0)
      // fewer are those of another model; a next look out of reach is nothing that was ever planned
      const planned = memory.looks >= 0 && memory.next >= FIRST_LOOK && memory.next <= 2 * Math.max(n, FIRST_LOOK)
      if (!(n >= memory.n && planned)) Object.assign(memory, start())
      memory.n = n
      const { chiSquared, freedom, worst } = misfit(bins)
      const p = chiSquaredTail(chiSquared, Math.max(1, freedom))
      if (n >= memory.next) {
        memory.looks++
        memory.next = 2 * n
        memory.off = p < level / (memory.looks * (memory.looks + 1))
      }
      if (!memory.off) return []
      const said = `${percent(worst.mean)} was said where ${percent(worst.hits / worst.n)} came true`
      return [{ scope: 'all', text: `Probabilities are off: ${said}.`, evidence: { n, chiSquared, freedom, p } }]
    },
  }
}

/** How far bins are from what was said: the sum of squares, how many are in it, and the one that adds most. */
function misfit(bins: NonNullable<Health['calibration']>) {
  let [chiSquared, freedom, most] = [0, 0, -1]
  let worst = { n: NaN, hits: NaN, mean: NaN }
  for (const { n, hits, mean } of bins) {
    // within a bin probabilities differ, which makes the true variance smaller: the test errs on the quiet side
    const spread = n * mean * (1 - mean)
    if (!(spread >= LEAST_VARIANCE)) continue
    const part = ((hits - n * mean) * (hits - n * mean)) / spread
    chiSquared += part
    freedom++
    if (part > most) [most, worst] = [part, { n, hits, mean }]
  }
  return { chiSquared, freedom, worst }
}

/**
 * Alarms where an arm gets another share of the signals than was planned: something keeps one arm from trading. Evidence is
 * that of a mixture over all shares, so looking after every signal is allowed (Ville); the arms share the level.
 */
function sampleRatioRule(level: number): AlertRule<null> {
  return {
    code: 'SAMPLE_RATIO_MISMATCH',
    severity: 'warning',
    kind: 'state',
    falseAlarms: level,
    start: () => null,
    read({ rollout }) {
      if (rollout === undefined) return []
      const { arms } = rollout
      const n = arms.reduce((sum, arm) => sum + nonNegative('n', arm.n, 'INVALID_INPUT'), 0)
      return arms.flatMap(({ name, n: got, share }): Finding[] => {
        // who gets all or nothing cannot be off
        if (share === 0 || share === 1) return []
        openFraction('share', share, 'INVALID_INPUT')
        const logMixture = logGamma(got + 1) + logGamma(n - got + 1) - logGamma(n + 2)
        const logE = logMixture - got * Math.log(share) - (n - got) * Math.log1p(-share)
        if (logE < Math.log(arms.length / level)) return []
        const text = `"${name}" got ${got} of ${n} signals; ${percent(share)} were planned.`
        return [{ scope: name, text, evidence: { n, got, share, p: Math.exp(-logE) } }]
      })
    },
  }
}
