import { drawInteger } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import type { TradeLearner } from '../../src/lifecycle/index.ts'
import { account, candleAt, type SmallSignal, signalAt, smallOptions, warm } from '../lifecycle/helpers.ts'

/** What became of bad calls. */
export type BadCallReport = {
  readonly calls: number
  readonly refused: number
  /** What must not happen: an error without a code, a refusal that changed something. */
  readonly faults: readonly string[]
}

/** A getter that throws: not data, so it never comes from a file, and is no bot's. Everything else is fair. */
const JUNK: readonly unknown[] = [
  undefined,
  null,
  true,
  '',
  'x',
  '1e5',
  -1,
  -0,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  1e308,
  5e-324,
  2 ** 53,
  10n,
  Symbol('s'),
  [],
  [1],
  {},
  Object.create(null),
  JSON.parse('{"__proto__":{"equity":1}}'),
  new Date(Number.NaN),
  new Map(),
  () => 1,
  Float64Array.of(1, 2),
]
const KEYS = ['__proto__', 'constructor', 'toString', 'meta', 'size', '']

/** Calls a learner with arguments that are spoilt in one place or through and through, and holds its state against before. */
export function badCalls(calls: number, seed: string): BadCallReport {
  const rng = new SeededRng(seed)
  const pick = <T>(items: readonly T[]): T => items[drawInteger(rng, items.length)]!
  const spoilt = (value: unknown): unknown => {
    if (rng.next() < 0.15) return pick(JUNK)
    if (typeof value !== 'object' || value === null) return pick(JUNK)
    const copy: Record<string, unknown> = { ...value }
    const key = rng.next() < 0.9 ? pick(Object.keys(copy)) : pick(KEYS)
    if (rng.next() < 0.15) delete copy[key]
    else if (typeof copy[key] === 'object' && rng.next() < 0.5) copy[key] = spoilt(copy[key])
    else copy[key] = pick(JUNK)
    return copy
  }
  let learner = warm<SmallSignal>(smallOptions(), 6)
  let bar = 6
  let state = ''
  let refused = 0
  const faults: string[] = []
  const renew = (): void => {
    for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100 + Math.sin(bar)))
    learner.decide(signalAt(bar), account)
    bar++
    state = JSON.stringify(learner)
  }
  renew()
  const verbs = learner as unknown as { [verb: string]: (...args: unknown[]) => unknown }
  for (let call = 0; call < calls; call++) {
    const held = { ...account, positions: [{ symbol: 'A', side: 'long', notional: 10, id: 'x' }] }
    const open = learner.openDecisions()[0]?.id ?? 'tl-1'
    const outcome = { exitPrice: 101, exitTime: candleAt('A', bar, 1).time, exitReason: 'exit', fees: 0.001 }
    const [verb, args] = pick<readonly [string, readonly unknown[]]>([
      ['onCandle', [spoilt(candleAt('A', bar, 100))]],
      ['decide', [spoilt(signalAt(bar)), account]],
      ['decide', [signalAt(bar), spoilt(held)]],
      ['predict', [spoilt(signalAt(bar)), held]],
      ['learn', [open, spoilt(outcome)]],
      ['learn', [pick(JUNK), outcome]],
      ['cancel', [pick(JUNK)]],
      ['explain', [pick(JUNK)]],
    ])
    const act = (learner as unknown as typeof verbs)[verb]!
    try {
      act.call(learner, ...args)
      // what was harmless after all was taken in: on from there
      const fresh = JSON.stringify(learner)
      if (fresh !== state) learner = restart(learner, () => void (bar = 6))
      if (fresh !== state) renew()
    } catch (error) {
      refused++
      const { name, code, stack } = error as Error & { code?: string }
      if (name !== 'TradeLearnError')
        faults.push(`${verb} #${call}: ${code} ${stack?.split('\n').slice(0, 4).join(' ')}`)
      const now = JSON.stringify(learner)
      // an account that is worth nothing is refused, and the kill switch has seen it, as its documentation says
      if (now !== state && code !== 'INVALID_ACCOUNT') faults.push(`${verb} #${call}: ${code} changed the state`)
      if (now !== state) {
        learner = restart(learner, () => void (bar = 6))
        renew()
      }
    }
  }
  return { calls, refused, faults }
}

function restart(_: TradeLearner<SmallSignal>, then: () => void): TradeLearner<SmallSignal> {
  then()
  return warm<SmallSignal>(smallOptions(), 6)
}
