import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCandles } from '../../src/cli/csv.ts'
import type { DriftDetector, JsonValue, Learner, Serializable, Snapshot } from '../../src/contracts.ts'
import { parseSnapshot, restore } from '../../src/core/snapshot.ts'
import { KillSwitch } from '../../src/decision/index.ts'
import { ADWIN, PageHinkley, ScaleFree } from '../../src/drift/index.ts'
import { readEvaluation } from '../../src/evaluation/index.ts'
import {
  MissingIndicator,
  QuantileScaler,
  RobustScaler,
  StandardScaler,
  TargetEncoder,
  VarianceFilter,
  Winsorizer,
} from '../../src/features/index.ts'
import { readCatBoost, readLightGBM, readXGBoost } from '../../src/interop/index.ts'
import { TripleBarrier } from '../../src/labels/index.ts'
import { crc32, crcTables } from '../../src/learners/forest/model-file-crc.ts'
import {
  BaseRate,
  BayesianLogisticRegression,
  ByGroup,
  ConformalInterval,
  ForestModel,
  GradientBoosting,
  HalfSpaceTrees,
  Hedge,
  HoeffdingTreeClassifier,
  LastLabel,
  LinearRegression,
  LogisticRegression,
  MeanTarget,
  modelFromBytes,
  modelFromJSON,
  modelToBytes,
  modelToJSON,
  OnlineCalibration,
  Pipeline,
  PrototypeNovelty,
  ReliabilityBound,
} from '../../src/learners/index.ts'
import { defaultCodecs, FeatureMonitor, TradeLearner } from '../../src/lifecycle/index.ts'
import { normalizeSeries, toCandle } from '../../src/market-data/index.ts'
import { readFreqtrade, readTrades } from '../../src/trades/index.ts'
import { CATBOOST, catboostText } from '../interop/catboost-fixtures.ts'
import { toUbjson } from '../interop/to-ubjson.ts'
import {
  account,
  candleAt,
  type SmallSignal,
  signalAt,
  smallFeatures,
  smallOptions,
  warm,
} from '../lifecycle/helpers.ts'
import type { Form } from './mutate.ts'

/** Something that reads files from outside. */
export type Target = {
  readonly name: string
  readonly form: Form
  /** Whole files. */
  readonly seeds: readonly (string | Uint8Array)[]
  /** Reads a file and does with it what is done with such files; throws what the reader throws. */
  readonly use: (file: string | Uint8Array) => void
}

const FEATURES = 3
const row = (i: number): Float64Array => Float64Array.of(Math.sin(i), i % 4, i % 7 ? Math.cos(i / 3) : Number.NaN)

// ------------------------------------------------------------------- parts

function taught<L extends { learn(x: Float64Array, y: number): void }>(learner: L, n = 60): L {
  for (let i = 0; i < n; i++) learner.learn(row(i), i % 3 ? 1 : 0)
  return learner
}
function shown<D extends DriftDetector>(detector: D): D {
  for (let i = 0; i < 150; i++) detector.update(i % 3 ? 1 : 0)
  return detector
}
const features = FEATURES
const boosting = (): GradientBoosting =>
  new GradientBoosting({ features, trees: 4, minSamples: 8, minSamplesLeaf: 3, refitEvery: 20, window: 40 })
const rate = (): BaseRate => new BaseRate({ features })
const barrier = new TripleBarrier({ maxBars: 3 })
barrier.open({
  id: 'a',
  symbol: 'A',
  side: 'long',
  time: candleAt('A', 1, 100).time,
  price: 100,
  stop: 90,
  target: 120,
})
barrier.advance(candleAt('A', 2, 101))
const interval = new ConformalInterval({ window: 20, minSamples: 5 })
for (let i = 0; i < 30; i++) interval.learn(Math.sin(i), 1, i > 5 ? 0.5 : Number.NaN)
const bound = new ReliabilityBound({ minSamples: 5 })
for (let i = 0; i < 30; i++) bound.learn(0.3 + 0.4 * (i % 2), i % 2)
const killSwitch = new KillSwitch()
for (let i = 0; i < 5; i++) killSwitch.observeOutcome(i % 2 ? 0.01 : -0.01)
const scaler = new StandardScaler({ features })
const novelty = new PrototypeNovelty({ features, prototypes: 10, window: 15, minSamples: 40 })
for (let i = 0; i < 60; i++) {
  scaler.learn(row(i))
  novelty.learn(row(i))
}
const { schema } = smallFeatures()
const monitor = new FeatureMonitor({ schema, reference: 20 })
for (let i = 0; i < 50; i++) monitor.update(Float64Array.from({ length: schema.size }, (_, j) => Math.sin(i * j)))

/** One of each class that a TradeLearner may be made of, after it has seen something. */
export const PARTS: readonly Serializable[] = [
  shown(new ADWIN()),
  taught(rate()),
  taught(new BayesianLogisticRegression({ features })),
  taught(new ByGroup({ pooled: rate(), create: rate, column: 1 })),
  interval,
  monitor,
  taught(boosting()),
  taught(new HalfSpaceTrees({ features, trees: 2, height: 3, window: 5 })),
  taught(new Hedge({ learners: [rate(), new LogisticRegression({ features })] })),
  taught(new HoeffdingTreeClassifier({ features, gracePeriod: 10 }), 300),
  killSwitch,
  taught(new LastLabel({ features })),
  taught(new LinearRegression({ features })),
  taught(new LogisticRegression({ features })),
  taught(new MeanTarget({ features })),
  taught(new OnlineCalibration({ learner: rate(), minSamples: 10, window: 20, refitEvery: 3 })),
  shown(new PageHinkley()),
  taught(new Pipeline({ transformer: new StandardScaler({ features }), learner: new LinearRegression({ features }) })),
  novelty,
  bound,
  shown(new ScaleFree(() => new ADWIN())),
  scaler,
  barrier,
]

/** Classes that a TradeLearner is made of where its owner says so. */
const OTHERS: readonly Serializable[] = [
  learned(new RobustScaler({ features, window: 20 })),
  learned(new QuantileScaler({ features, window: 20 })),
  learned(new Winsorizer({ features, window: 20 })),
  learned(new TargetEncoder({ features, columns: [1] })),
  learned(new VarianceFilter({ features })),
  new MissingIndicator({ features }),
]
function learned<T extends { learn(x: Float64Array, y?: number): void }>(transformer: T): T {
  for (let i = 0; i < 40; i++) transformer.learn(row(i), i % 2)
  return transformer
}

/** Does with a part what is done with such parts, whatever it is. */
function exercise(part: Serializable): void {
  const able = part as unknown as Partial<Learner & DriftDetector & { schema: unknown }> & { [name: string]: unknown }
  const width = Number((able['options'] as { features?: number } | undefined)?.features ?? FEATURES)
  const x = Float64Array.from({ length: width <= 1000 ? width : FEATURES }, (_, i) => Math.sin(i))
  if (typeof able.predict === 'function') able.predict(x)
  if (typeof able.learn === 'function' && able.task !== undefined) for (let i = 0; i < 3; i++) able.learn(x, i % 2)
  if (typeof able.predict === 'function') able.predict(x)
  if (typeof able['scoreOf'] === 'function') (able as unknown as PrototypeNovelty).scoreOf(x)
  if (typeof able['transform'] === 'function')
    (able as unknown as StandardScaler).transform(x, new Float64Array(Number(able['outputs'] ?? x.length)))
  if (typeof able.update === 'function' && 'level' in part) for (let i = 0; i < 5; i++) able.update(i % 2)
  if (typeof able['advance'] === 'function') (able as unknown as TripleBarrier).advance(candleAt('A', 9, 101))
  if (typeof able['lowerBound'] === 'function') (able as unknown as ReliabilityBound).lowerBound(0.6)
  if (typeof able['halfWidth'] === 'function') (able as unknown as ConformalInterval).halfWidth(1)
  JSON.stringify(part)
}

// ------------------------------------------------------------- the whole

function seasoned(): string {
  const options = smallOptions()
  const learner = warm<SmallSignal>(options, 6)
  for (let bar = 6; bar < 40; bar++) {
    for (const symbol of ['A', 'B']) learner.onCandle(candleAt(symbol, bar, 100 + 3 * Math.sin(bar)))
    const { id } = learner.decide(signalAt(bar), account)
    if (bar % 2) learner.learn(id, { exitPrice: 101, exitTime: candleAt('A', bar + 1, 1).time })
  }
  return JSON.stringify(learner)
}

function live(learner: TradeLearner<SmallSignal>): void {
  learner.status()
  learner.resume('the fuzz goes on')
  const { id } = learner.decide(signalAt(99), account)
  learner.explain(id)
  learner.onCandle(candleAt('A', 99, 101))
  JSON.stringify(learner)
}

const text = (file: string | Uint8Array): string =>
  typeof file === 'string' ? file : Buffer.from(file).toString('latin1')
const goldenTexts = (name: string): readonly string[] => {
  const golden = readFileSync(join(import.meta.dirname, `../golden/interop-${name}.json`), 'utf8')
  return (JSON.parse(golden) as { models: { text: string }[] }).models.map(({ text }) => text)
}

type Imported = {
  readonly features: number
  readonly outputs: number
  marginInto(x: Float64Array, out: Float64Array): unknown
}
function predict(model: Imported): void {
  // a damaged count may be a large one that is still allowed
  if (model.features * model.outputs > 100_000) return
  for (const v of [0, Number.NaN, 1e300]) {
    model.marginInto(new Float64Array(model.features).fill(v), new Float64Array(model.outputs))
  }
}

const CANDLES = `time,open,high,low,close,volume\n${Array.from({ length: 12 }, (_, i) => `2024-01-01T${String(i).padStart(2, '0')}:00:00Z,100,101,99,100.5,${i * 10}`).join('\n')}\n`
const TRADES = `id,symbol,side,entry_time,entry_price,exit_time,exit_price,exit_reason,fees,rsi,mood\n${Array.from({ length: 8 }, (_, i) => `t${i},BTC,${i % 2 ? 'long' : 'sell'},2024-01-0${i + 1},100,2024-01-0${i + 2},10${i},target,0.001,${i},calm`).join('\n')}\n`
const FREQTRADE = JSON.stringify({
  strategy: {
    Mine: {
      trades: Array.from({ length: 4 }, (_, i) => ({
        pair: 'BTC/USDT',
        is_short: i % 2 > 0,
        open_date: '2024-01-01 00:00:00+00:00',
        open_timestamp: 1_704_067_200_000 + i * 1e7,
        open_rate: 100,
        close_date: '2024-01-02 00:00:00+00:00',
        close_timestamp: 1_704_153_600_000 + i * 1e7,
        close_rate: 102,
        fee_open: 0.001,
        fee_close: 0.001,
        exit_reason: 'roi',
        stop_loss_abs: 95,
        trade_id: i,
      })),
    },
  },
})
const KLINES = JSON.stringify(
  Array.from({ length: 6 }, (_, i) => [
    1_704_067_200_000 + i * 36e5,
    '100',
    '101',
    '99',
    '100.5',
    '7',
    1_704_070_799_999 + i * 36e5,
  ]),
)
const evaluation = JSON.stringify({
  version: 1,
  validation: { folds: [{ auc: 0.5, text: 'Infinity', loss: 'Infinity', none: null }] },
})

/** Every reader of files. */
export function targets(): readonly Target[] {
  const saved = seasoned()
  const forest = taught(boosting(), 100)
  const refit = forest.refit()
  while (!refit.next().done);
  const model = forest.toForestModel({ names: ['a', 'b', 'c'], meta: { trainedOn: 'SPY' } })
  const codecs = [
    ...defaultCodecs(),
    ...[RobustScaler, QuantileScaler, Winsorizer, TargetEncoder, VarianceFilter, MissingIndicator],
  ]
  return [
    {
      name: 'TradeLearner.restore',
      form: 'json',
      seeds: [saved],
      use: (file) => live(TradeLearner.restore<SmallSignal>(text(file), smallOptions())),
    },
    ...[...PARTS, ...OTHERS].map(
      (part): Target => ({
        name: `restore ${part.toJSON().type}`,
        form: 'json',
        seeds: [JSON.stringify(part)],
        use: (file) => exercise(restore(parseSnapshot(text(file)), codecs)),
      }),
    ),
    {
      name: 'the features’ codec',
      form: 'json',
      seeds: [JSON.stringify(warmFeatures())],
      use: (file) => exercise(restore(parseSnapshot(text(file)), [smallFeatures().codec()])),
    },
    {
      name: 'readLightGBM',
      form: 'lines',
      seeds: goldenTexts('lightgbm'),
      use: (file) => predict(readLightGBM(text(file))),
    },
    {
      name: 'readXGBoost',
      form: 'json',
      seeds: goldenTexts('xgboost'),
      use: (file) => predict(readXGBoost(text(file))),
    },
    {
      name: 'readXGBoost of bytes',
      form: 'bytes',
      seeds: goldenTexts('xgboost').map(toUbjson),
      use: (file) => predict(readXGBoost(file as Uint8Array)),
    },
    {
      name: 'readCatBoost',
      form: 'json',
      seeds: CATBOOST.map(({ file }) => catboostText(file)),
      use: (file) => predict(readCatBoost(text(file))),
    },
    {
      name: 'modelFromBytes',
      form: 'bytes',
      seeds: [modelToBytes(model)],
      use: (file) => void new ForestModel(modelFromBytes(file as Uint8Array)).predict(row(1)),
    },
    {
      name: 'modelFromBytes of a forger',
      form: 'bytes',
      seeds: [modelToBytes(model)],
      use: (file) => void new ForestModel(modelFromBytes(mended(file as Uint8Array))).predict(row(1)),
    },
    {
      name: 'modelFromJSON',
      form: 'json',
      seeds: [JSON.stringify(modelToJSON(model))],
      use: (file) => void new ForestModel(modelFromJSON(parsed(file))).predict(row(1)),
    },
    { name: 'readEvaluation', form: 'json', seeds: [evaluation], use: (file) => void readEvaluation(text(file)) },
    { name: 'readTrades', form: 'lines', seeds: [TRADES], use: (file) => void readTrades(text(file)) },
    { name: 'readFreqtrade', form: 'json', seeds: [FREQTRADE], use: (file) => void readFreqtrade(parsed(file)) },
    {
      name: 'toCandle and normalizeSeries',
      form: 'json',
      seeds: [KLINES, JSON.stringify({ result: { list: JSON.parse(KLINES) } })],
      use: (file) => {
        const value = parsed(file)
        normalizeSeries(value, { symbol: 'BTC', timeframe: '1h' })
        toCandle(Array.isArray(value) ? value[0] : value, { symbol: 'BTC' })
      },
    },
    {
      name: 'readCandles',
      form: 'lines',
      seeds: [CANDLES],
      use: (file) => {
        const folder = mkdtempSync(join(tmpdir(), 'tradelearn-hostile-'))
        try {
          const path = join(folder, 'candles.csv')
          writeFileSync(path, file)
          readCandles(path)
        } finally {
          rmSync(folder, { recursive: true, force: true })
        }
      },
    },
  ]
}

/** A model file whose length and checksums are what they should be, as a forger would leave it. */
function mended(file: Uint8Array): Uint8Array {
  // the header's 64 bytes: the file's length stands at 16, the checksums of the rest and of the header at 56 and 60
  if (file.length < 64) return file
  const bytes = Uint8Array.from(file)
  const view = new DataView(bytes.buffer)
  const tables = crcTables()
  view.setUint32(16, bytes.length, true)
  view.setUint32(56, crc32(bytes, 64, bytes.length, tables), true)
  view.setUint32(60, crc32(bytes, 0, 60, tables), true)
  return bytes
}

/** As a caller would parse it. What is not JSON at all never reaches the reader. */
function parsed(file: string | Uint8Array): JsonValue {
  try {
    return JSON.parse(text(file)) as JsonValue
  } catch {
    return null
  }
}

function warmFeatures(): Snapshot {
  const features = smallFeatures()
  for (let bar = 0; bar < 12; bar++) for (const symbol of ['A', 'B']) features.update(candleAt(symbol, bar, 100 + bar))
  return features.toJSON()
}
