import { finite } from '../../core/check.ts'
import { percent } from '../../decision/reasons.ts'
import type { AlertRule, Evidence, FalseAlarms, Finding, Severity } from './alert.ts'
import type { Happening, Health } from './health.ts'
import type { AlertRuleOptions } from './options.ts'

const DAY = 86_400_000

/** Locks told one by one; what is more is told together. */
const MOST_LOCKS = 20

/** The rules that read what is so: nothing is estimated, so nothing is left to chance but what their sources do. */
export function readingRules({ maxModelAge, minTrades }: AlertRuleOptions): readonly AlertRule[] {
  return [
    // critical
    reading('KILL_SWITCH', 'critical', ({ locks = [] }) => {
      const told = locks.slice(0, MOST_LOCKS).map(({ scope, code, text, until }) => ({
        scope,
        text,
        evidence: { code, ...(until < Infinity ? { until } : {}) },
        // one that never ends by itself is another than one that does
        about: until < Infinity ? code : `${code} for good`,
      }))
      const rest = locks.length - told.length
      if (rest <= 0) return told
      return [...told, { scope: 'others', text: `${rest} more scopes are halted.`, evidence: { halted: rest } }]
    }),
    drawdownRule,
    reading('MODEL_FALLBACK', 'critical', ({ model }) => {
      if (model === undefined || model.state === 'unknown') return undefined
      if (model.state === 'ready') return []
      const { state, fallback, reason } = model
      const instead =
        fallback === null
          ? 'nothing decides'
          : fallback === 'baseline'
            ? 'the baseline decides'
            : 'the previous model decides'
      return one(`The model is ${state}, and ${instead}: ${reason}`, { state, fallback: fallback ?? 'none' })
    }),
    reading('STORE_FAILED', 'critical', ({ storeFailure }) => because(storeFailure, 'Nothing is stored any more')),
    reading('TRAINING_DISABLED', 'critical', ({ trainingDisabled }) =>
      because(trainingDisabled, 'There is no retraining any more'),
    ),
    // warning
    reading(
      'DRIFT',
      'warning',
      ({ drift }) =>
        drift?.level === 'drift'
          ? one(`${drift.detector} found that the model's errors have changed.`, { detector: drift.detector })
          : [],
      'of its source',
    ),
    reading(
      'FEATURES_FAULTY',
      'warning',
      ({ features }) => {
        if (features === undefined) return undefined
        const { stuck, incomplete, unseen, completeness } = features
        const named = [
          list(stuck, 'stuck'),
          list(incomplete, 'missing too often'),
          list(unseen, 'of undeclared values'),
        ]
        return aboutFeatures(named, {
          stuck: stuck.length,
          incomplete: incomplete.length,
          unseen: unseen.length,
          completeness,
        })
      },
      'of its source',
    ),
    reading(
      'FEATURE_DRIFT',
      'warning',
      ({ features }) => {
        if (features === undefined) return undefined
        const { drifted, outOfRange } = features
        const named = [list(drifted, 'drifted'), list(outOfRange, 'out of range')]
        return aboutFeatures(named, { drifted: drifted.length, outOfRange: outOfRange.length })
      },
      'of its source',
    ),
    reading('FEW_DATA', 'warning', ({ model }) => {
      if (model === undefined || model.trades >= minTrades) return []
      const { trades } = model
      return one(`The model has learned from ${trades} closed trades; ${minTrades} are wanted.`, { trades, minTrades })
    }),
    reading('MODEL_STALE', 'warning', ({ model }, time) => {
      if (model === undefined) return []
      const days = (time - finite('trainedAt', model.trainedAt, 'INVALID_INPUT')) / DAY
      if (days * DAY <= maxModelAge) return []
      return one(
        `The model was last trained ${days.toFixed(1)} days ago; ${(maxModelAge / DAY).toFixed(1)} are allowed.`,
        { days },
      )
    }),
    reading('ROLLOUT_PAUSED', 'warning', ({ rollout }) => because(rollout?.paused ?? null, 'The rollout is paused')),
    // info
    happening('MODEL_PROMOTED'),
    happening('MODEL_ROLLED_BACK'),
    happening('RETRAIN_DONE'),
    happening('RETRAIN_REJECTED'),
    happening('ROLLOUT_STEP'),
    dailySummary,
  ]
}

function reading(
  code: string,
  severity: Severity,
  find: (health: Health, time: number) => readonly Finding[] | undefined,
  falseAlarms: FalseAlarms = 'deterministic',
): AlertRule<null> {
  const read = (health: Health, _: null, time: number) => find(health, time)
  return { code, severity, kind: 'state', falseAlarms, start: () => null, read }
}

/** Part of the limit that a drawdown must shrink to before it counts as over: equity that hovers there is told of once. */
const RECOVERED = 0.8

const drawdownRule: AlertRule<{ stands: boolean }> = {
  code: 'DRAWDOWN',
  severity: 'critical',
  kind: 'state',
  falseAlarms: 'deterministic',
  start: () => ({ stands: false }),
  read({ drawdown }, memory) {
    if (drawdown === undefined) return []
    const value = finite('value', drawdown.value, 'INVALID_INPUT')
    const limit = finite('limit', drawdown.limit, 'INVALID_INPUT')
    memory.stands = value > (memory.stands ? RECOVERED * limit : limit)
    if (!memory.stands) return []
    return one(`Equity is ${percent(value)} below its peak; ${percent(limit)} is the limit.`, { value, limit })
  },
}

/** Tells everything of a kind that has happened since it last looked. */
function happening(code: Happening['code']): AlertRule<{ last: number }> {
  return {
    code,
    severity: 'info',
    kind: 'event',
    falseAlarms: 'deterministic',
    start: () => ({ last: -Infinity }),
    read({ happenings = [] }, memory) {
      const news = happenings.filter((event) => event.code === code && event.id > memory.last)
      for (const { id } of news) memory.last = Math.max(memory.last, id)
      return news.map(({ id, text }) => ({ scope: 'all', text, evidence: { id } }))
    },
  }
}

/** Tells the numbers of the day at the first record of the next one, in UTC. */
const dailySummary: AlertRule<{ day: number }> = {
  code: 'DAILY_SUMMARY',
  severity: 'info',
  kind: 'event',
  falseAlarms: 'deterministic',
  start: () => ({ day: -Infinity }),
  read({ summary }, memory, time) {
    const day = Math.floor(time / DAY)
    const ended = memory.day > -Infinity && day > memory.day
    memory.day = Math.max(memory.day, day)
    if (!ended || summary === undefined) return []
    const text = Object.entries(summary).map(([name, value]) => `${name} ${value}`)
    return one(`The day: ${text.join(', ')}.`, summary)
  },
}

const one = (text: string, evidence: Evidence): readonly Finding[] => [{ scope: 'all', text, evidence }]

/** A reason as a finding, null as none; undefined where nobody has said. */
const because = (reason: string | null | undefined, what: string): readonly Finding[] | undefined =>
  reason === undefined ? undefined : reason === null ? [] : one(`${what}: ${reason}`, { reason })

/** Features named in a text; what is more is counted. */
const MOST_NAMES = 5

function list(names: readonly string[], what: string): string {
  if (names.length === 0) return ''
  const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
  return `${what}: ${names.slice(0, MOST_NAMES).join(', ')}${rest}`
}

function aboutFeatures(named: readonly string[], evidence: Evidence): readonly Finding[] {
  const parts = named.filter((part) => part !== '')
  return parts.length === 0 ? [] : one(`Features ${parts.join('; ')}.`, evidence)
}
