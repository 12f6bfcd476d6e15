import type { Codec, Labeler, Snapshot } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import type { Bracket, Candle, Label } from '../market.ts'
import { holds, type Law, stateOf } from './law.ts'

/** A random walk of hourly candles, each opening at the last close. */
function walk(n: number, seed: string): Candle[] {
  const rng = new SeededRng(seed)
  let close = 100
  return Array.from({ length: n }, (_, i) => {
    const open = close
    close = open * Math.exp(0.01 * drawNormal(rng))
    const high = Math.max(open, close) * (1 + 0.005 * rng.next())
    const low = Math.min(open, close) * (1 - 0.005 * rng.next())
    return { symbol: 'TEST', time: 1.6e12 + i * 3_600_000, open, high, low, close, volume: 1 }
  })
}

/** The laws of {@link Labeler} over candles. It gets brackets; labelers without barriers make nothing of stop and target. */
export function labelerLaws(create: () => Labeler<Bracket, Candle, Label>, codec: Codec): Law[] {
  type Replay = { label: Label; settledAt: number }
  const replay = (labeler: Labeler<Bracket, Candle, Label>, candles: readonly Candle[], from = 0): Replay[] =>
    candles.flatMap((candle, i) => {
      const labels = labeler.advance(candle)
      const { close, time } = candle
      if ((from + i) % 7 === 3) {
        const id = `d${from + i}`
        const side = i % 2 === 0 ? 'long' : 'short'
        const reach = side === 'long' ? 0.02 : -0.02
        const bracket = { id, symbol: 'TEST', side, time: time + 3_600_000, price: close } as const
        labeler.open({ ...bracket, stop: close * (1 - reach), target: close * (1 + reach) })
      }
      return labels.map((label) => ({ label, settledAt: time }))
    })
  const candles = walk(300, 'labeler laws')
  return [
    {
      name: 'settles each decision once, after it was opened, at the candle that decides it',
      run: () => {
        const settled = replay(create(), candles)
        holds(settled.length > 20, `only ${settled.length} settled`)
        holds(new Set(settled.map(({ label }) => label.id)).size === settled.length, 'a decision settled twice')
        for (const { label, settledAt } of settled) {
          holds(label.exitTime === settledAt, `${label.id} settled at ${settledAt} says ${label.exitTime}`)
          holds(candles[Number(label.id.slice(1))]!.time < settledAt, `${label.id} settled before it was opened`)
          holds(label.y === Number(label.netReturn > 0), `${label.id}: y ${label.y}, net return ${label.netReturn}`)
        }
      },
    },
    {
      name: 'cannot see the future: later candles change no label that is already settled',
      run: () => {
        const cut = 150
        const other = walk(300, 'another future').map((candle, i) => ({ ...candle, time: candles[i]!.time }))
        const past = (rows: Replay[]): string =>
          JSON.stringify(rows.filter(({ settledAt }) => settledAt < candles[cut]!.time))
        const mixed = [...candles.slice(0, cut), ...other.slice(cut)]
        holds(past(replay(create(), candles)) === past(replay(create(), mixed)), 'the future changed the past')
      },
    },
    {
      name: 'a cancelled decision is never settled, and cancelling an unknown one does nothing',
      run: () => {
        const labeler = create()
        const { time, close } = candles[0]!
        labeler.advance(candles[0]!)
        labeler.open({ id: 'x', symbol: 'TEST', side: 'long', time, price: close, stop: close / 2, target: close * 2 })
        labeler.cancel('x')
        labeler.cancel('never opened')
        holds(
          candles.slice(1).every((candle) => labeler.advance(candle).length === 0),
          'it was settled all the same',
        )
      },
    },
    {
      name: 'restored from its snapshot it goes on to the bit',
      run: () => {
        for (const stop of [0, 1, 150]) {
          const steady = create()
          replay(steady, candles.slice(0, stop))
          const restored = restore(JSON.parse(stateOf(steady)) as Snapshot, [codec]) as typeof steady
          const [a, b] = [steady, restored].map((l) => JSON.stringify(replay(l, candles.slice(stop), stop)))
          holds(a === b && stateOf(steady) === stateOf(restored), `paths part after a restart at ${stop}`)
        }
      },
    },
  ]
}

/** What holds besides for a labeler that minds the barriers of its brackets. */
export function barrierLaws(create: () => Labeler<Bracket, Candle, Label>): Law[] {
  const candles = walk(3, 'barrier laws')
  return [
    {
      name: 'the candle of the entry can stop a bracket, at its stop and not before its entry, and never pay it',
      run: () => {
        const [seen, entered, later] = candles as [Candle, Candle, Candle, ...Candle[]]
        const time = entered.time + 1_800_000
        for (const side of ['long', 'short'] as const) {
          const open = (labeler: ReturnType<typeof create>, price: number): Bracket => {
            const [down, up] = [price * 0.9, price * 1.1]
            const [stop, target] = side === 'long' ? [down, up] : [up, down]
            const bracket = { id: 'x', symbol: 'TEST', side, time, price, stop, target }
            labeler.advance(seen)
            labeler.open(bracket)
            return bracket
          }
          const { close: price } = seen
          // a candle that reaches the stop alone, both barriers, and the target alone
          for (const reached of ['stop', 'both', 'target'] as const) {
            const labeler = create()
            const { stop, target } = open(labeler, price)
            const held = reached === 'both' ? [stop, target] : [reached === 'stop' ? stop : target]
            const [low, high] = [Math.min(price, ...held), Math.max(price, ...held)]
            const [label, ...others] = labeler.advance({ ...entered, open: price, high, low, close: price })
            if (reached === 'target') {
              holds(label === undefined, `a ${side} was settled by the target in the candle of its entry`)
              continue
            }
            holds(label !== undefined && others.length === 0, `a ${side} that may have met its stop was not settled`)
            holds(label.exitReason === 'stop', `a ${side} that may have met its stop: ${label.exitReason}`)
            holds(label.exitPrice === stop, `a ${side} was stopped at ${label.exitPrice}, its stop was ${stop}`)
            holds(label.ambiguous, `a ${side} stopped in the candle of its entry must be ambiguous`)
            holds(label.exitTime >= time, `a ${side} entered at ${time} was out at ${label.exitTime}`)
            holds(labeler.advance(later).length === 0, `a ${side} was settled twice`)
          }
        }
      },
    },
  ]
}
