/**
 * How long a bot waits for a decision while its models are trained anew, and what the swap costs. Bundles `latency-life.ts`, as a
 * bot would have it, and runs it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const HELP = `Times decisions while nothing else goes on, while models are trained in a worker, and while they are in a process.

    npm run bench:latency -- [--seconds 10] [--calls 1000000] [--rows 600]

  --seconds  of each phase
  --calls    after which the heap is looked at
  --rows     that each retraining uses; 600 make models of a megabyte`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    calls: { type: 'string', default: '1000000' },
    rows: { type: 'string', default: '600' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit()
}
const given = [values.seconds, values.calls, values.rows]
if (!given.every((text) => Number(text) >= 1))
  throw new Error(`Numbers from 1 are wanted, got ${given.join(', ')}.\n${HELP}`)

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-latency-'))
const bundled = async (file: string, name: string): Promise<string> => {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, file)],
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' },
  })
  return outfile
}
const life = await bundled('latency-life.ts', 'life')
const worker = await bundled('../../src/worker/index.ts', 'worker')
const { status } = spawnSync(process.execPath, ['--expose-gc', life, worker, ...given], { stdio: 'inherit' })
rmSync(folder, { recursive: true })
process.exitCode = status ?? 1
