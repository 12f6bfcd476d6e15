import type { Codec, MultiLearner, Serializable, Snapshot } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { damageLaws } from './damage-laws.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { notVectors } from './not-vectors.ts'
import { shapeLaws } from './shape-laws.ts'
import { sizeLaws } from './size-laws.ts'
import { learnAll, type Row, runRefit } from './training-laws.ts'

/** What a learner may be given to run under the laws. */
export type MultiLearnerLawsOptions = {
  /** Length of the vectors that `create`'s learners take. @defaultValue 3 */
  readonly features?: number
  /** Observations for the laws that need a trained learner. @defaultValue 400 */
  readonly observations?: number
  /** What it predicts: a probability for each class, or values such as quantiles. @defaultValue 'classes' */
  readonly predicts?: 'classes' | 'values'
  /** Codecs of the parts of a composite. */
  readonly codecs?: readonly Codec[]
}

/**
 * The laws of {@link MultiLearner}: those of `Learner`, with `predictInto` in the place of `predict`.
 *
 * @example
 * ```ts
 * const laws = multiLearnerLaws(() => new SoftmaxRegression({ features: 3, classes: 4 }), SoftmaxRegression)
 * for (const { name, run } of laws) test(name, run)
 * ```
 */
export function multiLearnerLaws(
  create: () => MultiLearner,
  codec: Codec,
  { features = 3, observations = 400, predicts = 'classes', codecs = [] }: MultiLearnerLawsOptions = {},
): Law[] {
  const { outputs } = create()
  const rng = new SeededRng('multi-learner laws')
  // the first feature tells the class, or the value
  const rows = Array.from({ length: observations }, (): Row => {
    const x = Float64Array.from({ length: features }, () => (rng.next() < 0.05 ? Number.NaN : drawNormal(rng)))
    const score = (Number.isNaN(x[0]!) ? 0 : x[0]!) + 0.3 * drawNormal(rng)
    const y = predicts === 'values' ? score : Math.min(Math.max(Math.floor(outputs / 2 + score), 0), outputs - 1)
    return { x, y, weight: 0.5 + rng.next() }
  })
  const extremes = [Number.NaN, 0, 1e300, -1e300, 5e-324].map((value) => new Float64Array(features).fill(value))
  const probes = [...rows.slice(0, 20).map(({ x }) => x), ...extremes]
  const reread = (json: Snapshot): MultiLearner =>
    restore(json, [codec, ...codecs] as readonly Codec<Serializable>[]) as unknown as MultiLearner
  const copy = (learner: MultiLearner): MultiLearner => reread(JSON.parse(stateOf(learner)) as Snapshot)
  const trained = (): MultiLearner => {
    const learner = create()
    learnAll(learner, rows)
    runRefit(learner)
    return learner
  }
  const said = (learner: MultiLearner, x: Float64Array): Float64Array =>
    learner.predictInto(x, new Float64Array(outputs))
  const predictsWell = (learner: MultiLearner): void => {
    for (const x of probes) {
      const out = said(learner, x)
      holds(out.every(Number.isFinite), `predictInto gave [${out}] for [${x}]`)
      if (predicts === 'values') continue
      const sum = out.reduce((total, p) => total + p, 0)
      const isDistribution = out.every((p) => p >= 0 && p <= 1) && Math.abs(sum - 1) < 1e-9
      holds(isDistribution, `probabilities must add up to 1, got [${out}] for [${x}]`)
    }
  }

  return [
    {
      name: 'predicts finite numbers, and probabilities that add up to 1, before the first learn and after many',
      run: () => {
        predictsWell(create())
        predictsWell(trained())
      },
    },
    {
      name: 'predictInto is pure, overwrites out and returns it',
      run: () => {
        const learner = trained()
        const before = stateOf(learner)
        const first = probes.map((x) => said(learner, x))
        for (const [i, x] of probes.entries()) {
          const out = new Float64Array(outputs).fill(12345)
          holds(learner.predictInto(x, out) === out, 'predictInto returned something else than out')
          for (let k = 0; k < outputs; k++) sameNumber(out[k]!, first[i]![k]!, 'a second prediction')
        }
        holds(stateOf(learner) === before, 'predictInto changed the state')
      },
    },
    {
      name: 'refuses an out of the wrong length, and a bad x, with a coded error and an unchanged state',
      run: () => {
        const learner = trained()
        const [x, out] = [rows[0]!.x, new Float64Array(outputs)]
        const bad: [string, unknown, unknown][] = [
          ['a short out', x, new Float64Array(outputs - 1)],
          ['a long out', x, new Float64Array(outputs + 1)],
          ['a short x', new Float64Array(features - 1), out],
          ['an infinite x', new Float64Array(features).fill(Number.POSITIVE_INFINITY), out],
        ]
        for (const [what, a, b] of bad) refuses(learner, what, () => learner.predictInto(a as never, b as never))
      },
    },
    {
      name: 'refuses what is no vector, as x or as out, with a coded error and an unchanged state',
      run: () => {
        const learner = trained()
        for (const [what, x] of notVectors(features)) {
          refuses(learner, `an x that is ${what}`, () => learner.predictInto(x, new Float64Array(outputs)))
          refuses(learner, `learn of ${what}`, () => learner.learn(x, 1))
        }
        for (const [what, out] of notVectors(outputs)) {
          refuses(learner, `an out that is ${what}`, () => learner.predictInto(rows[0]!.x, out))
        }
      },
    },
    {
      name: 'learn refuses bad input with a coded error and an unchanged state',
      run: () => {
        const learner = trained()
        const { x } = rows[0]!
        const bad: [string, () => void][] = [
          ['y = NaN', () => learner.learn(x, Number.NaN)],
          ['y = Infinity', () => learner.learn(x, Number.POSITIVE_INFINITY)],
          ['a short x', () => learner.learn(new Float64Array(features - 1), 1)],
          ['a long x', () => learner.learn(new Float64Array(features + 1), 1)],
          ['an infinite x', () => learner.learn(new Float64Array(features).fill(Number.NEGATIVE_INFINITY), 1)],
          ['weight 0', () => learner.learn(x, 1, 0)],
          ['a negative weight', () => learner.learn(x, 1, -1)],
          ['weight NaN', () => learner.learn(x, 1, Number.NaN)],
          ['weight Infinity', () => learner.learn(x, 1, Number.POSITIVE_INFINITY)],
        ]
        if (predicts === 'classes') {
          for (const y of [-1, 0.5, outputs]) bad.push([`class ${y}`, () => learner.learn(x, y)])
        }
        for (const [what, act] of bad) refuses(learner, what, act)
      },
    },
    {
      name: 'learn neither changes nor keeps x',
      run: () => {
        const [kept, scratched] = [create(), create()]
        const scratch = new Float64Array(features)
        for (const { x, y, weight } of rows) {
          const original = x.slice()
          kept.learn(x, y, weight)
          for (let j = 0; j < features; j++) sameNumber(x[j]!, original[j]!, `x[${j}] after learn`)
          scratch.set(x)
          scratched.learn(scratch, y, weight)
          scratch.fill(12345)
        }
        for (const learner of [kept, scratched]) runRefit(learner)
        holds(stateOf(kept) === stateOf(scratched), 'overwriting x after learn changed the learner')
      },
    },
    ...DEGENERATE.map(({ name, value, label }) => ({
      name: `stays finite on a stream of ${name}`,
      run: () => {
        const learner = create()
        const draws = new SeededRng(name)
        for (let i = 0; i < observations; i++) {
          const x = Float64Array.from({ length: features }, () => value(draws.next()))
          learner.learn(x, label ?? Math.floor(outputs * draws.next()))
        }
        runRefit(learner)
        predictsWell(learner)
      },
    })),
    {
      name: 'counts what it has seen',
      run: () => {
        const learner = create()
        learnAll(learner, rows.slice(0, 7))
        sameNumber(learner.seen, 7, 'seen')
      },
    },
    {
      name: 'equal options and equal streams give equal snapshots',
      run: () => holds(stateOf(trained()) === stateOf(trained()), 'two equal runs differ'),
    },
    {
      name: 'restored from its snapshot it goes on as if never stopped, to the bit',
      run: () => {
        for (const stop of [0, 1, 10, observations >> 1, observations - 1]) {
          const steady = create()
          learnAll(steady, rows.slice(0, stop))
          const restored = copy(steady)
          holds(stateOf(restored) === stateOf(steady), `the snapshot after ${stop} observations does not survive`)
          for (const learner of [steady, restored]) {
            learnAll(learner, rows.slice(stop))
            runRefit(learner)
          }
          holds(stateOf(restored) === stateOf(steady), `restored after ${stop} observations it went another way`)
          for (const x of probes) {
            const [a, b] = [said(restored, x), said(steady, x)]
            for (let k = 0; k < outputs; k++) sameNumber(a[k]!, b[k]!, 'a prediction')
          }
        }
      },
    },
    {
      name: 'finds the signal of an easy stream',
      run: () => {
        const learner = trained()
        const last = [3, -3].map((v) => said(learner, new Float64Array(features).fill(v, 0, 1))[outputs - 1]!)
        holds(last[0]! > last[1]!, `wanted a higher last output for x[0] = 3 than for -3, got ${last}`)
      },
    },
    ...shapeLaws(trained, reread).slice(0, 1),
    ...('sizeInBytes' in create() ? sizeLaws(trained, copy) : []),
    ...damageLaws(trained, reread, (learner) => {
      predictsWell(learner)
      learnAll(learner, rows.slice(0, 20))
      predictsWell(learner)
      holds(Number.isFinite(learner.seen) && learner.seen >= 0, `seen is ${learner.seen}`)
    }),
  ]
}

/** Streams that there is little to learn from, and that numbers overflow on. */
const DEGENERATE: readonly {
  readonly name: string
  readonly value: (draw: number) => number
  readonly label?: number
}[] = [
  { name: 'constants', value: () => 3 },
  { name: 'duplicates of two rows', value: (draw) => Number(draw < 0.5) },
  { name: 'values of 1e300 and -1e300', value: (draw) => (draw < 0.5 ? 1e300 : -1e300) },
  { name: 'missing values', value: () => Number.NaN },
  { name: 'one class', value: (draw) => draw, label: 1 },
]
