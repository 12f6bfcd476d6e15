import { describe, expect, test } from 'vitest'
import { ReliabilityBound } from '../../src/learners/index.ts'
import { type Companion, DecisionLog, type Models, Rollout, TradeLearner } from '../../src/lifecycle/index.ts'
import type { Decision } from '../../src/market.ts'
import { emptyDisk, MemoryStore } from './durable/memory-store.ts'
import { account, candleAt, errorOf, HOUR, type SmallSignal, START, signalAt, stateOf } from './helpers.ts'
import { guards, HIGH, likes, live, modelsSeen, modelsThat, optionsOf, steps } from './tasters.ts'

describe('a challenger', () => {
  test('watches beside the champion, decides its share, and takes its place', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
    learner.challenge(likes(2, 3), 'second')
    expect(learner.status()).toMatchObject({ version: '', challenger: 'second', rollout: { step: 0 } })

    const decisions = live(learner, 1, 700)
    const shadow = decisions.filter(({ trial }) => trial?.step === 0)
    for (const { trial, challenger, model, mode, action } of shadow) {
      // the champion's plan, though it is no baseline
      expect([trial!.arm, mode, action]).toEqual(['champion', 'live', model.action])
      expect(challenger!.version).toBe('second')
      expect(trial!.share).toBe(challenger!.plan.action === 'skip' ? 0 : challenger!.plan.size / 0.1)
      expect(trial!.championShare).toBe(model.action === 'skip' ? 0 : model.size / 0.1)
    }
    const shared = decisions.filter(({ trial }) => trial?.step === 1)
    expect(new Set(shared.map(({ trial }) => trial!.arm))).toEqual(new Set(['champion', 'candidate']))
    for (const { trial, challenger, model, action, size } of shared) {
      const decided = trial!.arm === 'candidate' ? challenger!.plan : model
      expect([action, size]).toEqual([decided.action, decided.size])
    }
    const last = decisions.at(-1)!
    expect([last.mode, last.challenger, last.trial?.championShare]).toEqual(['live', undefined, undefined])
    expect(learner.status()).toMatchObject({ version: 'second', challenger: '', rollout: { status: 'promoted' } })
    // what was taken before and is left now is what the second does not like
    for (const { action, prediction } of decisions.slice(-20)) {
      expect(action).toBe(prediction.probability === HIGH ? 'take' : 'skip')
    }
  })

  test('is judged by what became of its own predictions, on trial, when it has risen, and so is who comes back', () => {
    const halfLife = 300
    const own = new Map(['', 'second'].map((version) => [version, new ReliabilityBound({ halfLife })]))
    const told: [version: string, low: number | undefined][] = []
    const expected: typeof told = []
    const lowOf = (version: string, p: number): [string, number | undefined] => {
      const low = own.get(version)!.lowerBound(p)
      return [version, Number.isNaN(low) ? undefined : low]
    }
    const voices = ({ prediction, challenger }: Decision, version: string) => [
      { version, prediction },
      ...(challenger ? [challenger] : []),
    ]
    const asked = new Map<string, string>()
    const witness: Companion = {
      opened: (id, _, { decision }) => {
        asked.set(id, learner.status().version)
        for (const { version, prediction } of voices(decision, learner.status().version)) {
          told.push([version, prediction.probabilityLow])
          expected.push(lowOf(version, prediction.probability))
        }
      },
      observe: ({ id, y }, { decision }) => {
        for (const { version, prediction } of voices(decision, asked.get(id)!)) {
          // whoever was beaten is asked no more, so it has nothing to answer for
          if (version === learner.status().version || version === learner.status().challenger)
            own.get(version)!.learn(prediction.probability, y)
        }
      },
    }
    const options = { ...optionsOf(likes(0, 3)), bound: new ReliabilityBound({ halfLife }), companions: [witness] }
    const learner = new TradeLearner<SmallSignal>(options)
    live(learner, 1, 100)
    learner.challenge(likes(2, 3), 'second')
    live(learner, 101, 60)
    expect(learner.status().challenger).toBe('second')
    const saved = stateOf(learner)
    expect(stateOf(TradeLearner.restore<SmallSignal>(saved, options))).toBe(saved)
    live(learner, 161, 700)
    expect(learner.status().version).toBe('second')
    const risen = stateOf(learner)
    expect(stateOf(TradeLearner.restore<SmallSignal>(risen, options))).toBe(risen)
    live(learner, 861, 600, [0.8, 0.6, 0.1, 0.1])
    expect(learner.status()).toMatchObject({ version: '', faults: [] })
    expect(told).toEqual(expected)
    // each of the two was asked, on its own and beside the other, with and without an answer
    const lows = new Set(told.map(([version, low]) => `${version} ${low === undefined}`))
    expect(lows).toEqual(new Set([' true', ' false', 'second true', 'second false']))
  })

  test('answers for what it has predicted, though it rises before the outcome is known', () => {
    const approved = [0, 0.5].map((share) => ({ share, hold: 0, signals: 1, evidence: 0, approval: true }))
    const learner = new TradeLearner<SmallSignal>({
      ...optionsOf(modelsThat(0.6)),
      rollout: new Rollout({ name: 'first', steps: approved, margin: 0, ...guards }),
      bound: new ReliabilityBound(),
    })
    const approve = (bar: number) => learner.tellRollout({ kind: 'approve', time: START + bar * HOUR, by: 'Ada' })
    const decide = (bar: number): Decision => {
      learner.onCandle(candleAt('A', bar, 100))
      return learner.decide(signalAt(bar + 1, { meta: { confidence: 0, source: 'ai' } }), account)
    }
    const settle = ({ id }: Decision, bar: number): void =>
      learner.learn(id, { exitPrice: 101, exitTime: START + (bar + 1) * HOUR })
    const second = new ReliabilityBound()
    learner.onCandle(candleAt('A', 0, 100))
    learner.challenge(modelsThat(0.8), 'second')
    for (const [bar, version] of [
      [1, ''],
      [3, 'second'],
    ] as const) {
      const first = decide(bar)
      const open = decide(bar + 1)
      expect(open.challenger!.prediction.probability).toBe(0.8)
      settle(first, bar)
      approve(bar + 2)
      expect(learner.status().version).toBe(version)
      settle(open, bar + 1)
    }
    const own = decide(5)
    expect(own.challenger).toBeUndefined()
    settle(own, 5)
    for (let i = 0; i < 5; i++) second.learn(0.8, 1)
    expect(JSON.parse(stateOf(learner)).state.parts.bound).toEqual(JSON.parse(JSON.stringify(second)))
  })

  test('that chooses as the champion does proves nothing, and one that chooses worse is ended', () => {
    const same = new TradeLearner<SmallSignal>(optionsOf(likes(2, 3)))
    same.challenge(likes(2, 3), 'twin')
    live(same, 1, 400)
    expect(same.status()).toMatchObject({ challenger: 'twin', rollout: { step: 0, evidence: 1 } })

    const worse = new TradeLearner<SmallSignal>(optionsOf(likes(2, 3)))
    worse.challenge(likes(0, 3), 'worse')
    const decisions = live(worse, 1, 700)
    expect(worse.status()).toMatchObject({ version: '', challenger: '', rollout: { status: 'ended' } })
    const last = decisions.at(-1)!
    expect([last.mode, last.trial, last.challenger]).toEqual(['live', undefined, undefined])
    // the champion never let go
    for (const { action, model, trial } of decisions) if (trial?.arm !== 'candidate') expect(action).toBe(model.action)
  })

  test('must win as often as the champion, not only more often than all', () => {
    // takes what pays better than the mean, but less than what the champion keeps; leaves some that pay least
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(3)))
    learner.challenge(likes(2, 3), 'wider')
    live(learner, 1, 500)
    const { rollout, challenger, version } = learner.status()
    expect(rollout!.keptWinRate).toBeLessThan(rollout!.championWinRate)
    expect(rollout!.lift).toBeGreaterThan(rollout!.margin)
    expect([version, challenger === 'wider' || rollout!.status === 'ended']).toEqual(['', true])
    expect(rollout!.step).toBe(0)
  })

  test('learns every label, and so does a champion that was beaten until it is forgotten', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
    learner.challenge(likes(2, 3), 'second')
    live(learner, 1, 10)
    expect(modelsSeen(learner, 'challenger')).toBe(10)
    live(learner, 11, 690)
    expect(learner.status().version).toBe('second')
    expect(modelsSeen(learner, 'previous')).toBe(700)
    learner.challenge(likes(3), 'third')
    expect(JSON.parse(stateOf(learner)).state.parts.previous).toBeNull()
    expect(learner.status()).toMatchObject({ version: 'second', challenger: 'third' })
  })

  test('that was promoted and does harm afterwards gives its place back', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
    learner.challenge(likes(2, 3), 'second')
    live(learner, 1, 700)
    expect(learner.status()).toMatchObject({ version: 'second', rollout: { status: 'promoted' } })
    // the market turns against what it likes
    const decisions = live(learner, 701, 400, [0.8, 0.8, 0.2, 0.2])
    expect(learner.status()).toMatchObject({ version: '', challenger: '', rollout: { status: 'ended' } })
    const { model, action, mode, trial } = decisions.at(-1)!
    expect([action, mode, trial]).toEqual([model.action, 'live', undefined])
    expect(JSON.parse(stateOf(learner)).state.parts.previous).toBeNull()
  })

  test('takes the place of whoever was on trial before it', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
    learner.challenge(likes(0), 'second')
    live(learner, 1, 30)
    learner.challenge(likes(2, 3), 'third')
    expect(learner.status()).toMatchObject({ version: '', challenger: 'third', rollout: { step: 0, signals: 0 } })
    expect(live(learner, 31, 1)[0]!.challenger!.version).toBe('third')
  })

  test('is not judged by signals that were dealt in the trial before', () => {
    for (const mode of ['live', 'rollout'] as const) {
      const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3), mode))
      if (mode === 'live') learner.challenge(likes(0), 'second')
      learner.onCandle(candleAt('A', 2, 100))
      const own = { meta: { confidence: 0.3, source: 'ai' }, stop: 90, target: 110 } as const
      const before = learner.decide(signalAt(3, own), account)
      expect(before.trial!.rollout).toBe(mode === 'live' ? 'second' : 'first')
      learner.challenge(likes(2, 3), 'third')
      learner.onCandle(candleAt('A', 3, 100))
      const after = learner.decide(signalAt(4, own), account)
      expect(after.trial!.rollout).toBe('third')
      learner.onCandle({ ...candleAt('A', 4, 100), high: 111 })
      for (const { id, action } of [before, after]) {
        if (action !== 'skip') learner.learn(id, { exitPrice: 110, exitTime: START + 4.5 * HOUR })
      }
      expect(learner.status()).toMatchObject({ trades: 2, rollout: { signals: 1 } })
    }
  })

  test('meets the baseline while no model has been promoted', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0), 'rollout'))
    live(learner, 1, 30)
    learner.challenge(likes(2, 3), 'second')
    expect(learner.status()).toMatchObject({ version: 'second', challenger: '', rollout: { step: 0, signals: 0 } })
    const decision = live(learner, 31, 1)[0]!
    expect([decision.mode, decision.challenger, decision.trial!.championShare]).toEqual([
      'shadow',
      undefined,
      undefined,
    ])
    live(learner, 32, 400)
    expect(learner.status().rollout).toMatchObject({ status: 'promoted' })
    learner.challenge(likes(3), 'third')
    expect(learner.status()).toMatchObject({ version: 'second', challenger: 'third' })
  })

  test('that is ended while the baseline is champion keeps its name, and decides nothing', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0), 'rollout'))
    learner.challenge(likes(2, 3), 'second')
    learner.tellRollout({ kind: 'abort', time: START, by: 'Ada', reason: 'enough' })
    expect(learner.status()).toMatchObject({ version: 'second', challenger: '', rollout: { status: 'ended' } })
    expect(live(learner, 1, 1)[0]!.mode).toBe('shadow')
  })

  test('needs a rollout that can begin anew', () => {
    const own = new Rollout({ name: 'first', steps, ...guards })
    // one of the user's own need not
    Object.defineProperty(own, 'next', { value: undefined })
    const learner = new TradeLearner<SmallSignal>({ ...optionsOf(likes(3)), rollout: own })
    expect(errorOf(() => learner.challenge(likes(3), 'two'))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('got none that can begin anew'),
    })
  })

  test('needs a rollout, a name, and models that can be', () => {
    const { rollout: _, ...without } = optionsOf(likes(3))
    const cases = [
      [new TradeLearner<SmallSignal>(without), likes(3), 'two', 'INVALID_INPUT', 'need a rollout'],
      [new TradeLearner<SmallSignal>({ ...without, mode: 'shadow' }), likes(3), 'two', 'INVALID_INPUT', 'got none'],
      [new TradeLearner<SmallSignal>(optionsOf(likes(3))), likes(3), '', 'INVALID_INPUT', '"version"'],
      [new TradeLearner<SmallSignal>(optionsOf(likes(3))), modelsThat(), 'two', '', ''],
      [
        new TradeLearner<SmallSignal>(optionsOf(likes(3))),
        { ...likes(3), success: null },
        'two',
        'INVALID_OPTION',
        'success',
      ],
      [new TradeLearner<SmallSignal>(optionsOf(likes(3))), null, 'two', 'INVALID_OPTION', 'success'],
    ] as const
    for (const [learner, models, version, code, says] of cases) {
      const before = stateOf(learner)
      if (code === '') {
        learner.challenge(models as Models, version)
        continue
      }
      const error = errorOf(() => learner.challenge(models as Models, version))
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(says)])
      expect(stateOf(learner)).toBe(before)
    }
  })

  test('is halted with the model: then the baseline answers', () => {
    const learner = new TradeLearner<SmallSignal>({ ...optionsOf(likes(0, 3)), mode: 'live' })
    learner.challenge(likes(2, 3), 'second')
    learner.halt('by hand')
    const [decision] = live(learner, 1, 1)
    expect(decision!.action).toBe('skip')
    expect(decision!.challenger!.plan.action).toBe('skip')
  })
})

describe('around a contest', () => {
  test('companions hear of each transition and of whom it is', () => {
    const told: string[] = []
    const scribe: Companion = {
      moved: ({ to, cause }, version) => void told.push(`${version} ${to.step} ${to.status} ${cause}`),
    }
    const learner = new TradeLearner<SmallSignal>({ ...optionsOf(likes(0, 3)), companions: [scribe] })
    learner.challenge(likes(2, 3), 'second')
    live(learner, 1, 700)
    live(learner, 701, 400, [0.8, 0.8, 0.2, 0.2])
    expect(told[0]).toBe('second 1 running EARNED')
    expect(told[1]).toBe('second 2 promoted EARNED')
    expect(told[2]).toMatch(/^second 2 ended /)
    expect(told).toHaveLength(3)
  })

  test('the log names who decided, and how likely it was that a signal would be traded', () => {
    const log = new DecisionLog({ capacity: 2000 })
    const learner = new TradeLearner<SmallSignal>({
      ...optionsOf(likes(0, 3)),
      companions: [log],
      exploration: { share: 0.1, maxPerDay: 1000 },
    })
    learner.challenge(likes(2, 3), 'second')
    const byId = new Map(live(learner, 1, 600).map((decision) => [decision.id, decision]))
    const shared = [...log.decisions()].filter(({ id }) => byId.get(id)!.trial?.step === 1)
    expect(shared.length).toBeGreaterThan(15)
    for (const { id, arm, modelVersion, propensity, prediction } of shared) {
      const { model, challenger, prediction: champions } = byId.get(id)!
      expect(modelVersion).toBe(arm === 'candidate' ? 'second' : 'first')
      expect(prediction).toEqual(arm === 'candidate' ? challenger!.prediction : champions)
      const p = (action: string): number => (action === 'skip' ? 0.1 : 1)
      expect(propensity).toBeCloseTo(0.5 * p(model.action) + 0.5 * p(challenger!.plan.action), 12)
    }
  })

  test('a learner that is restored in the midst of it goes on to the bit, and its options are today’s', () => {
    for (const stop of [5, 120, 650]) {
      const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
      learner.challenge(likes(2, 3), 'second')
      live(learner, 1, stop)
      const again = TradeLearner.restore<SmallSignal>(stateOf(learner), optionsOf(likes(0)))
      expect(stateOf(again) === stateOf(learner)).toBe(true)
      live(learner, 1 + stop, 700 - stop)
      live(again, 1 + stop, 700 - stop)
      expect(stateOf(again) === stateOf(learner)).toBe(true)
      expect(again.status().version).toBe('second')
    }
  })

  test('a file whose names and models do not agree is refused', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
    learner.challenge(likes(2, 3), 'second')
    const broken = JSON.parse(stateOf(learner))
    broken.state.self.challenger = ''
    const refused = () => errorOf(() => TradeLearner.restore<SmallSignal>(broken, optionsOf(likes(0))))
    const wanted = 'A challenger must be saved with its name and its models, got the name'
    expect(refused()).toMatchObject({ code: 'CORRUPT_SNAPSHOT', message: `${wanted} "" and models.` })
    broken.state.self.challenger = 'second'
    broken.state.parts.challenger = null
    expect(refused()).toMatchObject({ code: 'CORRUPT_SNAPSHOT', message: `${wanted} "second" and no models.` })
  })

  test('a mode that the operator has changed holds', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3), 'rollout'))
    live(learner, 1, 5)
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), optionsOf(likes(0)))
    const [decision] = live(again, 6, 1)
    expect([decision!.mode, decision!.trial]).toEqual(['live', undefined])
  })

  test('a journal brings a challenger back, from events alone and from a snapshot', async () => {
    const disk = emptyDisk()
    const open = () =>
      TradeLearner.open<SmallSignal>({ ...optionsOf(likes(0, 3)), store: new MemoryStore(disk), snapshotEvery: 500 })
    let learner = await open()
    await learner.challenge(likes(2, 3), 'second')
    for (const part of [0, 1, 2, 3]) {
      live(learner, 1 + 50 * part, 50)
      await learner.stored()
      const before = stateOf(learner)
      await learner.close()
      learner = await open()
      // but for the ids that are left out
      const strip = (text: string): string => text.replace(/"next":\d+/, '')
      expect(strip(stateOf(learner)) === strip(before)).toBe(true)
      expect(learner.recovery.warnings).toEqual([])
      expect(learner.status().challenger).toBe('second')
    }
    await learner.close()
  })
})
