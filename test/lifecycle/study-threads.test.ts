import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeThread, optimizeInThreads, serveTrials, type Thread } from '../../src/lifecycle/index.ts'
import { float, int, MedianPruner, patience, Study, TPE } from '../../src/study/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-study-'))
const lifecycle = JSON.stringify(join(import.meta.dirname, '../../src/lifecycle/study-threads.ts'))
/** Threads of Node 20 cannot run TypeScript. */
async function scriptOf(name: string, objective: string): Promise<string> {
  const [entry, outfile] = [join(folder, `${name}.ts`), join(folder, `${name}.mjs`)]
  writeFileSync(entry, `import { serveTrials } from ${lifecycle}\nserveTrials(${objective})\n`)
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
  return outfile
}
const scripts: { [name: string]: string } = {}
beforeAll(async () => {
  // the slowest trials are the best, so that trials end in another order than they began
  scripts['bowl'] = await scriptOf(
    'bowl',
    `async ({ x, k }, trial) => {
      const loss = (x - 0.3) * (x - 0.3) + Math.abs(k - 4) / 10
      await new Promise((resolve) => setTimeout(resolve, 20 * Math.max(0, 0.5 - loss)))
      for (let fold = 0; fold < 4; fold++) if ((await trial.report(fold, loss + fold / 100)) === 'prune') return 'pruned'
      return loss
    }`,
  )
  scripts['faulty'] = await scriptOf(
    'faulty',
    `({ x, k }) => {
      if (k === 2) throw new Error('two is not allowed')
      if (k === 3) process.exit(7)
      return k === 5 ? NaN : x
    }`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const spawnOf = (name: string) => (): Thread => nodeThread(new Worker(scripts[name]!))
const create = () =>
  new Study({
    space: { x: float({ low: 0, high: 1 }), k: int({ low: 1, high: 8 }) },
    seed: 3,
    batch: 3,
    sampler: new TPE(),
    pruner: new MedianPruner(),
  })
const here = async (trials: number) => {
  const study = create()
  await study.optimize(
    ({ x, k }, trial) => {
      const loss = (x - 0.3) * (x - 0.3) + Math.abs(k - 4) / 10
      for (let fold = 0; fold < 4; fold++) if (trial.report(fold, loss + fold / 100) === 'prune') return 'pruned'
      return loss
    },
    { trials },
  )
  return study
}

describe('a search in threads', () => {
  test('finds to the bit what one thread finds, with any number of them', { timeout: 60_000 }, async () => {
    const wanted = JSON.stringify(await here(30))
    expect(JSON.parse(wanted).state.trials.some(({ state }: { state: string }) => state === 'pruned')).toBe(true)
    for (const threads of [1, 2, 4]) {
      const study = create()
      const told: number[] = []
      const onProgress = ({ done }: { done: number }): void => void told.push(done)
      await optimizeInThreads(study, { spawn: spawnOf('bowl'), threads, trials: 30, onProgress })
      expect(JSON.stringify(study)).toBe(wanted)
      expect(told).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
    }
  })

  test('goes on where it was stopped as if it had never been', async () => {
    const wanted = JSON.stringify(await here(20))
    const first = create()
    const signal = { aborted: false }
    const onProgress = ({ done }: { done: number }): void => {
      signal.aborted ||= done === 7
    }
    const spawn = spawnOf('bowl')
    await expect(optimizeInThreads(first, { spawn, trials: 20, signal, onProgress })).rejects.toThrow('aborted after')
    expect(first.counts.asked).toBeLessThan(12)
    const { space, batch, seed } = create().options
    const again = Study.resume(JSON.parse(JSON.stringify(first)), {
      space,
      batch,
      seed,
      sampler: new TPE(),
      pruner: new MedianPruner(),
    })
    await optimizeInThreads(again, { spawn, trials: 20, threads: 3 })
    expect(JSON.stringify(again)).toBe(wanted)
  })

  test('a trial that throws or ends its thread fails with the reason, and the search goes on', async () => {
    const study = create()
    await optimizeInThreads(study, { spawn: spawnOf('faulty'), trials: 40 })
    const reasons = new Map(study.trials.map(({ params, state, reason }) => [params.k, `${state}: ${reason}`]))
    expect(study.counts).toMatchObject({ asked: 40, pending: 0 })
    expect(reasons.get(2)).toBe('failed: two is not allowed')
    expect(reasons.get(3)).toBe('failed: Its thread ended: it ended with code 7.')
    expect(reasons.get(5)).toBe('failed: The value must be a finite number, got NaN.')
    expect(study.counts.complete).toBeGreaterThan(5)
  })

  test('stops early where it is told to, at the same trial with any number of threads', async () => {
    const asked: number[] = []
    for (const threads of [1, 3]) {
      const study = create()
      await optimizeInThreads(study, {
        spawn: spawnOf('bowl'),
        threads,
        trials: 200,
        stopWhen: patience({ trials: 10 }),
      })
      asked.push(study.counts.asked)
    }
    expect(asked[0]).toBe(asked[1])
    expect(asked[0]).toBeLessThan(200)
  })

  test('a script that cannot be loaded is an error, and what is no thread serves nothing', async () => {
    const spawn = (): Thread => nodeThread(new Worker(join(folder, 'lost.mjs')))
    await expect(optimizeInThreads(create(), { spawn, trials: 3 })).rejects.toThrow('could not load its script')
    expect(() => serveTrials(() => 1)).toThrow('this is none')
  })
})
