import type { Learner, Metric } from 'tradelearn'
import { Accuracy, LogLoss } from 'tradelearn'
import { CohenKappa } from '../../src/metrics/cohen-kappa.ts'
import { KappaM } from '../../src/metrics/kappa-m.ts'
import { KappaTemporal } from '../../src/metrics/kappa-temporal.ts'
import type { Contender, Reached } from './contenders.ts'
import { fixed, markdownTable } from './markdown.ts'
import type { StreamPeer } from './peers.ts'
import { type Stream, shapeOf } from './stream.ts'

/** How a learner did on a stream, each row predicted before it was learned. */
export type Score = {
  readonly accuracy: number
  readonly kappa: number
  readonly kappaTemporal: number
  readonly kappaM: number
  readonly logLoss: number
}

/** One line of the table. */
export type Judged = {
  readonly name: string
  /** Needs no learning, so there is nothing to be better at. */
  readonly baseline: boolean
  /** One a seed. */
  readonly scores: readonly Score[]
  readonly moa: Reached | undefined
  readonly river: Reached | undefined
}

/** Goes through the stream once: predict, score, learn. */
export function judge(learner: Learner, { rows, y }: Stream): Score {
  const metrics = {
    accuracy: new Accuracy(),
    kappa: new CohenKappa(),
    kappaTemporal: new KappaTemporal(),
    kappaM: new KappaM(),
    logLoss: new LogLoss(),
  }
  const all: readonly Metric[] = Object.values(metrics)
  for (const [i, x] of rows.entries()) {
    const label = y[i]!
    const p = learner.predict(x)
    for (const metric of all) metric.update(label, p)
    learner.learn(x, label)
  }
  const { accuracy, kappa, kappaTemporal, kappaM, logLoss } = metrics
  return {
    accuracy: accuracy.value,
    kappa: kappa.value,
    kappaTemporal: kappaTemporal.value,
    kappaM: kappaM.value,
    logLoss: logLoss.value,
  }
}

/** Every contender over its seeds; the peers' figures are those published, or measured where peers are given. */
export async function judgeAll(
  contenders: readonly Contender[],
  stream: Stream,
  seeds: number,
  peers: { readonly moa: StreamPeer | undefined; readonly river: StreamPeer | undefined },
  onStep: () => void,
): Promise<Judged[]> {
  const judged: Judged[] = []
  for (const { name, create, baseline = false, seeded, published, moa, river, spread = false } of contenders) {
    const scores: Score[] = []
    for (let seed = 1; seed <= (seeded ? seeds : 1); seed++) {
      scores.push(judge(create(shapeOf(stream), String(seed)), stream))
      onStep()
    }
    const plain = { stream: stream.name, seed: 1, budget: 1e9, warm: 0, chunk: 500, spread }
    const [moas, rivers] = [
      peers.moa && moa ? await peers.moa.run({ ...plain, learner: moa }) : published?.moa,
      peers.river && river ? await peers.river.run({ ...plain, learner: river }) : published?.river,
    ]
    judged.push({ name, baseline, scores, moa: moas, river: rivers })
  }
  return judged
}

/** All contenders and, below, the best of each side. */
export function qualityTable(judged: readonly Judged[]): string {
  const rows = judged.map((each) => {
    const { name, baseline, scores, moa, river } = each
    const mean = (key: keyof Score): number => meanOf(scores.map((score) => score[key]))
    const best = Math.max(moa?.accuracy ?? 0, river?.accuracy ?? 0)
    const accuracy = mean('accuracy')
    return [
      name,
      percent(accuracy) + (scores.length > 1 ? ` ± ${percent(deviationOf(scores.map((s) => s.accuracy)))}` : ''),
      percent(moa?.accuracy),
      percent(river?.accuracy),
      // figures are published with two decimals of a per cent
      best === 0 || baseline ? '-' : Math.round(1e4 * accuracy) >= Math.round(1e4 * best) ? 'met' : 'MISSED',
      fixed(mean('kappa'), 3),
      fixed(mean('kappaTemporal'), 3),
      fixed(mean('kappaM'), 3),
      fixed(mean('logLoss'), 3),
      fixed(moa?.logLoss ?? Number.NaN, 3),
      fixed(river?.logLoss ?? Number.NaN, 3),
    ]
  })
  const header = [
    'learner',
    'accuracy %',
    'MOA',
    'River',
    'at least both',
    'kappa',
    'kappa-temporal',
    'kappa-M',
    'log loss',
    'MOA',
    'River',
  ]
  return `${markdownTable([header, ...rows])}\n\n${bestOf(judged)}`
}

function bestOf(judged: readonly Judged[]): string {
  const ours = judged.map(({ name, scores }) => ({
    name,
    accuracy: meanOf(scores.map(({ accuracy }) => accuracy)),
    logLoss: meanOf(scores.map(({ logLoss }) => logLoss)),
  }))
  const theirs = judged.flatMap(({ moa, river }) => [moa ?? [], river ?? []].flat())
  const [accurate, honest] = [
    ours.reduce((a, b) => (b.accuracy > a.accuracy ? b : a)),
    ours.reduce((a, b) => (b.logLoss < a.logLoss ? b : a)),
  ]
  const best = `Best of ours: ${percent(accurate.accuracy)} % (${accurate.name}), log loss ${fixed(honest.logLoss, 3)} (${honest.name})`
  if (theirs.length === 0) return `${best}.`
  const accuracy = Math.max(...theirs.map((each) => each.accuracy))
  const logLoss = Math.min(...theirs.map((each) => each.logLoss ?? Number.POSITIVE_INFINITY))
  return `${best}. Best of theirs: ${percent(accuracy)} %, log loss ${fixed(logLoss, 3)}.`
}

const percent = (share: number | undefined): string => fixed(100 * (share ?? Number.NaN), 2)
const meanOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) * (each - mean), 0) / (values.length - 1))
}
