import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assign } from '../../../src/lifecycle/rollout/assign.ts'
import { Rollout } from '../../../src/lifecycle/rollout/rollout.ts'
import type { RolloutEvent, SettledSignal } from '../../../src/lifecycle/rollout/rollout-event.ts'
import { DEFAULT_STEPS, type RolloutOptions } from '../../../src/lifecycle/rollout/rollout-options.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 2024-01-01 */
const START = 1_704_067_200_000

/** A rollout, and what is told to it with little said: eight signals a day, of which the candidate keeps every other. */
function story(options: Partial<RolloutOptions> = {}) {
  const rollout = new Rollout({ name: 'm', ...options })
  let i = 0
  const signal = (good: boolean, more: Partial<SettledSignal> = {}) => {
    const decidedAt = START + i * 3 * HOUR
    const { arm } = rollout.assign(`s${i}`)
    const { step } = rollout
    const keeps = i % 2 === 0
    // a candidate that knows keeps winners and skips losers
    const y: 0 | 1 = good === keeps ? 1 : 0
    i++
    const netReturn = y === 1 ? 0.01 : -0.01
    const share = keeps ? 1 : 0
    const size = arm === 'champion' ? 0.02 : 0.02 * share
    const told: SettledSignal = {
      kind: 'settled',
      time: decidedAt + HOUR,
      decidedAt,
      step,
      arm,
      share,
      y,
      netReturn,
      size,
      ...more,
    }
    return [...rollout.tell({ kind: 'decided', time: decidedAt, arm }), ...rollout.tell(told)]
  }
  const many = (count: number, good = true, more: Partial<SettledSignal> = {}) =>
    Array.from({ length: count }, () => signal(good, more)).flat()
  return { rollout, signal, many, now: () => START + i * 3 * HOUR }
}

describe('the way to all signals', () => {
  test('leads through 10, 25 and 50 %, each held for its time and signals', () => {
    const { rollout, many } = story()
    const changes = many(200)
    expect(changes.map(({ cause, to }) => [cause, to.step, to.status])).toEqual([
      ['EARNED', 1, 'running'],
      ['EARNED', 2, 'running'],
      ['EARNED', 3, 'running'],
      ['EARNED', 4, 'promoted'],
    ])
    expect(changes[0]!.text).toMatch(/^Evidence [\d.]+ of 20; it wins 100\.0 % where all win 50\.0 %\.$/)
    expect(changes[0]!.time).toBeGreaterThanOrEqual(7 * DAY)
    for (const [before, after] of [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      expect(changes[after]!.time - changes[before]!.time).toBeGreaterThanOrEqual(3 * DAY)
    }
    expect(rollout.share).toBe(1)
    expect(rollout.assign('anything')).toEqual({ arm: 'candidate', propensity: 1 })
    expect(rollout.history).toEqual(changes)
  })

  test('shows at each step what is still needed', () => {
    const { rollout, many } = story()
    many(20)
    const { report } = rollout
    expect(report).toMatchObject({
      step: 0,
      status: 'running',
      share: 0,
      signalsLeft: 30,
      evidenceNeeded: 20,
      margin: 0.1,
      signals: 20,
    })
    expect(report.holdLeft).toBe(7 * DAY - 19 * 3 * HOUR - HOUR)
    expect(report.lift).toBeCloseTo(1, 12)
    many(40, false)
    expect(rollout.report.signalsStill).toBeGreaterThan(0)
  })

  test('waits for a person where one is asked for, and for the time even then', () => {
    const steps = DEFAULT_STEPS.map((step, i) => ({ ...step, approval: i === 0 }))
    const { rollout, many, now } = story({ steps })
    expect(many(120)).toEqual([])
    expect(rollout.report.approvalNeeded).toBe(true)
    const [change] = rollout.tell({ kind: 'approve', time: now(), by: 'Ada' })
    expect(change).toMatchObject({ cause: 'APPROVED', by: 'Ada', to: { step: 1, status: 'running' } })
  })

  test('is not gone on with where wins are lifted by less than the margin, however sure that is', () => {
    expect(story({ margin: 1.1 }).many(300)).toEqual([])
    expect(story({ margin: 0.9 }).many(300).length).toBe(4)
  })

  test('does not count a decision for a step that it was not made in', () => {
    const { rollout, many } = story()
    many(70)
    expect(rollout.step).toBe(1)
    const left = rollout.report.signalsLeft
    many(5, true, { step: 0 })
    expect(rollout.report.signalsLeft).toBe(left)
    many(5)
    expect(rollout.report.signalsLeft).toBe(left - 5)
  })

  test('is not shortened by a clock that runs back or stands still', () => {
    const { rollout } = story()
    for (let i = 0; i < 200; i++) {
      const share = i % 2
      const time = START + 10 * DAY - (i % 7) * HOUR
      rollout.tell({ kind: 'decided', time, arm: 'champion' })
      const y = share === 1 ? 1 : 0
      rollout.tell({
        kind: 'settled',
        time,
        decidedAt: time,
        step: 0,
        arm: 'champion',
        share,
        y,
        netReturn: y === 1 ? 0.01 : -0.01,
        size: 0,
      })
    }
    expect(rollout.step).toBe(0)
  })
})

describe('guards', () => {
  const told = (rollout: Rollout, events: readonly RolloutEvent[]) => events.flatMap((event) => rollout.tell(event))
  /** A rollout in its first step with real trades. */
  const tried = (options: Partial<RolloutOptions> = {}) => {
    const made = story(options)
    made.many(70)
    expect(made.rollout.step).toBe(1)
    return made
  }
  const own = (
    rollout: Rollout,
    time: number,
    y: 0 | 1,
    size = 0.02,
    netReturn = y === 1 ? 0.01 : -0.01,
  ): SettledSignal => ({
    kind: 'settled',
    time,
    decidedAt: time,
    step: rollout.step,
    arm: 'candidate',
    share: 1,
    y,
    netReturn,
    size,
  })

  test('end it when its own account falls by a tenth', () => {
    const { rollout, now } = tried()
    expect(told(rollout, [own(rollout, now(), 0, 1, -0.09)])).toEqual([])
    expect(told(rollout, [own(rollout, now(), 0, 1, -0.02)])).toMatchObject([
      { cause: 'DRAWDOWN', to: { status: 'ended' } },
    ])
    expect(rollout.share).toBe(0)
    expect(rollout.assign('x').arm).toBe('champion')
    expect(told(rollout, [own(rollout, now(), 1)])).toEqual([])
  })

  test('end it when it wins less often than all signals do', () => {
    const { rollout, now } = tried({ maxDrawdown: 0.99 })
    const changes = Array.from({ length: 60 }, () => rollout.tell(own(rollout, now(), 0))).flat()
    expect(changes[0]).toMatchObject({ cause: 'WIN_RATE', to: { status: 'ended' } })
  })

  test('end it when what it leaves does better than what it keeps, in shadow and when promoted', () => {
    const { many } = story()
    expect(many(200, false)).toMatchObject([{ cause: 'HARM', from: { step: 0 }, to: { status: 'ended' } }])
    const promoted = story({ winRateSlack: 0.9, maxDrawdown: 0.99 })
    promoted.many(200)
    expect(promoted.rollout.status).toBe('promoted')
    expect(promoted.many(300, false)).toMatchObject([
      { cause: 'HARM', from: { status: 'promoted' }, to: { status: 'ended' } },
    ])
  })

  test('end it when the signals that it was given end worse than the others, though it chose as well', () => {
    const long = DEFAULT_STEPS.map((step, n) => (n === 1 ? { ...step, signals: 1e6 } : step))
    const { rollout, now } = tried({ winRateSlack: 0.9, maxDrawdown: 0.99, steps: long })
    const changes = Array.from({ length: 400 }, (_, i) => {
      const time = now() + i * HOUR
      const arm = i % 2 === 0 ? ('candidate' as const) : ('champion' as const)
      // its orders are filled badly: what pays for the champion does not for it
      const paid = arm === 'champion' ? i % 3 !== 0 : i % 3 === 0
      const settled = own(rollout, time, paid ? 1 : 0)
      return rollout.tell({ ...settled, arm, share: 1 })
    }).flat()
    expect(changes[0]).toMatchObject({ cause: 'HARM', text: expect.stringContaining('given have ended worse') })
  })

  test('end it when it is slow, and not for a late answer now and then', () => {
    const { rollout } = story()
    const slow = (ms: number): RolloutEvent => ({ kind: 'latency', time: START, ms })
    expect(
      told(
        rollout,
        Array.from({ length: 2000 }, (_, i) => slow(i % 200 === 0 ? 500 : 1)),
      ),
    ).toEqual([])
    expect(
      told(
        rollout,
        Array.from({ length: 100 }, () => slow(Number.NaN)),
      ),
    ).toMatchObject([{ cause: 'LATENCY' }])
  })

  test('pause it where fewer calls are right than it takes, and end it where more are wrong than right', () => {
    const calls = (right: number) => {
      const { rollout, many } = story({ steps: [{ ...DEFAULT_STEPS[0]!, signals: 1e6 }, ...DEFAULT_STEPS.slice(1)] })
      const causes: string[] = []
      for (let i = 0; i < 5000; i++) {
        for (const { cause, to } of many(1, true, { right: (i * right) % 1 < right }))
          causes.push(`${cause} ${to.status}`)
      }
      return { causes, rollout }
    }
    expect(calls(0.6).causes).toEqual([])
    expect(calls(0.505).causes).toEqual(['ACCURACY paused'])
    expect(calls(0.4).causes).toEqual(['ACCURACY paused', 'ACCURACY ended'])
    const { rollout } = calls(0.505)
    expect(rollout.share).toBe(0)
    rollout.tell({ kind: 'resume', time: START + 1e10, by: 'Ada', reason: 'looked at it' })
    expect(rollout.status).toBe('running')
  })

  test('pause it while there are no signals, and let it go on when they come again', () => {
    const { rollout, many } = story()
    many(10)
    expect(rollout.tell({ kind: 'tick', time: START + 6 * DAY })).toEqual([])
    expect(rollout.tell({ kind: 'tick', time: START + 10 * DAY })).toMatchObject([
      { cause: 'SILENCE', to: { status: 'paused' } },
    ])
    expect(rollout.tell({ kind: 'decided', time: START + 10 * DAY, arm: 'champion' })).toMatchObject([
      { cause: 'RECOVERED' },
    ])
    expect(new Rollout({ name: 'm' }).tell({ kind: 'tick', time: START })).toEqual([])
  })

  test('pause it where it is given another share than its own', () => {
    const { rollout, now } = tried()
    const changes = Array.from({ length: 300 }, (_, i) =>
      rollout.tell({ kind: 'decided', time: now(), arm: i % 4 === 0 ? 'candidate' : 'champion' }),
    ).flat()
    expect(changes).toMatchObject([{ cause: 'SAMPLE_RATIO', to: { status: 'paused' } }])
    expect(changes[0]!.text).toMatch(/not a share of 10\.0 %/)
  })

  test('obey a person', () => {
    const { rollout, many, now } = story()
    const by = { time: START, by: 'Ada', reason: 'holidays' }
    expect(rollout.tell({ kind: 'pause', ...by })).toMatchObject([{ cause: 'OPERATOR', by: 'Ada', text: 'holidays' }])
    expect(rollout.tell({ kind: 'pause', ...by })).toEqual([])
    expect(many(100)).toEqual([])
    expect(rollout.tell({ kind: 'resume', ...by, time: now() })).toMatchObject([{ to: { status: 'running' } }])
    expect(rollout.tell({ kind: 'abort', ...by })).toMatchObject([{ to: { status: 'ended' } }])
  })
})

describe('assignment', () => {
  const units = Array.from({ length: 20_000 }, (_, i) => `tl-${i.toString(36)}`)
  test.each([0.02, 0.1, 0.25, 0.5])('gives a share of %d, and says how likely that was', (share) => {
    const given = units.map((unit) => assign(share, 'model-7', unit))
    const count = given.filter(({ arm }) => arm === 'candidate').length
    // five deviations
    expect(Math.abs(count / units.length - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / units.length))
    for (const { arm, propensity } of given) expect(propensity).toBe(arm === 'candidate' ? share : 1 - share)
  })

  test('keeps who has the candidate when the share grows, and deals anew for another', () => {
    const has = (share: number, name: string) => units.filter((unit) => assign(share, name, unit).arm === 'candidate')
    const tenth = has(0.1, 'a')
    expect(has(0.25, 'a')).toEqual(expect.arrayContaining(tenth.slice(0, 50)))
    for (const unit of tenth) expect(assign(0.25, 'a', unit).arm).toBe('candidate')
    const both = has(0.1, 'b').filter((unit) => assign(0.1, 'a', unit).arm === 'candidate').length
    expect(Math.abs(both / units.length - 0.01)).toBeLessThan(0.005)
  })

  test('is as even for units that differ in their last letter as for any', () => {
    const counts = new Array(10).fill(0)
    for (let i = 0; i < 20_000; i++) {
      for (let tenth = 0; tenth < 10; tenth++) {
        if (assign((tenth + 1) / 10 - 1e-12, 's', `x${i}`).arm === 'candidate') {
          counts[tenth]++
          break
        }
      }
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(2000))
  })
})

const event: fc.Arbitrary<RolloutEvent> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('settled' as const),
      time: fc.integer({ min: START, max: START + 60 * DAY }),
      decidedAt: fc.integer({ min: START, max: START + 60 * DAY }),
      step: fc.integer({ min: 0, max: 2 }),
      arm: fc.constantFrom('champion' as const, 'candidate' as const),
      share: fc.constantFrom(0, 0.5, 1),
      y: fc.constantFrom(0 as const, 1 as const),
      netReturn: fc.double({ min: -0.05, max: 0.05, noNaN: true }),
      size: fc.constantFrom(0, 0.1),
      right: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constant('decided' as const),
    time: fc.integer({ min: START, max: START + 60 * DAY }),
    arm: fc.constantFrom('champion' as const, 'candidate' as const),
  }),
  fc.record({ kind: fc.constant('latency' as const), time: fc.constant(START), ms: fc.constantFrom(1, 500) }),
  fc.record({
    kind: fc.constantFrom('pause' as const, 'resume' as const),
    time: fc.constant(START),
    by: fc.constant('A'),
    reason: fc.constant('r'),
  }),
  fc.record({ kind: fc.constant('tick' as const), time: fc.integer({ min: START, max: START + 60 * DAY }) }),
)
const quick: Partial<RolloutOptions> = {
  steps: DEFAULT_STEPS.slice(0, 2).map((step) => ({ ...step, hold: DAY, signals: 2, evidence: 1.01 })),
  margin: 0,
  falseAlarm: 0.2,
}

describe('any sequence of events', () => {
  test('leads to the same state, to the bit, wherever it was stopped and restored', () => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(fc.array(event, { minLength: 10, maxLength: 120, size: 'max' }), fc.nat(100), (events, stop) => {
        const through = new Rollout({ name: 'm', ...quick })
        let stopped = new Rollout({ name: 'm', ...quick })
        for (const [i, each] of events.entries()) {
          if (i === stop) stopped = Rollout.restore(JSON.parse(JSON.stringify(stopped)), { name: 'm', ...quick })
          expect(stopped.tell(each)).toEqual(through.tell(each))
        }
        expect(JSON.stringify(stopped)).toBe(JSON.stringify(through))
        for (const { cause } of through.history) reached.add(cause)
      }),
      { numRuns: 300, endOnFailure: true },
    )
    expect([...reached]).toEqual(expect.arrayContaining(['EARNED', 'OPERATOR', 'ACCURACY', 'SILENCE']))
  })

  test('never makes the candidate decide where it is paused or ended, never skips a step, and never comes back from an end', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 10, maxLength: 120, size: 'max' }), (events) => {
        const rollout = new Rollout({ name: 'm', ...quick })
        let ended = false
        for (const each of events) {
          const { step, status } = rollout
          for (const { from, to } of rollout.tell(each)) {
            expect(from.step <= to.step && to.step <= from.step + 1).toBe(true)
            expect(ended).toBe(false)
            ended = to.status === 'ended'
          }
          expect(rollout.step - step).toBeLessThanOrEqual(1)
          if (status === 'ended') expect(rollout.status).toBe('ended')
          if (rollout.status !== 'running' && rollout.status !== 'promoted') expect(rollout.share).toBe(0)
        }
      }),
      { numRuns: 200, endOnFailure: true },
    )
  })
})

test('what cannot be is refused and changes nothing', () => {
  const { rollout, many } = story()
  many(5)
  const before = JSON.stringify(rollout)
  const good: SettledSignal = {
    kind: 'settled',
    time: START + 1,
    decidedAt: START,
    step: 0,
    arm: 'champion',
    share: 1,
    y: 1,
    netReturn: 0,
    size: 0,
  }
  for (const [damage, message] of [
    [{ kind: 'else' }, '"kind"'],
    [{ time: Number.NaN }, '"time"'],
    [{ arm: 'x' }, '"arm"'],
    [{ step: 9 }, '"step" must be at most 4'],
    [{ share: 2 }, '"share"'],
    [{ y: 2 }, '"y"'],
    [{ netReturn: Number.POSITIVE_INFINITY }, '"netReturn"'],
    [{ size: -1 }, '"size"'],
    [{ decidedAt: 0.5 }, '"decidedAt"'],
  ] as const) {
    expect(() => rollout.tell({ ...good, ...damage } as never)).toThrow(message)
  }
  expect(() => rollout.tell(null as never)).toThrow('An event must be an object')
  expect(() => rollout.tell({ kind: 'abort', time: START, by: 'x', reason: '' })).toThrow('"reason"')
  expect(() => rollout.assign('')).toThrow('"unit"')
  expect(JSON.stringify(rollout)).toBe(before)
})

test('options that cannot be are refused', () => {
  const [first] = DEFAULT_STEPS as [(typeof DEFAULT_STEPS)[number]]
  for (const [options, message] of [
    [{ steps: [] }, '"steps" must be 1 to 20 steps'],
    [{ steps: [{ ...first, share: 1 }] }, 'below 1'],
    [
      {
        steps: [
          { ...first, share: 0.5 },
          { ...first, share: 0.1 },
        ],
      },
      'not below the share before it, 0.5',
    ],
    [{ steps: [{ ...first, hold: -1 }] }, '"steps[0].hold"'],
    [{ margin: -1 }, '"margin"'],
    [{ endBelowAccuracy: 0.6 }, '"endBelowAccuracy"'],
    [{ falseAlarm: 0 }, '"falseAlarm"'],
    [{ maxDrawdown: 1 }, '"maxDrawdown"'],
  ] as const) {
    expect(() => new Rollout({ name: 'm', ...options } as never)).toThrow(message)
  }
  expect(() => new Rollout({ name: '' })).toThrow('"name"')
  const { options } = new Rollout({ name: 'm' })
  expect(() => Object.assign(options, { margin: 9 })).toThrow()
  expect(() => Object.assign(options.steps[0]!, { evidence: 0 })).toThrow()
})

test('a file decides neither the options nor whose rollout it is, and a damaged one is refused', () => {
  const { rollout, many } = story()
  many(80)
  const json = JSON.parse(JSON.stringify(rollout))
  expect(Rollout.restore(json, { name: 'm', margin: 0.5 }).options.margin).toBe(0.5)
  expect(() => Rollout.restore(json, { name: 'other' })).toThrow('Wanted the rollout of "other", got that of "m"')
  for (const damage of [
    { step: 9 },
    { step: -1 },
    { status: 'king' },
    { status: 'promoted' },
    { signals: 0.5 },
    { history: [{}] },
    { guards: {} },
    { selection: {} },
    { worse: null },
  ]) {
    expect(() => Rollout.restore({ ...json, state: { ...json.state, ...damage } }, { name: 'm' })).toThrow()
  }
})
