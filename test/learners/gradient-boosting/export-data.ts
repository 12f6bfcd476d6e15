// Writes the tables of the comparison as JSON for lightgbm-reference.py, which says how to run both.
import { comparisonSets, PARAMETERS, SAMPLING } from './data.ts'

const plain = ({ rows, y }: { readonly rows: Float64Array[]; readonly y: number[] }): object => ({
  rows: rows.map((x) => Array.from(x, (value) => (Number.isNaN(value) ? null : value))),
  y,
})
const sets = comparisonSets().map(({ name, task, train, test }) => ({
  name,
  task,
  train: plain(train),
  test: plain(test),
}))
process.stdout.write(JSON.stringify({ parameters: PARAMETERS, sampling: SAMPLING, sets }))
