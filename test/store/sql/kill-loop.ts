import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { Rng } from '../../../src/contracts.ts'
import type { SqlStore } from '../../../src/store/sql/index.ts'
import { opened } from '../conformance.ts'

/** What became of a writer that was killed again and again. */
export type KillReport = {
  readonly kills: number
  /** Events and trades that were acknowledged before a kill. */
  readonly events: number
  readonly trades: number
  /** Of these, those that were not there afterwards: the promise is none. */
  readonly lostEvents: number
  readonly lostTrades: number
  /** Whatever else was wrong: a writer that could not open, an event that came back altered. */
  readonly faults: readonly string[]
}

/** Where a writer writes, and how to look at it afterwards. */
export type Victim = { readonly kind: string; readonly where: string; readonly open: () => SqlStore }

/** Starts a writer and kills it with -9, 0 to 40 ms after it has said that it is open; so many times, then looks. */
export async function killLoop({ kind, where, open }: Victim, kills: number, rng: Rng): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-kill-'))
  const script = join(folder, 'writer.mjs')
  const entryPoints = [join(import.meta.dirname, 'writer.ts')]
  buildSync({ entryPoints, outfile: script, bundle: true, platform: 'node', format: 'esm', target: 'node20' })
  const faults: string[] = []
  let events = 0
  const trades = new Set<number>()
  let lostEvents = 0
  try {
    for (let i = 0; i < kills; i++) {
      const lines = await killed([script, join(import.meta.dirname, 'writer.ts'), kind, where], rng.next() * 40)
      for (const line of lines) {
        const [word, number] = line.split(' ')
        const n = Number(number)
        if (word === 'event') events = Math.max(events, n)
        else if (word === 'trade') trades.add(n)
        // what a writer finds is at least what the one before it acknowledged
        else if (word === 'open') lostEvents += Math.max(0, events - n)
        else faults.push(line)
      }
    }
    const store = open()
    const { recovery, seen } = await opened(store)
    lostEvents += Math.max(0, events - ((recovery.snapshot?.seq ?? 0) + seen.length))
    const there = new Set((await store.figure('ml_trades')).map(({ decision_id }) => String(decision_id)))
    await store.close()
    const lostTrades = [...trades].filter((n) => !there.has(`t-${n}`)).length
    return { kills, events, trades: trades.size, lostEvents, lostTrades, faults }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a writer said before it was killed. */
function killed(args: readonly string[], after: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let complaint = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    child.stdout.on('data', (data) => {
      said += data
      if (said.includes('open ')) timer ??= setTimeout(() => child.kill('SIGKILL'), after)
    })
    child.stderr.on('data', (data) => {
      complaint += data
    })
    child.on('close', (_, signal) => {
      clearTimeout(timer)
      // the last line may be half a one
      const lines = said.split('\n').slice(0, -1)
      const fault = signal === 'SIGKILL' ? [] : [`ended by itself: ${complaint.slice(0, 500)}`]
      resolve([...lines, ...fault])
    })
  })
}
