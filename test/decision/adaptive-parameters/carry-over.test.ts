import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSnapshot } from '../../../src/core/snapshot.ts'
import { unpackState } from '../../../src/core/state.ts'
import { AdaptiveParameters, type AdaptiveParametersOptions } from '../../../src/decision/adaptive-parameters/index.ts'
import { createLayout } from '../../../src/decision/adaptive-parameters/options.ts'
import { type SavedState, savedTemplate } from '../../../src/decision/adaptive-parameters/state.ts'
import { closedSignals, HOUR, type World } from './stream.ts'

type Given = Partial<AdaptiveParametersOptions>

const band = (probability: number): number => (probability > 0.69 ? 0.3 : probability > 0.6 ? -0.5 : -0.1)
const given: Given = { falseChangeEvery: 300, sources: ['knows', 'guesses'] }
const threshold = { approved: 0.6, low: 0.5, high: 0.75, step: 0.03 }
const size = { approved: 1, low: 0, high: 1, step: 0.1 }
const distance = { approved: 2, low: 1, high: 3, step: 0.2 }
const weight = { approved: 1, low: 0.4, high: 2, step: 0.2 }

function live(options: Given, world: World): AdaptiveParameters {
  const parameters = new AdaptiveParameters(options)
  for (const signal of closedSignals(parameters, world)) parameters.learn(signal)
  return parameters
}
const world: World = { seed: 'votes', signals: 3000, mean: (p, vote) => band(p) + 0.5 * vote, stopEdge: (d) => 2 - d }
const old = live(given, world)
const under = (options: Given, saved: AdaptiveParameters = old): AdaptiveParameters =>
  AdaptiveParameters.restore(parseSnapshot(JSON.stringify(saved)), options)

/** All that is known of a parameter. */
const partOf = (parameters: AdaptiveParameters, name: string) => ({
  evidence: parameters.evidence(name),
  value: inUse(parameters, name),
  pending: parameters.pending.filter((change) => change.name === name),
})
function inUse({ names, values, options }: AdaptiveParameters, name: string): number {
  const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weights } = values
  expect(names).toHaveLength(4 + options.sources.length)
  return [entryThreshold, sizeMultiplier, stopAtr, targetAtr, ...weights][names.indexOf(name)]!
}
const evidenceOf = (parameters: AdaptiveParameters, name: string): number =>
  parameters.evidence(name).reduce((sum, { evidence }) => sum + evidence.n, 0)
/** What the restart has done, by name. */
const done = (parameters: AdaptiveParameters) =>
  parameters.history.slice(old.history.length).map(({ kind, name, from, to }) => `${kind} ${name} ${from} ${to}`)

test('the life that is saved here has something to lose in every part', () => {
  expect(old.history.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    expect.arrayContaining(['learnt entryThreshold', 'learnt stopAtr', 'learnt weight:knows']),
  )
  for (const name of old.names) expect(evidenceOf(old, name), name).toBeGreaterThan(50)
  expect(Math.abs(old.lean([1, 0]))).toBeGreaterThan(0.05)
})

const ALL = old.names
const WEIGHTS = ALL.slice(4)
describe('a change of the configuration touches what rests on it, and nothing else:', () => {
  test.each<[string, Given, readonly string[]]>([
    ['nothing', {}, []],
    ['another approved threshold', { entryThreshold: { ...threshold, approved: 0.57 } }, ['entryThreshold']],
    ['another approved size', { sizeMultiplier: { ...size, approved: 0.5 } }, ['sizeMultiplier']],
    ['a finer grid of sizes', { sizeMultiplier: { ...size, step: 0.05 } }, ['sizeMultiplier']],
    ['what deserves the full size', { fullSizeEdge: 0.06 }, ['sizeMultiplier']],
    [
      'another approved target',
      { targetAtr: { ...distance, approved: 2.2 } },
      ALL.filter((name) => name !== 'stopAtr'),
    ],
    ['a wider bound of stops', { stopAtr: { ...distance, high: 3.1 } }, ALL.slice(0, 4)],
    [
      'a wider bound of stops and of targets, of which no value lies beyond the last',
      { stopAtr: { ...distance, high: 3.1 }, targetAtr: { ...distance, high: 3.1 } },
      ALL.slice(0, 4),
    ],
    ['a bound of weights', { weight: { ...weight, high: 2.2 } }, WEIGHTS],
    ['one source more', { sources: ['knows', 'guesses', 'new'] }, WEIGHTS],
    ['one source less', { sources: ['knows'] }, WEIGHTS],
    ['the memory', { halfLife: 300 }, ALL],
    ['what may move freely', { freeShare: 0.25 }, []],
    ['what chance may do', { falseChangeEvery: 400 }, []],
    ['the least number', { minSamples: 40 }, []],
  ])('%s', (_, change, touched) => {
    const options = { ...given, ...change }
    const restored = under(options)
    for (const name of restored.names.filter((one) => old.names.includes(one))) {
      if (touched.includes(name)) expect(evidenceOf(restored, name), name).toBe(0)
      // what evidence has to reach is the configuration's
      else expect(partOf(restored, name), name).toEqual(aimed(partOf(old, name), restored))
    }
    const names = touched.filter((name) => restored.names.includes(name))
    const news = restored.history.slice(old.history.length)
    expect(news.map(({ kind, name }) => `${kind} ${name}`)).toEqual(names.map((name) => `restarted ${name}`))
    expect([restored.seen, restored.clusters]).toEqual([old.seen, old.clusters])
    // once is enough
    expect(JSON.stringify(under(options, restored))).toBe(JSON.stringify(restored))
  })

  /** The same evidence, where it has to reach what it has to reach today. */
  function aimed(part: ReturnType<typeof partOf>, today: AdaptiveParameters): ReturnType<typeof partOf> {
    const { needed } = today.evidence('entryThreshold')[0]!.evidence
    return {
      ...part,
      evidence: part.evidence.map(({ value, evidence }) => ({ value, evidence: { ...evidence, needed } })),
    }
  }
})

describe("a person's new word", () => {
  test('wins over what was learnt', () => {
    expect(old.values.entryThreshold).toBeGreaterThan(0.65)
    const restored = under({ ...given, entryThreshold: { ...threshold, approved: 0.57 } })
    expect(restored.values.entryThreshold).toBe(0.57)
    expect(done(restored)).toEqual([`restarted entryThreshold ${old.values.entryThreshold} 0.57`])
    expect(restored.history.at(-1)!.reason).toBe('The configuration approves another value than it did.')
    expect(restored.pending.filter(({ name }) => name === 'entryThreshold')).toEqual([])
  })

  test('that agrees with what is in use loses nothing', () => {
    const approved = old.values.entryThreshold
    const restored = under({ ...given, entryThreshold: { ...threshold, approved } })
    expect([done(restored), restored.values]).toEqual([[], old.values])
    expect(evidenceOf(restored, 'entryThreshold')).toBe(evidenceOf(old, 'entryThreshold'))
  })
})

describe('a value in use', () => {
  test('stays where its evidence begins anew, unless it is none of the grid or not allowed any more', () => {
    const { stopAtr } = old.values
    expect(stopAtr).toBeLessThan(2)
    expect(under({ ...given, halfLife: 300 }).values).toEqual(old.values)
    const coarse = under({ ...given, stopAtr: { ...distance, step: 0.5 } })
    expect([coarse.values.stopAtr, done(coarse)]).toEqual([
      2,
      expect.arrayContaining([`restarted stopAtr ${stopAtr} 2`]),
    ])
    expect(coarse.history.find(({ name, kind }) => name === 'stopAtr' && kind === 'restarted')!.reason).toBe(
      "What its evidence rests on is configured otherwise than it was, and the value in use is none of today's.",
    )
    const strict = under({ ...given, halfLife: 300, freeShare: 0.05 })
    expect(strict.values.stopAtr).toBe(2)
    expect(strict.history.find(({ name, kind }) => name === 'stopAtr' && kind === 'restarted')!.reason).toMatch(
      /and the value in use is not approved\.$/,
    )
    // where its evidence goes on, it waits for a person instead
    const waiting = under({ ...given, freeShare: 0.05 })
    expect(waiting.values.stopAtr).toBe(2)
    expect(waiting.pending.map(({ name, to }) => [name, to])).toContainEqual(['stopAtr', stopAtr])
  })
})

describe('what a restart has done', () => {
  test('is told in full', () => {
    const { sizeMultiplier, entryThreshold } = old.values
    const restored = under({ ...given, fullSizeEdge: 0.06, entryThreshold: { ...threshold, approved: 0.57 } })
    const entry = { kind: 'restarted', time: old.history.at(-1)!.time, evidence: null, by: '' }
    const dated = { ...entry, id: expect.any(Number), time: restored.history.at(-1)!.time }
    expect(restored.history.slice(old.history.length)).toEqual([
      {
        ...{ ...dated, name: 'entryThreshold', from: entryThreshold, to: 0.57 },
        reason: 'The configuration approves another value than it did.',
      },
      {
        ...{ ...dated, name: 'sizeMultiplier', from: sizeMultiplier, to: sizeMultiplier },
        reason: 'What its evidence rests on is configured otherwise than it was.',
      },
    ])
  })

  test('is nothing where nothing was lost', () => {
    const fresh = new AdaptiveParameters(given)
    expect(under({ ...given, halfLife: 300, fullSizeEdge: 0.06 }, fresh).history).toEqual([])
    // a value that moves is something
    const moved = under({ ...given, entryThreshold: { ...threshold, approved: 0.57 } }, fresh)
    expect(moved.history.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['restarted entryThreshold'])
  })

  test('may be to leave a value where it is at the low end of its range', () => {
    const low = {
      ...given,
      entryThreshold: { approved: 0.57, low: 0.57, high: 0.75, step: 0.03 },
      falseChangeEvery: 1e9,
    }
    const restored = under({ ...low, halfLife: 300 }, live(low, { ...world, signals: 50 }))
    expect(restored.history.map(({ name, reason }) => [name, reason])).toContainEqual([
      'entryThreshold',
      'What its evidence rests on is configured otherwise than it was.',
    ])
  })
})

describe('a value that a person had approved', () => {
  const agreed = live(given, { seed: 'lose', signals: 1500, mean: () => -1 })
  agreed.approve('sizeMultiplier', 'Ada', 'yes')
  const inUseThen = agreed.values.sizeMultiplier

  test('waits again, once, whatever else was asked for meanwhile', () => {
    const again = AdaptiveParameters.restore(agreed.toJSON(), given)
    const reason = 'It was in use when the state was saved, but a file cannot say whether a person had approved it.'
    const told = { name: 'sizeMultiplier', from: 1, to: inUseThen, by: '', evidence: null, reason }
    expect(again.history.slice(-2)).toEqual(
      ['refused', 'proposed'].map((kind) => expect.objectContaining({ ...told, kind })),
    )
    const more = live(given, { seed: 'lose', signals: 1500, mean: () => -1 })
    more.approve('sizeMultiplier', 'Ada', 'yes')
    const after = more.seen * HOUR
    for (const signal of closedSignals(more, { seed: 'on', signals: 1500, mean: () => -1 })) {
      more.learn({ ...signal, time: signal.time + after, closedAt: signal.closedAt + after })
      if (more.pending.some(({ name }) => name === 'sizeMultiplier')) break
    }
    const asked = more.pending.find(({ name }) => name === 'sizeMultiplier')!
    expect(asked.to).not.toBe(more.values.sizeMultiplier)
    const waiting = under(given, more).pending.filter(({ name }) => name === 'sizeMultiplier')
    expect(waiting.map(({ to }) => to)).toEqual([more.values.sizeMultiplier])
  })

  test('and waits without evidence says so where it waits no more', () => {
    const again = AdaptiveParameters.restore(agreed.toJSON(), given)
    const third = under({ ...given, fullSizeEdge: 0.06 }, again)
    expect(third.history.slice(again.history.length).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'restarted sizeMultiplier',
    ])
    expect(third.pending.filter(({ name }) => name === 'sizeMultiplier')).toEqual([])
  })
})

describe('a proposal', () => {
  const strict = { ...given, freeShare: 0.05 }
  const waits = live(strict, { seed: 'lose', signals: 1500, mean: () => -1 })

  test('waits no more where it needs no approval any more: evidence alone decides then', () => {
    const waiting = waits.pending.find(({ name }) => name === 'sizeMultiplier')!
    const today = { ...strict, freeShare: 0.999 }
    const restored = under(today, waits)
    expect(restored.pending.filter(({ name }) => name === 'sizeMultiplier')).toEqual([])
    expect(restored.history).toContainEqual({
      ...{ ...waiting, kind: 'withdrawn', reason: 'It needs no approval any more.' },
      ...{ id: expect.any(Number), time: expect.any(Number) },
    })
    const after = waits.seen * HOUR
    for (const signal of closedSignals(restored, { seed: 'lose', signals: 3, mean: () => -1 })) {
      restored.learn({ ...signal, time: signal.time + after, closedAt: signal.closedAt + after })
    }
    expect(restored.history.at(-1)).toMatchObject({ kind: 'learnt', name: 'sizeMultiplier' })
    // 0 is farther away than any share of 1
    expect(restored.pending.filter(({ name }) => name === 'sizeMultiplier').map(({ to }) => to)).toEqual([0])
  })

  test('for a value that the configuration approves meanwhile is answered by it', () => {
    const { to } = waits.pending.find(({ name }) => name === 'sizeMultiplier')!
    const restored = under({ ...strict, sizeMultiplier: { ...size, approved: to } }, waits)
    expect([restored.values.sizeMultiplier, restored.pending.filter(({ name }) => name === 'sizeMultiplier')]).toEqual([
      to,
      [],
    ])
  })
})

describe('sources', () => {
  test('keep their records, in whatever order they are named; a new one has none', () => {
    const turned = under({ ...given, sources: ['guesses', 'knows'] })
    for (const [a, b] of [
      [1, 1],
      [1, -1],
      [0, 1],
      [-1, 0],
    ] as const) {
      expect(turned.lean([b, a])).toBeCloseTo(old.lean([a, b]), 12)
    }
    expect(turned.values.weights).toEqual([...old.values.weights].reverse())
    // who is named first is nothing that evidence rests on
    expect(done(turned)).toEqual([])
    for (const name of old.names) expect(partOf(turned, name), name).toEqual(partOf(old, name))
    const more = under({ ...given, sources: ['new', 'knows', 'guesses'] })
    expect(more.values.weights).toEqual([1, ...old.values.weights])
    expect(more.lean([1, 0, 0])).toBe(0)
    expect(more.lean([0, 1, 0])).not.toBe(0)
  })

  test('that are gone stay in the history, which can be read again', () => {
    const less = under({ ...given, sources: [] })
    const again = under({ ...given, sources: [] }, less)
    expect(JSON.stringify(again)).toBe(JSON.stringify(less))
    expect(again.history.map(({ name }) => name)).toContain('weight:knows')
    expect(() => again.revert('weight:knows', 'luck')).toThrow('"name" must be a parameter\'s, got "weight:knows".')
  })
})

describe('whatever was configured then and is now,', () => {
  const range = (low: number, high: number, step: number) =>
    fc
      .integer({ min: 0, max: 4 })
      .map((at) => ({ approved: Number((low + at * step).toPrecision(12)), low, high, step }))
  const options: fc.Arbitrary<Given> = fc.record(
    {
      entryThreshold: fc.oneof(range(0.5, 0.75, 0.05), range(0.5, 0.7, 0.03)),
      sizeMultiplier: fc.oneof(range(0.2, 1, 0.2), range(0, 1, 0.1)),
      stopAtr: fc.oneof(range(1, 3, 0.4), range(1.5, 3, 0.25)),
      weight: fc.oneof(range(0.4, 2, 0.4), range(0.5, 1.5, 0.25)),
      sources: fc.subarray(['a', 'b', 'c']).chain((names) => fc.shuffledSubarray(names, { minLength: names.length })),
      freeShare: fc.constantFrom(0.05, 0.2, 0.5),
      halfLife: fc.constantFrom(100, 250),
      fullSizeEdge: fc.constantFrom(0.05, 0.1),
      falseChangeEvery: fc.constantFrom(1, 10),
      minSamples: fc.constantFrom(2, 10),
    },
    { requiredKeys: ['falseChangeEvery', 'minSamples'] },
  )
  /** Some of what is configured is configured otherwise. */
  const changed = fc
    .tuple(options, options, fc.infiniteStream(fc.boolean()))
    .map(([then, other, coins]): [Given, Given] => [
      then,
      { ...then, ...Object.fromEntries(Object.entries(other).filter(() => coins.next().value)) },
    ])

  function lived(options: Given, seed: string, agrees: boolean): AdaptiveParameters {
    const parameters = new AdaptiveParameters(options)
    for (const signal of closedSignals(parameters, { seed, signals: 150, open: 3, mean: (p) => 3 * band(p) })) {
      parameters.learn(signal)
      if (agrees && parameters.pending[0]) parameters.approve(parameters.pending[0].name, 'Ada', 'yes')
    }
    return parameters
  }

  /** What today's parameter is allowed to be, without a person and with one. */
  function rangeOf({ options }: AdaptiveParameters, name: string) {
    const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weight: each } = options
    return { entryThreshold, sizeMultiplier, stopAtr, targetAtr }[name] ?? each
  }

  /** What evidence about a parameter is about, written down for itself: ranges but for what is approved, and what it is told by. */
  function ground({ options }: AdaptiveParameters, name: string): unknown[] {
    const { stopAtr, targetAtr, halfLife, fullSizeEdge, sources } = options
    const [stop, target] = [stopAtr.approved, targetAtr.approved]
    if (name === 'stopAtr' || name === 'targetAtr') return [halfLife, stopAtr.high, targetAtr.high]
    if (name === 'entryThreshold') return [halfLife, stop, target, Math.max(stopAtr.high, targetAtr.high)]
    if (name === 'sizeMultiplier') return [halfLife, stop, target, Math.max(stopAtr.high, targetAtr.high), fullSizeEdge]
    return [halfLife, stop, target, [...sources].sort()]
  }

  /** A parameter's own numbers, as they are saved. */
  function rawOf(parameters: AdaptiveParameters, name: string): number[] {
    const layout = createLayout(parameters.options)
    const { state } = parseSnapshot(JSON.stringify(parameters))
    const { evidence, cluster } = unpackState(state, savedTemplate(layout)) as unknown as SavedState
    const [from, to] = [0, 1].map((next) => layout.offsets[layout.names.indexOf(name) + next]!)
    return [...Object.values(evidence), ...Object.values(cluster)].flatMap((numbers) => {
      const each = numbers.length / layout.offsets.at(-1)!
      return [...numbers.slice(from! * each, to! * each)]
    })
  }

  test('values are allowed, what is not touched is where it was to the bit, and a restart changes nothing twice', () => {
    let [untouched, touched] = [0, 0]
    fc.assert(
      fc.property(changed, fc.nat().map(String), fc.boolean(), ([then, now], seed, agrees) => {
        const saved = lived(then, seed, agrees)
        const restored = under(now, saved)
        const { freeShare } = restored.options
        const news = restored.history.filter(({ id }) => id > saved.changes)
        for (const name of restored.names) {
          const { approved, low, high, step } = rangeOf(restored, name)
          const value = inUse(restored, name)
          expect(value >= low && value <= high, name).toBe(true)
          expect(Math.abs(value - approved), name).toBeLessThanOrEqual(freeShare * approved * (1 + 1e-9))
          if (!saved.names.includes(name)) {
            expect(value, name).toBe(approved)
            continue
          }
          const before = rangeOf(saved, name)
          const was = inUse(saved, name)
          const isNews = news.some((change) => change.name === name)
          const free = Math.abs(was - approved) <= freeShare * approved * (1 + 1e-9)
          const isSame =
            JSON.stringify([low, high, step, ...ground(restored, name)]) ===
            JSON.stringify([before.low, before.high, before.step, ...ground(saved, name)])
          if (isSame && free && (approved === before.approved || was === approved)) {
            untouched++
            expect(value, name).toBe(was)
            expect(rawOf(restored, name), name).toEqual(rawOf(saved, name))
            for (const change of saved.pending.filter((one) => one.name === name)) {
              const waits = Math.abs(change.to - approved) > freeShare * approved * (1 + 1e-9)
              if (waits) expect(restored.pending).toContainEqual(change)
              else expect(news).toContainEqual(expect.objectContaining({ name, kind: 'withdrawn', to: change.to }))
            }
          } else if (approved !== before.approved && was !== approved) {
            touched++
            expect(value, name).toBe(approved)
            expect(news).toContainEqual(expect.objectContaining({ name, kind: 'restarted', from: was, to: approved }))
          } else if (value !== was) {
            touched++
            // whatever moves says so
            expect(isNews, name).toBe(true)
          }
          if (value !== was) expect(new Set(rawOf(restored, name)), name).toEqual(new Set([0]))
        }
        expect(JSON.stringify(under(now, restored))).toBe(JSON.stringify(restored))
        if (agrees) return
        // without a person's word the same configuration is no restart
        expect(JSON.stringify(under(then, saved))).toBe(JSON.stringify(saved))
      }),
      { numRuns: 100 },
    )
    expect(Math.min(untouched, touched)).toBeGreaterThan(50)
  })

  test('nothing goes further afterwards than a person has approved here', () => {
    fc.assert(
      fc.property(changed, fc.nat().map(String), ([then, now], seed) => {
        const restored = under(now, lived(then, seed, true))
        const approved = new Map(restored.names.map((name) => [name, rangeOf(restored, name).approved]))
        const after = 200 * HOUR
        for (const signal of closedSignals(restored, { seed: `${seed}!`, signals: 60, mean: (p) => 3 * band(p) })) {
          restored.learn({ ...signal, time: signal.time + after, closedAt: signal.closedAt + after })
          const [first] = restored.pending
          if (first && first.id % 3 === 0) {
            restored.approve(first.id, 'Ada', 'yes')
            approved.set(first.name, first.to)
          }
          for (const name of restored.names) {
            const from = approved.get(name)!
            const most = restored.options.freeShare * from * (1 + 1e-9)
            expect(Math.abs(inUse(restored, name) - from), name).toBeLessThanOrEqual(most)
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})

test('what a restart does not touch goes on in the middle of a cluster as if there had been none', () => {
  const told = { ...given, falseChangeEvery: 1000 }
  const before = live(told, { ...world, signals: 400, open: 8 })
  const finer = { ...told, sizeMultiplier: { ...size, step: 0.05 } }
  const restored = under(finer, before)
  const after = before.seen * HOUR
  for (const signal of closedSignals(before, { ...world, seed: 'on', signals: 400, open: 8 })) {
    const later = { ...signal, time: signal.time + after, closedAt: signal.closedAt + after }
    for (const parameters of [before, restored]) parameters.learn(later)
  }
  for (const name of before.names.filter((one) => one !== 'sizeMultiplier')) {
    const [a, b] = [before, restored].map((parameters) =>
      parameters.evidence(name).map(({ value, evidence }) => [value, evidence.n, evidence.estimate, evidence.capital]),
    )
    expect(b, name).toEqual(a)
  }
  expect([restored.clusters, restored.lean([1, -1])]).toEqual([before.clusters, before.lean([1, -1])])
})
