/**
 * The invariants of decisions over random sequences, at night, on every core.
 *
 *     npm run bench:invariants -- --sequences 1e8
 *     npm run bench:invariants -- --sequences 1e6 --seed 2 --from 40000
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { Progress } from '../../src/cli/progress.ts'
import { createTally, INVARIANTS, type Invariant, STEPS, type Tally } from '../../test/decision/invariants/sequence.ts'
import { describeMachine, machine } from '../machine.ts'
import { BLOCK } from './invariants-block.ts'

const HELP = `Usage: npm run bench:invariants -- [options]

Plays random sequences of ${STEPS} events in front of an account and looks after each whether one of the twelve invariants of a
policy is broken. Sequences come in blocks of ${BLOCK}, each seeded by its number, so that the figures do not depend on the
number of threads: a long run can be made in parts with --from, and a block with a breach is played again with
--from block --sequences ${BLOCK}. Figures go to stdout, progress to stderr; the exit code is 1 where something was broken.

  --sequences <n>  sequences in all [1e6]
  --seed <n>       seed [1]
  --from <n>       first block [0]
  --threads <n>    threads [one a core]
  --help           this text
`

/** A whole number among the options, 1e6 being one. */
function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (text !== '' && Number.isSafeInteger(value) && value >= least) return value
  console.error(`--${name} must be a whole number of at least ${least}, got ${text}.`)
  process.exit(2)
}

/** Adds what came of a block; of two breaches that of the lower block stays the first. */
function add(sum: Tally, { sequences, steps, decisions, atStake, broken }: Tally): void {
  sum.sequences += sequences
  sum.steps += steps
  sum.decisions += decisions
  for (const name of Object.keys(INVARIANTS) as Invariant[]) {
    sum.atStake[name] += atStake[name]
    sum.broken[name] += broken[name]
  }
}

/** Plays blocks on so many threads, until all are played or one is broken; returns what came of them. */
async function playAll(seed: number, from: number, blocks: number, threads: number): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelearn-invariants-'))
  const script = join(folder, 'block.mjs')
  const entryPoints = [join(import.meta.dirname, 'invariants-block.ts')]
  await build({ entryPoints, outfile: script, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' })
  const progress = new Progress({ label: 'bench:invariants' })
  const sum = createTally()
  const breaches: { readonly block: number; readonly text: string }[] = []
  let next = from
  let done = 0
  try {
    await Promise.all(
      Array.from({ length: Math.min(threads, blocks) }, async () => {
        const worker = new Worker(script)
        try {
          while (next < from + blocks && breaches.length === 0) {
            const block = next++
            worker.postMessage({ seed, block })
            const { tally } = await new Promise<{ tally: Tally }>((resolve, reject) => {
              worker.once('message', resolve).once('error', reject)
            })
            worker.removeAllListeners('error')
            add(sum, tally)
            if (tally.first !== null) breaches.push({ block, text: tally.first })
            progress.update(++done / blocks)
          }
        } finally {
          await worker.terminate()
        }
      }),
    )
  } finally {
    progress.finish()
    rmSync(folder, { recursive: true })
  }
  const [first] = breaches.sort((a, b) => a.block - b.block)
  if (first) sum.first = `block ${first.block}: ${first.text}`
  return sum
}

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '1e6' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(HELP)
else {
  const [seed, from] = [whole('seed', values.seed, 0), whole('from', values.from, 0)]
  const blocks = Math.ceil(whole('sequences', values.sequences, 1) / BLOCK)
  const start = performance.now()
  const tally = await playAll(seed, from, blocks, whole('threads', values.threads, 1))
  const seconds = (performance.now() - start) / 1000
  const number = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
  console.log(describeMachine(machine()))
  if (tally.first !== null) console.log(`\nBROKEN in ${tally.first}`)
  console.log(
    `\nseed ${seed}, blocks ${from} to ${from + blocks - 1}: ${number.format(tally.sequences)} sequences of ${STEPS} steps, ` +
      `${number.format(tally.decisions)} decisions, ${number.format(seconds)} s, ${number.format(tally.sequences / seconds)} a second\n`,
  )
  console.log('| | at stake | broken | |\n|---|---|---|---|')
  for (const name of Object.keys(INVARIANTS) as Invariant[]) {
    console.log(`| ${name} | ${number.format(tally.atStake[name])} | ${tally.broken[name]} | ${INVARIANTS[name]} |`)
  }
  process.exitCode = tally.first === null ? 0 : 1
}
