import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue, Snapshot, Vector } from '../../src/contracts.ts'
import { snapshot } from '../../src/core/snapshot.ts'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { type AnomalyScorer, HalfSpaceTrees, PrototypeNovelty } from '../../src/learners/index.ts'
import {
  FeatureMonitor,
  type FeatureSummary,
  type Monitor,
  replay,
  TradeLearner,
  type TradeLearnerOptions,
} from '../../src/lifecycle/index.ts'
import type { Decision } from '../../src/market.ts'
import { simulateMarket } from '../../src/simulate/index.ts'
import { Parrot, parrots } from './doubles.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  simulatedFeatures,
  smallFeatures,
  smallOptions,
  stateOf,
  still,
  warm,
} from './helpers.ts'
import { type BotEvent, botEvent, happen, newWorld, opening } from './stream.ts'

const { schema } = smallFeatures()
const features = schema.size
const newNovelty = (): PrototypeNovelty => new PrototypeNovelty({ features, prototypes: 15, window: 20, minSamples: 8 })
const newMonitor = (): FeatureMonitor =>
  new FeatureMonitor({ schema, reference: 20, halfLife: 10, minSamples: 5, stuckAfter: 4 })
/** {@link smallOptions} with both. */
const watched = () => ({ ...smallOptions(), novelty: newNovelty(), monitor: newMonitor() })
type Options = ReturnType<typeof watched>
const partsOf = (learner: object) =>
  JSON.parse(stateOf(learner)).state.parts as { novelty: Snapshot; monitor: Snapshot; [name: string]: Snapshot }
/** A learner's state but for the lessons, which parrots forget. */
const countless = (learner: object): string => stateOf(learner).replace(/("answer":[\d.]+,"seen":)\d+/g, '$1')
const codesOf = ({ reasons }: Pick<Decision, 'reasons'>): string[] => reasons.map(({ code }) => code)
const odd = (bar: number): SmallSignal => signalAt(bar, { meta: { confidence: 50, source: 'ai' } })

/** A learner that takes what it is asked for, after some forty signals that are alike. */
function taught(options: Partial<Options> = {}): TradeLearner<SmallSignal> {
  const learner = warm<SmallSignal>({ ...watched(), models: parrots(0.9), killSwitch: patient(), ...options })
  for (let bar = 6; bar < 46; bar++) {
    const { id } = learner.decide(usual(bar), account)
    learner.learn(id, { exitPrice: 101, exitTime: START + bar * HOUR })
    learner.onCandle(candleAt('A', bar, 100 + (bar % 3) / 10))
  }
  return learner
}
const usual = (bar: number): SmallSignal =>
  signalAt(bar, { meta: { confidence: 0.5 + (bar % 5) / 20, source: bar % 2 ? 'ai' : 'rules' } })

describe('a signal unlike the past', () => {
  test('is skipped in a live run, and says why', () => {
    const learner = taught()
    const plain = learner.decide(usual(46), account)
    expect([plain.action, codesOf(plain)]).toEqual(['take', ['TAKE_BAND']])
    const decision = learner.decide(odd(46), account)
    expect(decision).toMatchObject({ action: 'skip', size: 0, quantity: 0 })
    expect(codesOf(decision)).toEqual(['OUT_OF_DISTRIBUTION'])
    expect(decision.reasons[0]!.text).toBe(
      'Of past signals 100.00 % were less unlike what came before them; the model abstains above 99.50 %.',
    )
    expect(taught({ novelty: undefined } as never).decide(odd(46), account).action).toBe('take')
  })

  test('is followed and learned from all the same, and usual once enough of its like have come', () => {
    const models = parrots(0.9)
    const learner = taught({ models })
    const { seen } = models.success
    const actions: string[] = []
    for (let bar = 46; bar < 76; bar++) {
      actions.push(learner.decide(odd(bar), account).action)
      learner.onCandle(candleAt('A', bar, bar % 2 ? 110 : 90, 100))
    }
    expect(actions[0]).toBe('skip')
    expect(actions.at(-1)).toBe('take')
    expect(models.success.seen - seen).toBeGreaterThan(20)
    expect(models.success.lessons.at(-1)!.x[schema.names.indexOf('confidence')]).toBe(50)
  })

  test('is the baseline’s to take in shadow, where the model’s own plan says that it would abstain', () => {
    const decision = taught({ mode: 'shadow' }).decide(odd(46), account)
    expect(decision.action).toBe('take')
    expect(codesOf(decision.model)).toEqual(['OUT_OF_DISTRIBUTION'])
  })

  test('is taken where the policy never abstains', () => {
    const policy = new DecisionPolicy({ minTrades: 6, maxNovelty: 1 })
    expect(taught({ policy }).decide(odd(46), account).action).toBe('take')
  })

  test('is scored before it is learned, and every decided signal once', () => {
    const calls: string[] = []
    const novelty: AnomalyScorer = {
      seen: 0,
      scoreOf: (x) => {
        calls.push(`score ${x[schema.names.indexOf('confidence')]}`)
        return 0
      },
      learn: (x) => void calls.push(`learn ${x[schema.names.indexOf('confidence')]}`),
      toJSON: () => snapshot({ type: 'own', version: 1 }, {}, {}),
    }
    const learner = warm<SmallSignal>({ ...smallOptions(), novelty })
    calls.length = 0
    learner.predict(usual(6))
    expect(calls, 'a prediction is no decision').toEqual([])
    for (const confidence of [0.1, 0.2]) {
      learner.halt()
      learner.decide(signalAt(6, { meta: { confidence, source: 'ai' } }), account)
    }
    errorOf(() =>
      learner.decide(signalAt(6, { meta: { confidence: 0.3, source: 'ai' } }), { equity: 0, positions: [] }),
    )
    expect(calls.filter((call) => call.startsWith('learn'))).toEqual(['learn 0.1', 'learn 0.2'])
    expect(calls.slice(0, 4)).toEqual(['score 0.1', 'learn 0.1', 'score 0.2', 'learn 0.2'])
  })

  test('abstains where the score is no number', () => {
    const novelty = Object.assign(newNovelty(), { scoreOf: (x: Vector) => (x[0] === 0 ? 0 : NaN) })
    expect(codesOf(taught({ novelty }).decide(usual(46), account))).toEqual(['OUT_OF_DISTRIBUTION'])
  })

  test('in a replay of usual signals is rare', () => {
    const { candles, signals } = simulateMarket({ seed: 'usual', signals: 1000 })
    const run = (novelty?: PrototypeNovelty) => {
      const given = simulatedFeatures()
      const policy = new DecisionPolicy({ minTrades: 50, maxNovelty: 0.95 })
      return replay({
        candles,
        signals,
        learner: {
          ...{ mode: 'live' as const, features: given, models: parrots(0.9), policy, clock: still },
          ...{ killSwitch: patient(), ...(novelty === undefined ? {} : { novelty }) },
          monitor: new FeatureMonitor({ schema: given.schema }),
        },
      })
    }
    const { signals: answers, learner } = run(new PrototypeNovelty({ features: simulatedFeatures().schema.size }))
    const abstained = answers.filter(({ decision }) => codesOf(decision).includes('OUT_OF_DISTRIBUTION'))
    expect(abstained.length).toBeGreaterThan(0)
    expect(abstained.length).toBeLessThan(0.05 * answers.length)
    expect(run().signals.some(({ decision }) => codesOf(decision).includes('OUT_OF_DISTRIBUTION'))).toBe(false)
    const { features: health } = learner.status()
    expect(health).toMatchObject({ incomplete: [], stuck: [], unseen: [] })
    expect(health!.completeness).toBeGreaterThan(0.9999)
  })
})

describe('a monitor', () => {
  test('says in the status which features are missing, stuck or new; without one the status says nothing', () => {
    const monitor = new FeatureMonitor({ schema, reference: 20, minSamples: 5, stuckAfter: 4, drift: null })
    const learner = warm<SmallSignal>({ ...watched(), monitor, killSwitch: patient() }, 2)
    expect(learner.status().features).toEqual({
      ...{ completeness: NaN, stuck: [], incomplete: [], unseen: [], outOfRange: [], drifted: [] },
    })
    // two candles are too few for the indicators, and confidence changes, but then no longer
    for (let i = 0; i < 22; i++) {
      const meta = { confidence: Math.min(i, 14), source: (i % 2 ? 'astrology' : 'ai') as 'ai' }
      learner.cancel(learner.decide(signalAt(2, { meta }), account).id)
    }
    const { features: health } = learner.status()
    expect(health!.incomplete).toEqual(expect.arrayContaining(['rsi', 'winRate']))
    expect(health).toMatchObject({ stuck: ['confidence'], unseen: ['source.other'] })
    expect(health!.completeness).toBeLessThan(0.95)
    expect(warm(smallOptions()).status().features).toBeNull()
  })

  test('of a user’s own takes its place', () => {
    class OwnMonitor implements Monitor {
      static readonly type: string = 'own-monitor'
      static readonly version: number = 1
      readonly names = schema.names
      seen = 0
      get summary(): FeatureSummary {
        const completeness = this.seen
        return { completeness, stuck: [], incomplete: [], unseen: [], outOfRange: [], drifted: [] }
      }
      update(_: Vector): void {
        this.seen++
      }
      toJSON(): Snapshot {
        return snapshot(OwnMonitor, {}, { seen: this.seen })
      }
      static fromJSON(json: Snapshot): OwnMonitor {
        return Object.assign(new OwnMonitor(), json.state)
      }
    }
    const learner = warm<SmallSignal>({ ...smallOptions(), monitor: new OwnMonitor() })
    learner.decide(signalAt(6), account)
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), { ...smallOptions(), codecs: [OwnMonitor] })
    again.decide(signalAt(6), account)
    expect(again.status().features!.completeness).toBe(2)
    expect(errorOf(() => TradeLearner.restore<SmallSignal>(stateOf(learner), smallOptions())).code).toBe(
      'UNKNOWN_SNAPSHOT',
    )
  })
})

describe('a learner with both', () => {
  function play(events: readonly BotEvent[], stops: ReadonlySet<number>) {
    const world = newWorld()
    let learner = new TradeLearner<SmallSignal>(watched())
    const decisions: (Decision | undefined)[] = []
    for (const [i, event] of [...opening, ...events].entries()) {
      // neither needs to be named again: they are in the file
      if (stops.has(i))
        learner = TradeLearner.restore<SmallSignal>(stateOf(learner), i % 2 ? watched() : smallOptions())
      decisions.push(happen(learner, world, event))
    }
    return { learner, decisions }
  }

  test('goes on after a restart as if it had never stopped, to the bit', () => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(
        fc.array(botEvent, { minLength: 100, maxLength: 220, size: 'max' }),
        fc.array(fc.nat(220), { minLength: 1, maxLength: 3 }),
        (events, stops) => {
          const through = play(events, new Set())
          const stopped = play(events, new Set(stops))
          expect(JSON.stringify(stopped.decisions)).toBe(JSON.stringify(through.decisions))
          expect(stateOf(stopped.learner)).toBe(stateOf(through.learner))
          expect(stopped.learner.status()).toEqual(through.learner.status())
          for (const [name, list] of Object.entries(through.learner.status().features!)) {
            if (Array.isArray(list) && list.length > 0) reached.add(name)
          }
          for (const decision of through.decisions)
            if (decision) for (const code of codesOf(decision)) reached.add(code)
        },
      ),
      { numRuns: 40, seed: 4 },
    )
    expect([...reached]).toEqual(
      expect.arrayContaining(['OUT_OF_DISTRIBUTION', 'stuck', 'incomplete', 'outOfRange', 'drifted']),
    )
  })

  test('starts them anew, and only them, from a file that has none: of version 2, or saved without', () => {
    const without = taught({ novelty: undefined, monitor: undefined } as never)
    const old = JSON.parse(stateOf(without))
    expect(old.version).toBe(6)
    expect([old.state.parts.novelty, old.state.parts.monitor]).toEqual([null, null])
    for (const version of [2, 3]) {
      const file = JSON.parse(JSON.stringify(old))
      if (version === 2) for (const name of ['novelty', 'monitor']) delete file.state.parts[name]
      // what an older release would not have read
      const options = { ...watched(), codecs: [Parrot] }
      const learner = TradeLearner.restore<SmallSignal>({ ...file, version }, options)
      expect(learner.status().trades).toBe(40)
      learner.decide(odd(46), account)
      expect(partsOf(learner).novelty.state['seen']).toBe(1)
      expect(partsOf(learner).monitor.state['seen']).toBe(1)
      const bare = TradeLearner.restore<SmallSignal>(
        { ...file, version },
        { ...smallOptions(), killSwitch: patient(), codecs: [Parrot] },
      )
      expect(countless(bare)).toBe(countless(without))
    }
  })

  test('may score by half-space trees', () => {
    const limits = { low: Array(features).fill(-1), high: Array(features).fill(100) }
    const novelty = (): HalfSpaceTrees => new HalfSpaceTrees({ features, trees: 4, window: 10, ...(limits as object) })
    const learner = taught({ novelty: novelty() as never })
    expect(learner.decide(usual(46), account).reasons).not.toEqual([])
    const again = TradeLearner.restore<SmallSignal>(stateOf(learner), {
      ...smallOptions(),
      killSwitch: patient(),
      codecs: [Parrot],
    })
    expect(countless(again)).toBe(countless(learner))
  })
})

describe('a bad part', () => {
  const refusal = (options: Partial<TradeLearnerOptions<SmallSignal>>) => {
    const { code, message } = errorOf(() => new TradeLearner<SmallSignal>({ ...smallOptions(), ...options }))
    expect(code).toBe('INVALID_OPTION')
    return message
  }

  test('is refused when the learner is made, not at the first signal', () => {
    expect(refusal({ novelty: new PrototypeNovelty({ features: 3 }) })).toBe(
      `"novelty" must score vectors of ${features} features, got one that says: "x" must have 3 features, got ${features}.`,
    )
    expect(refusal({ novelty: {} as never })).toMatch(/"novelty".*got an object/)
    expect(refusal({ novelty: 'yes' as never })).toMatch(/"novelty".*got "yes"/)
    expect(refusal({ novelty: { ...newNovelty(), scoreOf: () => 7, learn: () => {} } as never })).toMatch(
      /a score of 7/,
    )
    expect(refusal({ monitor: new FeatureMonitor({ schema: { names: ['a'] } }) })).toMatch(
      /"monitor" must watch the 9 features of the schema in order, got 1 names without "rsi" in its place/,
    )
    const names = schema.names.toReversed()
    expect(refusal({ monitor: new FeatureMonitor({ schema: { names } }) })).toMatch(/got 9 names without "rsi"/)
    expect(refusal({ monitor: {} as never })).toMatch(/got no names/)
  })

  test('in a file is refused, too', () => {
    const saved = stateOf(warm<SmallSignal>(watched()))
    const withPart = (name: string, part: JsonValue | undefined) => {
      const file = JSON.parse(saved)
      if (part === undefined) delete file.state.parts[name]
      else file.state.parts[name] = part
      return errorOf(() => TradeLearner.restore<SmallSignal>(JSON.stringify(file), watched()))
    }
    const plain = (part: object): JsonValue => JSON.parse(stateOf(part))
    for (const name of ['novelty', 'monitor']) {
      for (const part of [undefined, 'x', 3, [], {}]) {
        expect(['CORRUPT_SNAPSHOT', 'UNKNOWN_SNAPSHOT'], name).toContain(withPart(name, part).code)
      }
      const { interval } = partsOf(JSON.parse(saved))
      expect(withPart(name, interval as never).message).toMatch(`"${name}" must be saved as a part with`)
    }
    expect(withPart('novelty', plain(new PrototypeNovelty({ features: 3 })))).toMatchObject({
      code: 'CORRUPT_SNAPSHOT',
    })
    const other = withPart('monitor', plain(new FeatureMonitor({ schema: { names: ['a'] } })))
    expect(other).toMatchObject({ code: 'CORRUPT_SNAPSHOT', message: expect.stringContaining('got 1 names') })
  })

  test('that fails while it learns leaves no decision behind, and nobody waiting', () => {
    for (const part of ['novelty', 'monitor'] as const) {
      const options = watched()
      const learner = warm<SmallSignal>(options)
      const verb = part === 'novelty' ? 'learn' : 'update'
      Object.assign(options[part], {
        [verb]: () => {
          throw new Error('out of order')
        },
      })
      expect(() => learner.decide(signalAt(6), account)).toThrow('out of order')
      expect(learner.status().open).toBe(0)
      expect(JSON.stringify(partsOf(learner)['labeler'])).not.toContain('tl-1')
      // the other has had its turn
      expect(partsOf(learner)[part === 'novelty' ? 'monitor' : 'novelty'].state['seen']).toBe(1)
    }
  })
})
