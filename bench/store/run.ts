import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { defaultFeatures, FeatureEngineer, TradeLearner } from '../../src/index.ts'
import type { DurableLearner } from '../../src/lifecycle/index.ts'
import type { Account, Decision, Signal } from '../../src/market.ts'
import { simulateMarket } from '../../src/simulate/index.ts'
import { JournalStore, type JournalStoreOptions } from '../../src/store/journal-store.ts'
import { describeMachine, machine } from '../machine.ts'

const HELP = `What a journal costs: acknowledgements a second and how long each takes, by what they survive and by how many are told
at once; how long a million events take to read back, with a snapshot near the end and without one; and what deciding
costs with a journal and without.

    npm run bench:store -- [--records 1000000] [--seconds 2] [--directory folder]

  --records     events that are read back
  --seconds     of each measurement of acknowledgements
  --directory   where to write, for the disk that is to be measured (the system's temporary folder)`

type Mode = NonNullable<JournalStoreOptions['mode']>

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '2' },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean' },
  },
})
/** About 200 bytes, as a trade's outcome takes. */
const EVENT = { kind: 'learn', id: 'decision-0000001', outcome: { exitPrice: 50_123.45, note: 'x'.repeat(120) } }
/** Events between two waits for the disk, so that the queue does not overflow. */
const BURST = 10_000
const MINUTE = 60_000
const START = Date.UTC(2020, 0, 1)
const ACCOUNT: Account = { equity: 100_000, positions: [] }

async function measure(records: number, seconds: number, where: string): Promise<void> {
  console.log(describeMachine(machine()))
  const root = mkdtempSync(join(where, 'tradelearn-bench-'))
  let directories = 0
  const newDirectory = (): string => join(root, String(++directories))
  try {
    for (const mode of ['power-loss', 'process-kill'] as const) {
      for (const writers of [1, 16, 256, 4096]) await acknowledge(newDirectory(), mode, writers, seconds)
    }
    await readBack(newDirectory(), records)
    await comeBack(newDirectory(), records, Math.max(1, records - 1000))
    await comeBack(newDirectory(), Math.ceil(records / 10), Number.MAX_SAFE_INTEGER)
    await decide(newDirectory())
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function open(directory: string, mode: Mode, onEvent: () => void = () => {}): Promise<JournalStore> {
  const store = new JournalStore({ directory, mode, maxQueue: 100_000 })
  await store.open(() => {}, onEvent)
  return store
}

const features = () => new FeatureEngineer(defaultFeatures())
const secondsSince = (start: number): string => ((performance.now() - start) / 1000).toFixed(2)
function quantiles(milliseconds: number[]): (share: number) => number {
  milliseconds.sort((a, b) => a - b)
  return (share) => milliseconds[Math.floor((milliseconds.length - 1) * share)]!
}

async function acknowledge(directory: string, mode: Mode, writers: number, seconds: number): Promise<void> {
  const store = await open(directory, mode)
  const waits: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  const write = async (): Promise<void> => {
    while (performance.now() < end) {
      const told = performance.now()
      await store.append(EVENT)
      waits.push(performance.now() - told)
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  const rate = (waits.length / ((performance.now() - start) / 1000)).toFixed(0)
  await store.close()
  const at = quantiles(waits)
  console.log(
    `${mode.padEnd(13)} ${String(writers).padStart(5)} at once: ${rate.padStart(7)} acknowledged/s, p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms`,
  )
}

async function readBack(directory: string, records: number): Promise<void> {
  const writer = await open(directory, 'none')
  for (let told = 0; told < records; told += BURST) {
    await Promise.all(Array.from({ length: Math.min(BURST, records - told) }, () => writer.append(EVENT)))
  }
  await writer.close()
  let events = 0
  const start = performance.now()
  const reader = await open(directory, 'none', () => events++)
  console.log(`JournalStore.open: ${events} events read back in ${secondsSince(start)} s`)
  await reader.close()
}

type Opened = { readonly learner: DurableLearner; readonly store: JournalStore }

async function openLearner(directory: string, mode: Mode, snapshotEvery: number): Promise<Opened> {
  const store = new JournalStore({ directory, mode })
  const learner = await TradeLearner.open({ features: features(), mode: 'live', store, snapshotEvery })
  return { learner, store }
}

/** Tells a learner so many candles, ends without a last snapshot as a crash would, and opens it again. */
async function comeBack(directory: string, records: number, snapshotEvery: number): Promise<void> {
  const { learner, store } = await openLearner(directory, 'none', snapshotEvery)
  let close = 100
  for (let i = 0; i < records; i++) {
    const next = close * (1 + 0.002 * Math.sin(i * 0.7) + 0.001 * Math.cos(i * 0.11))
    const [high, low] = [Math.max(close, next) * 1.001, Math.min(close, next) * 0.999]
    learner.onCandle({
      symbol: 'BTC',
      time: START + i * MINUTE,
      open: close,
      high,
      low,
      close: next,
      volume: 10 + (i % 7),
    })
    close = next
    if (i % BURST === 0) await learner.stored()
  }
  await learner.stored()
  await store.close()
  const start = performance.now()
  const again = await openLearner(directory, 'none', snapshotEvery)
  const { snapshot, replayed } = again.learner.recovery
  const from = snapshot === null ? 'without a snapshot' : `with a snapshot of event ${snapshot}`
  console.log(
    `TradeLearner.open: ${records} events ${from}, ${replayed} lived through again, in ${secondsSince(start)} s`,
  )
  await again.store.close()
}

/** How long deciding takes with a journal on the disk and without one, turn by turn on the same stream. */
async function decide(directory: string): Promise<void> {
  const market = simulateMarket({ seed: 'bench', signals: 4000 })
  const signals = market.signals.map(({ meta: _, ...signal }) => signal)
  const { learner: kept, store } = await openLearner(directory, 'power-loss', 2000)
  const plain = new TradeLearner({ features: features(), mode: 'live' })
  const times: { readonly [name: string]: number[] } = { kept: [], plain: [] }
  const timed = (name: 'kept' | 'plain', signal: Omit<Signal, 'meta'>): Decision => {
    const start = performance.now()
    const decision = (name === 'kept' ? kept : plain).decide(signal, ACCOUNT)
    times[name]!.push(performance.now() - start)
    return decision
  }
  let next = 0
  let waits = 0
  for (const candle of market.candles) {
    kept.onCandle(candle)
    plain.onCandle(candle)
    for (; next < signals.length && signals[next]!.time <= candle.time; next++) {
      const order = next % 2 === 0 ? (['kept', 'plain'] as const) : (['plain', 'kept'] as const)
      for (const name of order) {
        const { id } = timed(name, signals[next]!)
        if (name === 'kept') void kept.cancel(id)
        else plain.cancel(id)
      }
      // the disk is at work while the bot goes on
      await setImmediate()
      if (++waits % 100 === 0) await kept.stored()
    }
  }
  await kept.stored()
  const [withStore, without] = [quantiles(times['kept']!), quantiles(times['plain']!)]
  const us = (milliseconds: number): string => `${(milliseconds * 1000).toFixed(0)} µs`
  console.log(
    `decide: p50 ${us(withStore(0.5))} with a journal, ${us(without(0.5))} without; p99 ${us(withStore(0.99))} and ${us(without(0.99))} (${times['kept']!.length} decisions)`,
  )
  await store.close()
}

if (values.help) console.log(HELP)
else await measure(Number(values.records), Number(values.seconds), values.directory)
