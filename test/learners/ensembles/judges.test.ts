import { describe, expect, test } from 'vitest'
import type { Learner, Snapshot, Vector } from '../../../src/contracts.ts'
import { ClassJudge } from '../../../src/learners/ensembles/class-judge.ts'
import { OnlineBoosting } from '../../../src/learners/ensembles/index.ts'
import { ValueJudge } from '../../../src/learners/ensembles/value-judge.ts'
import { codeOf } from '../edited.ts'
import { turningRows } from './streams.ts'

describe('the mean with weights', () => {
  test('forgets the first error as quickly as any other', () => {
    const judge = new ValueJudge(2, 'weighted', 100)
    // member 0 begins with a large error and is the better one from then on
    for (let i = 0; i < 30; i++) {
      judge.see(0, i === 0 ? 10 : 1, 0)
      judge.see(1, 5, 0)
    }
    // mean squares (100 + 29) / 30 and 25
    const weights = [30 / 129, 1 / 25]
    const share = weights[0]! / (weights[0]! + weights[1]!)
    expect(judge.mix(Float64Array.of(1, 0))).toBeCloseTo(share, 12)
  })

  test('fades with the half-life once there is more than that remembers', () => {
    const judge = new ValueJudge(2, 'weighted', 10)
    for (let i = 0; i < 500; i++) {
      judge.see(0, 1, 0)
      judge.see(1, 2, 0)
    }
    for (let i = 0; i < 10; i++) {
      judge.see(0, 3, 0)
      judge.see(1, 2, 0)
    }
    // half of 1 and half of 9, against 4
    expect(judge.mix(Float64Array.of(1, 0))).toBeCloseTo(4 / 9, 9)
  })

  test('leaves out who has not been judged, unless nobody has', () => {
    const judge = new ValueJudge(3, 'weighted', 100)
    expect(judge.mix(Float64Array.of(3, 6, 9))).toBeCloseTo(6, 12)
    for (const member of [0, 1, 2]) judge.see(member, 1, 0)
    judge.replaced(2)
    expect(judge.mix(Float64Array.of(3, 6, 900))).toBeCloseTo(4.5, 12)
  })
})

describe('scores that were read back', () => {
  const lists = (...of: (readonly [string, number])[]): { [name: string]: { $: string; data: string } } =>
    Object.fromEntries(
      of.map(([name, value]) => [
        name,
        { $: 'Float64Array', data: Buffer.from(Float64Array.of(value).buffer).toString('base64') },
      ]),
    )

  test('of classifiers are counts and losses that there are', () => {
    const read = (loss: number, right: number, judged: number): unknown =>
      codeOf(() =>
        new ClassJudge(1, 'log-loss', 100).restore(lists(['loss', loss], ['right', right], ['judged', judged])),
      )
    expect(read(0.7, 3, 4)).toBe(undefined)
    // e^(-4 loss) is 0 for all of them: a forest of such would say 0 / 0
    for (const loss of [Number.POSITIVE_INFINITY, 300, -1, Number.NaN])
      expect(read(loss, 3, 4)).toBe('CORRUPT_SNAPSHOT')
    for (const [right, judged] of [
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      [0.5, 4],
      [4, 3],
    ] as const) {
      expect(read(0.7, right, judged)).toBe('CORRUPT_SNAPSHOT')
    }
  })

  test('of regressions are counts and errors that there are', () => {
    const read = (judged: number, size: number, square: number): unknown =>
      codeOf(() =>
        new ValueJudge(1, 'weighted', 100).restore(lists(['judged', judged], ['size', size], ['square', square])),
      )
    expect(read(2, 1e150, 1e300)).toBe(undefined)
    for (const wrong of [Number.POSITIVE_INFINITY, Number.NaN, -1]) {
      expect(read(wrong, 1, 1)).toBe('CORRUPT_SNAPSHOT')
      expect(read(2, wrong, 1)).toBe('CORRUPT_SNAPSHOT')
      expect(read(2, 1, wrong)).toBe('CORRUPT_SNAPSHOT')
    }
  })
})

/** Says what one feature, which its seed decides, says of the label; learns nothing. */
class Stubborn implements Learner {
  readonly task: 'binary' = 'binary'
  readonly options: { readonly seed: number }
  seen = 0
  constructor(options: { readonly seed: number }) {
    this.options = options
  }
  predict(x: Vector): number {
    return x[this.options.seed % 4]! > 0 ? 0.9 : 0.2
  }
  learn(): void {}
  toJSON(): Snapshot {
    return { type: 'stubborn', version: 1, options: this.options, state: {} }
  }
}

test('boosting does not depend on the unit of the weights', () => {
  const answers = (unit: number): number[] => {
    const boosted = new OnlineBoosting({ features: 4, members: 6, create: (seed) => new Stubborn({ seed }) })
    return turningRows(60, 1000).map(({ x, y }) => {
      boosted.learn(x, y, unit)
      return boosted.predict(x)
    })
  }
  expect(new Set(answers(1)).size).toBeGreaterThan(10)
  expect(answers(2 ** -80)).toEqual(answers(1))
})
