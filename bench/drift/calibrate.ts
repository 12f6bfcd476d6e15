/**
 * Works out src/drift/calibration.ts: the thresholds at which detectors alarm as often as `falseAlarmEvery` says.
 *
 *     npx tsx bench/drift/calibrate.ts --write
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ADWIN, DDM, type DriftDetector, EDDM, HDDMA, HDDMW, KSWIN, OPTWIN, STEPD } from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { normalCdf } from '../../src/core/math.ts'
import { countFalseAlarms, type Kind } from './false-alarms.ts'

const HELP = `Usage: npx tsx bench/drift/calibrate.ts [options]

Simulates streams without change, finds the thresholds that give each mean time between false alarms, smooths them and
prints the table that the library ships. About a quarter of an hour.

  --alarms <n>  alarms to count for each point [800]
  --values <n>  values to play for each point at most [6e7]
  --only <name> one table, e.g. DDM_DEVIATIONS
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
  readonly kind: Kind
  readonly create: (threshold: number, every: number) => DriftDetector
  /** Thresholds to begin with, at the first node and at the last. */
  readonly from: number
  readonly to: number
  /** Whether each node has restarts of its own, so that nothing can be learned from its neighbours. */
  readonly restarts?: true
  /** Bends thresholds so that they grow about linearly with the logarithm of the mean time, and back. */
  readonly bend?: readonly [(threshold: number) => number, (bent: number) => number]
}

const chance = (threshold: number): number => Math.exp(-threshold)
const loose = { warningConfidence: 0.999_999 }

const TABLES: readonly Table[] = [
  {
    name: 'ADWIN_CONFIDENCE',
    meaning: '-ln(confidence) of `ADWIN`, one direction',
    kind: 'errors',
    create: (threshold) => new ADWIN({ confidence: chance(threshold), direction: 'up' }),
    from: -1.3,
    to: 6,
  },
  {
    name: 'DDM_DEVIATIONS',
    meaning: '`drift` of `DDM` where `restartEvery` is the mean time',
    kind: 'errors',
    create: (drift, restartEvery) => new DDM({ drift, warning: drift, restartEvery }),
    from: 1.6,
    to: 4,
    restarts: true,
  },
  {
    name: 'EDDM_SHARE',
    meaning: '`drift` of `EDDM` where `restartEvery` is the mean time',
    kind: 'errors',
    create: (drift, restartEvery) => new EDDM({ drift, warning: drift, restartEvery }),
    from: 0.92,
    to: 0.6,
    restarts: true,
  },
  ...(['up', 'both'] as const).map(
    (direction): Table => ({
      name: `HDDMA_CONFIDENCE.${direction === 'up' ? 'one' : 'both'}`,
      meaning: '-ln(confidence) of `HDDMA` where `restartEvery` is the mean time',
      kind: 'errors',
      create: (threshold, restartEvery) =>
        new HDDMA({ confidence: chance(threshold), ...loose, direction, restartEvery }),
      from: 1,
      to: 10,
      restarts: true,
    }),
  ),
  ...(['up', 'both'] as const).map(
    (direction): Table => ({
      // an alarm of one direction clears the other, which takes long to gather: both do not alarm twice as often
      name: `HDDMW_CONFIDENCE.${direction === 'up' ? 'one' : 'both'}`,
      meaning: '-ln(confidence) of `HDDMW`',
      kind: 'errors',
      create: (threshold) => new HDDMW({ confidence: chance(threshold), ...loose, direction }),
      from: 5,
      to: 15,
    }),
  ),
  {
    name: 'STEPD_DEVIATIONS',
    meaning: 'Z of `STEPD` with its correction spread, one direction',
    kind: 'errors',
    create: (threshold) =>
      new STEPD({ confidence: 2 * normalCdf(-threshold), ...loose, direction: 'up', correction: 'spread' }),
    from: 2.3,
    to: 5,
    bend: [(z) => z * z, Math.sqrt],
  },
  {
    name: 'KSWIN_CONFIDENCE',
    meaning: '-ln(confidence) of `KSWIN`',
    kind: 'normal',
    create: (threshold) => new KSWIN({ confidence: chance(threshold) }),
    from: 4,
    to: 14,
  },
  {
    name: 'OPTWIN_CONFIDENCE',
    meaning: '-ln(1 - confidence) of `OPTWIN`, one direction',
    kind: 'normal',
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
  // restarts make a table of their own for each node; without them every point is good for all
  NODES.forEach((every, i) => {
    const own: Point[] = []
    for (let step = 0; step < 3; step++) {
      const create = (): DriftDetector => table.create(threshold, every)
      const { values, alarms } = countFalseAlarms(create, table.kind, { enough, most, seed: `calibrate ${step}` })
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

/** The threshold of each node by itself, between two that lie on either side of it, on the same streams. */
function solve(table: Table, enough: number, report: (done: number) => void): Point[] {
  const steps = 7
  return NODES.map((every, i) => {
    let [low, high] = [table.from, table.to]
    let threshold = low
    let alarms = 0
    // by halves, then along the chord
    let ends: [number, number] = [-Infinity, Infinity]
    for (let step = 0; step < steps; step++) {
      const chord = Math.max(0.1, Math.min(0.9, (Math.log(every) - ends[0]) / (ends[1] - ends[0])))
      threshold = low + (Number.isFinite(ends[0]) && Number.isFinite(ends[1]) ? chord : 0.5) * (high - low)
      const create = (): DriftDetector => table.create(threshold, every)
      // a quarter of the alarms for the rarest, which take longest
      const wanted = every > 1e5 ? enough / 4 : enough
      const counted = countFalseAlarms(create, table.kind, { enough: wanted, most: 3 * wanted * every, seed: 'solve' })
      alarms = counted.alarms
      const logEvery = Math.log(counted.values / Math.max(alarms, 0.5))
      if (logEvery < Math.log(every)) {
        low = threshold
        ends = [logEvery, ends[1]]
      } else {
        high = threshold
        ends = [ends[0], logEvery]
      }
      report((i + (step + 1) / steps) / NODES.length)
    }
    return { threshold, logEvery: Math.log(every), alarms }
  })
}

/** Coefficients of the quadratic through weighted points, by the normal equations around their middle. */
function quadratic(points: readonly Point[]): (logEvery: number) => number {
  const middle = 9
  const sums = new Float64Array(5)
  const right = new Float64Array(3)
  for (const { threshold, logEvery, alarms } of points) {
    const x = logEvery - middle
    for (let power = 0, term = alarms; power < 5; power++, term *= x) {
      sums[power]! += term
      if (power < 3) right[power]! += term * threshold
    }
  }
  const [s0, s1, s2, s3, s4] = sums as unknown as [number, number, number, number, number]
  const [r0, r1, r2] = right as unknown as [number, number, number]
  // Cramer's rule for the three unknowns
  const det = (m: readonly number[]): number =>
    m[0]! * (m[4]! * m[8]! - m[5]! * m[7]!) -
    m[1]! * (m[3]! * m[8]! - m[5]! * m[6]!) +
    m[2]! * (m[3]! * m[7]! - m[4]! * m[6]!)
  const whole = det([s0, s1, s2, s1, s2, s3, s2, s3, s4])
  const a = det([r0, s1, s2, r1, s2, s3, r2, s3, s4]) / whole
  const b = det([s0, r0, s2, s1, r1, s3, s2, r2, s4]) / whole
  const c = det([s0, s1, r0, s1, s2, r1, s2, s3, r2]) / whole
  return (logEvery) => a + b * (logEvery - middle) + c * (logEvery - middle) * (logEvery - middle)
}

const { values: flags } = parseArgs({
  options: {
    alarms: { type: 'string', default: '800' },
    values: { type: 'string', default: '6e7' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function main(enough: number, most: number, only: string | undefined): string {
  const progress = new Progress({ label: 'calibrate' })
  const tables = TABLES.filter(({ name }) => only === undefined || name.startsWith(only))
  const written = new Map<string, string>()
  tables.forEach((table, i) => {
    const report = (done: number): void => progress.update((i + done) / tables.length)
    const [bend, back] = table.bend ?? [(x: number) => x, (x: number) => x]
    const points = table.restarts ? solve(table, enough, report) : simulate(table, enough, most, report)
    const smooth = quadratic(points.map((point) => ({ ...point, threshold: bend(point.threshold) })))
    const rows = table.restarts
      ? points.map(({ threshold, logEvery }) => [Math.exp(logEvery), threshold] as const)
      : [...NODES, BEYOND].map((every) => [every, back(smooth(Math.log(every)))] as const)
    if (!table.restarts) {
      const slope = (smooth(Math.log(1e6)) - smooth(Math.log(1e4))) / Math.log(100)
      const moved = points.map(
        ({ threshold, logEvery }) => Math.abs(bend(threshold) - smooth(logEvery)) / Math.abs(slope),
      )
      const most = Math.exp(Math.max(...moved))
      console.error(`${table.name}: smoothing moved a mean time by a factor of ${most.toFixed(2)} at most`)
    }
    const text = rows.map(([every, threshold]) => `  [${every.toFixed(0)}, ${threshold.toFixed(4)}],`)
    written.set(table.name, `[\n${text.join('\n')}\n]`)
  })
  progress.finish()
  const meaningOf = (name: string): string => TABLES.find((table) => table.name.startsWith(name))!.meaning
  const names = [...new Set(tables.map(({ name }) => name.split('.')[0]!))]
  const parts = names.map((name) => {
    const whole = written.get(name)
    if (whole !== undefined) return `/** ${meaningOf(name)}. */\nexport const ${name}: Calibration = ${whole}\n`
    const sides = ['one', 'both'].map((side) => `${side}: ${written.get(`${name}.${side}`)},`)
    const type = '{ readonly one: Calibration; readonly both: Calibration }'
    return `/** ${meaningOf(name)}. */\nexport const ${name}: ${type} = {\n${sides.join('\n')}\n}\n`
  })
  return `// Written by \`npx tsx bench/drift/calibrate.ts --write\`: thresholds from simulated streams without change,
// ${enough} alarms a point where ${most.toExponential()} values bring that many, smoothed by a quadratic in the logarithm of the mean time.
// Errors have rates of ${'0.45, 0.475 and 0.5'}; values are normal.
import type { Calibration } from './false-alarms.ts'

${parts.join('\n')}`
}

if (flags.help) console.log(HELP)
else {
  const text = main(Number(flags.alarms), Number(flags.values), flags.only)
  console.log(text)
  if (flags.write) writeFileSync(join(import.meta.dirname, '../../src/drift/calibration.ts'), text)
}
