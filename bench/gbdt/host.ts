import { fork } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { drawTable, writeTable } from './data.ts'
import type { Figure, Goal } from './figures.ts'
import { COMMON, trainBeside } from './ours.ts'
import { type Bench, lightgbmParameters } from './training.ts'

const ROWS = 100_000
const FEATURES = 50
const SIZE = '100k x 50'

/** How long other events wait on this thread while a worker trains. */
export async function watchEventLoop({ onStep }: Bench): Promise<Figure> {
  const what = `event-loop delay while a worker trains ${SIZE}, p99`
  const goal: Goal = { kind: 'ours', atMost: 3 }
  const table = drawTable('binary', ROWS, FEATURES, `speed ${SIZE}`)
  // the thread is started, and what this one does is compiled, before anything is measured
  await trainBeside(drawTable('binary', 2000, FEATURES, 'warm'), COMMON)
  // the histogram measures how late a timer comes; its own period of 1 ms is part of what it says
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await trainBeside(table, COMMON)
  delay.disable()
  onStep(what)
  const [median, low, high] = [99, 50, 100].map((p) => delay.percentile(p) / 1e6) as [number, number, number]
  return { what, unit: 'time', ours: { median, low, high, n: 1 }, goal, note: `longest ${high.toFixed(1)} ms` }
}

/** What training needs above the table itself, at its peak, in a fresh process of each side. */
export async function weighTraining({ directory, lightgbm, onStep }: Bench): Promise<Figure> {
  const files = writeTable(drawTable('binary', ROWS, FEATURES, `speed ${SIZE}`), directory)
  const ours = await new Promise<number>((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('memory.ts', import.meta.url)), [JSON.stringify(files)])
    child.once('message', (bytes) => resolve(Number(bytes)))
    child.once('exit', (code) => reject(new Error(`memory.ts ended with ${code} before it said anything`)))
  })
  onStep('memory')
  const theirs = lightgbm && (await weighPeer(lightgbm.another, files.name, { ...files }))
  const once = (median: number): NonNullable<Figure['ours']> => ({ median, low: median, high: median, n: 1 })
  return {
    what: `memory to train ${SIZE}, above the table`,
    unit: 'bytes',
    ours: once(ours),
    peer: lightgbm && theirs !== undefined ? { name: lightgbm.name, spread: once(theirs) } : undefined,
    goal: { kind: 'ours', atMost: 150e6 },
  }
}

async function weighPeer(
  another: NonNullable<Bench['lightgbm']>['another'],
  table: string,
  files: { readonly [key: string]: unknown },
): Promise<number | undefined> {
  const peer = another()
  try {
    await peer.ask({ do: 'load', ...files })
    const params = lightgbmParameters(COMMON, FEATURES)
    const fit = { library: 'lightgbm', table, params, threads: 1, trees: COMMON.trees }
    return (await peer.ask({ ...fit, do: 'memory' })).bytes
  } catch {
    // a system that does not tell
    return undefined
  } finally {
    await peer.close()
  }
}
