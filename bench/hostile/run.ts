import { badCalls } from '../../test/hostile/bad-calls.ts'
import { fuzz } from '../../test/hostile/fuzz.ts'
import { targets } from '../../test/hostile/targets.ts'

/**
 * Gives every reader of files damaged files, and a learner bad calls, and says what became of them.
 *
 *     npx tsx bench/hostile/run.ts [--inputs 1000000] [--calls 10000] [--seed text] [--only name] [--seconds 120]
 */
const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]!
}
const seed = option('seed', String(Date.now()))
const all = targets().filter(({ name }) => name.includes(option('only', '')))
const each = Math.ceil(Number(option('inputs', '1000000')) / all.length)
const patience = (Number(option('seconds', 'Infinity')) * 1000) / all.length
console.log(`Node ${process.version}, seed ${seed}, ${each} inputs for each of ${all.length} readers`)

let inputs = 0
let faults = 0
const begin = performance.now()
for (const target of all) {
  const start = performance.now()
  let done = 0
  let accepted = 0
  let slowest = { ms: 0, input: 0 }
  const bad: string[] = []
  while (done < each && performance.now() - start < patience) {
    const report = fuzz(target, Math.min(50, each - done), seed, done)
    done += report.inputs
    accepted += report.accepted
    bad.push(...report.faults)
    if (report.slowest.ms > slowest.ms) slowest = report.slowest
  }
  const rate = Math.round((done / (performance.now() - start)) * 1000)
  console.log(
    `${target.name}: ${done} inputs at ${rate}/s, ${accepted} accepted, slowest ${slowest.ms.toFixed(0)} ms (#${slowest.input}), ${bad.length} faults`,
  )
  for (const fault of bad.slice(0, 5)) console.log(`  ${fault}`)
  inputs += done
  faults += bad.length
}
const calls = badCalls(Number(option('calls', '10000')), seed)
console.log(`bad calls: ${calls.calls}, ${calls.refused} refused, ${calls.faults.length} faults`)
for (const fault of calls.faults.slice(0, 5)) console.log(`  ${fault}`)
faults += calls.faults.length
const seconds = (performance.now() - begin) / 1000
console.log(`${inputs} inputs in ${seconds.toFixed(0)} s (${Math.round(inputs / seconds)}/s), ${faults} faults`)
if (faults > 0) process.exitCode = 1
