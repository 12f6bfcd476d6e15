import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { EventStore, Rng } from '../../src/contracts.ts'
import { JournalStore } from '../../src/store/journal-store.ts'
import type { SqlStore } from '../../src/store/sql/index.ts'
import { opened } from './conformance.ts'

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
export type Victim = { readonly kind: string; readonly where: string; readonly open: () => EventStore | SqlStore }

/** How a process ends: by a signal, or by itself. */
export const ENDS = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'exit', 'throw', 'reject', 'abort'] as const
export type End = (typeof ENDS)[number]

/** A journal in a new directory. */
export function journalVictim(): Victim & { readonly free: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-journal-'))
  const where = join(folder, 'state')
  return {
    kind: 'journal',
    where,
    open: () => new JournalStore({ directory: where }),
    free: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * Starts a writer and ends it, 0 to 40 ms after it has opened its store and 0 to 5 events were acknowledged; so many times, then
 * looks. Each writer reads everything back and says what is not as it was written.
 */
export async function killLoop(
  { kind, where, open }: Victim,
  kills: number,
  rng: Rng,
  end: End = 'SIGKILL',
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-kill-'))
  const script = join(folder, 'writer.mjs')
  const packages = join(import.meta.dirname, 'kill-writer.ts')
  buildSync({
    entryPoints: [packages],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
  const faults: string[] = []
  let events = 0
  const trades = new Set<number>()
  let lostEvents = 0
  try {
    for (let i = 0; i < kills; i++) {
      const lines = await ended([script, packages, kind, where], folder, end, {
        after: rng.next() * 40,
        events: Math.floor(rng.next() * 6),
      })
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
    const rows = 'figure' in store ? await store.figure('ml_trades') : []
    await store.close()
    const there = new Set(rows.map(({ decision_id }) => String(decision_id)))
    const lostTrades = [...trades].filter((n) => !there.has(`t-${n}`)).length
    return { kills, events, trades: trades.size, lostEvents, lostTrades, faults }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** When a writer ends: so many milliseconds after so many events were acknowledged. */
type Moment = { readonly after: number; readonly events: number }

/** What a writer said before its end. */
function ended(args: readonly string[], cwd: string, end: End, { after, events }: Moment): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const child = spawn(process.execPath, [...args, end, String(after), String(events)], { cwd, stdio: [...stdio] })
    const isSignal = end.startsWith('SIG')
    let said = ''
    let complaint = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    child.stdout.on('data', (data) => {
      said += data
      const isTime = said.includes('open ') && said.split('event ').length > events
      if (isSignal && isTime) timer ??= setTimeout(() => child.kill(end as NodeJS.Signals), after)
    })
    child.stderr.on('data', (data) => {
      complaint += data
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      // the last line may be half a one
      const lines = said.split('\n').slice(0, -1)
      const isAsWanted = isSignal ? signal === end : end === 'abort' ? signal === 'SIGABRT' : code === 1
      const isOpen = said.includes('open ')
      resolve(
        isAsWanted && isOpen ? lines : [...lines, `ended otherwise: ${code ?? signal} ${complaint.slice(0, 500)}`],
      )
    })
  })
}
