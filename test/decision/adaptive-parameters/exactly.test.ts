import { describe, expect, test } from 'vitest'
import { fnv1a } from '../../../src/core/hash.ts'
import { createGrid } from '../../../src/decision/adaptive-parameters/grid.ts'
import { isChange, type ParameterChange } from '../../../src/decision/adaptive-parameters/history.ts'
import { AdaptiveParameters } from '../../../src/decision/adaptive-parameters/index.ts'
import { errorOf } from '../../lifecycle/helpers.ts'
import { closedSignals, HOUR, type World } from './stream.ts'

describe('the values that a parameter may take', () => {
  const threshold = { approved: 0.6, low: 0.5, high: 0.75, step: 0.03 }

  test('are whole steps from the approved one, read as they are meant, and never beyond the bounds', () => {
    const grid = createGrid('entryThreshold', threshold)
    expect(grid.values).toEqual([0.51, 0.54, 0.57, 0.6, 0.63, 0.66, 0.69, 0.72, 0.75])
    expect(grid.approved).toBe(3)
    // 0.6 - 3 * 0.1 is a little less than 0.3
    expect(createGrid('x', { approved: 0.6, low: 0.3, high: 0.9, step: 0.1 }).values).toEqual([
      0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
    ])
    expect(createGrid('x', { approved: 1, low: 1, high: 1, step: 0.1 })).toEqual({ values: [1], approved: 0 })
    const third = createGrid('x', { approved: 1, low: 1 / 3, high: 5 / 3, step: 1 / 3 })
    expect([third.values[0], third.values.at(-1)]).toEqual([1 / 3, 5 / 3])
  })

  test('are 101 at most', () => {
    expect(createGrid('x', { approved: 50, low: 0, high: 100, step: 1 }).values).toHaveLength(101)
    expect(errorOf(() => createGrid('x', { approved: 50, low: 0, high: 101, step: 1 }))).toMatchObject({
      code: 'INVALID_OPTION',
      message: '"x.step" must leave at most 101 values between the bounds, got 1.',
    })
  })

  test.each([
    [{ low: NaN }, '"x.low"'],
    [{ high: Infinity }, '"x.high"'],
    [{ step: 0 }, '"x.step"'],
    [{ approved: NaN }, '"x.approved"'],
    [{ approved: 0.4 }, '"x.approved" must lie from 0.5 to 0.75, got 0.4.'],
    [{ approved: 0.8 }, '"x.approved" must lie from 0.5 to 0.75, got 0.8.'],
  ])('are refused of %o', (change, says) => {
    const { code, message } = errorOf(() => createGrid('x', { ...threshold, ...change }))
    expect([code, message]).toEqual(['INVALID_OPTION', expect.stringContaining(says)])
  })
})

describe('a change', () => {
  const evidence = { n: 30, estimate: 0.1, low: 0, high: 0.2, coverage: 0.95, capital: 50, needed: 40 }
  const learnt: ParameterChange = {
    ...{ id: 1, name: 'stopAtr', kind: 'learnt', from: 2, to: 1.8, time: 5, evidence, by: '', reason: 'so' },
  }
  const names = ['stopAtr']

  test('that was read back holds what one holds', () => {
    expect(isChange(learnt, names)).toBe(true)
    expect(isChange({ ...learnt, evidence: null, by: 'x'.repeat(500), reason: 'x'.repeat(500) }, names)).toBe(true)
    const { n: _, ...less } = evidence
    const damages: object[] = [
      ...[{ id: 0 }, { id: 1.5 }, { name: 'price' }, { kind: 'hoped' }, { from: NaN }, { to: Infinity }, { time: NaN }],
      ...[{ by: 'x'.repeat(501) }, { reason: 'x'.repeat(501) }, { evidence: 5 }, { evidence: less }],
      ...[{ evidence: { ...evidence, more: 1 } }, { evidence: { ...evidence, n: '30' } }],
      ...[{ evidence: { ...less, more: 1 } }, { name: 'x'.repeat(501) }],
    ]
    for (const damage of damages) {
      expect(
        isChange({ ...learnt, ...damage } as ParameterChange, [...names, 'x'.repeat(501)]),
        JSON.stringify(damage),
      ).toBe(false)
    }
    for (const kind of ['proposed', 'approved', 'rejected', 'withdrawn', 'reverted', 'refused', 'restarted'] as const) {
      expect(isChange({ ...learnt, kind }, names)).toBe(true)
    }
  })

  const losing = (): AdaptiveParameters => {
    const parameters = new AdaptiveParameters({ falseChangeEvery: 300 })
    for (const signal of closedSignals(parameters, { seed: 'lose', signals: 6000, mean: () => -0.4 })) {
      parameters.learn(signal)
    }
    return parameters
  }

  test('is numbered, and the newest 200 are remembered, in texts of 500 characters', () => {
    const parameters = losing()
    const before = parameters.history.length
    for (let i = 0; i < 250; i++) parameters.revert('sizeMultiplier', 'x'.repeat(600))
    const { history } = parameters
    expect(history).toHaveLength(200)
    expect(history.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, i) => before + 250 - 199 + i))
    expect(history.every(({ kind, reason }) => kind === 'reverted' && reason === 'x'.repeat(500))).toBe(true)
    expect(Object.isFrozen(history[0])).toBe(true)
  })

  test('says what it rests on: an estimate in the middle of its range, and evidence beyond what was needed', () => {
    const { history } = losing()
    const made = history.filter(({ kind }) => kind === 'learnt' || kind === 'proposed')
    expect(made.length).toBeGreaterThan(1)
    for (const { kind, reason, by, evidence: rests, time } of made) {
      const { estimate, low, high, coverage, capital, needed, n } = rests!
      expect([by, reason, coverage]).toEqual(['', 'The evidence asks for it.', 0.95])
      expect(estimate - low).toBeCloseTo(high - estimate, 12)
      expect(low).toBeLessThan(estimate)
      expect(estimate).toBeGreaterThan(0)
      expect(n).toBeGreaterThanOrEqual(30)
      expect(time).toBeGreaterThan(0)
      expect(capital, kind).toBeGreaterThanOrEqual(needed)
    }
  })

  test('that waits is taken back once it does no better any more', () => {
    const parameters = losing()
    const waiting = parameters.pending
    const after = parameters.seen * HOUR
    let turned: ParameterChange | undefined
    for (const signal of closedSignals(parameters, { seed: 'rich', signals: 6000, mean: () => 1.5 })) {
      parameters.learn({ ...signal, time: signal.time + after, closedAt: signal.closedAt + after })
      turned = parameters.history.find(({ kind }) => kind === 'withdrawn')
      if (turned) break
    }
    expect(turned).toMatchObject({ by: '', reason: 'It does no better any more.' })
    const { name, to } = turned!
    expect(waiting).toContainEqual(expect.objectContaining({ name, to, kind: 'proposed' }))
    expect(parameters.pending).not.toContainEqual(expect.objectContaining({ name, to }))
    expect(turned!.evidence!.estimate).toBeLessThanOrEqual(0)
  })
})

describe('a life goes the way it went, to the bit:', () => {
  const band = (probability: number): number => (probability > 0.69 ? 0.3 : probability > 0.6 ? -0.5 : -0.1)
  const lives: [string, readonly World[], string][] = [
    ['at rest', [{ seed: 'calm', signals: 3000 }], 'a70b18ad'],
    ['a band that loses', [{ seed: 'band', signals: 4000, mean: band }], 'dc483f9b'],
    [
      'all lose, and later win',
      [
        { seed: 'lose', signals: 5000, mean: () => -0.4 },
        { seed: 'rich', signals: 3000, mean: () => 1.5 },
      ],
      '07707e99',
    ],
    [
      'a nearer stop',
      [{ seed: 'stop', signals: 3000, stopEdge: (distance) => (distance <= 1.6 ? 0.5 : 0) }],
      'f54d749f',
    ],
    ['labels that overlap', [{ seed: 'open', signals: 3000, open: 6, mean: () => -0.4 }], '486159c0'],
    ['a source that knows', [{ seed: 'votes', signals: 5000, mean: (_, vote) => 0.7 * vote }], '5b2669db'],
  ]
  test.each(lives)('%s', (_, worlds, digest) => {
    const parameters = new AdaptiveParameters({ falseChangeEvery: 300, sources: ['knows', 'guesses'] })
    for (const world of worlds) {
      const after = parameters.seen * HOUR
      for (const signal of closedSignals(parameters, world)) {
        parameters.learn({ ...signal, time: signal.time + after, closedAt: signal.closedAt + after })
        // a person who agrees with every second proposal, and takes back every third thing learnt
        const { pending, history } = parameters
        const [first] = pending
        if (first && first.id % 2 === 0) parameters.approve(first.name, 'Ada', 'yes')
        else if (first && first.id % 5 === 0) parameters.reject(first.name, 'Ada', 'no')
        const last = history.at(-1)
        if (last?.kind === 'learnt' && last.id % 3 === 0) parameters.revert(last.id, 'luck')
      }
    }
    expect(fnv1a(JSON.stringify(parameters.toJSON().state))).toBe(digest)
  })
})
