import { describe, expect, test } from 'vitest'
import type { DriftDetector, JsonValue, Sized, Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { detectorLaws } from '../../src/testing/index.ts'
import { DETECTORS } from './detectors.ts'

describe.each(DETECTORS)('$name', ({ create, codec, falseAlarms, takes }) => {
  for (const { name, run } of detectorLaws(create, codec, { falseAlarms })) test(name, run)

  const big = takes === 'numbers' ? 1e100 : 1
  const rng = new SeededRng('odd streams')
  const streams: readonly (readonly [string, (i: number) => number])[] = [
    ['zeros', () => 0],
    ['ones', () => 1],
    ['the largest value', () => big],
    ['values far apart', (i) => (i % 2 === 0 ? big : takes === 'numbers' ? -big : 0)],
    ['values whose squares are 0', (i) => (takes === 'mistakes' ? i % 2 : (i % 3) * 1e-170)],
    ['zeros with one other value', (i) => (i === 2500 ? big : 0)],
    ['duplicates', (i) => Math.floor(i / 7) % 2],
    ['rare errors', () => Number(rng.next() < 0.001)],
  ]
  test.each(streams)('%s: goes on for ever, with numbers that stay finite', (_name, draw) => {
    const detector = create()
    for (let i = 0; i < 5000; i++) detector.update(draw(i))
    expect(['stable', 'warning', 'drift']).toContain(detector.level)
    expect(hasNaN(detector.toJSON().state)).toBe(false)
  })

  test('hears errors begin after 5,000 values without one', () => {
    const detector = create()
    for (let i = 0; i < 5000; i++) detector.update(0)
    const after = new SeededRng('begin')
    const first = Array.from({ length: 1000 }, () => detector.update(Number(after.next() < 0.7))).indexOf('drift')
    expect(first).toBeGreaterThanOrEqual(0)
    expect(first).toBeLessThan(300)
  })

  test.skipIf(takes === 'mistakes' || takes === 'shares')('a value of 1e300 is refused', () => {
    const detector = create()
    expect(() => detector.update(1e300)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  test.runIf(takes !== 'numbers')('a value that is no error is refused', () => {
    const detector = create()
    for (const value of [-0.1, 1.5, 1e300, '1' as unknown as number]) {
      expect(() => detector.update(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    expect(JSON.stringify(detector)).toBe(JSON.stringify(create()))
  })

  test('takes no more memory after 40,000 values than its options allow', () => {
    const detector = create() as DriftDetector & Sized
    const draw = new SeededRng('memory')
    const sizes: number[] = []
    for (let i = 0; i < 40_000; i++) {
      detector.update(Number(draw.next() < 0.5))
      if (i === 20_000 || i === 39_999) sizes.push(detector.sizeInBytes)
    }
    // ADWIN's histogram gains a row each time its window doubles
    expect(sizes[1]! - sizes[0]!).toBeLessThanOrEqual(6 * 16 + 8)
    expect(sizes[1]).toBeLessThan(40_000)
  })

  test('a damaged state is refused with a code', () => {
    const detector = create()
    for (let i = 0; i < 800; i++) detector.update(i % 2)
    const json = JSON.parse(JSON.stringify(detector)) as Snapshot
    const damages = damagedCopies(json.state)
    expect(damages.length).toBeGreaterThan(3)
    for (const state of damages) {
      expect(() => restore({ ...json, state }, [codec]), JSON.stringify(state).slice(0, 200)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/CORRUPT_SNAPSHOT|INVALID_OPTION|UNKNOWN_SNAPSHOT/) }),
      )
    }
  })
})

/** Whether a packed state holds a NaN outside of typed arrays; FeatureDrift keeps NaN there for what it has not tested. */
function hasNaN(json: JsonValue): boolean {
  if (json === null || typeof json !== 'object') return false
  const record = json as { readonly [key: string]: JsonValue }
  return record['$'] === 'NaN' || Object.values(record).some(hasNaN)
}

/** Copies of a state with one of its top-level values gone, of another kind, or out of its range. */
function damagedCopies(state: Snapshot['state']): Snapshot['state'][] {
  return Object.entries(state).flatMap(([key, value]) => {
    const { [key]: _gone, ...rest } = state
    const wrong: JsonValue[] = typeof value === 'string' ? ['panic', 1] : ['x', { $: 'NaN' }]
    if (key === 'n' || key === 'older' || key === 'seen' || key === 'width') wrong.push(-1, 0.5)
    return [rest, ...wrong.map((other) => ({ ...rest, [key]: other }))]
  })
}
