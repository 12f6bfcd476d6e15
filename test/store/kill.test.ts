import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { expect, test } from 'vitest'
import { opened } from './opened.ts'
import { chance } from './sim-fs.ts'

/** `KILLS=500` for a longer look. */
const KILLS = Number(process.env['KILLS'] ?? 20)

/** Lets a process write for a while, kills it, and returns the newest event that it said was acknowledged. */
function killed(script: string, directory: string, afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (text) => {
      if (said === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      said += text
    })
    child.on('error', reject)
    child.on('close', () => {
      // what follows the last line end may be half a number
      const lines = said.split('\n').slice(0, -1)
      resolve(Math.max(0, ...lines.filter((line) => /^\d+$/.test(line)).map(Number)))
    })
  })
}

test('a process that is killed again and again on a real disk loses no event that it acknowledged', async () => {
  const random = chance(11)
  const root = mkdtempSync(join(tmpdir(), 'tradelearn-kill-'))
  const script = join(root, 'child.mjs')
  const directory = join(root, 'state')
  buildSync({
    entryPoints: [join(import.meta.dirname, 'kill-child.ts')],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  let acknowledged = 0
  try {
    for (let i = 0; i < KILLS; i++) {
      const newest = await killed(script, directory, random() * 40)
      expect(newest).toBeGreaterThanOrEqual(0)
      acknowledged = Math.max(acknowledged, newest)
      const { store, snapshot, events, recovery } = await opened({ directory })
      const base = snapshot?.seq ?? 0
      expect(recovery.warnings).toEqual([])
      expect(events).toEqual(events.map((_, k) => ({ seq: base + k + 1, event: { id: base + k + 1 } })))
      expect(base + events.length).toBeGreaterThanOrEqual(acknowledged)
      await store.close()
    }
    expect(acknowledged).toBeGreaterThan(KILLS)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}, 120_000)
