import { SeededRng } from '../../src/core/rng.ts'
import { realDesk } from '../../test/decision/invariants/desk.ts'
import {
  createTally,
  INVARIANTS,
  type Invariant,
  runSequences,
  STEPS,
} from '../../test/decision/invariants/sequence.ts'
import { describeMachine, machine } from '../machine.ts'

// The invariants of decisions over random sequences, at night:
// npx tsx bench/lifecycle/invariants.ts --sequences 1e8 --seed 1 [--from block]
//
// Sequences come in blocks of 1,000, each seeded by its own number: a run that was stopped goes on with --from, and a block
// with a breach is run again with --from block --sequences 1000.

const BLOCK = 1000
const SECONDS_BETWEEN_LINES = 10

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`)
  const value = at < 0 ? otherwise : Number(process.argv[at + 1])
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`--${name} must be a whole number, got ${process.argv[at + 1]}.`)
  process.exit(2)
}

const sequences = option('sequences', 1e6)
const seed = option('seed', 1)
const from = option('from', 0)
const blocks = Math.ceil(sequences / BLOCK)
const tally = createTally()
const number = new Intl.NumberFormat('en-GB')
const start = performance.now()
let line = start

console.log(describeMachine(machine()))
for (let block = from; block < from + blocks && tally.first === null; block++) {
  const rng = new SeededRng(`${seed}/${block}`)
  const end = tally.sequences + BLOCK
  while (tally.sequences < end) runSequences(rng, realDesk, tally)
  if (tally.first !== null) console.log(`block ${block}: ${tally.first}`)
  const now = performance.now()
  if (now - line < SECONDS_BETWEEN_LINES * 1000) continue
  line = now
  const rate = Math.round((tally.sequences / (now - start)) * 1000)
  const rest = Math.round((from + blocks - block - 1) * (BLOCK / rate / 60))
  console.log(
    `${number.format(tally.sequences)} sequences, ${number.format(rate)} a second, ${rest} min to go; go on with --from ${block + 1}`,
  )
}

console.log(
  `\nseed ${seed}, blocks ${from} to ${from + blocks - 1}: ${number.format(tally.sequences)} sequences of ${STEPS} steps, ` +
    `${number.format(tally.decisions)} decisions, ${Math.round((performance.now() - start) / 1000)} s\n`,
)
console.log('| | at stake | broken | |\n|---|---|---|---|')
for (const name of Object.keys(INVARIANTS) as Invariant[]) {
  console.log(`| ${name} | ${number.format(tally.atStake[name])} | ${tally.broken[name]} | ${INVARIANTS[name]} |`)
}
process.exitCode = tally.first === null ? 0 : 1
