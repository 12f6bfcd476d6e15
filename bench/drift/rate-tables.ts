import { ADWIN, DDM, type DriftDetector, EDDM, HDDMA, HDDMW, OPTWIN, STEPD } from 'tradelearn'
import * as shipped from '../../src/drift/calibration.ts'
import type { RateCalibration } from '../../src/drift/false-alarms.ts'
import { countFalseAlarms } from './false-alarms.ts'

/** Mean times between false alarms that are simulated, with the alarms to count for each at each rate. */
const SIMULATED: readonly (readonly [every: number, alarms: number])[] = [
  [300, 600],
  [1000, 600],
  [3000, 600],
  [10_000, 400],
  [30_000, 200],
  [100_000, 100],
  [300_000, 60],
  [1e6, 30],
]
/** Of those, the ones that each round plays where thresholds of one time tell of others; the rest the last round does. */
const EACH_ROUND = 6
/** Where they do not: the first of those that are put on a smooth curve, and from which on it is drawn. */
const FIRST_SMOOTH = 2
const DRAWN_FROM = 1
/** How much of a correction each round makes; the last ones are of little more than noise. */
const ROUNDS: readonly number[] = [1, 1, 1, 0.7, 0.5]
/** How far a round may move the logarithm of a mean time. */
const STEP = 1
/** Streams are given up after so many times what their alarms should take. */
const PATIENCE = 4

/** A table by error rates: where its thresholds begin, and how they grow with the logarithm of the mean time. */
export type RateTable = {
  readonly name: string
  readonly meaning: string
  /** The table that the library ships: it is overwritten while this program looks for a better one. */
  readonly rows: RateCalibration
  readonly create: (falseAlarmEvery: number) => DriftDetector
  /** Where thresholds begin: at a rate of a half for one alarm in 300 values, and what each e-fold of the time adds. */
  readonly start: number
  readonly growth: number
  /** What makes alarms of a detector e times as rare, where that is something else. @defaultValue `growth` */
  readonly slope?: number
  /** What thresholds are in proportion to, at first, among rates. @defaultValue nothing: one for all */
  readonly shape?: (rate: number) => number
  /** Thresholds must be no less. @defaultValue -Infinity */
  readonly least?: number
  /** Whether rates above a half mirror those below. @defaultValue false */
  readonly mirrored?: true
  /**
   * How many of the nine rates have a threshold of their own: those above take the last one, and alarm more rarely.
   * @defaultValue 9
   */
  readonly upTo?: number
  /** Bends thresholds so that they grow about linearly with the logarithm of the mean time. @defaultValue not at all */
  readonly bend?: readonly [(threshold: number) => number, (bent: number) => number]
  /**
   * Where each time has restarts of its own, so that it tells little of the others: what of it thresholds follow smoothly.
   * @defaultValue there are none
   */
  readonly restarts?: (every: number) => number
}

/** In proportion to the variance of errors, as the squares of their deviations are. */
const variance = (rate: number): number => 4 * rate * (1 - rate)

/** For thresholds that come to rest as times grow. */
const SETTLING: RateTable['restarts'] = (every) => 100 / Math.log(every)

/** Deviations of a normal number, whose squares grow with the logarithm of how rare they are. */
const SQUARE: RateTable['bend'] = [(z) => z * z, (square) => Math.sqrt(Math.max(square, 0))]

type Sides = { readonly one: RateCalibration; readonly both: RateCalibration }
type Options = { readonly falseAlarmEvery: number; readonly direction: 'up' | 'both' }

/** The two tables of a detector that watches rises, or rises and falls. */
function sides(
  name: string,
  { one, both }: Sides,
  create: (options: Options) => DriftDetector,
  rest: Pick<RateTable, 'meaning' | 'start' | 'growth' | 'shape' | 'least' | 'bend' | 'restarts' | 'upTo'>,
): RateTable[] {
  return [
    {
      ...rest,
      name: `${name}.one`,
      rows: one,
      create: (falseAlarmEvery) => create({ falseAlarmEvery, direction: 'up' }),
    },
    {
      ...rest,
      name: `${name}.both`,
      rows: both,
      create: (falseAlarmEvery) => create({ falseAlarmEvery, direction: 'both' }),
      // twice as often on the same bound
      start: rest.start + Math.LN2 * rest.growth,
      mirrored: true,
    },
  ]
}

export const RATE_TABLES: readonly RateTable[] = [
  ...sides('ADWIN_CONFIDENCE', shipped.ADWIN_CONFIDENCE, (options) => new ADWIN(options), {
    meaning: '-ln(confidence) of `ADWIN`',
    start: -1.3,
    growth: 0.75,
    // 2 ln 10 is what a confidence must be below
    least: -Math.log(4.6),
  }),
  {
    name: 'DDM_DEVIATIONS',
    meaning: '`drift` of `DDM` where `restartEvery` is the mean time',
    rows: shipped.DDM_DEVIATIONS,
    create: (falseAlarmEvery) => new DDM({ falseAlarmEvery }),
    start: 2,
    growth: 0.08,
    slope: 0.3,
    restarts: SETTLING,
  },
  {
    name: 'EDDM_SHARE',
    meaning: '`drift` of `EDDM` where `restartEvery` is the mean time',
    rows: shipped.EDDM_SHARE,
    create: (falseAlarmEvery) => new EDDM({ falseAlarmEvery }),
    start: 0.84,
    growth: -0.008,
    slope: -0.03,
    restarts: SETTLING,
  },
  ...sides('HDDMA_CONFIDENCE', shipped.HDDMA_CONFIDENCE, (options) => new HDDMA(options), {
    meaning: '-ln(confidence) of `HDDMA` where `restartEvery` is the mean time',
    start: 2.7,
    growth: 0.7,
    shape: variance,
    restarts: Math.log,
    // the bound that moves the cut is a root of it
    least: 0.05,
  }),
  ...sides('HDDMW_CONFIDENCE', shipped.HDDMW_CONFIDENCE, (options) => new HDDMW(options), {
    meaning: '-ln(confidence) of `HDDMW`',
    start: 4,
    growth: 1.8,
    shape: variance,
  }),
  // of errors in 30 values there cannot be enough more where nearly all are wrong
  ...sides('STEPD_DEVIATIONS', shipped.STEPD_DEVIATIONS, (options) => new STEPD(options), {
    meaning: 'Z of `STEPD` with its correction spread',
    start: 1.8,
    growth: 0.33,
    bend: SQUARE,
    upTo: 6,
  }),
  {
    name: 'OPTWIN_ERRORS',
    meaning: 'Deviations of `OPTWIN` for errors, one direction',
    rows: shipped.OPTWIN_ERRORS,
    create: (falseAlarmEvery) => new OPTWIN({ falseAlarmEvery }),
    start: 2,
    growth: 0.33,
    bend: SQUARE,
  },
]

/** What was measured with a threshold. */
type Point = { readonly logTime: number; readonly threshold: number; readonly alarms: number }

/** Finds the thresholds of a table, by its detector as it is, which estimates the rate; returns the new rows. */
export function refine(table: RateTable, report: (done: number) => void): number[][] {
  const rows = table.rows as number[][]
  const { start, growth, slope = growth, shape = () => 1, least = -Infinity, mirrored, upTo = 9 } = table
  const rates = Array.from({ length: mirrored ? 5 : upTo }, (_, i) => (i + 1) / 10)
  const set = (row: number[], column: number, threshold: number): void => {
    row[column + 1] = Math.max(threshold, least)
    if (mirrored) row[9 - column] = row[column + 1]!
    else if (column + 1 === upTo) row.fill(row[upTo]!, upTo)
  }
  rows.length = 0
  for (const [every] of SIMULATED) {
    const row = new Array<number>(10).fill(every)
    rows.push(row)
    for (const [i, rate] of rates.entries()) set(row, i, shape(rate) * (start + growth * Math.log(every / 300)))
  }
  const points: Point[][] = rates.map(() => [])
  let before: Point[][] = []
  ROUNDS.forEach((share, round) => {
    const last = round === ROUNDS.length - 1
    const played = SIMULATED.slice(0, last || table.restarts ? undefined : EACH_ROUND)
    const measured = rates.map((rate, column) =>
      played.map(([every, alarms], i): Point => {
        const create = (): DriftDetector => table.create(every)
        const enough = last ? alarms : alarms / 4
        const { values, alarms: heard } = countFalseAlarms(create, rate, {
          enough,
          most: PATIENCE * enough * every,
          seed: `errors ${rate} ${every} ${round}`,
        })
        report((round + (column + (i + 1) / played.length) / rates.length) / ROUNDS.length)
        const logTime = Math.log(values / Math.max(heard, 0.5))
        return { logTime, threshold: rows[i]![column + 1]!, alarms: heard }
      }),
    )
    measured.forEach((own, column) => {
      if (!table.restarts) {
        if (round > 0) points[column]!.push(...own)
        follow(rows, column, set, table, round > 0 ? points[column]! : own)
        return
      }
      own.forEach((point, i) => {
        const missing = Math.max(-STEP, Math.min(STEP, Math.log(SIMULATED[i]![0]) - point.logTime))
        const response = responseOf(point, before[column]?.[i], slope * shape(rates[column]!))
        set(rows[i]!, column, point.threshold + share * missing * response)
      })
      smoothen(rows, column, set, table.restarts)
    })
    before = measured
  })
  return rows
}

/** What makes alarms e times as rare, by two measurements where they lie apart enough to tell; `guess` within a factor of 4. */
function responseOf(point: Point, before: Point | undefined, guess: number): number {
  const moved = before === undefined ? 0 : point.logTime - before.logTime
  if (Math.abs(moved) < 0.2) return guess
  const share = (point.threshold - before!.threshold) / moved / guess
  return guess * Math.max(0.25, Math.min(4, share))
}

type Set = (row: number[], column: number, threshold: number) => void

/** Puts the thresholds of a rate on the smooth curve through what was measured. */
function follow(rows: number[][], column: number, set: Set, { bend }: RateTable, points: readonly Point[]): void {
  const [bent, back] = bend ?? [(x: number) => x, (x: number) => x]
  const curve = quadratic(
    points.map(({ logTime, threshold, alarms }) => ({ x: logTime, y: bent(threshold), weight: alarms })),
  )
  for (const row of rows) set(row, column, back(curve(Math.log(row[0]!))))
}

/** Puts the thresholds of long times on a smooth curve. */
function smoothen(rows: number[][], column: number, set: Set, along: (every: number) => number): void {
  const points = rows.map(([every, ...row], i) => ({ x: along(every!), y: row[column]!, weight: SIMULATED[i]![1] }))
  const curve = quadratic(points.slice(DRAWN_FROM))
  for (const row of rows.slice(FIRST_SMOOTH)) set(row, column, curve(along(row[0]!)))
}

/** The quadratic through weighted points, by the normal equations around their middle. */
export function quadratic(
  points: readonly { readonly x: number; readonly y: number; readonly weight: number }[],
): (x: number) => number {
  const middle = 9
  const sums = new Float64Array(5)
  const right = new Float64Array(3)
  for (const { x, y, weight } of points) {
    const from = x - middle
    for (let power = 0, term = weight; power < 5; power++, term *= from) {
      sums[power]! += term
      if (power < 3) right[power]! += term * y
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
  return (x) => a + b * (x - middle) + c * (x - middle) * (x - middle)
}
