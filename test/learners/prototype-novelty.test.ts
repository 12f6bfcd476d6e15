import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { PrototypeNovelty } from '../../src/learners/prototype-novelty.ts'

const rng = new SeededRng('novelty')
const usual = (features: number): Float64Array => Float64Array.from({ length: features }, () => 5 + 3 * drawNormal(rng))
function taught(features: number, rows = 1500): PrototypeNovelty {
  const novelty = new PrototypeNovelty({ features })
  for (let i = 0; i < rows; i++) novelty.learn(usual(features))
  return novelty
}

describe('PrototypeNovelty', () => {
  test.each([1, 5, 30])('of usual signals of %i features a share of q scores above 1 - q', (features) => {
    const novelty = taught(features)
    let above = 0
    for (let i = 0; i < 2000; i++) {
      const x = usual(features)
      above += Number(novelty.scoreOf(x) > 0.95)
      novelty.learn(x)
    }
    expect(above / 2000).toBeGreaterThan(0.03)
    expect(above / 2000).toBeLessThan(0.07)
  })

  test('what lies far out scores above 0.99, also where every feature alone is usual', () => {
    const novelty = new PrototypeNovelty({ features: 2 })
    for (let i = 0; i < 1000; i++) {
      const a = drawNormal(rng)
      novelty.learn(Float64Array.of(a, a + 0.05 * drawNormal(rng)))
    }
    expect(novelty.scoreOf(Float64Array.of(1.5, 1.5))).toBeLessThan(0.99)
    expect(novelty.scoreOf(Float64Array.of(1.5, -1.5))).toBeGreaterThan(0.99)
    expect(novelty.scoreOf(Float64Array.of(100, 100))).toBeGreaterThan(0.99)
  })

  test('says usual until it has seen enough, and forgets what no longer comes', () => {
    const novelty = new PrototypeNovelty({ features: 1, prototypes: 50, window: 200 })
    expect(novelty.scoreOf(Float64Array.of(1e9))).toBe(0)
    const learn = (around: number, n: number): void => {
      for (let i = 0; i < n; i++) novelty.learn(Float64Array.of(around + drawNormal(rng)))
    }
    learn(0, 300)
    expect(novelty.scoreOf(Float64Array.of(60))).toBe(1)
    learn(60, 2000)
    expect(novelty.scoreOf(Float64Array.of(60))).toBeLessThan(0.9)
  })

  test('one broken feature does not hide the others, and missing ones are left out', () => {
    const novelty = taught(20)
    const x = usual(20)
    x[3] = Number.NaN
    expect(novelty.scoreOf(x)).toBeLessThan(1)
    expect(novelty.scoreOf(new Float64Array(20).fill(Number.NaN))).toBe(1)
  })

  test('stays finite on constants, on huge numbers and on duplicates', () => {
    for (const value of [0, 1e300, -1e300, 5e-324]) {
      const novelty = new PrototypeNovelty({ features: 2 })
      for (let i = 0; i < 200; i++) novelty.learn(Float64Array.of(value, i % 2 === 0 ? value : -value))
      for (const x of [Float64Array.of(value, value), Float64Array.of(0, 1), Float64Array.of(1e308, -1e308)]) {
        const score = novelty.scoreOf(x)
        expect(score >= 0 && score <= 1).toBe(true)
      }
    }
  })

  test('refuses bad vectors and stays as it was; x is neither changed nor kept', () => {
    const novelty = taught(2, 60)
    const before = JSON.stringify(novelty)
    for (const bad of [new Float64Array(1), Float64Array.of(1, Infinity), [1, 2] as unknown as Float64Array]) {
      expect(() => novelty.learn(bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      expect(() => novelty.scoreOf(bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    novelty.scoreOf(usual(2))
    expect(JSON.stringify(novelty)).toBe(before)
    const x = Float64Array.of(1, 2)
    novelty.learn(x)
    x.fill(99)
    expect(JSON.stringify(novelty)).not.toContain('99,')
    expect(() => new PrototypeNovelty({ features: 1e6, prototypes: 1e6 })).toThrow('"prototypes"')
  })

  test('read back it goes on to the bit, and a damaged snapshot is refused or works', () => {
    for (const stop of [0, 1, 199, 500]) {
      const steady = taught(3, stop)
      const restored = restore(JSON.parse(JSON.stringify(steady)), [PrototypeNovelty])
      for (let i = 0; i < 300; i++) {
        const x = usual(3)
        expect(restored.scoreOf(x)).toBe(steady.scoreOf(x))
        for (const each of [steady, restored]) each.learn(x)
      }
      expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
    }
    const text = JSON.stringify(taught(2, 80))
    const chance = new SeededRng('damage')
    const words = ['-1', '0', '1e15', '1e308', 'null', '"x"', '[]', '{"$":"NaN"}']
    for (let i = 0; i < 300; i++) {
      const values = [...text.matchAll(/:("[^"]*"|-?\d[\d.e+-]*|\{"\$"[^}]*\})/g)]
      const victim = values[Math.floor(chance.next() * values.length)]!
      const word = words[Math.floor(chance.next() * words.length)]!
      const damaged = `${text.slice(0, victim.index)}:${word}${text.slice(victim.index + victim[0].length)}`
      try {
        const restored = restore(JSON.parse(damaged), [PrototypeNovelty])
        restored.learn(usual(2))
        const score = restored.scoreOf(usual(2))
        expect(score >= 0 && score <= 1, damaged.slice(0, 400)).toBe(true)
      } catch (error) {
        expect(error, damaged.slice(0, 300)).toMatchObject({ name: 'TradeLearnError' })
      }
    }
  })
})
