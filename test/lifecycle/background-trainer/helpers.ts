import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ResourceLimits, Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { BaseRate, LinearRegression, LogisticRegression } from '../../../src/learners/index.ts'
import type {
  BackgroundTrainerOptions,
  RetrainRecipe,
  SettledRow,
} from '../../../src/lifecycle/background-trainer/index.ts'
import type { Models } from '../../../src/lifecycle/index.ts'
import { nodeThread, type Spawn, type Thread } from '../../../src/lifecycle/index.ts'

export const FEATURES = 4
export const HOUR = 3_600_000
const START = 1_600_000_000_000

/** Rows whose outcome hangs on the first feature; the champion knows nothing of it. */
export function rowsOf(n: number, seed = 'rows', from = 0): SettledRow[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = Float64Array.from({ length: FEATURES }, () => 2 * rng.next() - 1)
    const y = rng.next() < sigmoid(2.5 * x[0]!) ? 1 : 0
    const time = START + (from + i) * HOUR
    return {
      id: `r-${from + i}`,
      symbol: i % 2 ? 'A' : 'B',
      side: 'long',
      time,
      labelEnd: time + 3 * HOUR,
      x,
      probability: 0.5,
      y,
      netReturn: y ? 0.02 : -0.01,
      stopHit: y ? 0 : 1,
    }
  })
}

/** Models that learn quickly enough for a test. */
export const smallModels = (features: number): Models => ({
  success: new LogisticRegression({ features, learningRate: 0.05 }),
  expectedReturn: new LinearRegression({ features, learningRate: 0.01 }),
  stopRisk: new BaseRate({ features }),
})

export const smallRecipe: RetrainRecipe = { name: 'small', create: smallModels }

/** A bot's champion, which decides whatever happens, and a trainer's options for it. */
export function newBot(): {
  models: Models
  adopted: Models[]
  x: Float64Array
  options(more?: Partial<BackgroundTrainerOptions>): BackgroundTrainerOptions
} {
  const bot = {
    models: smallModels(FEATURES),
    adopted: [] as Models[],
    x: Float64Array.of(1, 0, 0, 0),
    options: (more: Partial<BackgroundTrainerOptions> = {}): BackgroundTrainerOptions => ({
      schema: { size: FEATURES, fingerprint: 'abc' },
      triggers: [],
      recipe: smallRecipe,
      spawn: null,
      minRows: 100,
      gate: { minDistance: 0, minNewRows: 0, backOff: HOUR },
      adopt: (models) => {
        bot.models = models
        bot.adopted.push(models)
      },
      ...more,
    }),
  }
  return bot
}

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-retrain-'))
export const removeScripts = (): void => rmSync(folder, { recursive: true, force: true })

const src = join(import.meta.dirname, '../../../src')
/** Threads of Node 20 cannot run TypeScript. */
export async function scriptOf(name: string, source: string): Promise<string> {
  const [entry, outfile] = [join(folder, `${name}.ts`), join(folder, `${name}.mjs`)]
  writeFileSync(entry, source.replaceAll('SRC', src))
  await bundle(entry, outfile)
  return outfile
}

/** The library's own worker. */
export async function libraryScript(): Promise<string> {
  const outfile = join(folder, 'library.mjs')
  await bundle(join(src, 'worker/index.ts'), outfile)
  return outfile
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
}

/** Starts threads of a script, with what they say altered on the way. */
export const spawner =
  (script: string, alter: (message: unknown) => unknown = (message) => message, limits?: ResourceLimits): Spawn =>
  () => {
    const thread = nodeThread(new Worker(script, limits && { resourceLimits: limits }))
    const altered: Thread = {
      ...thread,
      listen: (onMessage, onFailure) => thread.listen((message) => onMessage(alter(message)), onFailure),
    }
    return altered
  }
