import { describe, expect, test } from 'vitest'
import { parseSnapshot, restore } from '../../../src/core/snapshot.ts'
import { AdaptiveParameters, type AdaptiveParametersOptions } from '../../../src/decision/adaptive-parameters/index.ts'
import { damageLaws } from '../../../src/testing/damage-laws.ts'
import { closedSignals, HOUR, type World } from './stream.ts'

type Given = Partial<AdaptiveParametersOptions>

function run(world: World, given: Given = {}): AdaptiveParameters {
  const parameters = new AdaptiveParameters(given)
  for (const signal of closedSignals(parameters, world)) parameters.learn(signal)
  return parameters
}
const changes = (parameters: AdaptiveParameters) =>
  parameters.history.filter(({ kind }) => kind === 'learnt' || kind === 'proposed')
const firstChange = (parameters: AdaptiveParameters, of: string) =>
  parameters.history.find(({ name, kind }) => name === of && kind === 'learnt')!
const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

/** Trades that the threshold of 0.6 takes up to 0.69 lose half an ATR. */
const losingBand = (probability: number): number => (probability > 0.69 ? 0.3 : probability > 0.6 ? -0.5 : -0.1)
const eager: Given = { falseChangeEvery: 300 }

describe('false changes', () => {
  test('where nothing is better, values change by chance no more often than stated', () => {
    const every = 200
    let found = 0
    let clusters = 0
    for (let seed = 0; seed < 12; seed++) {
      const parameters = run({ seed: `rest ${seed}`, signals: 4000 }, { falseChangeEvery: every, sources: ['a', 'b'] })
      found += changes(parameters).length
      clusters += parameters.clusters
    }
    expect(clusters).toBeGreaterThan(20_000)
    expect(found).toBeLessThanOrEqual(clusters / every)
  })

  test('nor where a label is open for 24 signals and neighbours share their luck', () => {
    const every = 50
    let found = 0
    let clusters = 0
    for (let seed = 0; seed < 8; seed++) {
      const parameters = run({ seed: `open ${seed}`, signals: 12_000, open: 24 }, { falseChangeEvery: every })
      found += changes(parameters).length
      clusters += parameters.clusters
    }
    expect(clusters).toBeGreaterThan(1_500)
    expect(found).toBeLessThanOrEqual(clusters / every)
  })

  test('signals that are open together are one piece of evidence', () => {
    const apart = run({ seed: 'x', signals: 480 })
    const together = run({ seed: 'x', signals: 480, open: 24 })
    expect(apart.clusters).toBeGreaterThan(200)
    expect(together.clusters).toBeLessThan(20)
  })
})

describe('known changes are found', () => {
  test('the threshold rises above a band that loses, and what it rests on is told', () => {
    const parameters = run({ seed: 'band', signals: 6000, mean: losingBand }, eager)
    const first = firstChange(parameters, 'entryThreshold')
    expect(first).toMatchObject({ kind: 'learnt', from: 0.6, by: '' })
    expect(first.to).toBeGreaterThan(0.6)
    expect(first.evidence!.capital).toBeGreaterThanOrEqual(first.evidence!.needed)
    expect(first.evidence!.n).toBeGreaterThanOrEqual(30)
    expect(first.evidence!.low).toBeGreaterThan(0)
    expect(parameters.values.entryThreshold).toBeGreaterThanOrEqual(0.66)
  })

  test('the size falls where trades lose, to 80 % by itself and further once a person agrees', () => {
    const parameters = run({ seed: 'lose', signals: 6000, mean: () => -0.4 }, eager)
    expect(parameters.values.sizeMultiplier).toBe(0.8)
    const proposal = parameters.pending.find(({ name }) => name === 'sizeMultiplier')!
    expect(proposal.to).toBeLessThan(0.8)
    parameters.approve('sizeMultiplier', 'operator', 'the strategy is out of season')
    expect(parameters.values.sizeMultiplier).toBe(proposal.to)
    expect(parameters.history.at(-1)).toMatchObject({ kind: 'approved', by: 'operator', from: 0.8, to: proposal.to })
  })

  test('no size is ever above the approved one where that is 1', () => {
    const parameters = run({ seed: 'rich', signals: 4000, mean: () => 1.5 }, { falseChangeEvery: 10 })
    expect(parameters.values.sizeMultiplier).toBe(1)
    expect(
      codeOf(() => new AdaptiveParameters({ sizeMultiplier: { approved: 1, low: 0, high: 1.5, step: 0.1 } })),
    ).toBe('INVALID_OPTION')
  })

  test('a stop moves to the distance that would have returned more', () => {
    const world = { seed: 'stop', signals: 4000, stopEdge: (distance: number) => (distance <= 1.6 ? 0.5 : 0) }
    const parameters = run(world, eager)
    expect(parameters.values.stopAtr).toBeLessThanOrEqual(1.6)
    expect(parameters.values.targetAtr).toBe(2)
  })

  test('the source that knows something gains weight, the others lose', () => {
    const mean = (_: number, vote: number) => 0.7 * vote
    const parameters = run({ seed: 'votes', signals: 8000, mean }, { ...eager, sources: ['knows', 'guesses'] })
    expect(parameters.values.weights[0]).toBe(1.2)
    expect(parameters.values.weights[1]).toBe(0.8)
    expect(parameters.pending.map(({ name }) => name)).toContain('weight:knows')
  })

  test('a change that comes late is found as well', () => {
    const parameters = new AdaptiveParameters(eager)
    for (const signal of closedSignals(parameters, { seed: 'calm', signals: 8000 })) parameters.learn(signal)
    expect(parameters.values.entryThreshold).toBe(0.6)
    const after = parameters.seen * HOUR
    for (const signal of closedSignals(parameters, { seed: 'late', signals: 3000, mean: losingBand })) {
      parameters.learn({ ...signal, time: signal.time + after, closedAt: signal.closedAt + after })
    }
    expect(parameters.values.entryThreshold).toBeGreaterThan(0.6)
  })
})

describe('people', () => {
  const proposed = () => run({ seed: 'lose', signals: 6000, mean: () => -0.4 }, eager)

  test('what is rejected does not apply and has to earn its evidence anew', () => {
    const parameters = proposed()
    parameters.reject('sizeMultiplier', 'operator', 'not yet')
    expect(parameters.values.sizeMultiplier).toBe(0.8)
    expect(parameters.pending.map(({ name }) => name)).not.toContain('sizeMultiplier')
    expect(parameters.evidence('sizeMultiplier').every(({ evidence }) => evidence.capital === 0)).toBe(true)
  })

  test('what was changed can be reverted by name and by id', () => {
    const parameters = proposed()
    const first = firstChange(parameters, 'sizeMultiplier')
    parameters.revert(first.id, 'it was luck')
    expect(first.from).toBe(1)
    expect(parameters.values.sizeMultiplier).toBe(1)
    expect(parameters.history.at(-1)).toMatchObject({ kind: 'reverted', from: 0.8, to: 1, evidence: null })
    parameters.revert('sizeMultiplier', 'it was not')
    expect(parameters.values.sizeMultiplier).toBe(0.8)
  })

  test('after an approval 20 % are counted from the new value, and going back farther waits again', () => {
    const parameters = proposed()
    const to = parameters.pending.find(({ name }) => name === 'sizeMultiplier')!.to
    parameters.approve('sizeMultiplier', 'operator', 'yes')
    parameters.revert(firstChange(parameters, 'sizeMultiplier').id, 'no')
    expect(parameters.values.sizeMultiplier).toBe(to)
    expect(parameters.pending.at(-1)).toMatchObject({ name: 'sizeMultiplier', to: 1, evidence: null })
  })

  test('nothing is approved without a name, a reason and a proposal', () => {
    const parameters = proposed()
    expect(codeOf(() => parameters.approve('sizeMultiplier', '', 'yes'))).toBe('INVALID_INPUT')
    expect(codeOf(() => parameters.approve('sizeMultiplier', 'me', ''))).toBe('INVALID_INPUT')
    expect(codeOf(() => parameters.approve('targetAtr', 'me', 'yes'))).toBe('INVALID_INPUT')
    expect(codeOf(() => parameters.revert('targetAtr', 'yes'))).toBe('INVALID_INPUT')
    expect(codeOf(() => parameters.evidence('price'))).toBe('INVALID_INPUT')
    expect(parameters.values.sizeMultiplier).toBe(0.8)
  })
})

describe('values', () => {
  test('who holds them while deciding sees no change', () => {
    const parameters = new AdaptiveParameters(eager)
    const held = parameters.values
    for (const signal of closedSignals(parameters, { seed: 'lose', signals: 3000, mean: () => -0.4 }))
      parameters.learn(signal)
    expect(held.sizeMultiplier).toBe(1)
    expect(parameters.values.sizeMultiplier).toBe(0.8)
    expect(parameters.values).toBe(parameters.values)
    expect(Object.isFrozen(parameters.values)).toBe(true)
  })

  test('numbers that cannot be are refused and change nothing', () => {
    const parameters = run({ seed: 'a', signals: 50 }, { sources: ['a'] })
    const before = JSON.stringify(parameters)
    const [good] = closedSignals(parameters, { seed: 'b', signals: 1 })
    const bad = [
      { netReturn: NaN },
      { atr: 0 },
      { probability: 1.1 },
      { closedAt: good!.time - 1 },
      { time: 1_700_000 },
      { votes: [1, 1] },
      { stopReturns: [1] },
      { targetReturns: good!.targetReturns && Array.from(good!.targetReturns, () => Infinity) },
      { wanted: 1 as unknown as boolean },
    ]
    for (const fault of bad) expect(codeOf(() => parameters.learn({ ...good!, ...fault }))).toMatch(/^INVALID_/)
    expect(JSON.stringify(parameters) === before).toBe(true)
  })

  test('distances that are not known are no evidence', () => {
    const parameters = new AdaptiveParameters({ falseChangeEvery: 1, minSamples: 2 })
    for (const signal of closedSignals(parameters, { seed: 'nan', signals: 500 })) {
      const stopReturns = Float64Array.from(parameters.distances.stopAtr, (d) => (d < 2 ? 0.05 : NaN))
      parameters.learn({ ...signal, stopReturns, targetReturns: undefined })
    }
    expect(parameters.evidence('stopAtr').every(({ evidence }) => evidence.n === 0)).toBe(true)
    expect(parameters.evidence('targetAtr').every(({ evidence }) => evidence.n === 0)).toBe(true)
  })
})

describe('snapshots', () => {
  const given: Given = { ...eager, sources: ['a', 'b'] }
  const world: World = { seed: 'saved', signals: 2500, mean: losingBand }
  const reread = (parameters: AdaptiveParameters, options: Given = given): AdaptiveParameters =>
    restore(parseSnapshot(JSON.stringify(parameters)), [AdaptiveParameters.codec(options)])

  test('one that is read back goes on bit for bit', () => {
    const whole = new AdaptiveParameters(given)
    let split = new AdaptiveParameters(given)
    for (const [i, signal] of [...closedSignals(whole, world)].entries()) {
      whole.learn(signal)
      split.learn(signal)
      if (i % 500 === 7) split = reread(split)
    }
    expect(JSON.stringify(split) === JSON.stringify(whole)).toBe(true)
    expect(split.values).toEqual(whole.values)
    expect(whole.history.length).toBeGreaterThan(0)
  })

  test('a value that a file claims to be approved waits for a person', () => {
    const parameters = run({ seed: 'lose', signals: 6000, mean: () => -0.4 }, given)
    parameters.approve('sizeMultiplier', 'operator', 'yes')
    const to = parameters.values.sizeMultiplier
    const again = reread(parameters)
    expect(again.values.sizeMultiplier).toBe(1)
    expect(again.pending.at(-1)).toMatchObject({ name: 'sizeMultiplier', to })
    expect(again.history.some(({ kind }) => kind === 'refused')).toBe(true)
    // what the configuration says is approved
    const sizeMultiplier = { approved: to, low: 0, high: 1, step: 0.1 }
    expect(reread(parameters, { ...given, sizeMultiplier }).values.sizeMultiplier).toBe(to)
  })

  test('damaged ones are refused with a code, or are none the worse', () => {
    const parameters = run({ ...world, signals: 600 }, given)
    const snapshot = parseSnapshot(JSON.stringify(parameters))
    const damage: ((state: Record<string, unknown>) => void)[] = [
      (state) => (state['index'] = []),
      (state) => (state['seen'] = -1),
      (state) => (state['nextId'] = 0.5),
      (state) => (state['clusterEnd'] = { $: 'NaN' }),
      (state) => (state['pending'] = [{ id: 1 }]),
      (state) => (state['history'] = Array.from({ length: 201 }, () => null)),
      (state) => (state['duration'] = { n: -1, mean: 0, variance: 0 }),
      (state) => delete state['evidence'],
      (state) => (state['index'] = { $: 'Int32Array', data: 'AAAA' }),
    ]
    for (const hurt of damage) {
      const state = structuredClone(snapshot.state) as Record<string, unknown>
      hurt(state)
      expect(codeOf(() => AdaptiveParameters.restore({ ...snapshot, state } as never, given))).toBe('CORRUPT_SNAPSHOT')
    }
    for (const change of [
      { minSamples: 1 },
      { halfLife: { $: 'Infinity' } },
      { sources: 7 },
      { more: 1 },
      { weight: null },
    ]) {
      const options = { ...snapshot.options, ...change }
      expect(codeOf(() => AdaptiveParameters.restore({ ...snapshot, options } as never, given))).toBe(
        'CORRUPT_SNAPSHOT',
      )
    }
  })

  const trained = () => run({ ...world, signals: 600 }, given)
  const use = (parameters: AdaptiveParameters) => {
    for (const signal of closedSignals(parameters, { seed: 'after', signals: 20 })) parameters.learn(signal)
    const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weights } = parameters.values
    for (const value of [entryThreshold, sizeMultiplier, stopAtr, targetAtr, ...weights]) {
      if (!Number.isFinite(value)) throw new Error(`a value of ${value}`)
    }
  }
  test.each(damageLaws(trained, (json) => AdaptiveParameters.restore(json, given), use))('$name', ({ run: law }) =>
    law(),
  )
})
