import { describe, expect, test } from 'vitest'
import { assign } from '../../../src/lifecycle/rollout/assign.ts'
import { Rollout } from '../../../src/lifecycle/rollout/rollout.ts'
import type { RolloutEvent, SettledSignal } from '../../../src/lifecycle/rollout/rollout-event.ts'
import { createRolloutOptions, type RolloutOptions } from '../../../src/lifecycle/rollout/rollout-options.ts'
import { SelectionEvidence } from '../../../src/significance/index.ts'
import { errorOf } from '../helpers.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = 1_704_067_200_000
const lenient = { endBelowAccuracy: 0, pauseBelowAccuracy: 0, maxDrawdown: 0.999, winRateSlack: 1, margin: 0 }
const step = (change: Partial<RolloutOptions['steps'][number]> = {}) => ({
  ...{ share: 0, hold: 0, signals: 0, evidence: 0, approval: false },
  ...change,
})
/** Signal `i` as it settles; of even ones the candidate takes all, of odd ones nothing. */
const settled = (i: number, change: Partial<SettledSignal> = {}): SettledSignal => {
  const keeps = i % 2 === 0
  return {
    ...{ kind: 'settled', time: START + i * HOUR + 1, decidedAt: START + i * HOUR, step: 0, arm: 'champion' },
    ...{ share: keeps ? 1 : 0, y: keeps ? 1 : 0, netReturn: keeps ? 0.01 : -0.01, size: 0 },
    ...change,
  } as SettledSignal
}
const rolloutOf = (options: Partial<RolloutOptions> = {}): Rollout => new Rollout({ name: 'm', ...lenient, ...options })

describe('the report', () => {
  test('says what is needed and how long it will take if it goes on so', () => {
    const rollout = rolloutOf({ steps: [step({ hold: 10 * DAY, signals: 30, evidence: 1e9, approval: true })] })
    const evidence = new SelectionEvidence()
    for (let i = 0; i < 20; i++) {
      rollout.tell(settled(i))
      const { share, y, netReturn, time, decidedAt } = settled(i)
      evidence.update({ share, y, netReturn, time: decidedAt, labelEnd: time })
    }
    const { report } = rollout
    expect(report).toMatchObject({
      ...{ step: 0, status: 'running', share: 0, signalsLeft: 10, evidenceNeeded: 1e9, approvalNeeded: true },
      ...{ holdLeft: 10 * DAY - 19 * HOUR, signals: 20, winRate: 0.5, keptWinRate: 1, championWinRate: 0.5 },
      ...{ lift: 1, margin: 0, meanReturn: 0, drawdown: 0 },
    })
    expect(report.evidence).toBe(evidence.evidence)
    expect(report.meanChosenReturn).toBeCloseTo(0.005, 12)
    // ln of what is lacking over what a signal brings
    const still = Math.log(1e9 / evidence.evidence) / (Math.log(evidence.evidence) / 20)
    expect(report.signalsStill).toBe(Math.ceil(still))
    rollout.tell({ kind: 'approve', time: START + DAY, by: 'Ada' })
    expect(rollout.report.approvalNeeded).toBe(false)
  })

  test('says never while nothing speaks for it, and 0 where it is enough', () => {
    const none = rolloutOf({ steps: [step({ evidence: 20, hold: DAY })] })
    expect([none.report.signalsStill, none.report.holdLeft]).toEqual([Infinity, DAY])
    none.tell(settled(0))
    expect(none.report.signalsStill).toBe(Infinity)
    const enough = rolloutOf({ steps: [step({ evidence: 1, hold: 10 * DAY })] })
    enough.tell(settled(0))
    expect([enough.report.signalsStill, enough.report.approvalNeeded]).toEqual([0, false])
    expect(rolloutOf({ steps: [step({ evidence: 1, hold: 10 * DAY })] }).report.approvalNeeded).toBe(false)
  })

  test('says how far its own account has fallen', () => {
    const rollout = rolloutOf({ steps: [step({ share: 0.5, evidence: 1e9 })] })
    rollout.tell(settled(0, { arm: 'candidate', size: 0.5, netReturn: 0.1 }))
    rollout.tell(settled(2, { arm: 'candidate', size: 0.5, netReturn: -0.2 }))
    // 1.05 is the peak, 0.945 is left
    expect(rollout.report.drawdown).toBeCloseTo(0.1, 12)
  })

  test('hands out a copy of its history', () => {
    const rollout = rolloutOf({ steps: [step(), step({ evidence: 1e9 })] })
    rollout.tell(settled(0))
    const { history } = rollout
    expect(history).toHaveLength(1)
    ;(history as unknown[]).length = 0
    expect(rollout.history).toHaveLength(1)
  })
})

describe('a step is left', () => {
  test('exactly when its evidence, signals and time are there', () => {
    const evidence = new SelectionEvidence()
    for (let i = 0; i < 12; i++) {
      const { share, y, netReturn, time, decidedAt } = settled(i)
      evidence.update({ share, y, netReturn, time: decidedAt, labelEnd: time })
    }
    const needed = evidence.evidence
    expect(needed).toBeGreaterThan(1)
    const leaves = (
      change: Partial<RolloutOptions['steps'][number]>,
      options: Partial<RolloutOptions> = {},
    ): number => {
      const rollout = rolloutOf({ steps: [step(change), step({ evidence: 1e99 })], ...options })
      for (let i = 0; i < 12; i++) if (rollout.tell(settled(i)).length > 0) return i
      return -1
    }
    expect(leaves({ evidence: needed })).toBe(11)
    expect(leaves({ evidence: needed * (1 + 1e-12) })).toBe(-1)
    expect(leaves({ signals: 7 })).toBe(6)
    expect(leaves({ hold: 5 * HOUR })).toBe(5)
    // kept win twice as often as all, after the first pair
    expect(leaves({ signals: 2 }, { margin: 1 })).toBe(1)
    expect(leaves({ signals: 2 }, { margin: 1.001 })).toBe(-1)
  })

  test('by a candidate that wins as often as the champion, and by none that wins less often', () => {
    // of four kinds of signals those that the champion keeps win, of the candidate's only some
    const lives = (championShare: number): number => {
      const rollout = rolloutOf({ steps: [step({ signals: 4 }), step({ evidence: 1e99 })] })
      for (let i = 0; i < 12; i++) {
        const y = i % 4 === 0 ? 1 : 0
        rollout.tell(settled(i, { y, championShare: i % 4 === 0 ? 1 : championShare }))
      }
      return rollout.step
    }
    expect(lives(0)).toBe(0)
    expect(lives(1)).toBe(1)
  })

  test('and says who decided it, in at most 500 characters', () => {
    const rollout = rolloutOf({ steps: [step({ evidence: 1e99 })] })
    const [paused] = rollout.tell({ kind: 'pause', time: START, by: 'Ada', reason: 'x'.repeat(600) })
    expect(paused).toMatchObject({ cause: 'OPERATOR', by: 'Ada', text: 'x'.repeat(500) })
    const half = rolloutOf({ steps: [step(), step({ evidence: 1e99 })] })
    half.tell(settled(0, { share: 1, y: 1 }))
    expect(half.history[0]!.text).toBe('Evidence 1.0 of 0; it wins 100.0 % where all win 100.0 %.')
    const beside = rolloutOf({ steps: [step({ signals: 3 }), step({ evidence: 1e99 })] })
    for (let i = 0; i < 3; i++) beside.tell(settled(i, { championShare: i === 1 ? 1 : 0.5 }))
    expect(beside.history[0]?.text).toMatch(
      /^Evidence [\d.]+ of 0; it wins 100\.0 % where all win 66\.7 %, and the champion \d+\.\d %\.$/,
    )
  })

  test('100 times at most in memory', () => {
    const rollout = rolloutOf({ steps: [step({ evidence: 1e99 })] })
    for (let i = 0; i < 120; i++) {
      rollout.tell({ kind: i % 2 ? 'resume' : 'pause', time: START + i, by: 'Ada', reason: `${i}` })
    }
    expect(rollout.history.map(({ text }) => text)).toEqual(Array.from({ length: 100 }, (_, i) => `${i + 20}`))
    expect(Rollout.restore(JSON.parse(JSON.stringify(rollout)), { name: 'm' }).history).toHaveLength(100)
  })
})

describe('guards', () => {
  const running = { steps: [step({ evidence: 1e99 })] }
  test('let a silence and a latency of exactly the limit pass', () => {
    const rollout = rolloutOf({ ...running, silence: DAY, latency: 100 })
    rollout.tell({ kind: 'decided', time: START, arm: 'champion' })
    expect(rollout.tell({ kind: 'tick', time: START + DAY })).toEqual([])
    for (let i = 0; i < 500; i++) expect(rollout.tell({ kind: 'latency', time: START + DAY, ms: 100 })).toEqual([])
    const [change] = rollout.tell({ kind: 'tick', time: START + DAY + HOUR })
    expect(change).toMatchObject({ cause: 'SILENCE', text: 'No signal for 1.0 days.', to: { status: 'paused' } })
    const slow = rolloutOf({ ...running, latency: 100 })
    for (let i = 0; i < 50; i++) slow.tell({ kind: 'latency', time: START, ms: i % 2 ? 101 : NaN })
    expect(slow.history[0]!.text).toMatch(/^(\d+) of \1 predictions were late, which shows more than one in 100\.$/)
    const later = rolloutOf({ ...running, latency: 100 })
    for (let i = 0; i < 50; i++) later.tell({ kind: 'latency', time: START, ms: i < 5 ? 1 : 101 })
    const [, late, all] = /^(\d+) of (\d+) predictions/.exec(later.history[0]!.text)!
    expect(Number(all) - Number(late)).toBe(5)
  })

  test('let a fall of exactly the limit pass, and name both beyond it', () => {
    const rollout = rolloutOf({ ...running, maxDrawdown: 0.25 })
    expect(rollout.tell(settled(0, { arm: 'candidate', size: 1, netReturn: -0.25 }))).toEqual([])
    const [change] = rollout.tell(settled(1, { arm: 'candidate', size: 1, netReturn: -0.01 }))
    expect(change).toMatchObject({
      cause: 'DRAWDOWN',
      text: 'Its account has fallen 25.8 % below its peak; more than 25.0 % ends it.',
    })
  })

  test('leave out what was not traded, and what others decided', () => {
    const rollout = rolloutOf({ ...running, maxDrawdown: 0.1, winRateSlack: 0.01 })
    for (let i = 0; i < 300; i++) {
      // losses all of them, but none of its own
      const lost = { y: 0, netReturn: -0.2, share: i % 2 } as const
      rollout.tell(settled(i, i % 3 ? { ...lost, arm: 'champion', size: 1 } : { ...lost, arm: 'candidate', size: 0 }))
    }
    expect(rollout.history.filter(({ cause }) => cause === 'DRAWDOWN' || cause === 'WIN_RATE')).toEqual([])
  })

  test('that are set to 0 or 1 say nothing of accuracy', () => {
    const options = { ...running, endBelowAccuracy: 0, pauseBelowAccuracy: 1, silence: 365 * DAY }
    const rollout = rolloutOf(options)
    for (let i = 0; i < 300; i++) expect(rollout.tell(settled(i, { right: i % 2 === 0, share: 0.5 }))).toEqual([])
    const state = JSON.parse(JSON.stringify(rollout)).state.guards
    expect([state.ends.n, state.pauses.n]).toEqual([0, 0])
  })
})

describe('what has happened', () => {
  /** What its evidence would be of the signals given. */
  const evidenceOf = (
    signals: readonly SettledSignal[],
    share: (signal: SettledSignal) => number,
  ): SelectionEvidence => {
    const evidence = new SelectionEvidence()
    for (const one of signals) {
      const { y, netReturn, decidedAt, time } = one
      evidence.update({ share: share(one), y, netReturn, time: decidedAt, labelEnd: Math.max(decidedAt, time) })
    }
    return evidence
  }

  test('with labels that overlap counts as one event', () => {
    // 10 hours each, one begun every hour; one of them is told to have ended before it began
    const signals = Array.from({ length: 40 }, (_, i) =>
      settled(i, { time: START + (i === 7 ? i - 1 : i + 10) * HOUR, y: i % 3 === 0 ? 1 : 0 }),
    )
    const rollout = rolloutOf({ steps: [step({ evidence: 1e99 })] })
    for (const signal of signals) rollout.tell(signal)
    expect(rollout.report.evidence).toBe(evidenceOf(signals, ({ share }) => share).evidence)
    const short = signals.map((signal) => ({ ...signal, time: signal.decidedAt }))
    expect(evidenceOf(short, ({ share }) => share).evidence).not.toBe(rollout.report.evidence)
  })

  test('to signals that each was given is compared by as much of them as each took', () => {
    // the candidate takes half of its signals, which win as often as the champion's, and so earns less
    const signals = Array.from({ length: 200 }, (_, i) =>
      settled(i, { share: 0.5, championShare: 1, arm: i % 2 ? 'champion' : 'candidate', netReturn: 0.01, y: 1 }),
    )
    const endsAt = (all: readonly SettledSignal[]): number => {
      const rollout = rolloutOf({ steps: [step({ share: 0.5, evidence: 1e99 })], falseAlarm: 0.05 })
      return all.findIndex((signal) => rollout.tell(signal).some(({ cause }) => cause === 'HARM'))
    }
    const wanted = signals.findIndex((_, i) => {
      const earned = signals
        .slice(0, i + 1)
        .map((one) => ({ ...one, y: 0 as const, netReturn: one.netReturn * (one.arm === 'candidate' ? 0.5 : 1) }))
      return evidenceOf(earned, ({ arm }) => (arm === 'champion' ? 1 : 0)).evidence >= 20
    })
    expect(wanted).toBeGreaterThan(10)
    expect(endsAt(signals)).toBe(wanted)
    expect(endsAt(signals.map((one) => ({ ...one, share: 1, championShare: 0.5 })))).toBe(-1)
  })

  test('after the promotion is judged anew all the time, and before it not', () => {
    const good = Array.from({ length: 60 }, (_, i) => settled(i))
    const bad = Array.from({ length: 200 }, (_, k) => {
      const i = 60 + k
      return settled(i, { y: i % 2 ? 1 : 0, netReturn: i % 2 ? 0.01 : -0.01, step: 1 })
    })
    const promoted = rolloutOf({ steps: [step()], falseAlarmEvery: 100 })
    promoted.tell(good[0]!)
    expect(promoted.status).toBe('promoted')
    expect(promoted.report).toMatchObject({ evidenceNeeded: 0, share: 1 })
    for (const signal of good.slice(1)) promoted.tell({ ...signal, step: 1 })
    const worse = new SelectionEvidence()
    const all = [...good.slice(1).map((signal) => ({ ...signal, step: 1 })), ...bad]
    let wanted = -1
    for (const [i, { share, y, netReturn, decidedAt, time }] of all.entries()) {
      worse.update({ share: 1 - share, others: 0, y, netReturn, time: decidedAt, labelEnd: time })
      worse.restake()
      if (wanted < 0 && worse.evidence >= 100) wanted = i - 59
    }
    const ended = bad.findIndex((signal) => promoted.tell(signal).some(({ cause }) => cause === 'HARM'))
    expect(ended).toBe(wanted)

    // without new stakes what was good for long outweighs what has turned bad
    const running = rolloutOf({ steps: [step({ evidence: 1e99 })], falseAlarm: 0.01 })
    for (const signal of good) running.tell(signal)
    for (const signal of bad.slice(0, ended + 1)) running.tell({ ...signal, step: 0 })
    expect(running.status).toBe('running')
  })

  test('to one that has ended changes nothing, and asks nobody', () => {
    const rollout = rolloutOf({ steps: [step({ evidence: 1e99 })] })
    rollout.tell(settled(0))
    rollout.tell({ kind: 'abort', time: START + DAY, by: 'Ada', reason: 'x' })
    const before = JSON.stringify(rollout)
    for (const event of [settled(1), { kind: 'tick', time: START + 9 * DAY }] as RolloutEvent[]) {
      expect(rollout.tell(event)).toEqual([])
    }
    expect(JSON.stringify(rollout)).toBe(before)
  })

  test('by an operator who asks for what is so already changes nothing', () => {
    const rollout = rolloutOf({ steps: [step({ signals: 99 })] })
    for (let i = 0; i < 5; i++) rollout.tell(settled(i))
    const order = { time: START + HOUR * 5, by: 'Ada', reason: 'x' } as const
    expect(rollout.tell({ kind: 'resume', ...order })).toEqual([])
    expect(rollout.tell({ kind: 'pause', ...order })).toHaveLength(1)
    expect(rollout.tell({ kind: 'pause', ...order })).toEqual([])
    expect(rollout.tell({ kind: 'resume', ...order })).toHaveLength(1)
    // the step goes on where it was
    expect(rollout.report.signalsLeft).toBe(94)
    expect(JSON.parse(JSON.stringify(rollout)).state.pausedFor).toBe('')
  })

  test('to an account is measured from its peak, in trades alone, once enough is known', () => {
    const rollout = rolloutOf({ steps: [step({ share: 0.5, evidence: 1e99 })], maxDrawdown: 0.25, winRateSlack: 0.05 })
    const guardsOf = () => JSON.parse(JSON.stringify(rollout)).state.guards
    rollout.tell(settled(0, { arm: 'candidate', size: 1, netReturn: 1 }))
    expect(rollout.tell(settled(1, { arm: 'candidate', size: 1, netReturn: -0.2 }))).toEqual([])
    // the win rate of fewer signals is no floor
    let known = 2
    while (guardsOf().wins.n === 0) rollout.tell(settled(known++, { arm: 'candidate', size: 0.001, netReturn: 0 }))
    expect(known - 1).toBe(20)
    rollout.tell(settled(known, { arm: 'candidate', size: 0, netReturn: -1 }))
    expect(guardsOf()).toMatchObject({ wins: { n: 1 }, equity: 1.6, peak: 2 })
    const [ended] = rollout.tell(settled(known + 1, { arm: 'candidate', size: 1, netReturn: -0.1, share: 1, y: 1 }))
    expect(ended).toMatchObject({ cause: 'DRAWDOWN' })
  })
})

describe('what cannot be is refused:', () => {
  test.each<[string, unknown, string]>([
    ['no event', null, 'An event must be an object'],
    ['a text', 'tick', 'An event must be an object'],
    ['an unknown kind', { kind: 'leap', time: START }, '"kind"'],
    ['no time', { kind: 'tick', time: NaN }, '"time"'],
    ['an arm of nobody', { kind: 'decided', time: START, arm: 'third' }, '"arm"'],
    ['an approval of nobody', { kind: 'approve', time: START, by: '' }, '"by"'],
    ['a pause without a reason', { kind: 'pause', time: START, by: 'Ada', reason: '' }, '"reason"'],
    ['a resume without a reason', { kind: 'resume', time: START, by: 'Ada' }, '"reason"'],
    ['an end without a reason', { kind: 'abort', time: START, by: 'Ada' }, '"reason"'],
    ['an arm of nobody, settled', settled(0, { arm: 'third' as never }), '"arm"'],
    ['a decision at no time', settled(0, { decidedAt: NaN }), '"decidedAt"'],
    ['half a step', settled(0, { step: 0.5 }), '"step"'],
    ['a step beyond the last', settled(0, { step: 2 }), '"step" must be at most 1, got 2.'],
    ['a share above all', settled(0, { share: 1.1 }), '"share"'],
    ['a share of the champion above all', settled(0, { championShare: 1.1 }), '"championShare"'],
    ['a label that is none', settled(0, { y: 0.5 as never }), '"y" must be 0 or 1, got 0.5.'],
    ['a return that is no number', settled(0, { netReturn: NaN }), '"netReturn"'],
    ['a size above all', settled(0, { size: 1.1 }), '"size"'],
  ])('%s', (_, event, says) => {
    const rollout = rolloutOf({ steps: [step({ evidence: 1e99 })] })
    const before = JSON.stringify(rollout)
    const { code, message } = errorOf(() => rollout.tell(event as RolloutEvent))
    expect([code, message]).toEqual([
      /time|decidedAt/.test(says) ? 'INVALID_TIME' : 'INVALID_INPUT',
      expect.stringContaining(says),
    ])
    expect(JSON.stringify(rollout)).toBe(before)
  })

  test('options', () => {
    const many = (count: number) => Array.from({ length: count }, () => step())
    expect(createRolloutOptions({ steps: many(20) }).steps).toHaveLength(20)
    for (const [options, says] of [
      [{ steps: many(21) }, '"steps" must be 1 to 20 steps'],
      [{ steps: [] }, '"steps" must be 1 to 20 steps'],
      [{ steps: [null as never] }, '"steps[0].share"'],
      [{ steps: [step({ share: 1 })] }, '"steps[0].share" must be below 1'],
      [{ steps: [step({ share: 0.5 }), step({ share: 0.4 })] }, 'not below the share before it, 0.5, got 0.4.'],
      [{ steps: [step({ hold: -1 })] }, '"steps[0].hold"'],
      [{ steps: [step({ signals: 0.5 })] }, '"steps[0].signals"'],
      [{ steps: [step({ evidence: -1 })] }, '"steps[0].evidence"'],
      [
        { endBelowAccuracy: 0.6, pauseBelowAccuracy: 0.5 },
        '"endBelowAccuracy" must be at most "pauseBelowAccuracy", 0.5, got 0.6.',
      ],
      [{ margin: -0.1 }, '"margin"'],
      [{ maxDrawdown: 1 }, '"maxDrawdown"'],
      [{ winRateSlack: 2 }, '"winRateSlack"'],
      [{ latency: 0 }, '"latency"'],
      [{ silence: 0 }, '"silence"'],
      [{ falseAlarm: 0 }, '"falseAlarm"'],
      [{ falseAlarmEvery: 0 }, '"falseAlarmEvery"'],
    ] as const) {
      expect(() => createRolloutOptions(options), says).toThrow(says)
    }
    expect(createRolloutOptions({ endBelowAccuracy: 0.5, pauseBelowAccuracy: 0.5 }).endBelowAccuracy).toBe(0.5)
    expect(() => assign(0.5, 'm', '')).not.toThrow()
    expect(errorOf(() => rolloutOf().assign(''))).toMatchObject({ code: 'INVALID_INPUT' })
    expect(() => rolloutOf().assign('')).toThrow('"unit"')
    expect(errorOf(() => assign(2, 'm', 'u'))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('"share"'),
    })
  })

  test('files whose parts do not agree', () => {
    const rollout = rolloutOf({ steps: [step({ evidence: 1e99 })] })
    for (let i = 0; i < 10; i++) rollout.tell(settled(i, { arm: 'candidate', size: 0.01, right: true }))
    rollout.tell({ kind: 'pause', time: START + DAY, by: 'Ada', reason: 'x' })
    const json = JSON.parse(JSON.stringify(rollout))
    const restore = (state: object): Rollout =>
      Rollout.restore({ ...json, state: { ...json.state, ...state } }, { name: 'm', ...lenient, steps: [step()] })
    expect(JSON.stringify(restore({}))).toBe(JSON.stringify(rollout))
    const { guards, history } = json.state
    const count = { n: 3, wins: 2, logE: 0 }
    const damages: object[] = [
      { status: 'promoted' },
      { status: 'running', step: 1 },
      { guards: { ...guards, peak: 0.5 } },
      { guards: { ...guards, equity: 2, peak: 1 } },
      { guards: { ...guards, equity: -1 } },
      { guards: { ...guards, peak: { $: 'Infinity' } } },
      { history: Array.from({ length: 101 }, () => history[0]) },
    ]
    for (const name of ['wins', 'ends', 'pauses', 'inTime', 'given']) {
      for (const change of [{ n: 0.5 }, { wins: 0.5 }, { wins: -1 }, { wins: 4 }, { logE: { $: 'NaN' } }]) {
        damages.push({ guards: { ...guards, [name]: { ...count, ...change } } })
      }
      expect(() => restore({ guards: { ...guards, [name]: count } })).not.toThrow()
    }
    for (const damage of damages) expect(() => restore(damage), JSON.stringify(damage)).toThrow(/must/)
    const done = JSON.parse(JSON.stringify(rolloutOf({ steps: [step()] })))
    const promoted = { ...done, state: { ...done.state, status: 'promoted', step: 1 } }
    expect(Rollout.restore(promoted, { name: 'm', ...lenient, steps: [step()] }).share).toBe(1)
    expect(() => Rollout.restore(promoted, { name: 'm', ...lenient, steps: [step(), step()] })).toThrow(/must/)
    expect(() => restore({ status: 'ended', step: 1 })).not.toThrow()
    expect(() => restore({ status: 'ended', step: 2 })).toThrow(/must/)
    expect(() => restore({ status: 'ended' })).not.toThrow()
    expect(() => restore({ history: Array.from({ length: 100 }, () => history[0]) })).not.toThrow()
  })
})

test('the next candidate goes through the same steps, by a deal of its own', () => {
  const rollout = rolloutOf({ steps: [step({ share: 0.5, evidence: 1e99 })], silence: DAY })
  rollout.tell(settled(0))
  const next = rollout.next('n')
  expect([next.name, next.options, next.report.signals]).toEqual(['n', rollout.options, 0])
  const arms = (one: Rollout): string => Array.from({ length: 64 }, (_, i) => one.assign(`s${i}`).arm[1]).join('')
  expect(arms(next)).not.toBe(arms(rollout))
})
