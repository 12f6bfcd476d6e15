import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { restore } from '../../../src/core/snapshot.ts'
import type { State } from '../../../src/core/state.ts'
import { KillSwitch } from '../../../src/decision/index.ts'
import {
  type Alert,
  AlertDelivery,
  type AlertRule,
  Alerts,
  defaultAlertRules,
  type Health,
} from '../../../src/lifecycle/alerts/index.ts'

const T = Date.UTC(2026, 0, 5)
const DAY = 86_400_000
const told = (alerts: readonly Alert[]) => alerts.map(({ kind, code, scope }) => `${kind} ${code} ${scope}`)
const written = (alerts: Alerts): Snapshot => JSON.parse(JSON.stringify(alerts)) as Snapshot
const features = {
  completeness: 1,
  stuck: [],
  incomplete: [],
  unseen: [],
  outOfRange: [],
  drifted: [],
}
const model = { state: 'ready' as const, fallback: null, reason: '', trainedAt: T, trades: 500 }
const well: Health = {
  locks: [],
  drawdown: { value: 0.05, limit: 0.1 },
  accuracy: { n: 400, hits: 240 },
  wins: { model: { n: 200, hits: 110 }, baseline: { n: 400, hits: 190 } },
  model,
  storeFailure: null,
  trainingDisabled: null,
  drift: { level: 'warning', detector: 'adwin' },
  features,
  latency: { n: 1000, hits: 999, limit: 50 },
  calibration: [{ n: 400, hits: 240, mean: 0.6 }],
  rollout: {
    paused: null,
    arms: [
      { name: 'champion', n: 91, share: 0.9 },
      { name: 'challenger', n: 9, share: 0.1 },
    ],
  },
  happenings: [],
}

describe('the default rules', () => {
  test('have nothing to say of what is well, or of what they know nothing about', () => {
    const alerts = new Alerts()
    expect(alerts.update(well, T)).toEqual([])
    expect(alerts.update({}, T)).toEqual([])
    expect(alerts.standing).toEqual([])
  })

  test('are these, each with its figure of false alarms', () => {
    const rules = new Alerts().rules.map(({ code, severity, falseAlarms }) => `${severity} ${code}: ${falseAlarms}`)
    expect(rules.sort()).toEqual([
      'critical ACCURACY_BELOW_FLOOR: 0.05',
      'critical BELOW_BASELINE: 0.05',
      'critical DRAWDOWN: deterministic',
      'critical KILL_SWITCH: deterministic',
      'critical MODEL_FALLBACK: deterministic',
      'critical STORE_FAILED: deterministic',
      'critical TRAINING_DISABLED: deterministic',
      'info DAILY_SUMMARY: deterministic',
      'info MODEL_PROMOTED: deterministic',
      'info MODEL_ROLLED_BACK: deterministic',
      'info RETRAIN_DONE: deterministic',
      'info RETRAIN_REJECTED: deterministic',
      'info ROLLOUT_STEP: deterministic',
      'warning ACCURACY_LOW: 0.05',
      'warning CALIBRATION_OFF: 0.01',
      'warning DRIFT: of its source',
      'warning FEATURES_FAULTY: of its source',
      'warning FEATURE_DRIFT: of its source',
      'warning FEW_DATA: deterministic',
      'warning LATENCY_HIGH: 0.05',
      'warning MODEL_STALE: deterministic',
      'warning ROLLOUT_PAUSED: deterministic',
      'warning SAMPLE_RATIO_MISMATCH: 0.01',
    ])
  })

  const arms = [
    { name: 'champion', n: 100, share: 0.9 },
    { name: 'challenger', n: 60, share: 0.1 },
  ]
  test.each<[string, Health, string, object]>([
    [
      'DRAWDOWN',
      { drawdown: { value: 0.12, limit: 0.1 } },
      'Equity is 12.00 % below its peak; 10.00 % is the limit.',
      { value: 0.12, limit: 0.1 },
    ],
    [
      'ACCURACY_BELOW_FLOOR',
      { accuracy: { n: 1000, hits: 380 } },
      '380 of 1000 predictions were right; the share has fallen below 50.00 %.',
      { n: 1000, hits: 380, share: 0.38, below: 0.5 },
    ],
    [
      'ACCURACY_LOW',
      { accuracy: { n: 1000, hits: 450 } },
      '450 of 1000 predictions were right; the share has fallen below 55.00 %.',
      { below: 0.55 },
    ],
    [
      'BELOW_BASELINE',
      { wins: { model: { n: 1000, hits: 300 }, baseline: { n: 3000, hits: 1500 } } },
      "300 of 1000 of the model's trades won; the share has fallen below 43.21 %.",
      { hits: 300 },
    ],
    [
      'MODEL_FALLBACK',
      { model: { ...model, state: 'corrupt', fallback: 'baseline', reason: 'its hash differs' } },
      'The model is corrupt, and the baseline decides: its hash differs',
      { state: 'corrupt', fallback: 'baseline' },
    ],
    [
      'MODEL_FALLBACK',
      { model: { ...model, state: 'missing', fallback: 'previous', reason: 'x' } },
      'The model is missing, and the previous model decides: x',
      {},
    ],
    [
      'MODEL_FALLBACK',
      { model: { ...model, state: 'missing', reason: 'x' } },
      'The model is missing, and nothing decides: x',
      { fallback: 'none' },
    ],
    ['STORE_FAILED', { storeFailure: 'disk full' }, 'Nothing is stored any more: disk full', { reason: 'disk full' }],
    [
      'TRAINING_DISABLED',
      { trainingDisabled: '5 failures' },
      'There is no retraining any more: 5 failures',
      { reason: '5 failures' },
    ],
    [
      'DRIFT',
      { drift: { level: 'drift', detector: 'adwin' } },
      "adwin found that the model's errors have changed.",
      { detector: 'adwin' },
    ],
    [
      'FEATURES_FAULTY',
      { features: { ...features, stuck: ['rsi'], incomplete: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] } },
      'Features stuck: rsi; missing too often: a, b, c, d, e and 2 more.',
      { stuck: 1, incomplete: 7, unseen: 0 },
    ],
    [
      'FEATURES_FAULTY',
      { features: { ...features, unseen: ['sector'] } },
      'Features of undeclared values: sector.',
      { unseen: 1 },
    ],
    [
      'FEATURE_DRIFT',
      { features: { ...features, drifted: ['atr'], outOfRange: ['vix'] } },
      'Features drifted: atr; out of range: vix.',
      { drifted: 1, outOfRange: 1 },
    ],
    [
      'LATENCY_HIGH',
      { latency: { n: 1000, hits: 950, limit: 50 } },
      '950 of 1000 decisions took at most 50 ms; the share has fallen below 99.00 %.',
      { n: 1000 },
    ],
    [
      'CALIBRATION_OFF',
      {
        calibration: [
          { n: 100, hits: 50, mean: 0.5 },
          { n: 200, hits: 100, mean: 0.7 },
        ],
      },
      'Probabilities are off: 70.00 % was said where 50.00 % came true.',
      { n: 300, freedom: 2 },
    ],
    [
      'FEW_DATA',
      { model: { ...model, trades: 99 } },
      'The model has learned from 99 closed trades; 100 are wanted.',
      { trades: 99, minTrades: 100 },
    ],
    [
      'MODEL_STALE',
      { model: { ...model, trainedAt: T - 31 * DAY } },
      'The model was last trained 31.0 days ago; 30.0 are allowed.',
      { days: 31 },
    ],
    [
      'ROLLOUT_PAUSED',
      { rollout: { paused: 'too few signals', arms: [] } },
      'The rollout is paused: too few signals',
      {},
    ],
  ])('%s is raised by %j', (code, part, text, evidence) => {
    const found = new Alerts().update(part, T)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ kind: 'raised', code, text, evidence, scope: 'all', time: T, since: T })
  })

  test('SAMPLE_RATIO_MISMATCH names each arm; who gets all or nothing cannot be off', () => {
    const found = new Alerts().update({ rollout: { paused: null, arms } }, T)
    expect(told(found)).toEqual(['raised SAMPLE_RATIO_MISMATCH champion', 'raised SAMPLE_RATIO_MISMATCH challenger'])
    expect(found[1]!.text).toBe('"challenger" got 60 of 160 signals; 10.00 % were planned.')
    const whole = [
      { name: 'a', n: 100, share: 1 },
      { name: 'b', n: 100, share: 0 },
    ]
    expect(new Alerts().update({ rollout: { paused: null, arms: whole } }, T)).toEqual([])
  })

  test('at their limits nothing is raised yet', () => {
    const edge: Health = {
      drawdown: { value: 0.1, limit: 0.1 },
      model: { ...model, trainedAt: T - 30 * DAY, trades: 100 },
      drift: { level: 'warning', detector: 'x' },
      calibration: [{ n: 199, hits: 0, mean: 0.5 }],
      wins: { model: { n: 100, hits: 0 }, baseline: { n: 20, hits: 1 } },
    }
    expect(new Alerts().update(edge, T)).toEqual([])
    expect(new Alerts().update({ wins: { model: { n: 100, hits: 0 }, baseline: { n: 0, hits: 0 } } }, T)).toEqual([])
  })

  test('KILL_SWITCH tells anew of a halt that is another, or that ends no more by itself, and not of one that is prolonged', () => {
    const alerts = new Alerts()
    const losses = { scope: 'all', code: 'CONSECUTIVE_LOSSES', text: 'Three losses.', until: T + DAY }
    const at = (lock: Partial<typeof losses>, time: number) =>
      told(alerts.update({ locks: [{ ...losses, ...lock }] }, time))
    expect(at({}, T)).toEqual(['raised KILL_SWITCH all'])
    expect(at({ until: T + 2 * DAY, text: 'Four losses.' }, T + 1)).toEqual([])
    expect(at({ until: Infinity }, T + 2)).toEqual(['changed KILL_SWITCH all'])
    expect(at({ until: Infinity }, T + 3)).toEqual([])
    expect(at({ code: 'DRAWDOWN', text: 'Ten percent.', until: Infinity }, T + 4)).toEqual(['changed KILL_SWITCH all'])
    const again = Alerts.fromJSON(written(alerts))
    const locks = [{ ...losses, code: 'DRAWDOWN', until: Infinity }]
    expect(again.update({ locks }, T + 5)).toEqual([])
    // what is told anew is told again a day after that
    expect(told(again.update({ locks }, T + 4 + DAY - 1))).toEqual([])
    expect(again.update({ locks }, T + 4 + DAY)[0]).toMatchObject({ kind: 'repeated', since: T })
  })

  test('KILL_SWITCH has one alert a scope, and the rest together where there are many', () => {
    const killSwitch = new KillSwitch()
    killSwitch.halt('news')
    killSwitch.halt('no quotes', 'symbol:A')
    const alerts = new Alerts()
    expect(alerts.update({ locks: killSwitch.locks }, T)).toMatchObject([
      { scope: 'all', severity: 'critical', text: 'news', evidence: { code: 'OPERATOR' } },
      { scope: 'symbol:A', text: 'no quotes' },
    ])
    killSwitch.reset('over', 'symbol:A')
    expect(told(alerts.update({ locks: killSwitch.locks }, T + 1))).toEqual(['recovered KILL_SWITCH symbol:A'])
    for (let i = 0; i < 30; i++) killSwitch.halt('x', `symbol:S${i}`)
    const many = alerts.update({ locks: killSwitch.locks }, T + 2)
    expect(many).toHaveLength(20)
    expect(many.at(-1)).toMatchObject({ scope: 'others', text: '11 more scopes are halted.', evidence: { halted: 11 } })
    expect(alerts.standing).toHaveLength(21)
  })

  test('happenings are told once, in order', () => {
    const alerts = new Alerts()
    const happenings = [
      { id: 1, code: 'RETRAIN_DONE' as const, text: 'a' },
      { id: 2, code: 'MODEL_PROMOTED' as const, text: 'b' },
      { id: 3, code: 'RETRAIN_DONE' as const, text: 'c' },
    ]
    const first = alerts.update({ happenings }, T)
    expect(first.map(({ kind, severity, text }) => [kind, severity, text])).toEqual([
      ['event', 'info', 'b'],
      ['event', 'info', 'a'],
      ['event', 'info', 'c'],
    ])
    expect(alerts.update({ happenings }, T + 10 * DAY)).toEqual([])
    const again = Alerts.restore(written(alerts))
    const more = [
      ...happenings,
      { id: 4, code: 'RETRAIN_REJECTED' as const, text: 'd' },
      { id: 5, code: 'RETRAIN_DONE' as const, text: 'e' },
    ]
    expect(again.update({ happenings: more }, T + 10 * DAY).map(({ text }) => text)).toEqual(['e', 'd'])
    expect(again.standing).toEqual([])
  })

  test('the day is told when the next one begins', () => {
    const alerts = new Alerts()
    const summary = { signals: 12, taken: 5 }
    expect(alerts.update({ summary }, T + 1)).toEqual([])
    expect(alerts.update({ summary }, T + DAY - 1)).toEqual([])
    expect(alerts.update({ summary }, T + DAY)).toMatchObject([
      { code: 'DAILY_SUMMARY', severity: 'info', text: 'The day: signals 12, taken 5.', evidence: summary },
    ])
    expect(alerts.update({ summary }, T + DAY + 1)).toEqual([])
    expect(alerts.update({}, T + 2 * DAY)).toEqual([])
    expect(alerts.update({ summary }, T + 3 * DAY)).toHaveLength(1)
  })
})

describe('an alert', () => {
  const stopped: Health = { storeFailure: 'disk full' }

  test('is raised once, repeated after a while, and recovers', () => {
    const alerts = new Alerts({ repeatAfter: 1000 })
    expect(told(alerts.update(stopped, T))).toEqual(['raised STORE_FAILED all'])
    expect(alerts.update(stopped, T + 999)).toEqual([])
    expect(alerts.update({ storeFailure: 'disk gone' }, T + 1000)).toMatchObject([
      { kind: 'repeated', text: 'Nothing is stored any more: disk gone', time: T + 1000, since: T },
    ])
    expect(alerts.update(stopped, T + 1999)).toEqual([])
    expect(told(alerts.update(stopped, T + 2000))).toEqual(['repeated STORE_FAILED all'])
    expect(alerts.update({ storeFailure: null }, T + 2001)).toEqual([
      {
        kind: 'recovered',
        code: 'STORE_FAILED',
        severity: 'critical',
        scope: 'all',
        text: 'Over: Nothing is stored any more: disk full',
        evidence: { milliseconds: 2001 },
        falseAlarms: 'deterministic',
        time: T + 2001,
        since: T,
      },
    ])
    expect(alerts.update({ storeFailure: null }, T + 5000)).toEqual([])
    expect(told(alerts.update(stopped, T + 5001))).toEqual(['raised STORE_FAILED all'])
  })

  test('is not repeated because a clock went back, nor kept from it', () => {
    const alerts = new Alerts({ repeatAfter: 1000 })
    alerts.update(stopped, T)
    expect(alerts.update(stopped, T - 5000)).toEqual([])
    expect(alerts.update(stopped, T + 1000)).toHaveLength(1)
  })

  test('escalates where a more urgent rule of its topic joins in, and is one alert all the while', () => {
    const alerts = new Alerts()
    expect(told(alerts.update({ accuracy: { n: 1000, hits: 450 } }, T))).toEqual(['raised ACCURACY_LOW all'])
    const worse = alerts.update({ accuracy: { n: 2000, hits: 700 } }, T + 1)
    expect(told(worse)).toEqual(['escalated ACCURACY_BELOW_FLOOR all'])
    expect(worse[0]).toMatchObject({ severity: 'critical', since: T })
    expect(alerts.update({ accuracy: { n: 2001, hits: 700 } }, T + 2)).toEqual([])
    expect(alerts.standing).toMatchObject([{ code: 'ACCURACY_BELOW_FLOOR', severity: 'critical', since: T }])
    // all right again: a model that is always right for a while
    const better = alerts.update({ accuracy: { n: 3000, hits: 1699 } }, T + 3)
    expect(told(better)).toEqual(['recovered ACCURACY_BELOW_FLOOR all'])
  })

  test('of the more urgent of two rules is the one that stands, in whatever order they are', () => {
    const rule = (code: string, severity: 'warning' | 'critical'): AlertRule => ({
      ...{ code, severity, topic: 'HEAT', kind: 'state', falseAlarms: 'deterministic', start: () => null },
      read: () => [{ scope: 'all', text: code, evidence: {} }],
    })
    for (const order of [
      ['warning', 'critical'],
      ['critical', 'warning'],
    ] as const) {
      const alerts = new Alerts({ rules: order.map((severity) => rule(severity.toUpperCase(), severity)) })
      expect(told(alerts.update({}, T))).toEqual(['raised CRITICAL all'])
    }
  })
})

test('what nobody has said anything about stands as it stood', () => {
  const alerts = new Alerts()
  const lost = { ...model, state: 'missing', fallback: 'baseline', reason: 'no file' } as const
  const bad: Health = { storeFailure: 'disk full', trainingDisabled: 'five failures', model: lost }
  alerts.update(bad, T)
  expect(alerts.update({}, T + 1)).toEqual([])
  expect(alerts.update({ model: { ...model, state: 'unknown' } }, T + 2)).toEqual([])
  expect(alerts.standing.map(({ code }) => code)).toEqual(['MODEL_FALLBACK', 'STORE_FAILED', 'TRAINING_DISABLED'])
  expect(told(alerts.update({ storeFailure: null }, T + 3))).toEqual(['recovered STORE_FAILED all'])
  expect(told(alerts.update({ trainingDisabled: null, model }, T + 4))).toEqual([
    'recovered MODEL_FALLBACK all',
    'recovered TRAINING_DISABLED all',
  ])
})

describe('a rule that fails', () => {
  const broken = (): AlertRule => {
    let works = true
    const rule: AlertRule<{ count: number }> = {
      ...{ code: 'ODD', severity: 'warning', kind: 'state', falseAlarms: 'deterministic', start: () => ({ count: 0 }) },
      read(_, memory) {
        memory.count++
        works = !works
        if (works) throw new Error('no idea')
        return [{ scope: 'all', text: `seen ${memory.count}`, evidence: {} }]
      },
    }
    return rule
  }

  test('is an alert itself, keeps no other from its turn, and neither its alert nor its memory changes', () => {
    const alerts = new Alerts({ rules: [broken(), ...defaultAlertRules()] })
    expect(told(alerts.update({}, T))).toEqual(['raised ODD all'])
    const second = alerts.update({ storeFailure: 'x' }, T + 1)
    expect(told(second)).toEqual(['raised RULE_FAILED ODD', 'raised STORE_FAILED all'])
    expect(second[0]).toMatchObject({ severity: 'warning', text: 'The rule ODD failed: no idea' })
    expect(alerts.standing.map(({ code, text }) => [code, text])[0]).toEqual(['ODD', 'seen 1'])
    const third = alerts.update({ storeFailure: null }, T + 2)
    expect(told(third)).toEqual(['recovered RULE_FAILED ODD', 'recovered STORE_FAILED all'])
    expect(alerts.standing.map(({ text }) => text)).toEqual(['seen 2'])
  })

  test.each<[string, Health, string]>([
    ['a tally of half a trade', { accuracy: { n: 1.5, hits: 0 } }, 'ACCURACY_BELOW_FLOOR'],
    ['more hits than trades', { accuracy: { n: 1, hits: 2 } }, 'ACCURACY_LOW'],
    ['a drawdown that is no number', { drawdown: { value: NaN, limit: 0.1 } }, 'DRAWDOWN'],
    ['a limit that is no number', { drawdown: { value: 0.1, limit: NaN } }, 'DRAWDOWN'],
    ['a model from no time', { model: { ...model, trainedAt: NaN } }, 'MODEL_STALE'],
    ['bins of no number', { calibration: [{ n: NaN, hits: 0, mean: 0 }] }, 'CALIBRATION_OFF'],
    [
      'an arm with an odd share',
      { rollout: { paused: null, arms: [{ name: 'a', n: 1, share: 7 }] } },
      'SAMPLE_RATIO_MISMATCH',
    ],
    [
      'an arm of no number',
      { rollout: { paused: null, arms: [{ name: 'a', n: -1, share: 0.5 }] } },
      'SAMPLE_RATIO_MISMATCH',
    ],
    ['locks that are no list', { locks: 7 as never }, 'KILL_SWITCH'],
  ])('says so of %s', (_, health, code) => {
    expect(told(new Alerts().update(health, T))).toContain(`raised RULE_FAILED ${code}`)
  })
})

test('of a rule that finds too much 100 findings are kept, and texts are cut', () => {
  const flood: AlertRule = {
    ...{ code: 'FLOOD', severity: 'info', kind: 'state', falseAlarms: 'deterministic', start: () => null },
    read: () => Array.from({ length: 5000 }, (_, i) => ({ scope: `${i}`, text: 'x'.repeat(9000), evidence: {} })),
  }
  const alerts = new Alerts({ rules: [flood] })
  expect(alerts.update({}, T)).toHaveLength(100)
  expect(alerts.standing[0]!.text).toHaveLength(500)
})

test('a time that is none is refused and changes nothing', () => {
  const alerts = new Alerts()
  const before = JSON.stringify(alerts)
  for (const time of [NaN, 1.5, 1000]) {
    expect(() => alerts.update({ storeFailure: 'x' }, time)).toThrow(expect.objectContaining({ code: 'INVALID_TIME' }))
  }
  expect(JSON.stringify(alerts)).toBe(before)
})

test.each([
  [{ repeatAfter: 0 }],
  [{ rules: [...defaultAlertRules(), ...defaultAlertRules()] }],
  [{ rules: [{ ...defaultAlertRules()[0]!, code: 'a b' }] }],
  [{ rules: [{ ...defaultAlertRules()[0]!, topic: '__proto__' }] }],
  [{ rules: [{ ...defaultAlertRules()[0]!, severity: 'fatal' }] }],
  [{ rules: [{ ...defaultAlertRules()[0]!, kind: 'mood' }] }],
])('refuses the options %j', (bad) => {
  expect(() => new Alerts(bad as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test.each([
  ...(['accuracyFloor', 'accuracyGoal', 'baselineMargin', 'slowShare', 'level'] as const).map((name) => [name, 1]),
  ...(['falseAlarms', 'maxModelAge', 'minTrades'] as const).map((name) => [name, 0]),
  ['falseAlarms', 0.2],
] as [string, number][])('refuses a rule option %s of %d', (name, value) => {
  expect(() => defaultAlertRules({ [name]: value })).toThrow(`"${name}"`)
})

describe('snapshots', () => {
  const health = fc.record(
    {
      storeFailure: fc.constantFrom('a', null),
      drawdown: fc.record({ value: fc.constantFrom(0, 0.2), limit: fc.constant(0.1) }),
      accuracy: fc.nat(500).chain((n) => fc.record({ n: fc.constant(n), hits: fc.nat(n) })),
      calibration: fc.nat(500).map((n) => [{ n, hits: n >> 2, mean: 0.5 }]),
      locks: fc.array(
        fc.constantFrom('a', 'b').map((scope) => ({ scope, code: 'X', text: 'x', until: 1 })),
        { maxLength: 2 },
      ),
      happenings: fc.array(
        fc.nat(9).map((id) => ({ id, code: 'ROLLOUT_STEP' as const, text: `${id}` })),
        { maxLength: 3 },
      ),
      summary: fc.constant({ trades: 1 }),
    },
    { requiredKeys: [] },
  )
  const step = fc.tuple(health, fc.integer({ min: T, max: T + 5 * DAY }))

  test('saved anywhere and read back it goes on exactly as it would have', () => {
    fc.assert(
      fc.property(fc.array(step), fc.array(step), (before, after) => {
        const one = new Alerts()
        for (const [record, time] of before) one.update(record, time)
        const two = restore(written(one), [Alerts]) as Alerts
        for (const [record, time] of after) expect(two.update(record, time)).toEqual(one.update(record, time))
        expect(JSON.stringify(two)).toBe(JSON.stringify(one))
      }),
    )
  })

  test('what is told is consistent: raised, then escalated or repeated, then recovered', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const alerts = new Alerts()
        const open = new Set<string>()
        for (const [record, time] of steps) {
          for (const { kind, code, scope } of alerts.update(record, time)) {
            const key = code.startsWith('ACCURACY') ? 'ACCURACY' : `${code} ${scope}`
            if (kind === 'event') continue
            expect(open.has(key)).toBe(kind !== 'raised')
            if (kind === 'raised') open.add(key)
            if (kind === 'recovered') open.delete(key)
          }
          expect(alerts.standing.length).toBe(open.size)
        }
      }),
    )
  })

  test('a rule that is gone is forgotten, a new one starts anew', () => {
    const alerts = new Alerts()
    alerts.update({ accuracy: { n: 900, hits: 400 } }, T)
    const fewer = Alerts.restore(written(alerts), { rules: defaultAlertRules().slice(0, 3) })
    expect(told(fewer.update({}, T))).toEqual(['recovered ACCURACY_LOW all'])
    expect(Alerts.restore(written(fewer)).rules).toHaveLength(23)
  })

  test('a rule whose memory has another shape by now starts anew, what stands stays, and the others remember', () => {
    const rule = (memory: State): AlertRule => ({
      ...{ code: 'ODD', severity: 'warning', kind: 'state', falseAlarms: 'deterministic', start: () => memory },
      read: () => [{ scope: 'all', text: JSON.stringify(memory), evidence: {} }],
    })
    const alerts = new Alerts({ rules: [...defaultAlertRules(), rule({ seen: 3 })] })
    alerts.update({ accuracy: { n: 10, hits: 5 } }, T)
    const changed = { rules: [...defaultAlertRules(), rule({ days: [1] })] }
    const restored = Alerts.restore(written(alerts), changed)
    const memories = (json: Snapshot) => (json.state as { rules: { code: string; memory: unknown }[] }).rules
    expect(memories(written(restored)).at(-1)).toEqual({ code: 'ODD', memory: { days: [1] } })
    expect(memories(written(restored)).slice(0, -1)).toEqual(memories(written(alerts)).slice(0, -1))
    expect(told(restored.update({}, T + 1))).toEqual([])
    expect(restored.standing.map(({ code }) => code)).toEqual(['ODD'])
  })

  const saved = (): Snapshot => {
    const alerts = new Alerts()
    alerts.update({ storeFailure: 'x', accuracy: { n: 10, hits: 5 } }, T)
    return written(alerts)
  }
  test.each<[string, (state: Record<string, unknown>) => void]>([
    ['a time that is no number', (state) => (state['time'] = { $: 'NaN' })],
    ['a time without end', (state) => (state['time'] = { $: 'Infinity' })],
    ['no rules', (state) => delete state['rules']],
    ['rules without codes', (state) => (state['rules'] = [null])],
    ['a memory that is missing', (state) => (state['rules'] = [{ code: 'ACCURACY_LOW' }])],
    ['an unknown severity', (state) => ((state['standing'] as Record<string, unknown>[])[0]!['severity'] = 'mild')],
    ['an alert told before it began', (state) => ((state['standing'] as Record<string, unknown>[])[0]!['told'] = 1)],
    ['an alert from the future', (state) => ((state['standing'] as Record<string, unknown>[])[0]!['told'] = T + 1)],
    [
      'an alert twice',
      (state) => (state['standing'] = [...(state['standing'] as unknown[]), ...(state['standing'] as unknown[])]),
    ],
  ])('refuses %s', (_, change) => {
    const json = saved()
    change(json.state as Record<string, unknown>)
    expect(() => Alerts.fromJSON(json)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })

  test('counts that are no numbers start anew', () => {
    const json = saved()
    const rules = (json.state as { rules: { code: string; memory: Record<string, unknown> }[] }).rules
    rules.find(({ code }) => code === 'ACCURACY_LOW')!.memory['n'] = { $: 'NaN' }
    rules.find(({ code }) => code === 'CALIBRATION_OFF')!.memory['next'] = { $: 'Infinity' }
    rules.find(({ code }) => code === 'LATENCY_HIGH')!.memory['capitals'] = {
      ...{ $: 'Float64Array' },
      data: 'AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/AAAAAAAA+H8AAAAAAAD4fwAAAAAAAPh/',
    }
    const found = Alerts.fromJSON(json).update(
      {
        storeFailure: 'x',
        accuracy: { n: 1000, hits: 450 },
        calibration: [{ n: 400, hits: 100, mean: 0.5 }],
        latency: { n: 1000, hits: 900, limit: 1 },
      },
      T,
    )
    expect(found.map(({ code }) => code).sort()).toEqual(['ACCURACY_LOW', 'CALIBRATION_OFF', 'LATENCY_HIGH'])
  })
})

describe('delivery', () => {
  const alert = (severity: 'info' | 'warning' | 'critical', kind: Alert['kind'] = 'raised'): Alert => ({
    ...{ kind, code: 'X', severity, scope: 'all', text: `a ${severity} one`, evidence: { n: 1 } },
    ...{ falseAlarms: 'deterministic' as const, time: T, since: T },
  })
  const all = [alert('info'), alert('warning'), alert('critical')]

  test('callbacks that throw or reject harm nobody and are counted', async () => {
    const got: string[] = []
    const delivery = new AlertDelivery({
      callbacks: [
        () => {
          throw new Error('no network')
        },
        () => Promise.reject('later'),
        async () => {},
        ({ text }) => got.push(text),
      ],
    })
    expect([delivery.failures, delivery.lastFailure]).toEqual([0, ''])
    delivery.deliver(all)
    expect(got).toEqual(['a info one', 'a warning one', 'a critical one'])
    expect([delivery.failures, delivery.lastFailure]).toEqual([3, 'no network'])
    await new Promise((resolve) => setImmediate(resolve))
    expect([delivery.failures, delivery.lastFailure]).toEqual([6, 'later'])
  })

  test('a logger gets each alert at its level, what is over at info', () => {
    const lines: [string, object, string][] = []
    const level = (name: string) => (fields: object, message: string) => void lines.push([name, fields, message])
    const logger = { info: level('info'), warn: level('warn'), error: level('error') }
    new AlertDelivery({ logger }).deliver([...all, alert('critical', 'recovered')])
    expect(lines.map(([name, , message]) => [name, message])).toEqual([
      ['info', 'a info one'],
      ['warn', 'a warning one'],
      ['error', 'a critical one'],
      ['info', 'a critical one'],
    ])
    const { text: _, ...fields } = all[0]!
    expect(lines[0]![1]).toEqual(fields)
    new AlertDelivery({ logger: { ...logger, fatal: level('fatal') } }).deliver(all)
    expect(lines.at(-1)![0]).toBe('fatal')
  })

  test('a logger that throws is counted, and called on its own object', () => {
    class Own {
      lines = 0
      info(): void {
        this.lines++
      }
      warn(): void {
        throw new Error('disk full')
      }
      error(): void {}
    }
    const logger = new Own()
    const delivery = new AlertDelivery({ logger })
    delivery.deliver(all)
    expect([logger.lines, delivery.failures]).toEqual([1, 1])
  })

  test('may leave out what is not urgent', () => {
    const got: string[] = []
    new AlertDelivery({ callbacks: [({ severity }) => got.push(severity)], from: 'warning' }).deliver(all)
    expect(got).toEqual(['warning', 'critical'])
  })

  test.each([[{ callbacks: [7] }], [{ from: 'mild' }]])('refuses %j', (bad) => {
    expect(() => new AlertDelivery(bad as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
