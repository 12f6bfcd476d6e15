import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/snapshot.ts'
import { PageHinkley, type PageHinkleyOptions } from '../../src/drift/index.ts'
import { detectorLaws } from '../../src/testing/index.ts'
import { type RiverCase, recorded, riverCases, streamOf } from './reference.ts'

describe('laws', () => {
  for (const { name, run } of detectorLaws(() => new PageHinkley(), PageHinkley)) test(name, run)
  const up = (): PageHinkley => new PageHinkley({ threshold: 30, tolerance: 0.05, direction: 'up' })
  for (const { name, run } of detectorLaws(up, PageHinkley)) test(`up: ${name}`, run)
})

const optionsOf = ({ params }: RiverCase): Partial<PageHinkleyOptions> => ({
  ...(params['delta'] !== undefined && { tolerance: Number(params['delta']) }),
  ...(params['threshold'] !== undefined && { threshold: Number(params['threshold']) }),
  ...(params['min_instances'] !== undefined && { minSamples: Number(params['min_instances']) }),
  ...(params['alpha'] !== undefined && { retain: Number(params['alpha']) }),
  ...(params['mode'] !== undefined && { direction: params['mode'] as 'up' | 'down' }),
})

describe.skipIf(!recorded)('River', () => {
  test('70 cases are recorded', () => expect(riverCases('PageHinkley')).toHaveLength(70))
  test.each(riverCases('PageHinkley').map((row) => [row.stream, JSON.stringify(row.params), row] as const))(
    '%s %s: same drifts',
    (stream, _params, row) => {
      const detector = new PageHinkley(optionsOf(row))
      const drifts = streamOf(stream).flatMap((value, i) => (detector.update(value) === 'drift' ? [i] : []))
      expect(drifts).toEqual(row.drifts)
    },
  )
})

describe('PageHinkley', () => {
  test('has forgotten the old regime when it says drift', () => {
    const detector = new PageHinkley({ threshold: 5 })
    const fresh = new PageHinkley({ threshold: 5 })
    for (let i = 0; i < 100; i++) detector.update(0)
    while (detector.update(1) !== 'drift');
    const own = JSON.stringify({ ...detector.toJSON().state, level: 'stable' })
    expect(own).toBe(JSON.stringify(fresh.toJSON().state))
  })

  test('reads a snapshot of the first layout, which knew no unit', () => {
    const detector = new PageHinkley({ threshold: 5 })
    for (let i = 0; i < 50; i++) detector.update(i % 2)
    const { options, state, type } = JSON.parse(JSON.stringify(detector)) as Snapshot
    const { unit: _unit, ...oldOptions } = options
    const { m2: _m2, ...oldState } = state
    const old = restore({ type, version: 1, options: oldOptions, state: oldState }, [PageHinkley])
    expect(JSON.stringify(old)).toBe(JSON.stringify(detector))
    for (let i = 0; i < 100; i++) expect(old.update(1)).toBe(detector.update(1))
  })

  test('alarms by direction', () => {
    const run = (direction: 'up' | 'down' | 'both', to: number): boolean => {
      const detector = new PageHinkley({ threshold: 5, direction })
      return [...Array<number>(100).fill(0), ...Array<number>(100).fill(to)].some(
        (value) => detector.update(value) === 'drift',
      )
    }
    expect([run('up', 1), run('up', -1)]).toEqual([true, false])
    expect([run('down', 1), run('down', -1)]).toEqual([false, true])
    expect([run('both', 1), run('both', -1)]).toEqual([true, true])
  })

  test.each([
    { tolerance: -1 },
    { threshold: 0 },
    { minSamples: 0 },
    { retain: 0 },
    { retain: 1.1 },
    { retain: NaN },
    { direction: 'left' as 'up' },
  ])('%j is no option', (options) => {
    expect(() => new PageHinkley(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
