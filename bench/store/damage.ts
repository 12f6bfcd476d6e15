import { parseArgs } from 'node:util'
import { journalSweeps, type Sweep, snapshotSweeps } from '../../test/store/damage-cases.ts'

const HELP = `Damages a journal of 10 KB and a snapshot of 64 KiB in every place, and says what became of each: every cut, every
flipped bit, every zeroed sector.

    npx tsx bench/store/damage.ts [--step 1] [--start 0]

  --step    looks at every so many cases only
  --start   the first of them`

const { values } = parseArgs({
  options: {
    step: { type: 'string', default: '1' },
    start: { type: 'string', default: '0' },
    help: { type: 'boolean' },
  },
})
if (values.help) console.log(HELP)
else await run(Number(values.step), Number(values.start))

async function run(step: number, start: number): Promise<void> {
  console.log(`Node ${process.version}, every ${step} cases from ${start}`)
  for (const [name, sweep] of Object.entries(journalSweeps)) await tell(`journal, ${name}`, sweep({ step, start }))
  for (const [name, sweep] of Object.entries(snapshotSweeps)) await tell(`snapshot, ${name}`, sweep({ step, start }))
}

async function tell(name: string, result: Sweep | Promise<Sweep>): Promise<void> {
  const { cases, refused, cutOff, whole, wrong } = await result
  console.log(
    `${name}: ${cases} cases, ${refused} refused, ${cutOff} cut off and kept aside, ${whole} read in full, ${wrong.length} wrong`,
  )
  for (const one of wrong.slice(0, 5)) console.log(`  ${one}`)
  if (wrong.length > 0) process.exitCode = 1
}
