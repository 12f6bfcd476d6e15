import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { type ErrorCode, restore } from '../../src/core/index.ts'
import {
  choice,
  float,
  type InferParams,
  int,
  MedianPruner,
  NoPruner,
  RandomSampler,
  Study,
  SuccessiveHalving,
  TPE,
  type Trial,
  WilcoxonPruner,
  when,
} from '../../src/study/index.ts'
import { objective, options, outcomeOf, type Params, SPACE, searched } from './searching.ts'

const codeOf = (act: () => unknown): ErrorCode | 'nothing thrown' => {
  try {
    act()
    return 'nothing thrown'
  } catch (error) {
    return (error as { code: ErrorCode }).code
  }
}
const text = (study: Study<typeof SPACE>): string => JSON.stringify(study)
const small = { x: float({ low: 0, high: 1 }) }

test('parameters are typed by the space', () => {
  expectTypeOf<Params>().toEqualTypeOf<{
    readonly model: 'trees' | 'line'
    readonly leaves?: number
    readonly rate: number
    readonly share: number
    readonly shift: number
  }>()
  const mixed = { a: choice([1, 'two', true]), b: when('a', [1], choice(['x'])) }
  expectTypeOf<InferParams<typeof mixed>>().toEqualTypeOf<{ readonly a: 1 | 'two' | true; readonly b?: 'x' }>()
})

describe('asking and telling', () => {
  test('each suggestion lies in the space, and has a parameter under a condition only where that holds', async () => {
    const { trials } = await searched(80)
    expect(new Set(trials.map(({ params }) => params.model))).toEqual(new Set(['trees', 'line']))
    for (const { params } of trials) {
      const { model, leaves, rate, share, shift } = params
      expect(Object.keys(params)).toEqual(Object.keys(SPACE).filter((name) => name !== 'leaves' || model === 'trees'))
      if (leaves !== undefined) expect(Number.isInteger(leaves) && leaves >= 2 && leaves <= 64).toBe(true)
      expect(rate >= 0.001 && rate <= 1 && shift >= -2 && shift <= 2).toBe(true)
      expect([0, 0.25, 0.5, 0.75, 1]).toContain(share)
    }
  })

  test('every trial is on record, and they are counted by state', async () => {
    const study = await searched(120)
    const { counts, trials } = study
    expect(counts.asked).toBe(120)
    expect(counts.complete + counts.pruned + counts.failed).toBe(120)
    for (const state of ['complete', 'pruned', 'failed'] as const) {
      expect(counts[state], state).toBeGreaterThan(0)
      expect(trials.filter((trial) => trial.state === state).length).toBe(counts[state])
    }
    expect(trials.map(({ id }) => id)).toEqual(Array.from({ length: 120 }, (_, id) => id))
  })

  test('a value that is no finite number, and an error, fail the trial with the reason and not the study', async () => {
    const study = new Study({ space: small, sampler: new RandomSampler() })
    const values = [Number.NaN, Number.POSITIVE_INFINITY, 1]
    await study.optimize(
      () => {
        const value = values.shift()
        if (value === undefined) throw new Error('no data')
        return value
      },
      { trials: 4 },
    )
    expect(study.trials.map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'The value must be a finite number, got NaN.'],
      ['failed', 'The value must be a finite number, got Infinity.'],
      ['complete', ''],
      ['failed', 'no data'],
    ])
    expect(study.best?.id).toBe(2)
  })

  test('the best is the first of equals, in either direction, and none before one is complete', () => {
    for (const direction of ['minimize', 'maximize'] as const) {
      const study = new Study({ space: small, direction, batch: 9 })
      expect(study.best).toBeUndefined()
      const sign = direction === 'minimize' ? 1 : -1
      for (const value of [3, 1, 2, 1]) study.tell(study.ask().id, sign * value)
      study.tell(study.ask().id, 'pruned')
      expect(study.best?.id).toBe(1)
    }
  })

  test('a trial is to be had once those it is chosen from are told, whatever the others are', () => {
    const study = new Study({ space: small, batch: 3 })
    for (let id = 0; id < 3; id++) expect([study.canAsk, study.ask().id]).toEqual([true, id])
    expect(study.canAsk).toBe(false)
    expect(codeOf(() => study.ask())).toBe('OUT_OF_ORDER')
    study.tell(1, 1)
    study.tell(2, 1)
    expect(study.canAsk).toBe(false)
    study.tell(0, 1)
    for (let id = 3; id < 6; id++) expect([study.canAsk, study.ask().id]).toEqual([true, id])
    expect(study.canAsk).toBe(false)
  })

  test('what is enqueued comes first, as it was given, and what is left out is drawn', () => {
    const study = new Study({ space: SPACE, batch: 9 })
    study.enqueue({ model: 'trees', leaves: 31, rate: 0.1, share: 0.5, shift: 0.123456789 })
    study.enqueue({ model: 'line', leaves: 31 })
    study.enqueue({ rate: 0.7 })
    expect(study.ask().params).toEqual({ model: 'trees', leaves: 31, rate: 0.1, share: 0.5, shift: 0.123456789 })
    const second = study.ask().params
    expect(second.model).toBe('line')
    expect(second).not.toHaveProperty('leaves')
    expect(second.shift).not.toBeNaN()
    const third = study.ask().params
    expect(third.rate).toBe(0.7)
    expect('leaves' in third).toBe(third.model === 'trees')
  })

  test('what cannot be is refused with a code, and changes nothing', () => {
    const study = new Study({ space: SPACE, batch: 9 })
    study.ask()
    study.ask().report(1, 0.5)
    study.tell(0, 1)
    const before = text(study)
    const wrong: (() => unknown)[] = [
      () => study.tell(0, 1),
      () => study.tell(7, 1),
      () => study.tell(-1, 1),
      () => study.tell(1, { failed: '' }),
      () => study.report(0, 0, 1),
      () => study.report(1, 2, Number.NaN),
      () => study.report(1, 1.5, 1),
      () => study.report(1, 1, 1),
      () => study.enqueue({ rate: 2 }),
      () => study.enqueue({ share: 0.3 }),
      () => study.enqueue({ leaves: 2.5 }),
      () => study.enqueue({ model: 'tree' as 'trees' }),
      () => study.enqueue({ other: 1 } as never),
      () => study.enqueue(null as never),
    ]
    for (const act of wrong) expect(codeOf(act), String(act)).toMatch(/^(INVALID_INPUT|OUT_OF_ORDER)$/)
    expect(text(study)).toBe(before)
  })

  test('what is handed out is a copy', async () => {
    const study = await searched(5)
    const before = text(study)
    const trial = study.ask()
    ;(trial.params as { rate: number }).rate = 99
    ;(study.trials as unknown[]).length = 0
    study.tell(trial.id, 1)
    expect(study.trials[5]?.params.rate).not.toBe(99)
    expect(study.trials.length).toBe(6)
    expect(before).not.toBe(text(study))
  })
})

describe('the order in which trials end makes no difference', () => {
  const pruners = [
    new NoPruner(),
    new MedianPruner({ startup: 2 }),
    new SuccessiveHalving(),
    new WilcoxonPruner({ threshold: 0.2 }),
  ]
  test.each(pruners.map((pruner) => [(pruner.constructor as typeof NoPruner).type, pruner] as const))(
    '%s',
    async (_, pruner) => {
      const trials = 40
      const alone = text(await searched(trials, { pruner }))
      fc.assert(
        fc.property(fc.infiniteStream(fc.nat()), (chance) => {
          const study = new Study(options({ pruner }))
          const atWork: Trial<Params>[] = []
          const pick = (n: number): number => chance.next().value % n
          for (let told = 0; told < trials; ) {
            const asked = study.counts.asked
            if (asked < trials && study.canAsk && (atWork.length === 0 || pick(2) === 0)) atWork.push(study.ask())
            else {
              const [trial] = atWork.splice(pick(atWork.length), 1)
              study.tell(trial!.id, outcomeOf(trial!))
              told++
            }
          }
          expect(text(study)).toBe(alone)
        }),
        { numRuns: 40 },
      )
    },
  )

  test('and suggestions do depend on the batch, which is an option', async () => {
    const first = await searched(40)
    const other = await searched(40, { batch: 1 })
    expect(first.trials.map(({ params }) => params)).not.toEqual(other.trials.map(({ params }) => params))
  })

  test('nor does the order in which the parameters of the space stand', async () => {
    const turned = Object.fromEntries(Object.entries(SPACE).reverse()) as typeof SPACE
    const study = new Study({ ...options(), space: turned })
    await study.optimize(objective, { trials: 40 })
    expect(study.trials).toEqual((await searched(40)).trials)
  })
})

describe('a study that was stopped', () => {
  test('goes on to the bit as if it had not been, whatever was at work', async () => {
    const trials = 40
    const alone = text(await searched(trials))
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (chance) => {
        let study = new Study(options())
        let atWork: Trial<Params>[] = []
        const pick = (n: number): number => chance.next().value % n
        while (study.counts.asked < trials || study.counts.pending > 0) {
          if (pick(6) === 0) {
            // the workers die with the process, some of them after a report
            if (atWork.length > 0 && study.trials[atWork[0]!.id]!.reports.length === 0) atWork[0]!.report(0, 0.5)
            const saved = JSON.parse(text(study))
            study =
              pick(2) === 0
                ? Study.resume(saved, options())
                : (restore(saved, [Study, TPE, MedianPruner]) as Study<typeof SPACE>)
            expect(JSON.parse(text(study))).toEqual(saved)
            atWork = []
          }
          const more = study.counts.asked < trials || study.counts.pending > atWork.length
          if (more && study.canAsk && (atWork.length === 0 || pick(2) === 0)) atWork.push(study.ask())
          else {
            const [trial] = atWork.splice(pick(atWork.length), 1)
            study.tell(trial!.id, outcomeOf(trial!))
          }
        }
        expect(text(study)).toBe(alone)
      }),
      { numRuns: 40 },
    )
  })

  test('asks again for what was at work, with the same parameters', () => {
    const study = new Study(options())
    const asked = [study.ask(), study.ask(), study.ask()]
    study.tell(1, 1)
    const resumed = Study.resume(JSON.parse(text(study)), options())
    expect([resumed.ask(), resumed.ask(), resumed.ask()].map(({ id, params }) => [id, params])).toEqual([
      [0, asked[0]!.params],
      [2, asked[2]!.params],
      [3, study.ask().params],
    ])
  })

  test('may be told of a trial without being asked for it again', () => {
    const study = new Study(options())
    study.ask()
    study.ask()
    const resumed = Study.resume(JSON.parse(text(study)), options())
    resumed.tell(0, 3)
    expect(resumed.ask().id).toBe(1)
    expect(resumed.ask().id).toBe(2)
  })

  test('keeps its queue', () => {
    const study = new Study(options())
    study.enqueue({ rate: 0.5, shift: 1 })
    const resumed = Study.resume(JSON.parse(text(study)), options())
    expect(resumed.ask().params).toMatchObject({ rate: 0.5, shift: 1 })
  })

  test('is resumed with what it was saved with only', async () => {
    const saved = (await searched(12)).toJSON()
    const others = [
      options({ seed: 1 }),
      options({ batch: 2 }),
      options({ direction: 'maximize' }),
      options({ sampler: new TPE({ startup: 5 }) }),
      options({ sampler: new RandomSampler() }),
      options({ pruner: new NoPruner() }),
      options({ space: { ...SPACE, rate: float({ low: 0.001, high: 2, log: true }) } as typeof SPACE }),
    ]
    for (const other of others) expect(codeOf(() => Study.resume(saved, other))).toBe('SCHEMA_MISMATCH')
    expect(codeOf(() => Study.resume(saved, options()))).toBe('nothing thrown')
  })
})

describe('optimize', () => {
  const at = (times: number[]) => ({ now: () => times.shift() ?? 1e6 })

  test('begins no trial after its time, nor after the signal, and counts trials in all', async () => {
    const study = new Study({ space: small })
    await study.optimize(({ x }) => x, { trials: 50, timeBudget: 100, clock: at([0, 10, 60, 99, 100]) })
    expect(study.counts.complete).toBe(3)
    const signal = { aborted: false }
    const done: number[] = []
    const running = study.optimize(({ x }) => x, {
      trials: 50,
      signal,
      onProgress: (progress) => {
        done.push(progress.done)
        signal.aborted = progress.done === 6
      },
    })
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' })
    expect(done).toEqual([4, 5, 6])
    await study.optimize(async ({ x }) => x, { trials: 8 })
    expect(study.counts.complete).toBe(8)
    await expect(study.optimize(() => 1, { trials: 9, timeBudget: 5 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  test('hands the objective its trial, whose reports end it', async () => {
    const study = await searched(60)
    const pruned = study.trials.filter(({ state }) => state === 'pruned')
    expect(pruned.length).toBeGreaterThan(0)
    for (const { reports, value } of pruned) {
      expect(reports.length).toBeGreaterThan(0)
      expect(value).toBeNaN()
    }
  })
})

test.each([
  ['no object', null],
  ['no parameters', {}],
  ['no parameter', { x: 3 }],
  ['another kind', { x: { kind: 'other' } }],
  ['turned ends', { x: float({ low: 2, high: 1 }) }],
  ['an infinite end', { x: float({ low: 0, high: Number.POSITIVE_INFINITY }) }],
  ['an endless range', { x: float({ low: -1e308, high: 1e308 }) }],
  ['logarithms of 0', { x: float({ low: 0, high: 1, log: true }) }],
  ['logarithms of whole numbers from 0', { x: int({ low: 0, high: 8, log: true }) }],
  ['steps along logarithms', { x: float({ low: 1, high: 8, log: true, step: 1 }) }],
  ['a step below 0', { x: float({ low: 1, high: 8, step: -1 }) }],
  ['ends that are not whole', { x: int({ low: 0.5, high: 8 }) }],
  ['no choices', { x: choice([]) }],
  ['choices alike', { x: choice(['a', 'a']) }],
  ['a choice that is no value', { x: choice([Number.NaN]) }],
  ['a condition on itself', { x: when('x', ['a'], choice(['a', 'b'])) }],
  ['a condition on a number', { x: small.x, y: when('x', [1], small.x) }],
  ['a condition on nothing', { x: when('z', [1], small.x) }],
  ['a condition on another value', { x: choice(['a']), y: when('x', ['b'], small.x) }],
  ['a circle', { x: when('y', ['a'], choice(['a'])), y: when('x', ['a'], choice(['a'])) }],
])('a space with %s is refused', (_, space) => {
  expect(codeOf(() => new Study({ space: space as never }))).toBe('INVALID_OPTION')
})

test.each([{ batch: 0 }, { batch: 1.5 }, { direction: 'up' as never }, { seed: '' }])('%o is refused', (wrong) => {
  expect(codeOf(() => new Study({ space: small, ...wrong }))).toBe('INVALID_OPTION')
})

test('a range of one value is that value', () => {
  const study = new Study({
    space: { a: float({ low: 3, high: 3 }), b: int({ low: 5, high: 5 }), c: float({ low: 0, high: 0.3, step: 0.1 }) },
    batch: 1,
  })
  const seen = new Set<number>()
  for (let i = 0; i < 60; i++) {
    const { id, params } = study.ask()
    expect([params.a, params.b]).toEqual([3, 5])
    seen.add(params.c)
    study.tell(id, params.c)
  }
  // three steps of 0.1 add up to a little more than 0.3, which is the end all the same
  expect([...seen].sort()).toEqual([0, 0.1, 0.2, 0.3])
})
