// Writes the tables of the comparison as JSON for lightgbm-reference.py, which says how to run both.
import { comparisonSets, type DataSet, PARAMETERS, type Part, SAMPLING } from './data.ts'
import { PARITY_CASES, tablesOf, weightsFor } from './parity-cases.ts'

const plainPart = ({ rows, y }: Part): object => ({
  rows: rows.map((x) => Array.from(x, (value) => (Number.isNaN(value) ? null : value))),
  y,
})
const plain = ({ name, task, train, test }: DataSet): object => ({
  name,
  task,
  train: plainPart(train),
  test: plainPart(test),
})
const kinds = [...new Set(PARITY_CASES.map(({ tables }) => tables))].map((kind) => [kind, tablesOf(kind)] as const)
const cases = PARITY_CASES.map(({ name, score, tables, lightgbm, weighted, plain }) => ({
  name,
  score,
  tables,
  lightgbm,
  plain,
  ...(weighted ? { weights: tablesOf(tables).map(weightsFor) } : {}),
}))
process.stdout.write(
  JSON.stringify({
    parameters: PARAMETERS,
    sampling: SAMPLING,
    sets: comparisonSets().map(plain),
    tables: Object.fromEntries(kinds.map(([kind, sets]) => [kind, sets.map(plain)])),
    cases,
  }),
)
