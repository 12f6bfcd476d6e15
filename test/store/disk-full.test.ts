import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { nodeFs } from '../../src/store/node-fs.ts'
import { fill, STEP, type Trial } from './disk-full.ts'
import { onDisk } from './opened.ts'
import { chance, SimDisk } from './sim-fs.ts'

/** Free space goes up to this many steps: more than two snapshots and two segments. */
const STEPS = 24
const TMPFS_BYTES = 1_048_576

/** A small file system of our own, or why there is none. */
function mountSmall(): { readonly folder: string; readonly skip: string | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-full-'))
  if (process.platform !== 'linux') return { folder, skip: 'tmpfs is Linux’s' }
  const { status, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${TMPFS_BYTES}`, 'tradelearn', folder])
  return { folder, skip: status === 0 ? undefined : (error?.message ?? 'this process may not mount a file system') }
}
const { folder, skip } = mountSmall()
afterAll(() => {
  if (skip === undefined) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
})

/** Leaves so many bytes free on the small file system, by a file that takes the rest. */
function leave(bytes?: number): void {
  const ballast = join(folder, 'ballast')
  rmSync(ballast, { force: true })
  if (bytes === undefined) return
  const { bavail, bsize } = statfsSync(folder)
  const fd = openSync(ballast, 'w')
  for (let left = bavail - Math.ceil(bytes / bsize); left > 0; left--) writeSync(fd, Buffer.alloc(bsize, 1))
  fsyncSync(fd)
  closeSync(fd)
}

function check(trials: readonly Trial[]): void {
  for (const { free, codes, wrong } of trials) {
    expect(wrong, `${free} bytes free`).toEqual([])
    expect([...codes], `${free} bytes free`).toEqual(['STORE_FAILED'])
  }
  // it was full at once, after some events, and after some snapshots
  expect(trials[0]!.acknowledged).toBeLessThan(8)
  expect(trials.at(-1)!.acknowledged).toBeGreaterThan(trials[0]!.acknowledged + 20)
  expect(trials.at(-1)!.savedSnapshots).toBe(1)
}

describe('a disk that is full at any step of 4 KiB leaves what was acknowledged, says so with a code, and recovers:', () => {
  test('simulated', async () => {
    const trials: Trial[] = []
    for (let i = 0; i <= STEPS; i++) {
      const disk = new SimDisk(chance(i))
      const simulated = (bytes?: number): void => {
        disk.faults = { shortWrite: 0.1, ...(bytes !== undefined && { capacity: disk.used + bytes }) }
      }
      const { fs } = onDisk(disk).options
      trials.push(await fill({ fs: fs!, directory: 'd', leave: simulated }, i * STEP))
    }
    check(trials)
  })

  test.skipIf(skip !== undefined)(`tmpfs of 1 MiB${skip ? ` (skipped: ${skip})` : ''}`, async () => {
    const trials: Trial[] = []
    for (let i = 0; i <= STEPS; i++) {
      const directory = join(folder, `state-${i}`)
      trials.push(await fill({ fs: nodeFs, directory, leave }, i * STEP))
      rmSync(directory, { recursive: true })
    }
    check(trials)
  })
})
