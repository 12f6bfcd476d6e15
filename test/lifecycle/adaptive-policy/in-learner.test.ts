import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import { AdaptiveParameters, type ParameterChange } from '../../../src/decision/index.ts'
import { AdaptivePolicy, TradeLearner } from '../../../src/lifecycle/index.ts'
import type { Decision } from '../../../src/market.ts'
import { emptyDisk, MemoryStore } from '../durable/memory-store.ts'
import { stateOf } from '../helpers.ts'
import { Claim, Constant, live, newLearner, type ToldSignal, toldMarket, toldOptions } from './market.ts'

const codes = ({ reasons }: Pick<Decision, 'reasons'>): string[] => reasons.map(({ code }) => code)
const inUse = (adaptive: AdaptivePolicy): { readonly [name: string]: number } =>
  Object.fromEntries(adaptive.report.values.map(({ name, value }) => [name, value]))
const changesOf = (adaptive: AdaptivePolicy, name: string): readonly ParameterChange[] =>
  adaptive.report.history.filter((change) => change.name === name)

describe('in a market where another value is known to be better', () => {
  test('the threshold rises above a band that loses: 0.63 is claimed of what wins less than half', () => {
    const adaptive = new AdaptivePolicy({ minTrades: 0 })
    const learner = newLearner(adaptive)
    const decisions: Decision[] = []
    const claim = (truth: number): number => (truth < 0.5 ? 0.63 : 0.72)
    live(learner, toldMarket({ seed: 'a', signals: 600, strength: 2 }, claim), (decision) => decisions.push(decision))
    const [change] = changesOf(adaptive, 'entryThreshold')
    expect(change).toMatchObject({ kind: 'learnt', from: 0.6, to: 0.63 })
    expect(change!.evidence!.low).toBeGreaterThan(0)
    expect(change!.evidence!.capital).toBeGreaterThan(change!.evidence!.needed)
    expect(inUse(adaptive)['entryThreshold']).toBe(0.63)
    // the same claim is judged otherwise before and after, and says so
    const low = decisions.filter(({ prediction }) => prediction.probability === 0.63)
    expect(codes(low[0]!)).toEqual(['TAKE_BAND', 'EV_NEGATIVE'].slice(0, codes(low[0]!).length))
    expect(codes(low.at(-1)!)[0]).toBe('REDUCE_BAND')
    expect(low.at(-1)!.reasons.find(({ code }) => code === 'ADAPTED')!.text).toBe(
      'entryThreshold is 0.63; the configuration says 0.6.',
    )
    expect(learner.status().faults).toEqual([])
  })

  test('where all lose the size falls to 80 %, and further once a person agrees', () => {
    const adaptive = new AdaptivePolicy({ minTrades: 0 })
    const learner = newLearner(adaptive)
    const market = toldMarket({ seed: 'b', signals: 1500, strength: 0, winRate: 0.35 }, () => 0.8)
    const sizes: number[] = []
    const half = market.candles[market.candles.length >> 1]!.time
    const before = {
      candles: market.candles.filter(({ time }) => time < half),
      signals: market.signals.filter(({ time }) => time < half),
    }
    const after = {
      candles: market.candles.filter(({ time }) => time >= half),
      signals: market.signals.filter(({ time }) => time >= half),
    }
    live(learner, before, ({ size }) => sizes.push(size))
    expect(inUse(adaptive)['sizeMultiplier']).toBe(0.8)
    expect(sizes.at(-1)).toBeCloseTo(0.8 * sizes[0]!, 12)
    const [waiting] = adaptive.report.pending
    expect(waiting).toMatchObject({ name: 'sizeMultiplier', kind: 'proposed' })
    adaptive.parameters.approve(waiting!.id, 'me', 'it loses')
    live(learner, after, ({ size }) => sizes.push(size))
    expect(inUse(adaptive)['sizeMultiplier']).toBeLessThanOrEqual(waiting!.to)
    expect(sizes.at(-1)).toBeLessThan(0.75 * sizes[0]!)
    expect(Math.max(...sizes)).toBe(sizes[0])
  })

  test('a stop within which winners turn around moves away, and the position shrinks with it', () => {
    const stopAtr = { approved: 1.2, low: 1, high: 1.4, step: 0.1 }
    const adaptive = new AdaptivePolicy({
      minTrades: 0,
      parameters: new AdaptiveParameters({ stopAtr, falseChangeEvery: 1000 }),
    })
    const decisions: Decision[] = []
    const market = toldMarket({ seed: 'a', signals: 2700, strength: 0, winRate: 0.7 }, (truth) => truth, 'none')
    live(newLearner(adaptive), market, (decision) => decisions.push(decision))
    expect(changesOf(adaptive, 'stopAtr')[0]).toMatchObject({ kind: 'learnt', from: 1.2 })
    expect(inUse(adaptive)['stopAtr']).toBe(1.4)
    // all claims are alike, so the loss at the stop, over what the baseline's stop would lose, tells
    const at = ({ price, stop }: Decision): number => Math.abs(price - stop) / price
    const [first, last] = [decisions[20]!, decisions.at(-1)!]
    expect(last.size / first.size).toBeCloseTo(1.2 / 1.4, 9)
    expect(at(last)).toBeGreaterThan(0)
    expect(codes(last)).toContain('ADAPTED')
  })

  test('the source that knows gains weight, the other loses it, and votes against lower the size', () => {
    const parameters = new AdaptiveParameters({ sources: ['good', 'coin'] })
    const adaptive = new AdaptivePolicy({ minTrades: 0, parameters })
    const decisions: [Decision, number][] = []
    const market = toldMarket({ seed: 'a', signals: 1500, strength: 2 }, () => 0.72)
    let i = 0
    live(newLearner(adaptive), market, (decision) => decisions.push([decision, market.signals[i++]!.meta!.good]))
    expect(inUse(adaptive)).toMatchObject({ 'weight:good': 1.2, 'weight:coin': 0.8 })
    const late = decisions.slice(-300)
    const mean = (good: number): number => {
      const sizes = late.filter(([, vote]) => vote === good).map(([{ size }]) => size)
      return sizes.reduce((sum, size) => sum + size, 0) / sizes.length
    }
    expect(mean(-1)).toBeLessThan(0.95 * mean(1))
    const against = late.find(([, vote]) => vote < 0)![0]
    expect(codes(against)).toEqual(expect.arrayContaining(['SOURCES', 'ADAPTED']))
    expect(against.prediction.probability).toBe(0.72)
    expect(Math.max(...decisions.map(([{ size }]) => size))).toBe(decisions[0]![0].size)
  })
})

test('in a market where nothing is better nothing moves over 1,000 signals', () => {
  for (const seed of ['x', 'y', 'z']) {
    // costs are such that the threshold of 0.6 breaks even, and what lies above it deserves the full size
    const parameters = new AdaptiveParameters({ sources: ['coin'] })
    const adaptive = new AdaptivePolicy({ minTrades: 0, costs: 0.003, skipBelow: 0.6, parameters })
    const market = toldMarket({ seed, signals: 1000, strength: 1.5 }, (truth) => truth)
    live(newLearner(adaptive, 0.003), market)
    expect(adaptive.report).toMatchObject({ history: [], pending: [] })
    expect(adaptive.report.seen).toBeGreaterThan(990)
    // nor do distances in a random walk, which returns the same with all of them
    const distances = new AdaptivePolicy({ minTrades: 0 })
    live(
      newLearner(distances),
      toldMarket({ seed, signals: 1000, strength: 0 }, () => 0.5, 'none'),
    )
    expect([...changesOf(distances, 'stopAtr'), ...changesOf(distances, 'targetAtr')]).toEqual([])
    expect(distances.parameters.evidence('stopAtr')[0]!.evidence.n).toBeGreaterThan(100)
  }
})

describe('the state', () => {
  const market = toldMarket({ seed: 'c', signals: 500, strength: 0, winRate: 0.3 }, () => 0.8, 'none')
  const newPolicy = (onChange: (change: ParameterChange) => void = () => {}): AdaptivePolicy =>
    new AdaptivePolicy({
      ...{ minTrades: 0, onChange },
      parameters: new AdaptiveParameters({ falseChangeEvery: 100, sources: ['good', 'coin'] }),
    })
  const part = (from: number, to: number): typeof market => {
    const [start, end] = [from, to].map(
      (share) => market.candles[Math.floor(share * (market.candles.length - 1))]!.time,
    )
    const within = ({ time }: { readonly time: number }): boolean => time >= start! && (time < end! || to === 1)
    return { candles: market.candles.filter(within), signals: market.signals.filter(within) }
  }

  test('saved with the learner and read back goes on to the bit', () => {
    const [own, again] = [newPolicy(), newPolicy()]
    const learner = newLearner(own)
    live(learner, part(0, 0.6))
    expect(own.report.awaited).toBeGreaterThan(0)
    expect(own.report.history.length).toBeGreaterThan(0)
    const saved = JSON.parse(stateOf(learner)) as Snapshot
    const options = { ...toldOptions(again), codecs: [Claim, Constant] }
    const restored = TradeLearner.restore<ToldSignal>(saved, options as never)
    expect(stateOf(restored)).toBe(stateOf(learner))
    expect(again.report).toEqual(own.report)
    const told: string[][] = [[], []]
    for (const [i, one] of [learner, restored].entries()) {
      live(one, part(0.6, 1), (decision) => told[i]!.push(JSON.stringify(decision)))
    }
    expect(told[1]).toEqual(told[0])
    expect(stateOf(restored)).toBe(stateOf(learner))
  })

  test('is what it would have been, though whoever is told of changes throws', () => {
    let told = 0
    const [quiet, loud] = [
      newLearner(newPolicy()),
      newLearner(
        newPolicy(() => {
          told++
          throw new Error('the chat is gone')
        }),
      ),
    ]
    for (const learner of [quiet, loud]) live(learner, market)
    expect(told).toBeGreaterThan(0)
    expect(stateOf(loud)).toBe(stateOf(quiet))
  })

  test('after a crash is what it would have been without, and nobody is told of a change twice', async () => {
    const disk = emptyDisk()
    const told: ParameterChange[] = []
    const open = (policy: AdaptivePolicy) =>
      TradeLearner.open<ToldSignal>({
        ...{ ...toldOptions(policy), codecs: [Claim, Constant], store: new MemoryStore(disk), snapshotEvery: 3000 },
      } as never)
    let adaptive = newPolicy((change) => told.push(change))
    let learner = await open(adaptive)
    for (const [from, to] of [
      [0, 0.3],
      [0.3, 0.55],
      [0.55, 1],
    ] as const) {
      live(learner, part(from, to))
      await learner.stored()
      if (to === 1) break
      disk.open = false
      const before = adaptive
      adaptive = newPolicy((change) => told.push(change))
      learner = await open(adaptive)
      expect(learner.recovery.warnings).toEqual([])
      expect(JSON.stringify(adaptive)).toBe(JSON.stringify(before))
    }
    const alone: ParameterChange[] = []
    const plain = newPolicy((change) => alone.push(change))
    live(newLearner(plain), market)
    expect(adaptive.report).toEqual(plain.report)
    expect(told).toEqual(alone)
    expect(alone).toEqual(plain.report.history)
    expect(alone.length).toBeGreaterThan(1)
    await learner.close()
  })

  test('a person’s word is in the snapshot that follows it; what only a person may allow waits again after a restart', async () => {
    const disk = emptyDisk()
    const open = (policy: AdaptivePolicy) =>
      TradeLearner.open<ToldSignal>({
        ...{ ...toldOptions(policy), codecs: [Claim, Constant], store: new MemoryStore(disk) },
      } as never)
    const adaptive = newPolicy()
    const learner = await open(adaptive)
    live(learner, market)
    const { pending } = adaptive.report
    const size = pending.find(({ name }) => name === 'sizeMultiplier')!
    const moved = adaptive.report.history.find(({ kind }) => kind === 'learnt')!
    adaptive.parameters.revert(moved.id, 'I do not believe it')
    expect(inUse(adaptive)[moved.name]).toBe(moved.from)
    adaptive.parameters.approve(size.id, 'me', 'it loses')
    expect(inUse(adaptive)['sizeMultiplier']).toBe(size.to)
    await learner.save()
    disk.open = false
    const again = newPolicy()
    await open(again)
    const kinds = again.report.history.map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['approved', 'reverted', 'refused', 'proposed']))
    expect(inUse(again)['sizeMultiplier']).toBe(1)
    expect(again.report.pending.find(({ name }) => name === 'sizeMultiplier')).toMatchObject({ to: size.to })
    again.parameters.approve('sizeMultiplier', 'me', 'as I said')
    expect(inUse(again)['sizeMultiplier']).toBe(size.to)
  })
})

test('a learner without one is as it was: nobody learns, no decision says so', () => {
  const { policy: _, companions: __, ...options } = toldOptions(new AdaptivePolicy())
  const learner = new TradeLearner<ToldSignal>(options)
  const market = toldMarket({ seed: 'd', signals: 200, strength: 0, winRate: 0.3 }, () => 0.8)
  live(learner, market, (decision) => expect(codes(decision)).not.toContain('ADAPTED'))
  expect(stateOf(learner)).not.toContain('adaptive')
})
