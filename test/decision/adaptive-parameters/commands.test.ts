import { describe, expect, test } from 'vitest'
import { parseSnapshot, restore } from '../../../src/core/snapshot.ts'
import { unpackState } from '../../../src/core/state.ts'
import type { ParameterChange } from '../../../src/decision/adaptive-parameters/history.ts'
import { AdaptiveParameters, type ClosedSignal } from '../../../src/decision/adaptive-parameters/index.ts'
import { createLayout } from '../../../src/decision/adaptive-parameters/options.ts'
import { type SavedState, savedTemplate } from '../../../src/decision/adaptive-parameters/state.ts'
import { closedSignals, HOUR } from './stream.ts'

const START = 1_700_000_000_000
const threshold = { approved: 0.57, low: 0.57, high: 0.75, step: 0.03 }
const given = { falseChangeEvery: 300, entryThreshold: threshold }

/** Every trade loses, until something has been learnt of the threshold. */
function learnt(): AdaptiveParameters {
  const parameters = new AdaptiveParameters(given)
  for (const signal of closedSignals(parameters, { seed: 'lose', signals: 1500, mean: () => -1 })) {
    parameters.learn(signal)
    if (parameters.values.entryThreshold > 0.57) return parameters
  }
  throw new Error('nothing learnt')
}

/** A signal that was decided and closed so many hours after the start. */
const closed = (decided: number, known: number, more: Partial<ClosedSignal> = {}): ClosedSignal => ({
  ...{ time: START + decided * HOUR, closedAt: START + known * HOUR, probability: 0.7, wanted: true },
  ...{ netReturn: 0.01, atr: 0.01, ...more },
})

describe('what is asked', () => {
  test('is the same object until a value changes, and the new value from then on', () => {
    const parameters = new AdaptiveParameters(given)
    let moves = 0
    for (const signal of closedSignals(parameters, { seed: 'lose', signals: 400, mean: () => -1 })) {
      const [before, changes] = [parameters.values, parameters.changes]
      parameters.learn(signal)
      if (parameters.changes === changes) expect(parameters.values).toBe(before)
      const news = parameters.history.slice(changes).filter(({ kind }) => kind === 'learnt')
      for (const { name, to } of news) {
        expect(parameters.values).toMatchObject({ [name]: to })
        moves++
      }
    }
    expect(moves).toBeGreaterThan(1)
  })

  test('is a copy, and about the values that are not in use', () => {
    const parameters = learnt()
    const before = JSON.stringify(parameters)
    for (const list of [parameters.history, parameters.pending]) (list as ParameterChange[]).splice(0)
    expect(JSON.stringify(parameters)).toBe(before)
    expect(parameters.names).toEqual(['entryThreshold', 'sizeMultiplier', 'stopAtr', 'targetAtr'])
    const { entryThreshold } = parameters.values
    const others = [0.57, 0.6, 0.63, 0.66, 0.69, 0.72, 0.75].filter((value) => value !== entryThreshold)
    expect(parameters.evidence('entryThreshold').map(({ value }) => value)).toEqual(others)
  })
})

describe('a closed signal', () => {
  test('belongs to those that are decided within two usual times to an outcome', () => {
    const parameters = new AdaptiveParameters()
    const clustersAfter = (signal: ClosedSignal): number => {
      parameters.learn(signal)
      return parameters.clusters
    }
    // 10 hours are all that is known at first
    expect(clustersAfter(closed(0, 10))).toBe(0)
    expect(clustersAfter(closed(19.9, 21.9))).toBe(0)
    expect(clustersAfter(closed(20, 120))).toBe(1)
    // usual are 6 hours by now, and what the newest took does not count before it is known
    expect(clustersAfter(closed(31.9, 32))).toBe(1)
    expect(clustersAfter(closed(32.1, 33))).toBe(2)
  })

  test('makes it no earlier than it is', () => {
    const parameters = new AdaptiveParameters()
    for (const signal of [closed(0, 10), closed(1, 5)]) parameters.learn(signal)
    expect(parameters.toJSON().state['time']).toBe(START + 10 * HOUR)
  })

  test('is won where it returned something', () => {
    const wins = [0.01, 0, -0.01].map((netReturn) => {
      const parameters = new AdaptiveParameters({ sources: ['a'] })
      parameters.learn(closed(0, 1, { netReturn, votes: [1] }))
      const { state } = parseSnapshot(JSON.stringify(parameters))
      const { record } = unpackState(state, savedTemplate(createLayout({ sources: ['a'] }))) as unknown as SavedState
      return [...record.fresh]
    })
    expect(wins).toEqual([
      [1, 1, 1, 1, 0, 0],
      [1, 0, 1, 0, 0, 0],
      [1, 0, 1, 0, 0, 0],
    ])
  })
})

describe('what a change replaced', () => {
  test('can be brought back by name, be it the first of a grid', () => {
    const parameters = learnt()
    parameters.revert('entryThreshold', 'luck')
    expect(parameters.values.entryThreshold).toBe(0.57)
  })

  test('is that of the named parameter, whatever has changed since', () => {
    const parameters = new AdaptiveParameters(given)
    for (const signal of closedSignals(parameters, { seed: 'lose', signals: 400, mean: () => -1 })) {
      parameters.learn(signal)
    }
    const newest = parameters.history.findLast(({ kind }) => kind === 'learnt')!
    const earlier = parameters.history.findLast(({ kind, name }) => kind === 'learnt' && name !== newest.name)!
    parameters.revert(earlier.name, 'luck')
    expect(parameters.values).toMatchObject({ [earlier.name]: earlier.from, [newest.name]: newest.to })
  })
})

describe('what was saved', () => {
  test('goes on in place, and says what other options have changed', () => {
    const saved = parseSnapshot(JSON.stringify(learnt()))
    const same = new AdaptiveParameters(given)
    expect(same.resume(saved)).toEqual([])
    expect(JSON.stringify(same)).toBe(JSON.stringify(saved))
    expect(same.values).toEqual(learnt().values)
    const other = new AdaptiveParameters({ ...given, entryThreshold: { ...threshold, approved: 0.69 } })
    const changes = other.resume(saved)
    expect(changes.map(({ kind, name, to }) => [kind, name, to])).toEqual([['restarted', 'entryThreshold', 0.69]])
    expect(changes).toEqual(other.history.slice(-1))
    expect(other.history.length).toBeGreaterThan(1)
    expect(other.values.entryThreshold).toBe(0.69)
  })

  test('is read back by a codec under the options of the operator', () => {
    const saved = parseSnapshot(JSON.stringify(learnt()))
    const codec = AdaptiveParameters.codec({ ...given, entryThreshold: { ...threshold, approved: 0.69 } })
    expect([codec.type, codec.version]).toEqual(['adaptive-parameters', 1])
    expect(restore(saved, [codec]).values.entryThreshold).toBe(0.69)
  })
})
