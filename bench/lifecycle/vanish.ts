/**
 * What becomes of a champion whose edge is gone: how soon it is noticed, and what it costs beside taking every signal.
 *
 *     npx tsx bench/lifecycle/vanish.ts
 *     npx tsx bench/lifecycle/vanish.ts --change flip --seeds 20
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  category,
  DecisionPolicy,
  defaultFeatures,
  FeatureEngineer,
  KillSwitch,
  numeric,
  Rollout,
  type SimulatedSignal,
  simulateMarket,
  TradeLearner,
} from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { PaperBroker } from '../../src/lifecycle/paper-broker.ts'
import { describeMachine, machine } from '../machine.ts'
import { fixed, markdownTable } from '../streams/markdown.ts'

const HELP = `Usage: npx tsx bench/lifecycle/vanish.ts [options]

Simulates markets in which a model finds an edge, is promoted by its rollout, and loses the edge at a known signal. Counts the
signals that settle until drift is marked (the models then let go of the past and are trained anew) or the rollout ends, and
holds the fall of the learner's equity from then on against that of a bot which takes every signal. Only lives in which the
model decides all signals at the change count.

  --change <how>   vanish, flip or redraw [vanish]
  --seeds <n>      lives that count [100]
  --signals <n>    signals in a life; the edge changes at half of them [2000]
  --json <file>    also writes the lives as JSON
  --help           this text
`

type Change = 'vanish' | 'flip' | 'redraw'

/** One life; fractions are of equity. */
type Fall = {
  readonly seed: string
  /** Settled signals from the change until it was noticed; NaN for never. */
  readonly noticed: number
  readonly how: 'drift' | 'rollout' | 'never'
  /** Deepest fall below the peak since the change. */
  readonly learner: number
  readonly baseline: number
  /** What both had made of 1 from the change to the end. */
  readonly grown: number
  readonly baselineGrown: number
  /** Share of the signals since that it took. */
  readonly taken: number
}

const off = { losses: Number.POSITIVE_INFINITY, drawdown: Number.POSITIVE_INFINITY, latency: Number.POSITIVE_INFINITY }

/** The deepest fall of equity below its peak. */
class Drawdown {
  #peak = Number.NEGATIVE_INFINITY
  #start = Number.NaN
  #last = Number.NaN
  deepest = 0

  add(equity: number): void {
    if (Number.isNaN(this.#start)) this.#start = equity
    this.#last = equity
    this.#peak = Math.max(this.#peak, equity)
    this.deepest = Math.max(this.deepest, 1 - equity / this.#peak)
  }

  get grown(): number {
    return this.#last / this.#start
  }
}

/** One life, or undefined where the model was not in charge of everything at the change. */
function live(seed: string, signals: number, change: Change): Fall | undefined {
  const market = simulateMarket({ seed, signals, strength: 1.5, change })
  const signalAt = new Map(market.signals.map((signal, i) => [`${signal.symbol} ${signal.time}`, { signal, i }]))
  const policy = new DecisionPolicy({ baseSize: 0.02, expectedValue: 'veto' })
  const learner = new TradeLearner<SimulatedSignal>({
    features: new FeatureEngineer({
      ...defaultFeatures(),
      meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
    }),
    policy,
    killSwitch: new KillSwitch(off),
    rollout: new Rollout({ name: seed }),
    clock: { now: () => 0 },
  })
  const [broker, baseline] = [new PaperBroker(1e6), new PaperBroker(1e6)]
  const falls = [new Drawdown(), new Drawdown()] as const
  let changed = false
  let [marks, settledThen, noticed, taken, asked] = [0, 0, Number.NaN, 0, 0]
  let how: Fall['how'] = 'never'
  for (const candle of market.candles) {
    const due = signalAt.get(`${candle.symbol} ${candle.time}`)
    // a signal is made at a candle's open, from the candles before it
    if (due !== undefined) {
      if (due.i === Math.floor(signals / 2)) {
        if (learner.status().rollout?.status !== 'promoted') return undefined
        changed = true
        marks = learner.status().drift.marks.length
        settledThen = learner.status().trades
      }
      const { signal } = due
      const decision = learner.decide(signal, broker.account)
      if (decision.action !== 'skip') broker.enter(decision.id, decision.symbol, decision.side, decision.time, decision)
      const context = { atr: Number.NaN, account: baseline.account, trades: 0, halted: null }
      baseline.enter(decision.id, signal.symbol, signal.side, signal.time, policy.baseline({ signal, ...context }))
      if (changed) {
        asked++
        if (decision.action !== 'skip') taken++
      }
    }
    for (const { id, exitPrice, exitTime, exitReason } of broker.onCandle(candle)) {
      learner.learn(id, { exitPrice, exitTime, exitReason })
    }
    baseline.onCandle(candle)
    learner.onCandle(candle)
    if (learner.refitDue) for (const _ of learner.refit());
    if (!changed) continue
    falls[0].add(broker.account.equity)
    falls[1].add(baseline.account.equity)
    if (how !== 'never') continue
    const { drift, rollout, trades } = learner.status()
    if (drift.marks.length > marks) how = 'drift'
    else if (rollout?.status !== 'promoted') how = 'rollout'
    if (how !== 'never') noticed = trades - settledThen
  }
  const [mine, theirs] = falls
  const figures = { learner: mine.deepest, baseline: theirs.deepest, grown: mine.grown, baselineGrown: theirs.grown }
  return { seed, noticed, how, ...figures, taken: taken / asked }
}

const at = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function main(change: Change, seeds: number, signals: number, json: string | undefined): void {
  const progress = new Progress({ label: `vanish (${change})` })
  const lives: Fall[] = []
  let tried = 0
  while (lives.length < seeds && tried < 3 * seeds) {
    const fall = live(`${change} ${tried++}`, signals, change)
    if (fall !== undefined) lives.push(fall)
    progress.update(lives.length / seeds)
  }
  progress.finish()
  const noticed = lives.filter(({ how }) => how !== 'never').map((life) => life.noticed)
  const ratios = lives.map(({ learner, baseline }) => learner / baseline)
  const percents = (values: readonly number[]): string[] =>
    [0.1, 0.5, 0.9].map((share) => fixed(100 * at(values, share), 1))
  console.log(describeMachine(machine()))
  console.log(
    `\nThe edge: ${change}. ${lives.length} lives of ${signals} signals (of ${tried} in which the model was tried).\n`,
  )
  console.log(
    markdownTable([
      ['', '10 %', 'median', '90 %'],
      ['signals until it is noticed', ...[0.1, 0.5, 0.9].map((share) => fixed(at(noticed, share), 0))],
      ['fall of equity since, %', ...percents(lives.map(({ learner }) => learner))],
      ['fall of taking every signal, %', ...percents(lives.map(({ baseline }) => baseline))],
      ['one over the other, %', ...percents(ratios)],
      ['signals taken since, %', ...percents(lives.map(({ taken }) => taken))],
      ['return since, %', ...percents(lives.map(({ grown }) => grown - 1))],
      ['return of taking every signal, %', ...percents(lives.map(({ baselineGrown }) => baselineGrown - 1))],
    ]),
  )
  const [mine, theirs] = [lives.map(({ learner }) => learner), lives.map(({ baseline }) => baseline)]
  const half = ratios.filter((ratio) => ratio <= 0.5).length
  console.log(
    `\nNoticed in ${noticed.length} lives, ${lives.filter(({ how }) => how === 'rollout').length} of them by the rollout first. ` +
      `Mean fall ${fixed(100 * mean(mine), 2)} % beside ${fixed(100 * mean(theirs), 2)} %; at most half in ${half} lives.`,
  )
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(lives, null, 1)}\n`)
}

const { values } = parseArgs({
  options: {
    change: { type: 'string', default: 'vanish' },
    seeds: { type: 'string', default: '100' },
    signals: { type: 'string', default: '2000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(HELP)
else if (!['vanish', 'flip', 'redraw'].includes(values.change)) {
  console.error(`--change must be vanish, flip or redraw, got ${values.change}.`)
  process.exitCode = 2
} else main(values.change as Change, Number(values.seeds), Number(values.signals), values.json)
