import { parseArgs } from 'node:util'
import { brokenProtocols } from '../../test/store/broken-protocols.ts'
import { DISKS, firstCaught, live } from '../../test/store/ordeal.ts'

const HELP = `Lets a journal live through power losses on a simulated disk, and counts what is missing afterwards. Then shows that
the simulation is worth something: how many seeds each protocol survives that is broken on purpose.

    npx tsx bench/store/power-loss.ts [--losses 1000000] [--seed 1]

  --losses   power losses and sudden deaths, half of them on a disk that fails and is full now and then
  --seed     the first seed: a violation names its own, with which it happens again`

const { values } = parseArgs({
  options: {
    losses: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean' },
  },
})
if (values.help) console.log(HELP)
else await run(Number(values.losses), Number(values.seed))

async function run(losses: number, seed: number): Promise<void> {
  console.log(`Node ${process.version}, ${losses} losses from seed ${seed}`)
  for (const [name, faults] of Object.entries(DISKS)) {
    const start = performance.now()
    const sum = await live(losses / 2, faults, seed)
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    console.log(
      `${name} disk: ${sum.losses} losses (${sum.duringOpen} while reading back), ${sum.checked} acknowledged events looked for, ` +
        `${sum.snapshotsRead} snapshots read, ${sum.tornTails} torn tails, ${sum.failures} failures of the disk, ` +
        `${sum.violations.length} violations, ${seconds} s`,
    )
    for (const violation of sum.violations) console.log(`  ${violation}`)
    if (sum.violations.length > 0) process.exitCode = 1
  }
  for (const [name, { wrap, faults }] of Object.entries(brokenProtocols)) {
    const seeds = await firstCaught(wrap, faults, 1000)
    console.log(`${name}: caught at seed ${seeds}`)
    if (seeds > 1000) process.exitCode = 1
  }
}
