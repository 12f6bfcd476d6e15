import { expectTypeOf, test } from 'vitest'
import {
  category,
  type Declaration,
  defaultFeatures,
  FeatureEngineer,
  type FeatureName,
  flag,
  levelOf,
  type MetaOf,
  macd,
  numeric,
  optional,
  returns,
  rsi,
  type SignalOf,
  tradeSide,
  trendOf,
} from '../../src/features/index.ts'
import type { Signal } from '../../src/market.ts'

const engineer = new FeatureEngineer({
  candles: { rsi: rsi(14), macd: macd(), returns: returns(1, 5) },
  context: { market: trendOf('SPY'), vix: levelOf('VIX') },
  signal: { side: tradeSide() },
  meta: {
    aiConfidence: numeric(),
    source: category('rules', 'ai'),
    confirmations: optional(numeric()),
    urgent: flag(),
  },
})
const bare = new FeatureEngineer({ candles: { rsi: rsi(14) } })
const relaxed = new FeatureEngineer({ meta: { mood: optional(category('calm', 'wild')) } })
type D = typeof engineer extends FeatureEngineer<infer Declared> ? Declared : never

/** The type is what matters; nothing is called. */
const typed = (_: () => unknown): void => {}
const call = { symbol: 'AAPL', side: 'long', time: 1.7e12 } as const

test('names are a union of what is declared', () => {
  expectTypeOf(engineer.schema.names).toEqualTypeOf<
    readonly (
      | 'rsi'
      | 'macd.line'
      | 'macd.signal'
      | 'macd.histogram'
      | 'returns.1'
      | 'returns.5'
      | 'market'
      | 'vix'
      | 'side'
      | 'aiConfidence'
      | 'source.rules'
      | 'source.ai'
      | 'source.other'
      | 'confirmations'
      | 'urgent'
    )[]
  >()
  expectTypeOf<FeatureName<ReturnType<typeof defaultFeatures>>>()
    .extract<`adx${string}`>()
    .toEqualTypeOf<'adx' | 'adx.plus' | 'adx.minus'>()
})

test('a row has exactly these names', () => {
  const row = () => engineer.row(new Float64Array(14))
  expectTypeOf<ReturnType<typeof row>['macd.signal']>().toEqualTypeOf<number>()
  // @ts-expect-error no such output
  typed(() => row()['macd.slow'])
  // @ts-expect-error not declared
  typed(() => bare.row(new Float64Array(1)).macd)
})

test('the meta of a signal follows from the declaration', () => {
  expectTypeOf<MetaOf<D>>().toEqualTypeOf<{
    readonly aiConfidence: number
    readonly source: 'rules' | 'ai' | (string & {})
    readonly urgent: boolean
    readonly confirmations?: number | null
  }>()
  const meta = { aiConfidence: 0.7, source: 'ai', urgent: false } as const
  typed(() => engineer.vector({ ...call, meta }))
  typed(() => engineer.vector({ ...call, meta: { ...meta, confirmations: 2 } }))
  // @ts-expect-error meta is required as soon as one of its values is
  typed(() => engineer.vector(call))
  // @ts-expect-error urgent is missing
  typed(() => engineer.vector({ ...call, meta: { aiConfidence: 0.7, source: 'ai' } }))
  // a word that is not known is fine, something else is not
  typed(() => engineer.vector({ ...call, meta: { aiConfidence: 0.7, source: 'tea leaves', urgent: true } }))
  // @ts-expect-error not a word
  typed(() => engineer.vector({ ...call, meta: { aiConfidence: 0.7, source: 7, urgent: true } }))
  // @ts-expect-error not declared
  typed(() => engineer.vector({ ...call, meta: { aiConfidence: 0.7, source: 'ai', urgent: true, mood: 1 } }))
})

test('meta may be left out where nothing in it is required, and must be where nothing is declared', () => {
  typed(() => relaxed.vector(call))
  typed(() => relaxed.vector({ ...call, meta: { mood: null } }))
  typed(() => bare.vector(call))
  // @ts-expect-error not declared
  typed(() => bare.vector({ ...call, meta: { mood: 1 } }))
})

test('an engineer passes as one whose declaration is not known in detail', () => {
  const plain = (any: FeatureEngineer, signal: Signal): Float64Array => any.vector(signal)
  typed(() => plain(engineer, call))
  expectTypeOf(engineer).toExtend<FeatureEngineer>()
  expectTypeOf(bare).toExtend<FeatureEngineer>()
  expectTypeOf<SignalOf<Declaration>['meta']>().toEqualTypeOf<Signal['meta']>()
})

test('generic code can hand the signal on as a plain one', () => {
  const score = <T extends Declaration>(any: FeatureEngineer<T>, signal: SignalOf<T>): Signal => {
    any.vector(signal)
    return signal
  }
  typed(() => score(bare, call))
})

test('the default set and meta of one’s own go together', () => {
  const mine = new FeatureEngineer({ ...defaultFeatures(), meta: { aiConfidence: numeric() } })
  expectTypeOf<'aiConfidence'>().toExtend<(typeof mine.schema.names)[number]>()
  typed(() => mine.vector({ ...call, meta: { aiConfidence: 1 } }))
})
