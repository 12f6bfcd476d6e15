import type {
  BatchLearner,
  Codec,
  Explainable,
  Forgetful,
  Learner,
  Refittable,
  Serializable,
  Sized,
  Snapshot,
} from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { damageLaws } from './damage-laws.ts'
import { explainLaws } from './explain-laws.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { notVectors } from './not-vectors.ts'
import { sizeLaws } from './size-laws.ts'
import { fitLaws, learnAll, type Row, refitLaws, runRefit } from './training-laws.ts'

/** Streams that there is little to learn from, and that numbers overflow on. */
const DEGENERATE: readonly { name: string; value: (draw: number) => number; label?: number }[] = [
  { name: 'constants', value: () => 3 },
  { name: 'duplicates of two rows', value: (draw) => Number(draw < 0.5) },
  { name: 'values of 1e300 and -1e300', value: (draw) => (draw < 0.5 ? 1e300 : -1e300) },
  { name: 'missing values', value: () => Number.NaN },
  { name: 'one class', value: (draw) => draw, label: 1 },
]

/** A stream with signal in the first feature and the occasional missing value. */
function stream(task: Learner['task'], features: number, n: number, seed: string): Row[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => {
    const x = Float64Array.from({ length: features }, () => (rng.next() < 0.05 ? Number.NaN : drawNormal(rng)))
    const score = (Number.isNaN(x[0]!) ? 0 : 1.5 * x[0]!) + 0.5 * drawNormal(rng)
    return { x, y: task === 'binary' ? Number(score > 0) : score, weight: 0.5 + rng.next() }
  })
}

/** What a learner may be given to run under the laws. */
export type LearnerLawsOptions = {
  /** Length of the vectors that `create`'s learners take. @defaultValue 3 */
  readonly features?: number
  /** Observations for the laws that need a trained learner. @defaultValue 400 */
  readonly observations?: number
  /** Codecs of the parts of a composite. */
  readonly codecs?: readonly Codec[]
  /** `false` for baselines that look at labels alone and so cannot find the signal in `x`. @defaultValue true */
  readonly learnsFromX?: boolean
}

/**
 * The laws of {@link Learner}, for every implementation including yours.
 *
 * Those of {@link Refittable}, {@link Forgetful}, {@link Explainable}, {@link Sized} and {@link BatchLearner} are added
 * where `create`'s learners have `refit`, `forget`, `explain`, `sizeInBytes` or `fit`.
 *
 * @example
 * ```ts
 * for (const { name, run } of learnerLaws(() => new MyLearner({ features: 3 }), MyLearner)) test(name, run)
 * ```
 */
export function learnerLaws(
  create: () => Learner,
  codec: Codec,
  { features = 3, observations = 400, codecs = [], learnsFromX = true }: LearnerLawsOptions = {},
): Law[] {
  const { task } = create()
  const rows = stream(task, features, observations, 'laws')
  const probes = stream(task, features, 20, 'probes').map(({ x }) => x)
  const reread = (json: Snapshot): Learner =>
    restore(json, [codec, ...codecs] as readonly Codec<Serializable>[]) as Learner
  const copy = (learner: Learner): Learner => reread(JSON.parse(stateOf(learner)) as Snapshot)
  const trained = (): Learner => {
    const learner = create()
    learnAll(learner, rows)
    runRefit(learner)
    return learner
  }
  const use = (learner: Learner): void => {
    for (const list of [rows.slice(0, 20), []]) {
      for (const x of probes) {
        const p = learner.predict(x)
        holds(Number.isFinite(p) && (task !== 'binary' || (p >= 0 && p <= 1)), `predict gave ${p}`)
      }
      learnAll(learner, list)
    }
    holds(Number.isFinite(learner.seen) && learner.seen >= 0, `seen is ${learner.seen}`)
  }

  return [
    {
      name: 'predicts a finite number before the first learn',
      run: () => {
        for (const x of probes) holds(Number.isFinite(create().predict(x)), 'a fresh prediction is not finite')
      },
    },
    {
      name: 'predicts finite numbers for missing and for extreme values, and probabilities for binary tasks',
      run: () => {
        const learner = trained()
        const extremes = [Number.NaN, 0, 1e300, -1e300, 5e-324].map((v) => new Float64Array(features).fill(v))
        for (const x of [...probes, ...extremes]) {
          const p = learner.predict(x)
          holds(Number.isFinite(p), `predict gave ${p} for [${x}]`)
          holds(task !== 'binary' || (p >= 0 && p <= 1), `P(y = 1) must lie in [0, 1], got ${p}`)
          if (!('baseValue' in learner)) continue
          const base = (learner as Learner & Explainable).baseValue(x)
          holds(Number.isFinite(base), `baseValue gave ${base} for [${x}]`)
        }
      },
    },
    {
      name: 'predict is pure',
      run: () => {
        const learner = trained()
        const before = stateOf(learner)
        const first = probes.map((x) => learner.predict(x))
        for (const [i, x] of probes.entries()) sameNumber(learner.predict(x), first[i]!, 'a second prediction')
        holds(stateOf(learner) === before, 'predict changed the state')
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
          for (let i = 0; i < features; i++) sameNumber(x[i]!, original[i]!, `x[${i}] after learn`)
          scratch.set(x)
          scratched.learn(scratch, y, weight)
          scratch.fill(12345)
        }
        runRefit(kept)
        runRefit(scratched)
        holds(stateOf(kept) === stateOf(scratched), 'overwriting x after learn changed the learner')
      },
    },
    {
      name: 'refuses bad input with a coded error and an unchanged state',
      run: () => {
        const learner = trained()
        const x = probes[0]!
        const infinite = x.slice().fill(Number.POSITIVE_INFINITY)
        const y = task === 'binary' ? 1 : 0.5
        const bad: [string, () => void][] = [
          ['y = NaN', () => learner.learn(x, Number.NaN)],
          ['y = Infinity', () => learner.learn(x, Number.POSITIVE_INFINITY)],
          ['an infinite x', () => learner.learn(infinite, y)],
          ['a short x', () => learner.learn(new Float64Array(features - 1), y)],
          ['a long x', () => learner.learn(new Float64Array(features + 1), y)],
          ['weight 0', () => learner.learn(x, y, 0)],
          ['a negative weight', () => learner.learn(x, y, -1)],
          ['weight NaN', () => learner.learn(x, y, Number.NaN)],
          ['weight Infinity', () => learner.learn(x, y, Number.POSITIVE_INFINITY)],
        ]
        if (task === 'binary') bad.push(['y = 0.5', () => learner.learn(x, 0.5)])
        for (const [what, act] of bad) refuses(learner, what, act)
      },
    },
    {
      name: 'refuses what is no vector with a coded error and an unchanged state',
      run: () => {
        const learner = trained()
        for (const [what, x] of notVectors(features)) {
          refuses(learner, `predict of ${what}`, () => learner.predict(x))
          refuses(learner, `learn of ${what}`, () => learner.learn(x, 1))
          if (!('explain' in learner)) continue
          const explainable = learner as Learner & Explainable
          refuses(learner, `explain of ${what}`, () => explainable.explain(x))
          refuses(learner, `baseValue of ${what}`, () => explainable.baseValue(x))
        }
      },
    },
    ...DEGENERATE.map(({ name, value, label }) => ({
      name: `stays finite on a stream of ${name}`,
      run: () => {
        const learner = create()
        const rng = new SeededRng(name)
        for (let i = 0; i < observations; i++) {
          const x = Float64Array.from({ length: features }, () => value(rng.next()))
          learner.learn(x, label ?? Number(rng.next() < 0.5))
        }
        runRefit(learner)
        for (const x of probes) {
          const p = learner.predict(x)
          holds(Number.isFinite(p), `predict gave ${p}`)
        }
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
        for (const stop of [0, 1, 10, Math.floor(observations / 2), observations - 1]) {
          const steady = create()
          learnAll(steady, rows.slice(0, stop))
          const restored = copy(steady)
          holds(stateOf(restored) === stateOf(steady), `the snapshot after ${stop} observations does not survive`)
          for (const learner of [steady, restored]) {
            learnAll(learner, rows.slice(stop))
            runRefit(learner)
          }
          holds(stateOf(restored) === stateOf(steady), `restored after ${stop} observations it went another way`)
          for (const x of probes) sameNumber(restored.predict(x), steady.predict(x), 'a prediction')
        }
      },
    },
    {
      name: 'a damaged snapshot is refused with a coded error',
      run: () => {
        const whole = JSON.parse(stateOf(trained())) as Snapshot
        const fresh = create()
        for (const part of ['options', 'state'] as const) {
          const { [part]: _, ...cut } = whole
          refuses(fresh, `a snapshot without "${part}"`, () => restore(cut as Snapshot, [codec, ...codecs]))
        }
        for (const key of Object.keys(whole.state)) {
          const { [key]: _, ...state } = whole.state
          refuses(fresh, `a snapshot without state.${key}`, () => restore({ ...whole, state }, [codec, ...codecs]))
        }
        refuses(fresh, 'a snapshot of a newer version', () => restore({ ...whole, version: 999 }, [codec, ...codecs]))
      },
    },
    ...(learnsFromX
      ? [
          {
            name: 'finds the signal of an easy stream',
            run: () => {
              const learner = trained()
              const [high, low] = [2, -2].map((v) => learner.predict(new Float64Array(features).fill(0).fill(v, 0, 1)))
              holds(high! > low!, `wanted a higher prediction for x[0] = 2 than for -2, got ${high} and ${low}`)
            },
          },
        ]
      : []),
    ...('refit' in create() ? refitLaws(create as () => Learner & Refittable, rows) : []),
    ...('forget' in create() ? forgetLaws(trained as () => Learner & Forgetful, rows, probes) : []),
    ...('explain' in create() ? explainLaws(trained as () => Learner & Explainable, features, probes) : []),
    ...('sizeInBytes' in create() ? sizeLaws(trained, copy) : []),
    ...('fit' in create() ? fitLaws(create as () => BatchLearner, features, rows) : []),
    ...damageLaws(trained, reread, use),
  ]
}

function forgetLaws(trained: () => Learner & Forgetful, rows: readonly Row[], probes: readonly Float64Array[]): Law[] {
  return [
    {
      name: 'forget refuses what is no whole number of at least 0, with an unchanged state',
      run: () => {
        const learner = trained()
        // 10.5 too, as some parts of a composite may hold fewer than 1.5 observations anyway
        for (const keep of [1.5, 10.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
          refuses(learner, `forget(${keep})`, () => learner.forget(keep))
        }
      },
    },
    {
      name: 'after a forget, of more than there is too, it predicts finite numbers and learns on',
      run: () => {
        for (const keep of [Number.MAX_SAFE_INTEGER, 1000, 10, 1, 0]) {
          const learner = trained()
          const { seen } = learner
          learner.forget(keep)
          holds(learner.seen === seen, `forget(${keep}) took "seen" from ${seen} to ${learner.seen}`)
          const predictsFinite = (when: string): void => {
            for (const x of probes) {
              const p = learner.predict(x)
              holds(Number.isFinite(p), `predict gave ${p} ${when} forget(${keep})`)
            }
          }
          predictsFinite('after')
          learnAll(learner, rows.slice(0, 20))
          runRefit(learner)
          predictsFinite('20 observations after')
        }
      },
    },
  ]
}
