// What a journal costs: acknowledgements a second and how long each takes, by mode and by how many are told at once,
// and how long a million events take to read back. `npx tsx bench/store/run.ts`
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JournalStore } from '../../src/store/journal-store.ts'

const SECONDS = 2
const RECORDS = Number(process.env['RECORDS'] ?? 1_000_000)
/** About 200 bytes, as a trade's outcome takes. */
const event = { kind: 'learn', id: 'decision-0000001', outcome: { exitPrice: 50_123.45, note: 'x'.repeat(120) } }

const root = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'tradelearn-bench-'))
let directories = 0
const newDirectory = (): string => join(root, String(++directories))

async function open(directory: string, mode: 'power-loss' | 'process-kill' | 'none', onEvent: () => void = () => {}) {
  const store = new JournalStore({ directory, mode, maxQueue: 100_000 })
  await store.open(() => {}, onEvent)
  return store
}

async function acknowledge(mode: 'power-loss' | 'process-kill' | 'none', writers: number): Promise<void> {
  const store = await open(newDirectory(), mode)
  const waits: number[] = []
  const start = performance.now()
  const end = start + SECONDS * 1000
  const write = async (): Promise<void> => {
    while (performance.now() < end) {
      const told = performance.now()
      await store.append(event)
      waits.push(performance.now() - told)
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  const seconds = (performance.now() - start) / 1000
  await store.close()
  waits.sort((a, b) => a - b)
  const at = (share: number): string => waits[Math.floor(waits.length * share)]!.toFixed(2)
  console.log(
    `${mode.padEnd(13)} ${String(writers).padStart(5)} at once: ${(waits.length / seconds).toFixed(0).padStart(7)} acks/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
}

async function readBack(): Promise<void> {
  const directory = newDirectory()
  const writer = await open(directory, 'none')
  for (let told = 0; told < RECORDS; told += 10_000) {
    await Promise.all(Array.from({ length: 10_000 }, () => writer.append(event)))
  }
  await writer.close()
  let events = 0
  const start = performance.now()
  const reader = await open(directory, 'none', () => events++)
  console.log(`${events} events read back in ${((performance.now() - start) / 1000).toFixed(2)} s`)
  await reader.close()
}

try {
  for (const mode of ['power-loss', 'process-kill'] as const) {
    for (const writers of [1, 16, 256, 4096]) await acknowledge(mode, writers)
  }
  await readBack()
} finally {
  rmSync(root, { recursive: true, force: true })
}
