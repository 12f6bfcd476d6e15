import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fnv1a } from '../../src/core/hash.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { liveFixedLife, replayFixedLife } from '../../test/store/fixed-life.ts'

const HELP = `Lives a life that is the same everywhere in a journal, lives through it again, and prints the digest of where it ends. Run it
with several releases of Node: the digests are to be equal.

    npx tsx bench/store/digest.ts [--journal folder] [--math]

  --journal  lives through this one, which another release may have written; it is made where it is not there, and kept
  --math     also names what each function of Math says to 200,000 numbers, so that one that differs is found`

const { values } = parseArgs({
  options: { journal: { type: 'string' }, math: { type: 'boolean' }, help: { type: 'boolean' } },
})

const FUNCTIONS = [
  ...['exp', 'expm1', 'log', 'log1p', 'log2', 'log10', 'sqrt', 'cbrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'],
  ...['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'hypot', 'pow', 'atan2'],
] as const
const NUMBERS = 200_000

/** What a function of Math says to numbers of every size that matters here. */
function digestOfMath(name: (typeof FUNCTIONS)[number]): string {
  const rng = new SeededRng('math')
  const out = new Float64Array(NUMBERS)
  for (let i = 0; i < NUMBERS; i++) {
    const scale = [1, 10, 1e-3, 700][i % 4]!
    const x = (2 * rng.next() - 1) * scale
    const y = rng.next() * 10
    out[i] = (Math[name] as (a: number, b: number) => number)(
      name.startsWith('log') || name === 'pow' ? Math.abs(x) : x,
      y,
    )
  }
  return fnv1a(new Uint32Array(out.buffer).join())
}

async function run(): Promise<void> {
  const folder = values.journal === undefined ? mkdtempSync(join(tmpdir(), 'tradelearn-digest-')) : undefined
  const directory = values.journal ?? folder!
  try {
    const found = existsSync(directory) && readdirSync(directory).length > 0
    if (!found) await liveFixedLife(directory)
    const start = performance.now()
    const replay = await replayFixedLife(directory)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    const { events, decisions, different, refused, digest } = replay
    console.log(
      `Node ${process.version}, V8 ${process.versions.v8}: digest ${digest}; journal ${found ? 'found' : 'made'}, ${events} events, ` +
        `${decisions} decisions, ${different} came out otherwise, ${refused} events refused, ${seconds} s`,
    )
    if (!replay.equal) {
      for (const { seq, path, then, now } of replay.differences.slice(0, 5)) {
        console.log(`  event ${seq}: ${path} ${JSON.stringify(then)} -> ${JSON.stringify(now)}`)
      }
      process.exitCode = 1
    }
    if (values.math) console.log(FUNCTIONS.map((name) => `${name} ${digestOfMath(name)}`).join('\n'))
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

if (values.help) console.log(HELP)
else await run()
