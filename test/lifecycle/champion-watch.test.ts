import { describe, expect, test } from 'vitest'
import {
  type Companion,
  Rollout,
  type RolloutEvent,
  TradeLearner,
  type TradeLearnerOptions,
} from '../../src/lifecycle/index.ts'
import { account, candleAt, errorOf, HOUR, type SmallSignal, START, signalAt, stateOf } from './helpers.ts'
import { guards, likes, live, optionsOf, steps } from './tasters.ts'

/** What "second" likes loses from now on. */
const TURNED = [0.8, 0.8, 0.2, 0.2]

/** A learner whose "second" models were promoted, over models in mode "live", over the baseline in mode "rollout". */
function promoted(mode: 'live' | 'rollout', own: Partial<TradeLearnerOptions<SmallSignal>> = {}) {
  const learner = new TradeLearner<SmallSignal>({ ...optionsOf(likes(0, 3), mode), ...own })
  learner.challenge(likes(2, 3), 'second')
  live(learner, 1, 700)
  expect(learner.status()).toMatchObject({ version: 'second', rollout: { status: 'promoted' } })
  return learner
}
const partsOf = (learner: TradeLearner<SmallSignal>) => JSON.parse(stateOf(learner)).state.parts
const abort = (learner: TradeLearner<SmallSignal>): void =>
  void learner.tellRollout({ kind: 'abort', time: START, by: 'Ada', reason: 'enough' })

describe.each(['live', 'rollout'] as const)('models that were promoted, in mode %s,', (mode) => {
  const before = mode === 'live' ? { version: '', champion: 'models' } : { champion: 'baseline' }

  test('are watched on after a challenger has failed, and thrown out when they do harm', () => {
    const learner = promoted(mode)
    learner.challenge(likes(0), 'third')
    live(learner, 701, 20)
    expect(learner.status()).toMatchObject({ version: 'second', champion: 'models', challenger: 'third' })
    abort(learner)
    expect(learner.status()).toMatchObject({ version: 'second', challenger: '', rollout: { status: 'promoted' } })
    const [next] = live(learner, 721, 1)
    expect([next!.mode, next!.trial!.rollout]).toEqual(['live', 'second'])
    live(learner, 722, 400, TURNED)
    expect(learner.status()).toMatchObject({ ...before, challenger: '', rollout: { status: 'ended' } })
    expect(live(learner, 1122, 1)[0]!.mode).toBe(mode === 'live' ? 'live' : 'shadow')
  })

  test('are watched during the trial of a challenger, which goes on beside who comes back', () => {
    const told: string[] = []
    const moved: Companion['moved'] = ({ to, cause }, version) => void told.push(`${version} ${to.status} ${cause}`)
    const learner = promoted(mode, { companions: [{ moved }] })
    told.length = 0
    // one that chooses nobody's signals proves nothing for itself
    learner.challenge(likes(), 'third')
    for (let bar = 701; learner.status().version === 'second' && bar < 1100; bar++) live(learner, bar, 1, TURNED)
    expect(told).toEqual([expect.stringMatching(/^second ended /)])
    const rest = mode === 'live' ? { version: '', challenger: 'third' } : { version: 'third', challenger: '' }
    expect(learner.status()).toMatchObject({ ...before, ...rest, rollout: { status: 'running', step: 0 } })
    const [next] = live(learner, 1100, 1)
    expect([next!.mode, next!.trial!.rollout]).toEqual([mode === 'live' ? 'live' : 'shadow', 'third'])
    expect(partsOf(learner).watch).toBeUndefined()
    abort(learner)
    expect(learner.status()).toMatchObject({ ...before, challenger: '' })
  })

  test('are watched on, to the bit, by a learner that is restored in the trial of a challenger', () => {
    const learner = promoted(mode)
    learner.challenge(likes(0), 'third')
    live(learner, 701, 10)
    const options = optionsOf(likes(0, 3), mode)
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), options)
    expect(stateOf(again) === stateOf(learner)).toBe(true)
    for (const one of [learner, again]) {
      live(one, 711, 10)
      abort(one)
      live(one, 721, 400, TURNED)
    }
    expect(stateOf(again) === stateOf(learner)).toBe(true)
    expect(again.status()).toMatchObject({ ...before, rollout: { status: 'ended' } })
    // who has no rollout any more has none that could go on
    const { rollout: _, ...without } = options
    const saved = stateOf(promotedBeside(mode))
    const plain = { ...without, mode: 'live' } as const
    expect(partsOf(TradeLearner.restore<SmallSignal>(saved, plain)).watch).toBeUndefined()
  })
})

const promotedBeside = (mode: 'live' | 'rollout'): TradeLearner<SmallSignal> => {
  const learner = promoted(mode)
  learner.challenge(likes(0), 'third')
  return learner
}

describe('the watch over a champion', () => {
  test('stays while one challenger takes the place of another, and ends with a promotion', () => {
    const learner = promotedBeside('live')
    const { watch } = partsOf(learner)
    expect(watch.names).toEqual({ trial: 'second', champion: 'models', previousName: '' })
    learner.challenge(likes(3), 'fourth')
    expect(partsOf(learner).watch).toEqual(watch)
    live(learner, 701, 900, [0.2, 0.2, 0.4, 0.9])
    expect(learner.status()).toMatchObject({ version: 'fourth', rollout: { status: 'promoted' } })
    expect(partsOf(learner).watch).toBeUndefined()
    abort(learner)
    // who was beaten is watched no more: it had its own trial
    expect(learner.status()).toMatchObject({ version: 'second', rollout: { status: 'ended' } })
  })

  test('is none of models that nobody promoted', () => {
    const learner = new TradeLearner<SmallSignal>(optionsOf(likes(0, 3)))
    learner.challenge(likes(0), 'second')
    expect(partsOf(learner).watch).toBeUndefined()
    abort(learner)
    learner.challenge(likes(0), 'third')
    expect(partsOf(learner).watch).toBeUndefined()
  })

  test('ends where models are made to decide by mode "live", for then the baseline does not come back', () => {
    const beside = promotedBeside('rollout')
    const options = optionsOf(likes(0, 3), 'live')
    const again = TradeLearner.restore<SmallSignal>(stateOf(beside), options)
    expect(again.status()).toMatchObject({ version: 'second', challenger: 'third', champion: 'models' })
    expect(partsOf(again).watch).toBeUndefined()
    live(again, 701, 300, TURNED)
    expect(again.status().champion).toBe('models')

    const alone = TradeLearner.restore<SmallSignal>(stateOf(promoted('rollout')), options)
    alone.challenge(likes(0), 'third')
    expect(partsOf(alone).watch).toBeUndefined()
    abort(alone)
    expect(alone.status()).toMatchObject({ version: 'second', challenger: '', champion: 'models' })
    expect(live(alone, 701, 1)[0]!.mode).toBe('live')
  })

  test('keeps whoever would come back learning', () => {
    const learner = promotedBeside('live')
    const seen = (): number => partsOf(learner).watch.previous.state.success.state.seen
    const before = seen()
    live(learner, 701, 10)
    expect(seen()).toBe(before + 10)
  })

  test('hears of each signal what the champion made of it, whoever decided it', () => {
    const told = new Map<string, RolloutEvent[]>()
    class Spy extends Rollout {
      override next(name: string): Spy {
        return new Spy({ ...this.options, name })
      }
      override tell(event: RolloutEvent) {
        if (event.kind === 'settled') told.set(this.name, [...(told.get(this.name) ?? []), event])
        return super.tell(event)
      }
    }
    const learner = promoted('live', { rollout: new Spy({ name: 'first', steps, ...guards }), reportWithin: 5000 })
    // one is open when the trial begins
    learner.onCandle(candleAt('A', 1402, 100, 100, 0.001))
    const meta = { confidence: 0.3, source: 'ai' } as const
    const open = learner.decide(signalAt(1403, { meta, stop: 90, target: 110 }), account)
    learner.challenge(likes(3), 'third')
    told.clear()
    learner.learn(open.id, { exitPrice: 110, exitTime: START + 1404 * HOUR })
    const decisions = live(learner, 702, 900, [0.2, 0.2, 0.4, 0.9])
    const dealt = decisions.filter(({ trial }) => trial?.championShare !== undefined)
    expect(new Set(dealt.map(({ trial }) => trial!.arm))).toEqual(new Set(['champion', 'candidate']))
    const heard = told.get('second')!
    // the label that lets the challenger rise is the last that the watch hears of
    const trials = told.get('third')!.slice(0, dealt.length)
    expect(heard.length).toBe(trials.length + 1)
    expect(heard.shift()).toMatchObject({ arm: 'candidate', share: open.model.size / 0.1, step: 2 })
    for (const [i, event] of heard.entries()) {
      const trial = trials[i]!
      if (event.kind !== 'settled' || trial.kind !== 'settled') throw new Error('They must have been settled.')
      const { trial: deal, model, prediction } = decisions.find(({ time }) => time === event.decidedAt)!
      expect(event).toMatchObject({
        y: trial.y,
        netReturn: trial.netReturn,
        time: trial.time,
        size: trial.size,
        step: 2,
      })
      expect(event.arm).toBe(deal!.arm === 'champion' ? 'candidate' : 'champion')
      expect([event.share, event.championShare]).toEqual([model.action === 'skip' ? 0 : model.size / 0.1, undefined])
      expect(event.right).toBe(prediction.probability > 0.5 === (event.y === 1))
    }
  })

  test('counts nothing that was dealt in the trial of whoever it watches', () => {
    const learner = new TradeLearner<SmallSignal>({ ...optionsOf(likes(0, 3)), reportWithin: 5000 })
    learner.challenge(likes(2, 3), 'second')
    learner.onCandle(candleAt('A', 2, 100))
    const meta = { confidence: 0.3, source: 'ai' } as const
    const old = learner.decide(signalAt(3, { meta, stop: 90, target: 110 }), account)
    learner.challenge(likes(2, 3), 'again')
    live(learner, 2, 700)
    learner.challenge(likes(0), 'third')
    const { watch } = partsOf(learner)
    learner.learn(old.id, { exitPrice: 90, exitTime: START + 2000 * HOUR })
    expect(partsOf(learner).watch.rollout).toEqual(watch.rollout)
  })

  test('is ended by whoever names it, and by nobody who names another', () => {
    const learner = promotedBeside('rollout')
    const word = { kind: 'abort', time: START, by: 'Ada', reason: 'enough' } as const
    const before = stateOf(learner)
    for (const rollout of ['first', '', 3 as unknown as string]) {
      const error = errorOf(() => learner.tellRollout({ ...word, rollout }))
      expect([error.code, error.message]).toEqual([
        'INVALID_INPUT',
        expect.stringContaining('("third", "second"), got '),
      ])
    }
    expect(stateOf(learner)).toBe(before)
    expect(learner.tellRollout({ ...word, rollout: 'second' })).toMatchObject([{ to: { status: 'ended' }, by: 'Ada' }])
    expect(learner.status()).toMatchObject({ version: 'third', champion: 'baseline', rollout: { status: 'running' } })
    expect(learner.tellRollout({ ...word, rollout: 'third' })).toHaveLength(1)
    const { rollout: _, ...without } = optionsOf(likes(3))
    const plain = new TradeLearner<SmallSignal>(without)
    expect(errorOf(() => plain.tellRollout({ ...word, rollout: 'x' })).message).toContain('(none), got "x"')
  })

  test('is not taken from a damaged file', () => {
    const saved = JSON.parse(stateOf(promotedBeside('live')))
    const read = (change: (state: typeof saved.state) => void) => {
      const damaged = structuredClone(saved)
      change(damaged.state)
      return errorOf(() => TradeLearner.restore<SmallSignal>(damaged, optionsOf(likes(0, 3))))
    }
    for (const change of [
      ({ parts }: typeof saved.state) => void (parts.watch.names.champion = 'nobody'),
      ({ parts }: typeof saved.state) => void (parts.watch.names.trial = 3),
      ({ parts }: typeof saved.state) => void delete parts.watch.names,
      ({ parts }: typeof saved.state) => void delete parts.watch.rollout,
      ({ parts }: typeof saved.state) => void (parts.watch.previous = 1),
      ({ parts }: typeof saved.state) => void (parts.watch = null),
      ({ parts, self }: typeof saved.state) => {
        parts.challenger = null
        self.challenger = ''
      },
    ]) {
      expect(read(change).code).toBe('CORRUPT_SNAPSHOT')
    }
  })
})
