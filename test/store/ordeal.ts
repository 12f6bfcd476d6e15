import type { JsonValue } from '../../src/contracts.ts'
import type { Fs } from '../../src/store/fs.ts'
import { JournalStore } from '../../src/store/journal-store.ts'
import { chance, type Faults, SimDisk } from './sim-fs.ts'

/** What a seed has been through. */
export type Ordeal = {
  losses: number
  /** Losses while the journal was being read back. */
  duringOpen: number
  /** Acknowledged events that were looked for after a loss. */
  checked: number
  tornTails: number
  snapshotsRead: number
  failures: number
  /** What was wrong, if anything. */
  readonly violations: string[]
}

/** Something that stands between a store and its disk. */
export type Wrap = (fs: Fs, random: () => number) => Fs

const LIVES = 12
const CALLS = 90
const FILLER = 'x'.repeat(1500)

/**
 * Lives through one life of a store after another, each ended by a power loss or by the death of the process at a random
 * call, and compares what is found with what was promised.
 */
export async function ordeal(seed: number, faults: Faults = {}, wrap: Wrap = (fs) => fs): Promise<Ordeal> {
  const random = chance(seed)
  const disk = new SimDisk(random)
  const report: Ordeal = {
    losses: 0,
    duringOpen: 0,
    checked: 0,
    tornTails: 0,
    snapshotsRead: 0,
    failures: 0,
    violations: [],
  }
  /** Events that must be there, and those that may be, by number. */
  const promised = new Map<number, string>()
  let told = new Map<number, string[]>()
  let id = 0
  for (let life = 0; life <= LIVES && report.violations.length === 0; life++) {
    const isLast = life === LIVES
    const violate = (what: string): void => void report.violations.push(`seed ${seed}, life ${life}: ${what}`)
    // the last look is at a disk that works
    disk.faults = isLast ? {} : faults
    const { fs, stopped } = disk.start(isLast ? Number.POSITIVE_INFINITY : Math.floor(random() * CALLS))
    const store = new JournalStore({
      directory: 'd',
      fs: wrap(fs, random),
      segmentBytes: 5000,
      keepSnapshots: 2,
    })
    const found = new Map<number, string>()
    let base = 0
    let opened = false
    const live = async (): Promise<void> => {
      const recovery = await store.open(
        (seq, value) => {
          base = seq
          report.snapshotsRead++
          if (JSON.stringify(value) !== JSON.stringify(snapshotOf(promised, seq))) violate(`snapshot ${seq} is another`)
        },
        ({ seq, event }) => {
          const wanted = base + found.size + 1
          if (seq !== wanted) violate(`event ${seq} came instead of ${wanted}`)
          found.set(seq, JSON.stringify(event))
        },
      )
      opened = true
      if (recovery.tornTail) report.tornTails++
      // nothing is ever damaged here but by a protocol that is wrong
      for (const warning of recovery.warnings) violate(warning)
      for (const [seq, text] of promised) {
        report.checked++
        if (seq > base && found.get(seq) !== text) violate(`event ${seq} was promised, and is ${found.get(seq)}`)
      }
      for (const [seq, text] of found) {
        if (!promised.has(seq) && !told.get(seq)?.includes(text)) violate(`event ${seq} was never told`)
        promised.set(seq, text)
      }
      told = new Map()
      if (isLast) return
      let last = base + found.size
      for (;;) {
        const burst = 1 + Math.floor(random() * 5)
        let newest: Promise<unknown> = Promise.resolve()
        for (let i = 0; i < burst; i++) {
          const event = {
            id: ++id,
            filler: random() < 0.5 ? FILLER.slice(0, Math.floor(random() * FILLER.length)) : '',
          }
          const text = JSON.stringify(event)
          const expected = ++last
          told.set(expected, [...(told.get(expected) ?? []), text])
          newest = store.append(event).then((seq) => {
            if (seq !== expected) violate(`event ${expected} was given number ${seq}`)
            promised.set(seq, text)
          })
          newest.catch(() => {})
        }
        if (random() < 0.7) await newest
        if (random() < 0.15) {
          const seq = Math.max(0, ...promised.keys())
          const saving = store.saveSnapshot(seq, snapshotOf(promised, seq))
          if (random() < 0.5) await saving
          else saving.catch(() => {})
        }
        if (random() < 0.04) return await store.close()
        await undefined
      }
    }
    let failed: unknown
    await Promise.race([
      live().catch((error) => {
        failed = error
      }),
      stopped,
    ])
    for (let i = 0; i < 8; i++) await undefined
    if (failed) {
      report.failures++
      const hasFaults = !isLast && (faults.eio ?? faults.capacity) !== undefined
      const code = (failed as { code?: string }).code
      if (!(hasFaults && code === 'STORE_FAILED')) violate(String(failed))
    }
    if (isLast) break
    report.losses++
    if (!opened) report.duringOpen++
    if (random() < 0.2) disk.kill()
    else disk.losePower()
  }
  return report
}

/** What many seeds have been through, added up. */
export type Sum = { -readonly [count in Exclude<keyof Ordeal, 'violations'>]: number } & {
  readonly violations: string[]
}

/** Goes through seeds from `firstSeed` on until there have been so many losses, or something was wrong. */
export async function live(losses: number, faults: Faults, firstSeed = 1): Promise<Sum> {
  const sum: Sum = {
    losses: 0,
    duringOpen: 0,
    checked: 0,
    tornTails: 0,
    snapshotsRead: 0,
    failures: 0,
    violations: [],
  }
  for (let seed = firstSeed; sum.losses < losses && sum.violations.length === 0; seed++) {
    const { violations, ...counts } = await ordeal(seed, faults)
    sum.violations.push(...violations)
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) sum[key] += counts[key]
  }
  return sum
}

/** The kinds of disk that the losses are divided between. */
export const DISKS: Readonly<Record<'working' | 'failing', Faults>> = {
  working: { shortWrite: 0.1 },
  /** Full now and then, and its syncs fail and forget. */
  failing: { shortWrite: 0.1, eio: 0.03, capacity: 30_000 },
}

/** How many seeds a protocol survives before the simulation sees what is wrong with it, or infinity. */
export async function firstCaught(wrap: Wrap, faults: Faults | undefined, seeds: number): Promise<number> {
  for (let seed = 1; seed <= seeds; seed++) {
    if ((await ordeal(seed, faults, wrap)).violations.length > 0) return seed
  }
  return Number.POSITIVE_INFINITY
}

/** A snapshot says which events it stands for. */
function snapshotOf(promised: ReadonlyMap<number, string>, seq: number): JsonValue {
  let sum = 0
  for (let i = 1; i <= seq; i++) sum = (Math.imul(sum, 31) + (promised.get(i)?.length ?? 0) + idOf(promised.get(i))) | 0
  return { seq, sum, filler: FILLER.slice(0, (seq * 37) % FILLER.length) }
}
const idOf = (text: string | undefined): number => Number(/"id":(\d+)/.exec(text ?? '')?.[1] ?? 0)
