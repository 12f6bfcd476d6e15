import { describe, expect, test } from 'vitest'
import type { Clock, DriftDetector, Snapshot } from '../../../src/contracts.ts'
import { snapshot } from '../../../src/core/snapshot.ts'
import { DecisionPolicy, KillSwitch } from '../../../src/decision/index.ts'
import {
  type Alert,
  AlertDelivery,
  AlertWatch,
  type AlertWatchOptions,
  type Companion,
  FeatureMonitor,
  Rollout,
  TradeLearner,
  type TradeLearnerOptions,
} from '../../../src/lifecycle/index.ts'
import { Parrot, parrots } from '../doubles.ts'
import { emptyDisk, MemoryStore } from '../durable/memory-store.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallFeatures,
  smallOptions,
} from '../helpers.ts'

type Options = Partial<TradeLearnerOptions<SmallSignal>>

const FOR_EVER = 1e15

/** A watch, and what it had told. */
function watched(options: Partial<AlertWatchOptions> = {}) {
  const alerts: Alert[] = []
  const delivery = new AlertDelivery({ callbacks: [(alert) => void alerts.push(alert)] })
  const watch = new AlertWatch({ delivery, repeatAfter: FOR_EVER, ...options })
  const told = (code: string): string[] => alerts.filter((alert) => alert.code === code).map(({ kind }) => kind)
  return { watch, alerts, told }
}

/** Models that always say the same, and that decide at once. */
const optionsWith = (companions: readonly Companion[], more: Options = {}) => ({
  ...smallOptions(),
  models: parrots(0.7),
  policy: new DecisionPolicy({ minTrades: 0 }),
  killSwitch: patient(),
  detectors: [],
  companions,
  ...more,
})
const learnerOf = (companions: readonly Companion[], more: Options = {}): TradeLearner<SmallSignal> =>
  new TradeLearner<SmallSignal>(optionsWith(companions, more))

/** Bars `from` to `to`, each with a candle and a signal whose trade wins or loses before the next. */
function live(
  learner: Pick<TradeLearner<SmallSignal>, 'onCandle' | 'decide' | 'openDecisions'> & {
    learn(id: string, outcome: { exitPrice: number; exitTime: number }): unknown
  },
  [from, to]: readonly [number, number],
  wins: (bar: number) => boolean,
): void {
  for (let bar = from; bar < to; bar++) {
    learner.onCandle(candleAt('A', bar, 100))
    const { id, action } = learner.decide(signalAt(bar + 1), account)
    if (action !== 'skip') learner.learn(id, { exitPrice: wins(bar) ? 101 : 99, exitTime: START + (bar + 1) * HOUR })
  }
}

const never = (): boolean => false
const seven = (bar: number): boolean => bar % 10 < 7

describe('a watch that goes along with a learner', () => {
  test('tells once of a lock, when it begins, and when it is over', () => {
    const { watch, alerts, told } = watched()
    const learner = learnerOf([watch], { killSwitch: new KillSwitch() })
    live(learner, [0, 3], never)
    expect(alerts.at(-1)).toMatchObject({ code: 'KILL_SWITCH', kind: 'raised', severity: 'critical', scope: 'all' })
    expect(alerts.at(-1)!.text).toMatch(/3 losses in a row/)
    live(learner, [3, 8], never)
    expect(told('KILL_SWITCH')).toEqual(['raised'])
    learner.resume('looked into')
    live(learner, [8, 9], seven)
    expect(told('KILL_SWITCH')).toEqual(['raised', 'recovered'])
    expect(learner.status().faults).toEqual([])
  })

  test('tells of a lock with the very decision that it stops, and of a symbol that is halted alone', () => {
    const { watch, alerts } = watched()
    const killSwitch = new KillSwitch({ losses: Infinity, drawdown: 0.1, symbol: { losses: 2 } })
    const learner = learnerOf([watch], { killSwitch })
    live(learner, [0, 2], never)
    expect(alerts.at(-1)).toMatchObject({ code: 'KILL_SWITCH', scope: 'symbol:A' })
    const other = watched()
    const second = learnerOf([other.watch], { killSwitch: new KillSwitch() })
    live(second, [0, 1], seven)
    second.decide(signalAt(1), { ...account, equity: 80_000 })
    expect(other.told('KILL_SWITCH')).toEqual(['raised'])
  })

  test('tells of a fall of equity that the kill switch would still bear', () => {
    const { watch, alerts, told } = watched({ drawdownLimit: 0.05 })
    const learner = learnerOf([watch], { killSwitch: new KillSwitch() })
    live(learner, [0, 1], seven)
    learner.observeEquity(94_000)
    learner.onCandle(candleAt('A', 1, 100))
    expect(alerts.at(-1)).toMatchObject({ code: 'DRAWDOWN', evidence: { limit: 0.05 } })
    expect(alerts.at(-1)!.evidence['value']).toBeCloseTo(0.06, 12)
    // hovering about the limit is told of once
    learner.observeEquity(95_500)
    learner.onCandle(candleAt('A', 2, 100))
    expect(told('DRAWDOWN')).toEqual(['raised'])
    learner.observeEquity(99_000)
    learner.onCandle(candleAt('A', 3, 100))
    expect(told('DRAWDOWN')).toEqual(['raised', 'recovered'])
  })

  test('counts how often models are right, what they take wins, and how far their probabilities come true', () => {
    const { watch, told } = watched()
    live(learnerOf([watch]), [0, 400], seven)
    for (const code of ['ACCURACY_LOW', 'ACCURACY_BELOW_FLOOR', 'CALIBRATION_OFF', 'BELOW_BASELINE']) {
      expect(told(code), code).toEqual([])
    }
    const bad = watched()
    live(learnerOf([bad.watch]), [0, 400], (bar) => bar % 10 < 3)
    expect(bad.told('ACCURACY_LOW').length + bad.told('ACCURACY_BELOW_FLOOR').length).toBeGreaterThan(0)
    expect(bad.told('CALIBRATION_OFF')[0]).toBe('raised')
  })

  test('tells where what the models take wins less than all signals do', () => {
    const { watch, alerts } = watched()
    const models = parrots(0.7)
    const learner = learnerOf([watch], { models })
    // it takes what loses and skips what wins
    for (let bar = 0; bar < 300; bar++) {
      learner.onCandle(candleAt('A', bar, 100, 100, bar % 2 === 0 ? 0.002 : 0.001))
      models.success.answer = bar % 2 === 0 ? 0.7 : 0.3
      const { id, time } = learner.decide(signalAt(bar + 1), account)
      learner.learn(id, { exitPrice: bar % 2 === 0 ? 98 : 103, exitTime: time + HOUR })
    }
    expect(alerts.filter(({ code }) => code === 'BELOW_BASELINE')[0]).toMatchObject({ kind: 'raised' })
  })

  test('counts nothing of what models said while they were not asked', () => {
    const { watch, told } = watched()
    live(learnerOf([watch], { policy: new DecisionPolicy({ minTrades: 1000 }) }), [0, 400], never)
    expect([told('ACCURACY_BELOW_FLOOR'), told('CALIBRATION_OFF')]).toEqual([[], []])
  })

  test('starts anew with other models, tells of them, and does not hold what others said against them', () => {
    const { watch, alerts, told } = watched()
    const learner = learnerOf([watch])
    live(learner, [0, 300], (bar) => bar % 10 < 3)
    expect(told('CALIBRATION_OFF')).toEqual(['raised'])
    const { id } = learner.decide(signalAt(300), account)
    learner.replace(parrots(0.7), 'second')
    learner.onCandle(candleAt('A', 300, 100))
    expect(alerts.map(({ text }) => text)).toContain(
      'The models "second" decide now, in the place of those of the beginning.',
    )
    expect(told('CALIBRATION_OFF')).toEqual(['raised', 'recovered'])
    learner.learn(id, { exitPrice: 99, exitTime: START + 301 * HOUR })
    const { accuracy } = (watch.toJSON().state['watch'] as unknown as { record: { accuracy: unknown } }).record
    expect(accuracy).toEqual({ n: 0, hits: 0 })
    live(learner, [301, 600], seven)
    expect(told('CALIBRATION_OFF')).toEqual(['raised', 'recovered'])
  })

  test('tells of slow decisions', () => {
    const { watch, told } = watched({ latencyLimit: 30 })
    let now = 0
    const clock: Clock = { now: () => (now += 50) }
    live(learnerOf([watch], { clock }), [0, 30], seven)
    expect(told('LATENCY_HIGH')).toEqual(['raised'])
    const quick = watched()
    live(learnerOf([quick.watch], { clock, killSwitch: new KillSwitch() }), [0, 30], seven)
    expect(quick.told('LATENCY_HIGH')).toEqual([])
  })

  test('tells of drift once, for as long as models need to know the new market', () => {
    let errors = 0
    const detector = {
      level: 'stable',
      update: () => (++errors === 50 ? 'drift' : 'stable'),
      toJSON: () => snapshot({ type: 'fifty', version: 1 } as never, {}, {}),
    } as DriftDetector
    const { watch, told, alerts } = watched()
    const learner = learnerOf([watch], { detectors: [detector] })
    live(learner, [0, 50], seven)
    expect(alerts.at(-1)).toMatchObject({ code: 'DRIFT', evidence: { detector: 'fifty' } })
    live(learner, [50, 149], seven)
    expect(told('DRIFT')).toEqual(['raised'])
    live(learner, [149, 151], seven)
    expect(told('DRIFT')).toEqual(['raised', 'recovered'])
  })

  test('holds no drift against models that took over after it', () => {
    let errors = 0
    const detector = {
      level: 'stable',
      update: () => (++errors === 20 ? 'drift' : 'stable'),
      toJSON: () => snapshot({ type: 'twenty', version: 1 } as never, {}, {}),
    } as DriftDetector
    const { watch, told } = watched()
    const learner = learnerOf([watch], { detectors: [detector] })
    live(learner, [0, 25], seven)
    expect(told('DRIFT')).toEqual(['raised'])
    learner.replace(parrots(0.7), 'second')
    learner.onCandle(candleAt('A', 25, 100))
    expect(told('DRIFT')).toEqual(['raised', 'recovered'])
    expect(told('MODEL_PROMOTED')).toEqual(['event'])
    // what was told is not kept
    expect((watch.toJSON().state['watch'] as { news: unknown }).news).toEqual([])
    for (let bar = 26; bar < 30; bar++) learner.onCandle(candleAt('A', bar, 100))
    expect(told('MODEL_PROMOTED')).toEqual(['event'])
  })

  test('tells of features that are stuck', () => {
    const features = smallFeatures()
    const { watch, told } = watched()
    const learner = learnerOf([watch], { features, monitor: new FeatureMonitor({ schema: features.schema }) })
    for (let bar = 0; bar < 200; bar++) {
      learner.onCandle(candleAt('A', bar, 100 + (bar % 7)))
      const meta = { confidence: bar < 60 ? bar / 100 : 0.5, source: 'ai' as const }
      learner.decide(signalAt(bar + 1, { meta }), account)
    }
    expect(told('FEATURES_FAULTY')[0]).toBe('raised')
  })

  test('tells of models that know little, and of those that have learned nothing for long', () => {
    const { watch, told } = watched()
    const learner = learnerOf([watch])
    live(learner, [0, 99], seven)
    expect([told('FEW_DATA'), told('MODEL_STALE')]).toEqual([['raised'], []])
    live(learner, [99, 101], seven)
    expect(told('FEW_DATA')).toEqual(['raised', 'recovered'])
    learner.onCandle(candleAt('A', 101 + 30 * 24, 100))
    expect(told('MODEL_STALE')).toEqual(['raised'])
    live(learner, [102 + 30 * 24, 104 + 30 * 24], seven)
    expect(told('MODEL_STALE')).toEqual(['raised', 'recovered'])
  })

  test('tells what a start found in the place of its champion, until other models take over', () => {
    const { watch, alerts, told } = watched()
    const version = {
      trades: 500,
      createdAt: START - HOUR,
      dataRange: { from: START - 50 * 24 * HOUR, to: START - 40 * 24 * HOUR },
    }
    const reason = 'm-2: CORRUPT_MODEL: no JSON. m-1 decides instead.'
    watch.found({ state: 'corrupt', fallback: 'previous', reason, version: version as never })
    const learner = learnerOf([watch])
    live(learner, [0, 1], seven)
    expect(alerts.find(({ code }) => code === 'MODEL_FALLBACK')!.text).toContain(reason)
    expect(alerts.filter(({ kind }) => kind === 'raised').map(({ code }) => code)).toEqual([
      'MODEL_FALLBACK',
      'MODEL_STALE',
    ])
    learner.replace(parrots(0.7), 'third')
    learner.onCandle(candleAt('A', 1, 100))
    expect(told('MODEL_FALLBACK')).toEqual(['raised', 'recovered'])
  })

  test('tells what a trainer does, at once, and that it has given up', () => {
    const { watch, alerts } = watched()
    const learner = learnerOf([watch])
    const failed = { outcome: 'failed', code: 'TIMED_OUT', text: 'too slow', time: START, wishes: [] } as const
    watch.hear({ type: 'result', result: failed })
    expect(alerts).toEqual([])
    learner.onCandle(candleAt('A', 0, 100))
    watch.hear({ type: 'disabled', code: 'RETRAIN_DISABLED', text: 'No retraining any more.' })
    const comparison = { against: 'champion', rows: 200, candidate: 0.66, other: 0.68 }
    const report = { rows: 400, comparison } as never
    watch.hear({ type: 'started', time: START, rows: 400, wishes: [] })
    watch.hear({
      type: 'result',
      result: { outcome: 'candidate', time: START, wishes: [], report, caughtUp: 0, swapMs: 0 },
    })
    watch.hear({ type: 'result', result: { ...failed, outcome: 'aborted' } })
    watch.hear({ type: 'progress', done: 1 })
    expect(
      alerts.filter(({ code }) => code !== 'FEW_DATA').map(({ kind, code, text }) => `${kind} ${code} ${text}`),
    ).toEqual([
      'event RETRAIN_REJECTED Retraining failed: too slow',
      'raised TRAINING_DISABLED There is no retraining any more: No retraining any more.',
      'recovered TRAINING_DISABLED Over: There is no retraining any more: No retraining any more.',
      'event RETRAIN_DONE New models were trained on 400 trades: log loss 0.6600, that of the champion 0.6800, on 200 of them.',
    ])
  })

  test('tells the steps of a rollout, its pauses, and what its arms were given', () => {
    const step = { share: 0, hold: HOUR, signals: 5, evidence: 1.1, approval: false }
    const rollout = new Rollout({ name: 'first', steps: [step, { ...step, share: 0.5, evidence: 1e6, signals: 1e6 }] })
    const { watch, alerts, told } = watched()
    const models = parrots(0.7)
    const learner = learnerOf([watch], { models, rollout, mode: 'rollout' })
    for (let bar = 0; bar < 120; bar++) {
      learner.onCandle(candleAt('A', bar, 100))
      models.success.answer = bar % 2 === 0 ? 0.7 : 0.3
      const { id, action } = learner.decide(signalAt(bar + 1), account)
      if (action !== 'skip')
        learner.learn(id, { exitPrice: bar % 2 === 0 ? 101 : 99, exitTime: START + (bar + 1) * HOUR })
    }
    expect(told('ROLLOUT_STEP')).toEqual(['event'])
    expect(alerts.find(({ code }) => code === 'ROLLOUT_STEP')!.text).toMatch(
      /^Step 1: the models of the beginning decide 50.00 % of signals/,
    )
    expect(told('SAMPLE_RATIO_MISMATCH')).toEqual([])
    const { arms } = watch.toJSON().state['watch'] as unknown as { arms: { candidate: number; champion: number } }
    expect(arms.candidate).toBeGreaterThan(20)
    expect(arms.champion).toBeGreaterThan(20)

    const time = START + 120 * HOUR
    learner.tellRollout({ kind: 'pause', time, by: 'Ada', reason: 'a holiday' })
    learner.onCandle(candleAt('A', 120, 100))
    expect(alerts.map(({ text }) => text)).toContain('The rollout is paused: a holiday')
    learner.tellRollout({ kind: 'abort', time, by: 'Ada', reason: 'enough' })
    learner.onCandle(candleAt('A', 121, 100))
    expect([told('ROLLOUT_PAUSED'), told('MODEL_ROLLED_BACK')]).toEqual([['raised', 'recovered'], ['event']])
    expect(told('MODEL_PROMOTED')).toEqual([])
    expect(learner.status().faults).toEqual([])
  })

  // models change places with an outcome, with a candle or, where time was all they waited for, with a decision
  test.each([1, 51])(
    'follows a challenger beside the champion, steps held %d h: its trial, its rise, its fall',
    (hours) => {
      const step = { share: 0, hold: hours * HOUR, signals: 5, evidence: 2, approval: false }
      const steps = [step, { ...step, share: 0.5, evidence: 50, signals: 60 }]
      const guards = { endBelowAccuracy: 0, pauseBelowAccuracy: 0, maxDrawdown: 0.99 }
      const { watch, alerts } = watched()
      const moves: string[] = []
      const moved: Companion['moved'] = ({ to: { status, step: now } }) => void moves.push(`${doing}: ${status} ${now}`)
      const rollout = new Rollout({ name: 'first', steps, ...guards })
      const learner = learnerOf([watch, { moved }], { rollout, maxOpen: 100 })
      const models = parrots(0.7)
      let doing = ''
      // trades of even bars pay until the market turns around
      const day = (from: number, to: number, pays: 0 | 1): void => {
        for (let bar = from; bar < to; bar++) {
          doing = 'candle'
          learner.onCandle(candleAt('A', 2 * bar, 100, 100, 0.001))
          models.success.answer = bar % 2 === 0 ? 0.7 : 0.3
          doing = 'decide'
          const { id, action } = learner.decide(signalAt(2 * bar + 1, { stop: 90, target: 110 }), account)
          const won = bar % 2 !== pays
          doing = 'candle'
          learner.onCandle({ ...candleAt('A', 2 * bar + 1, 100), ...(won ? { high: 111 } : { low: 89 }) })
          if (action === 'skip') continue
          learner.learn(id, { exitPrice: won ? 110 : 90, exitTime: START + (2 * bar + 1) * HOUR })
        }
      }
      day(0, 10, 1)
      learner.challenge(models, 'rival')
      moves.length = 0
      const said = (): string[] =>
        alerts
          .filter(({ code }) => code.startsWith('MODEL_') || code === 'ROLLOUT_STEP')
          .map(({ code, text }) => `${code} ${text.replace(/[.:] (?:Evidence|What|Signals) .*/, '.')}`)
      day(10, 40, 1)
      expect(learner.status()).toMatchObject({ version: '', challenger: 'rival', rollout: { step: 1 } })
      const before = watch.toJSON().state['watch'] as unknown as { record: { all: { n: number } }; arms: unknown }
      // what the challenger decided counts for what the champion said of it all the same
      expect(before.record.all.n).toBe(40)
      expect(before.arms).toMatchObject({ trial: 'rival', step: 1, share: 0.5 })
      day(40, 200, 1)
      expect(learner.status()).toMatchObject({ version: 'rival', challenger: '' })
      day(200, 400, 0)
      expect(learner.status()).toMatchObject({ version: '', rollout: { status: 'ended' } })
      expect(said()).toEqual([
        'ROLLOUT_STEP The models "rival" are on trial now.',
        'ROLLOUT_STEP Step 1: the models "rival" decide 50.00 % of signals.',
        'MODEL_PROMOTED The models "rival" decide all signals now.',
        'MODEL_ROLLED_BACK The trial of the models "rival" has ended.',
      ])
      expect(moves[0]).toBe(hours === 1 ? 'candle: running 1' : 'decide: running 1')
      expect(alerts.map(({ code }) => code)).not.toContain('SAMPLE_RATIO_MISMATCH')
      expect(learner.status().faults).toEqual([])
    },
  )

  test('tells of an arm that gets too little', () => {
    const { watch, told } = watched()
    const hash = new Rollout({
      name: 'first',
      steps: [{ share: 0.5, hold: 0, signals: 1e6, evidence: 1e6, approval: false }],
    })
    // whoever loses what the candidate should have got
    const rollout = Object.assign(Object.create(hash) as Rollout, {
      assign: () => ({ arm: 'champion' as const, propensity: 0.5 }),
    })
    for (const name of ['step', 'share', 'report', 'history', 'options'] as const) {
      Object.defineProperty(rollout, name, { get: () => hash[name] })
    }
    Object.assign(rollout, { tell: () => [], toJSON: () => hash.toJSON() })
    live(learnerOf([watch], { rollout, mode: 'rollout' }), [0, 40], seven)
    // of either arm
    expect(told('SAMPLE_RATIO_MISMATCH')).toEqual(['raised', 'raised'])
  })

  test('tells the numbers of each day when the next begins', () => {
    const { watch, alerts } = watched()
    const learner = learnerOf([watch])
    live(learner, [0, 50], seven)
    const days = alerts.filter(({ code }) => code === 'DAILY_SUMMARY').map(({ evidence }) => evidence)
    expect(days).toHaveLength(2)
    expect(days[0]).toMatchObject({ signals: 24, taken: 24, reduced: 0, skipped: 0, closed: 24, learned: 24, won: 18 })
    expect(days[1]).toMatchObject({ signals: 24, closed: 24, won: 17 })
    expect(days[0]!['netReturn']).toBeCloseTo(18 * 0.01 - 6 * 0.01 - 24 * 0.001, 9)
  })

  test('looks no more often than it is told to while nothing happens', () => {
    const looks = (every: number): number => {
      let count = 0
      const watch = new AlertWatch({ every, delivery: { deliver: () => void count++ } })
      const learner = learnerOf([watch])
      for (let bar = 0; bar < 20; bar++) for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100))
      return count
    }
    expect([looks(60_000), looks(5 * HOUR)]).toEqual([20, 4])
  })
})

describe('a callback that throws or rejects', () => {
  test('harms neither bot nor learner, and other callbacks are called', async () => {
    const alerts: Alert[] = []
    const delivery = new AlertDelivery({
      callbacks: [
        () => {
          throw new Error('no network')
        },
        () => Promise.reject(new Error('no answer')),
        (alert) => void alerts.push(alert),
      ],
    })
    const [with_, without] = [[new AlertWatch({ delivery })], []].map((companions) =>
      learnerOf(companions, { killSwitch: new KillSwitch() }),
    )
    for (const learner of [with_!, without!]) live(learner, [0, 5], never)
    expect(alerts.map(({ code }) => code)).toContain('KILL_SWITCH')
    await Promise.resolve()
    expect(delivery.failures).toBe(2 * alerts.length)
    expect(with_!.status()).toEqual(without!.status())
  })

  test('and a delivery of the caller own that throws is a fault in the status alone', () => {
    const deliver = (): void => {
      throw new Error('off')
    }
    const learner = learnerOf([new AlertWatch({ delivery: { deliver } })])
    live(learner, [0, 2], seven)
    expect(learner.status().faults[0]).toBe('AlertWatch: off')
  })
})

describe('after a restart', () => {
  test('nothing is told twice, and what is over is told', () => {
    const { watch, told } = watched()
    const learner = learnerOf([watch], { killSwitch: new KillSwitch() })
    live(learner, [0, 5], never)
    expect(told('KILL_SWITCH')).toEqual(['raised'])
    const again = watched()
    const saved = JSON.parse(JSON.stringify(learner)) as Snapshot
    const restored = TradeLearner.restore<SmallSignal>(saved, {
      ...{ ...smallOptions(), killSwitch: new KillSwitch(), companions: [again.watch], codecs: [Parrot] },
    })
    expect(JSON.stringify(again.watch)).toBe(JSON.stringify(watch))
    live(restored, [5, 7], never)
    expect(again.alerts).toEqual([])
    restored.resume('looked into')
    live(restored, [7, 8], seven)
    expect(again.told('KILL_SWITCH')).toEqual(['recovered'])
  })

  test('a journal that is lived through again tells nothing, and leaves the watch where it was', async () => {
    const disk = emptyDisk()
    const first = watched()
    const open = (companions: readonly Companion[]) =>
      TradeLearner.open<SmallSignal>({
        ...smallOptions(),
        store: new MemoryStore(disk),
        killSwitch: new KillSwitch(),
        companions,
      })
    const learner = await open([first.watch])
    live(learner, [0, 30], never)
    await learner.stored()
    expect(first.told('KILL_SWITCH')).toEqual(['raised'])
    disk.open = false
    const second = watched()
    const again = await open([second.watch])
    expect(again.recovery.replayed).toBeGreaterThan(60)
    expect(second.alerts).toEqual([])
    expect(JSON.stringify(second.watch)).toBe(JSON.stringify(first.watch))
    live(again, [30, 40], never)
    expect(second.told('KILL_SWITCH')).toEqual([])
    await again.resume('looked into')
    live(again, [40, 41], seven)
    expect(second.told('KILL_SWITCH')).toEqual(['recovered'])
  })

  test('what was found with the newest candle before a crash is told after it, and what was found before that is not', async () => {
    const lifeOf = async (bars: number): Promise<string[]> => {
      const disk = emptyDisk()
      const open = (companions: readonly Companion[]) => {
        disk.open = false
        const own = { killSwitch: new KillSwitch(), codecs: [Parrot], features: smallFeatures() }
        return TradeLearner.open<SmallSignal>({ ...optionsWith(companions), ...own, store: new MemoryStore(disk) })
      }
      const first = watched()
      const learner = await open([first.watch])
      live(learner, [0, bars], never)
      await learner.stored()
      expect(first.told('KILL_SWITCH')).toEqual(['raised'])
      const second = watched()
      const again = await open([second.watch])
      const told = second.told('KILL_SWITCH')
      live(again, [bars, bars + 2], never)
      expect(second.told('KILL_SWITCH')).toEqual(told)
      return told
    }
    expect([await lifeOf(3), await lifeOf(4)]).toEqual([['raised'], []])
  })

  test('what only this process knows is told with its first candle, and what it does not know stands', async () => {
    const disk = emptyDisk()
    const open = (companions: readonly Companion[]) => {
      disk.open = false
      return TradeLearner.open<SmallSignal>({
        ...optionsWith(companions),
        codecs: [Parrot],
        features: smallFeatures(),
        store: new MemoryStore(disk),
      })
    }
    const first = watched()
    const learner = await open([first.watch])
    live(learner, [0, 10], seven)
    first.watch.hear({ type: 'disabled', code: 'RETRAIN_DISABLED', text: 'No retraining any more.' })
    await learner.save()
    await learner.replace(parrots(0.7), 'second')
    live(learner, [10, 30], seven)
    await learner.stored()
    expect(first.told('TRAINING_DISABLED')).toEqual(['raised'])

    const second = watched()
    second.watch.found({ state: 'corrupt', fallback: 'baseline', reason: 'its hash' })
    // a trainer whose gate is shut says so when it wakes, whichever of the two is woken first
    const trainer: Companion = {
      wake: () => second.watch.hear({ type: 'disabled', code: 'RETRAIN_DISABLED', text: 'Five failures.' }),
    }
    const again = await open([second.watch, trainer])
    expect(again.recovery.replayed).toBeGreaterThan(20)
    again.onCandle(candleAt('A', 30, 100))
    const known = ({ code }: Alert) => code === 'MODEL_FALLBACK' || code === 'TRAINING_DISABLED'
    expect(second.alerts.filter(known).map(({ kind, code }) => `${kind} ${code}`)).toEqual(['raised MODEL_FALLBACK'])
    expect(second.watch.standing.map(({ code, text }) => `${code} ${text}`)).toContain(
      'TRAINING_DISABLED There is no retraining any more: Five failures.',
    )

    const third = watched()
    const last = await open([third.watch])
    last.onCandle(candleAt('A', 31, 100))
    // neither was said to this process
    expect(third.alerts.filter(known).map(({ kind, code }) => `${kind} ${code}`)).toEqual([
      'recovered TRAINING_DISABLED',
    ])
  })

  test('a move before the first candle is told once, with its share', () => {
    const steps = [0, 0.5].map((share) => ({ share, hold: 0, signals: 1, evidence: 0, approval: true }))
    const guards = { margin: 0, endBelowAccuracy: 0, pauseBelowAccuracy: 0 }
    const options = (companions: readonly Companion[]) =>
      optionsWith(companions, { mode: 'live', rollout: new Rollout({ name: 'first', steps, ...guards }) })
    const own = { codecs: [Parrot], features: smallFeatures() }
    const restart = (saved: object) => {
      const { watch, alerts } = watched()
      const json = JSON.parse(JSON.stringify(saved)) as Snapshot
      const learner = TradeLearner.restore<SmallSignal>(json, { ...options([watch]), ...own })
      return { learner, alerts }
    }
    const texts = (alerts: readonly Alert[]) => alerts.filter(({ kind }) => kind === 'event').map(({ text }) => text)
    const first = new TradeLearner<SmallSignal>(options([watched().watch]))
    first.onCandle(candleAt('A', 0, 100))
    first.challenge(parrots(0.8), 'second')
    live(first, [1, 2], seven)

    const second = restart(first)
    second.learner.tellRollout({ kind: 'approve', time: START + 3 * HOUR, by: 'Ada' })
    second.learner.onCandle(candleAt('A', 3, 100))
    expect(texts(second.alerts)).toEqual([
      expect.stringMatching(/^Step 1: the models "second" decide 50.00 % of signals\./),
    ])
    live(second.learner, [4, 8], seven)

    const third = restart(second.learner)
    third.learner.tellRollout({ kind: 'approve', time: START + 9 * HOUR, by: 'Ada' })
    expect(third.learner.status().version).toBe('second')
    third.learner.onCandle(candleAt('A', 9, 100))
    expect(texts(third.alerts)).toEqual([expect.stringMatching(/^The models "second" decide all signals now\./)])
  })

  test('a watch that joins an old learner does not tell its past', () => {
    const step = { share: 0, hold: HOUR, signals: 5, evidence: 1.1, approval: false }
    const rollout = () => new Rollout({ name: 'first', steps: [step, { ...step, share: 0.5, evidence: 1e6 }] })
    const models = parrots(0.7)
    const learner = learnerOf([], { models, rollout: rollout(), mode: 'rollout' })
    for (let bar = 0; bar < 60; bar++) {
      learner.onCandle(candleAt('A', bar, 100))
      models.success.answer = bar % 2 === 0 ? 0.7 : 0.3
      const { id, action } = learner.decide(signalAt(bar + 1), account)
      if (action !== 'skip')
        learner.learn(id, { exitPrice: bar % 2 === 0 ? 101 : 99, exitTime: START + (bar + 1) * HOUR })
    }
    expect(learner.status().rollout!.step).toBe(1)
    const { watch, told } = watched()
    const saved = JSON.parse(JSON.stringify(learner)) as Snapshot
    const codecs = [Parrot]
    const restored = TradeLearner.restore<SmallSignal>(saved, {
      ...{ ...smallOptions(), mode: 'rollout', rollout: rollout(), companions: [watch], codecs, killSwitch: patient() },
    })
    for (let bar = 60; bar < 63; bar++) restored.onCandle(candleAt('A', bar, 100))
    expect([told('ROLLOUT_STEP'), told('MODEL_PROMOTED')]).toEqual([[], []])
  })
})

test('a store that is found to have failed by who looks at it takes back no halt', () => {
  const { watch, told } = watched()
  const learner = learnerOf([watch], { killSwitch: new KillSwitch() })
  let failure: Error | null = null
  watch.watchStore({
    get failure() {
      if (failure === null && learner.newestCandle('A') === START + 2 * HOUR) {
        failure = new Error('disk full')
        learner.halt('disk full')
      }
      return failure
    },
  })
  for (let bar = 0; bar < 6; bar++) learner.onCandle(candleAt('A', bar, 100))
  expect([told('KILL_SWITCH'), told('STORE_FAILED')]).toEqual([['raised'], ['raised']])
})

test('a halt by hand after a restart is told before the first candle', () => {
  const first = learnerOf([watched().watch])
  live(first, [0, 5], seven)
  const { watch, told } = watched()
  const options = { ...optionsWith([watch]), codecs: [Parrot], features: smallFeatures() }
  const learner = TradeLearner.restore<SmallSignal>(JSON.stringify(first), options)
  learner.halt('a strange fill')
  expect(told('KILL_SWITCH')).toEqual(['raised'])
})

test('a halt by hand is told at once, and so is its end', () => {
  const { watch, told } = watched()
  const learner = learnerOf([watch], { killSwitch: new KillSwitch() })
  live(learner, [0, 1], seven)
  learner.halt('a strange fill')
  expect(told('KILL_SWITCH')).toEqual(['raised'])
  learner.resume('looked into')
  expect(told('KILL_SWITCH')).toEqual(['raised', 'recovered'])
})

test.each(['reduce-only', 'halt', 'continue-frozen'] as const)(
  'a store that fails is told of at once: %s',
  async (then) => {
    const { watch, alerts } = watched()
    const learner = await TradeLearner.open<SmallSignal>({
      ...optionsWith([watch]),
      store: new MemoryStore(emptyDisk(), 3),
      features: smallFeatures(),
      onStoreFailure: then,
    })
    watch.watchStore(learner)
    // no candle comes after the one that could not be stored
    for (let bar = 0; bar < 10 && learner.failure === null; bar++) {
      learner.onCandle(candleAt('A', bar, 100))
      await learner.stored().catch(() => {})
    }
    const halts = alerts.filter(({ code }) => code === 'KILL_SWITCH').map(({ kind }) => kind)
    expect(halts).toEqual(then === 'reduce-only' ? ['raised'] : [])
    expect(alerts.map(({ code }) => code)).toContain('STORE_FAILED')
    expect(alerts.find(({ code }) => code === 'STORE_FAILED')!.text).toMatch(/no space left on device/)
  },
)

describe('what cannot be is refused', () => {
  test('options', () => {
    const delivery = { deliver: () => {} }
    for (const options of [
      {},
      { delivery: null },
      { delivery, every: -1 },
      { delivery, drawdownLimit: 0 },
      { delivery, latencyLimit: 0 },
    ]) {
      expect(errorOf(() => new AlertWatch(options as never)).code).toBe('INVALID_OPTION')
    }
  })

  test('a damaged snapshot, changing nothing', () => {
    const { watch } = watched()
    const learner = learnerOf([watch])
    live(learner, [0, 20], seven)
    const whole = JSON.parse(JSON.stringify(watch)) as { state: { watch: Record<string, never> } }
    const broken = (change: (state: Record<string, unknown>) => void): Snapshot => {
      const copy = structuredClone(whole)
      change(copy.state.watch)
      return copy as unknown as Snapshot
    }
    const before = JSON.stringify(watch)
    for (const change of [
      (state) => delete state['day'],
      (state) => void (state['time'] = { $: 'NaN' }),
      (state) => void ((state['record'] as never)['accuracy'] = { n: 1, hits: 2 } as never),
      (state) => void ((state['record'] as { bins: { n: unknown } }).bins.n = { $: 'Float64Array', data: '' }),
      (state) => void (state['open'] = [3]),
      (state) =>
        void (state['news'] = Array.from({ length: 500 }, (_, id) => ({ id, code: 'ROLLOUT_STEP', text: '' }))),
      (state) => void (state['nextId'] = -1),
      (state) => void (state['transition'] = 7),
      (state) => void (state['arms'] = { step: 0, share: 1, candidate: 0, champion: 0 }),
    ] as ((state: Record<string, unknown>) => void)[]) {
      expect(errorOf(() => watch.resume(broken(change))).code).toBe('CORRUPT_SNAPSHOT')
    }
    expect(JSON.stringify(watch)).toBe(before)
  })
})
