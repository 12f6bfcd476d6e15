/**
 * How soon each detector notices a change, and how often it is wrong.
 *
 *     npm run bench:drift
 *     npm run bench:drift -- --seeds 20 --out figures
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { DriftDetector } from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { describeMachine, machine } from '../machine.ts'
import { CONTESTANTS, type Contestant } from './contestants.ts'
import { countFalseAlarms, countFalseReports, type Kind } from './false-alarms.ts'
import { drawPanels } from './plot.ts'
import { type Outcome, playScenario, SCENARIOS } from './scenarios.ts'

const HELP = `Usage: npm run bench:drift -- [options]

Plays streams of 10,000 values through every drift detector, by its paper's defaults and by falseAlarmEvery. The
first 5,000 values do not change; then the second regime comes at once, or over 2,000 values, or comes and goes every
1,250. Errors go from a rate of 0.45 to 0.6, normal values up by half a deviation. Then counts false alarms on streams
that never change, and false reports on vectors of many features. Some fifteen minutes with 100 seeds.

  --seeds <n>   streams of each kind [100]
  --alarms <n>  false alarms to wait for at each stated time, at most 300 times it [300]
  --reports <n> false reports to wait for with each number of features [100]
  --only <what> 'detectors' or 'features' [both]
  --out <dir>   also writes drift.md, drift.json and an SVG figure for each kind of stream there
  --help        this text
`

/** Stated times between false alarms. */
const TIMES = [1000, 10_000, 100_000] as const
/** Error rates at which false alarms are counted. */
const RATES = [0.1, 0.3, 0.5] as const
/** Of the times, the ones for many features, and how many. */
const REPORT_TIMES = [1000, 10_000] as const
const FEATURES = [1, 10, 50] as const
/** Correlations of successive values of one feature. */
const CORRELATIONS = [0.5, 0.9, 0.95, 0.99] as const
/** Times of a stated one after which none or few reports are enough to know. */
const PATIENCE = 50
const TESTS = ['ks', 'psi', 'wasserstein'] as const
const KINDS: readonly (readonly [Kind, string])[] = [
  ['errors', 'Errors: the rate goes from 0.45 to 0.6'],
  ['normal', 'Normal values: the mean goes up by half a deviation'],
]

type Row = {
  readonly kind: Kind
  readonly name: string
  /** Undefined for the paper's defaults. */
  readonly every: number | undefined
  readonly falseAlarmsPer10k: number
  /** Of each scenario. */
  readonly delays: readonly { readonly median: number; readonly missed: number }[]
}
type Kept = {
  readonly kind: Kind
  readonly rate: number | 'normal'
  readonly name: string
  readonly every: number
  readonly alarms: number
  readonly measured: number
}

type Wanted = {
  readonly seeds: number
  readonly alarms: number
  readonly reports: number
  readonly only: string | undefined
  readonly out: string | undefined
}

function main({ seeds, alarms, reports, only, out }: Wanted): void {
  const progress = new Progress({ label: 'bench:drift' })
  const wholes = only === 'features' ? [] : KINDS
  const jobs = wholes.flatMap(([kind]) =>
    CONTESTANTS.filter(({ kinds, counted = [] }) => kinds.includes(kind) || counted.includes(kind)).map((who) => ({
      kind,
      who,
    })),
  )
  const rows: Row[] = []
  const kept: Kept[] = []
  jobs.forEach(({ kind, who }, i) => {
    const report = (done: number): void => progress.update((i + done) / jobs.length)
    const settings = [undefined, ...TIMES]
    const made = who.kinds.includes(kind) ? settings : []
    made.forEach((every, k) => {
      rows.push(contest(kind, who, every, seeds))
      report((0.5 * (k + 1)) / settings.length)
    })
    TIMES.forEach((every, k) => {
      for (const rate of kind === 'errors' ? RATES : (['normal'] as const)) {
        kept.push(count(kind, rate, who, every, alarms))
      }
      report(0.5 + (0.5 * (k + 1)) / TIMES.length)
    })
  })
  const features = only === 'detectors' ? [] : reportTimes(reports, (done) => progress.update(done))
  const slow = only === 'detectors' ? [] : slowReportTimes(reports)
  progress.finish()

  const host = machine()
  const parts = wholes.map(([kind, title]) => tables(kind, title, rows, kept))
  if (features.length > 0) parts.push(featureTable(features), slowTable(slow))
  const text = `${describeMachine(host)}; ${seeds} streams each\n\n${parts.join('\n')}`
  console.log(text)
  if (out === undefined) return
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'drift.md'), text)
  writeFileSync(
    join(out, 'drift.json'),
    `${JSON.stringify({ machine: host, seeds, rows, kept, features, slow }, null, 2)}\n`,
  )
  for (const [kind, title] of wholes) writeFileSync(join(out, `drift-${kind}.svg`), figure(kind, title, rows))
}

/** All scenarios and seeds for one setting of a detector. */
function contest(kind: Kind, who: Contestant, every: number | undefined, seeds: number): Row {
  const create = (): DriftDetector => (every === undefined ? who.byDefault() : who.byFalseAlarms(every))
  let falseAlarms = 0
  let still = 0
  const delays = SCENARIOS.map((scenario) => {
    const played: Outcome[] = Array.from({ length: seeds }, (_, seed) => playScenario(create(), kind, scenario, seed))
    for (const outcome of played) {
      falseAlarms += outcome.falseAlarms
      still += outcome.still
    }
    const all = played.flatMap((outcome) => outcome.delays).sort((a, b) => a - b)
    return { median: all[all.length >> 1]!, missed: all.filter((delay) => delay === Infinity).length / all.length }
  })
  return { kind, name: who.name, every, falseAlarmsPer10k: (10_000 * falseAlarms) / still, delays }
}

/** The time between false alarms on a fresh stream that never changes. */
function count(kind: Kind, rate: Kept['rate'], who: Contestant, every: number, enough: number): Kept {
  const most = Math.min(300, 3 * enough) * every
  const { values, alarms } = countFalseAlarms(() => who.byFalseAlarms(every), rate, {
    enough,
    most,
    seed: `fresh ${rate}`,
  })
  return { kind, rate, name: who.name, every, alarms, measured: values / alarms }
}

type Reports = {
  readonly test: string
  readonly features: number
  readonly every: number
  readonly alarms: number
  readonly measured: number
}

/** The time between false reports on fresh vectors that never change. */
function reportTimes(enough: number, report: (done: number) => void): Reports[] {
  const jobs = TESTS.flatMap((test) =>
    FEATURES.flatMap((features) => REPORT_TIMES.map((every) => ({ test, features, every }))),
  )
  return jobs.map(({ test, features, every }, i) => {
    const { values, alarms } = countFalseReports({ test, features, falseAlarmEvery: every }, enough)
    report((i + 1) / jobs.length)
    return { test, features, every, alarms, measured: values / alarms }
  })
}

type SlowReports = Omit<Reports, 'features'> & { readonly correlation: number }

/** The time between false reports on one feature whose values follow each other. */
function slowReportTimes(enough: number): SlowReports[] {
  return TESTS.flatMap((test) =>
    CORRELATIONS.flatMap((correlation) =>
      REPORT_TIMES.map((every): SlowReports => {
        const slow = { correlation, most: PATIENCE * every }
        const { values, alarms } = countFalseReports({ test, features: 1, falseAlarmEvery: every }, enough, slow)
        return { test, correlation, every, alarms, measured: values / alarms }
      }),
    ),
  )
}

const written = ({ every, measured, alarms }: Pick<Reports, 'every' | 'measured' | 'alarms'>): string =>
  alarms === 0 ? 'none' : `${(measured / every).toFixed(2)} (${alarms})`

function slowTable(counts: readonly SlowReports[]): string {
  const rows = TESTS.map((test) => [test, ...counts.filter((entry) => entry.test === test).map(written)])
  const columns = CORRELATIONS.flatMap((correlation) =>
    REPORT_TIMES.map((every) => `${every.toLocaleString('en-GB')}, correlation ${correlation}`),
  )
  return `## FeatureDrift: one feature whose values follow each other

Measured time between false reports as a multiple of the stated one (reports counted, in ${PATIENCE} times the stated one at
most).

${markdown(['test', ...columns], rows)}`
}

function featureTable(counts: readonly Reports[]): string {
  const rows = TESTS.flatMap((test) =>
    FEATURES.map((features) => [
      test,
      String(features),
      ...counts.filter((entry) => entry.test === test && entry.features === features).map(written),
    ]),
  )
  return `## FeatureDrift: vectors of independent normal values

Measured time between false reports as a multiple of the stated one (reports counted).

${markdown(['test', 'features', ...REPORT_TIMES.map((every) => every.toLocaleString('en-GB'))], rows)}`
}

function tables(kind: Kind, title: string, rows: readonly Row[], kept: readonly Kept[]): string {
  const delay = ({ median, missed }: Row['delays'][number]): string => {
    const middle = Number.isFinite(median) ? median.toFixed(0) : 'none'
    return missed > 0 ? `${middle} (${(100 * missed).toFixed(0)} % missed)` : middle
  }
  const contests = rows
    .filter((row) => row.kind === kind)
    .map(({ name, every, falseAlarmsPer10k, delays }) => [
      name,
      every === undefined ? 'defaults' : every.toLocaleString('en-GB'),
      falseAlarmsPer10k.toFixed(2),
      ...delays.map(delay),
    ])
  const own = kept.filter((entry) => entry.kind === kind)
  const names = [...new Set(own.map(({ name }) => name))]
  const counts = names.map((name) => [name, ...own.filter((entry) => entry.name === name).map(written)])
  const columns = TIMES.flatMap((every) => {
    const time = every.toLocaleString('en-GB')
    return kind === 'errors' ? RATES.map((rate) => `${time}, rate ${rate}`) : [time]
  })
  return `## ${title}

Median delay in values after the change began; a miss is a change that nothing was said of.

${markdown(['detector', 'falseAlarmEvery', 'false alarms per 10,000', ...SCENARIOS.map(({ name }) => name)], contests)}
Measured time between false alarms as a multiple of the stated one (alarms counted).

${markdown(['detector', ...columns], counts)}`
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return `${[line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')}\n`
}

function figure(kind: Kind, title: string, rows: readonly Row[]): string {
  const names = [...new Set(rows.filter((row) => row.kind === kind).map(({ name }) => name))]
  const panels = SCENARIOS.map((scenario, k) => ({
    title: scenario.name,
    lines: names.map((name) => ({
      name,
      points: rows.flatMap((row) =>
        row.kind === kind && row.name === name && row.every !== undefined
          ? [{ x: row.every, y: row.delays[k]!.median }]
          : [],
      ),
    })),
  }))
  return drawPanels(title, panels)
}

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    alarms: { type: 'string', default: '300' },
    reports: { type: 'string', default: '100' },
    only: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) console.log(HELP)
else {
  const { seeds, alarms, reports, only, out } = flags
  main({ seeds: Number(seeds), alarms: Number(alarms), reports: Number(reports), only, out })
}
