/**
 * Works out src/drift/calibration.ts: the thresholds at which detectors alarm as often as `falseAlarmEvery` says.
 *
 *     npx tsx bench/drift/calibrate.ts --write
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type DriftDetector, KSWIN, OPTWIN } from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { KSWIN_CONFIDENCE, OPTWIN_CONFIDENCE } from '../../src/drift/calibration.ts'
import type { Calibration, RateCalibration } from '../../src/drift/false-alarms.ts'
import { countFalseAlarms } from './false-alarms.ts'
import { quadratic, RATE_TABLES, refine } from './rate-tables.ts'

const HELP = `Usage: npx tsx bench/drift/calibrate.ts [options]

Simulates streams without change, finds the thresholds that give each mean time between false alarms, smooths them and
prints the tables that the library ships. Some fifteen minutes for all of them, six of them for errors.

  --alarms <n>  alarms to count for each point of normal values [800]
  --values <n>  normal values to play for each point at most [6e7]
  --only <name> one table, e.g. DDM_DEVIATIONS; the others stay as they are
  --write       also writes src/drift/calibration.ts
  --help        this text
`

/** Mean times between false alarms that are simulated. */
const NODES: readonly number[] = [300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1e6]
/** The last row of smoothed tables: one direction must do for both, which alarm twice as often. */
const BEYOND = 2e6

type Table = {
  readonly name: string
  readonly meaning: string
  /** The table that the library ships. */
  readonly shipped: Calibration
  readonly create: (threshold: number) => DriftDetector
  /** Thresholds to begin with, at the first node and at the last. */
  readonly from: number
  readonly to: number
}

const chance = (threshold: number): number => Math.exp(-threshold)

/** Tables for normal values. */
const TABLES: readonly Table[] = [
  {
    name: 'KSWIN_CONFIDENCE',
    meaning: '-ln(confidence) of `KSWIN`',
    shipped: KSWIN_CONFIDENCE,
    create: (threshold) => new KSWIN({ confidence: chance(threshold) }),
    from: 4,
    to: 14,
  },
  {
    name: 'OPTWIN_CONFIDENCE',
    meaning: '-ln(1 - confidence) of `OPTWIN`, one direction',
    shipped: OPTWIN_CONFIDENCE,
    create: (threshold) => new OPTWIN({ confidence: 1 - chance(threshold), warningConfidence: 0.1 }),
    from: 2.3,
    to: 12,
  },
]

/** A threshold and the logarithm of the mean time between its false alarms, with the alarms that it was found from. */
type Point = { readonly threshold: number; readonly logEvery: number; readonly alarms: number }

/** Steps of Newton's kind towards each node; every point on the way helps the smoothing. */
function simulate(table: Table, enough: number, most: number, report: (done: number) => void): Point[] {
  const points: Point[] = []
  let slope = (table.to - table.from) / Math.log(NODES.at(-1)! / NODES[0]!)
  let threshold = table.from
  NODES.forEach((every, i) => {
    const own: Point[] = []
    for (let step = 0; step < 3; step++) {
      const create = (): DriftDetector => table.create(threshold)
      const { values, alarms } = countFalseAlarms(create, 'normal', { enough, most, seed: `calibrate ${step} 0` })
      report((i + (step + 1) / 3) / NODES.length)
      const logEvery = Math.log(values / Math.max(alarms, 0.5))
      own.push({ threshold, logEvery, alarms })
      const before = own.at(-2)
      if (before && Math.abs(logEvery - before.logEvery) > 0.2) {
        const measured = (threshold - before.threshold) / (logEvery - before.logEvery)
        if (measured * slope > 0) slope = measured
      }
      threshold += Math.max(-1, Math.min(1, Math.log(every) - logEvery)) * slope
    }
    // the threshold of the node itself, from the nearest point on the way
    const near = own.reduce((a, b) =>
      Math.abs(b.logEvery - Math.log(every)) < Math.abs(a.logEvery - Math.log(every)) ? b : a,
    )
    const logEvery = Math.log(every)
    points.push({ threshold: near.threshold + (logEvery - near.logEvery) * slope, logEvery, alarms: near.alarms })
    threshold += slope * (Math.log(NODES[i + 1] ?? every) - logEvery)
  })
  return points
}

const { values: flags } = parseArgs({
  options: {
    alarms: { type: 'string', default: '800' },
    values: { type: 'string', default: '6e7' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Rows of a table of normal values: the smooth curve through all points. */
function normalRows(table: Table, enough: number, most: number, report: (done: number) => void): Calibration {
  const points = simulate(table, enough, most, report)
  const smooth = quadratic(
    points.map(({ logEvery, threshold, alarms }) => ({ x: logEvery, y: threshold, weight: alarms })),
  )
  return [...NODES, BEYOND].map((every) => [every, smooth(Math.log(every))])
}

function printed(rows: RateCalibration, indent = ''): string {
  const lines = rows.map(([every, ...rest]) => [every!.toFixed(0), ...rest.map((x) => Number(x.toFixed(4)))].join(', '))
  return `[\n${lines.map((line) => `${indent}  [${line}],\n`).join('')}${indent}]`
}

/** All tables, those whose names begin with `only` anew. */
function main(enough: number, most: number, only: string): string {
  const progress = new Progress({ label: 'calibrate' })
  const wanted = [...RATE_TABLES, ...TABLES].filter(({ name }) => name.startsWith(only))
  const normal = new Map<string, Calibration>(TABLES.map(({ name, shipped }) => [name, shipped]))
  wanted.forEach((table, i) => {
    const report = (done: number): void => progress.update((i + done) / wanted.length)
    if ('rows' in table) refine(table, report)
    else normal.set(table.name, normalRows(table, enough, most, report))
  })
  progress.finish()
  const names = new Set(RATE_TABLES.map(({ name }) => name.split('.')[0]!))
  const byRate = [...names].map((name) => {
    const tables = RATE_TABLES.filter((table) => table.name.startsWith(name))
    const head = `/** ${tables[0]!.meaning}. */\nexport const ${name}`
    if (tables.length === 1) return `${head}: RateCalibration = ${printed(tables[0]!.rows)}\n`
    const sides = tables.map((table) => `  ${table.name.split('.')[1]}: ${printed(table.rows, '  ')},`)
    return `${head}: Directed = {\n${sides.join('\n')}\n}\n`
  })
  const ofNormals = TABLES.map(
    ({ name, meaning }) => `/** ${meaning}. */\nexport const ${name}: Calibration = ${printed(normal.get(name)!)}\n`,
  )
  return `// Written by \`npx tsx bench/drift/calibrate.ts --write\`: thresholds from simulated streams without change, of errors at
// rates of 0.1 to 0.9, one in each column, or else of normal values.
import type { Calibration, Directed, RateCalibration } from './false-alarms.ts'

${[...byRate, ...ofNormals].join('\n')}`
}

if (flags.help) console.log(HELP)
else {
  const text = main(Number(flags.alarms), Number(flags.values), flags.only)
  console.log(text)
  if (flags.write) writeFileSync(join(import.meta.dirname, '../../src/drift/calibration.ts'), text)
}
