import { JournalStore } from '../../src/store/journal-store.ts'

// Tells a journal one event after another, and says which of them it has acknowledged, until it is killed.
const store = new JournalStore({ directory: process.argv[2]!, segmentBytes: 20_000 })
let next = 1
await store.open(
  (seq) => {
    next = seq + 1
  },
  ({ seq }) => {
    next = seq + 1
  },
)
process.stdout.write('open\n')
for (;;) {
  const burst = Array.from({ length: 1 + (next % 7) }, () => store.append({ id: next++ }))
  const seq = (await Promise.all(burst)).at(-1)!
  process.stdout.write(`${seq}\n`)
  if (seq % 5 === 0) await store.saveSnapshot(seq, { upTo: seq })
}
