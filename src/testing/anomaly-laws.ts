import type { Codec, Serializable, Snapshot } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import type { AnomalyScorer } from '../learners/half-space-trees/anomaly-scorer.ts'
import { damageLaws } from './damage-laws.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { notVectors } from './not-vectors.ts'
import { shapeLaws } from './shape-laws.ts'
import { sizeLaws } from './size-laws.ts'

/** What a scorer may be given to run under the laws. */
export type AnomalyLawsOptions = {
  /** Length of the vectors it takes. @defaultValue 3 */
  readonly features?: number
  /** Observations after which it must know what is usual. @defaultValue 600 */
  readonly observations?: number
}

/**
 * The laws of {@link AnomalyScorer}.
 *
 * @example
 * ```ts
 * const laws = anomalyLaws(() => new HalfSpaceTrees({ features: 3 }), HalfSpaceTrees)
 * for (const { name, run } of laws) test(name, run)
 * ```
 */
export function anomalyLaws(
  create: () => AnomalyScorer,
  codec: Codec,
  { features = 3, observations = 600 }: AnomalyLawsOptions = {},
): Law[] {
  const rng = new SeededRng('anomaly laws')
  const rows = Array.from({ length: observations }, () =>
    Float64Array.from({ length: features }, () => (rng.next() < 0.05 ? Number.NaN : 5 + 2 * drawNormal(rng))),
  )
  const extremes = [Number.NaN, 0, 1e300, -1e300, 5e-324].map((value) => new Float64Array(features).fill(value))
  const probes = [...rows.slice(0, 20), ...extremes]
  const reread = (json: Snapshot): AnomalyScorer =>
    restore(json, [codec] as readonly Codec<Serializable>[]) as AnomalyScorer
  const copy = (scorer: AnomalyScorer): AnomalyScorer => reread(JSON.parse(stateOf(scorer)) as Snapshot)
  const learnAll = (scorer: AnomalyScorer, list: readonly Float64Array[]): void => {
    for (const x of list) scorer.learn(x)
  }
  const trained = (): AnomalyScorer => {
    const scorer = create()
    learnAll(scorer, rows)
    return scorer
  }
  const scoresWell = (scorer: AnomalyScorer): void => {
    for (const x of probes) {
      const score = scorer.scoreOf(x)
      holds(score >= 0 && score <= 1, `a score must lie in [0, 1], got ${score} for [${x}]`)
    }
  }

  return [
    {
      name: 'scores lie in [0, 1] before the first learn and after many, for missing and extreme values too',
      run: () => {
        scoresWell(create())
        scoresWell(trained())
      },
    },
    {
      name: 'scoreOf is pure, and leaves x alone',
      run: () => {
        const scorer = trained()
        const before = stateOf(scorer)
        const first = probes.map((x) => scorer.scoreOf(x))
        for (const [i, x] of probes.entries()) {
          const original = x.slice()
          sameNumber(scorer.scoreOf(x), first[i]!, 'a second score')
          for (let j = 0; j < features; j++) sameNumber(x[j]!, original[j]!, `x[${j}] after scoreOf`)
        }
        holds(stateOf(scorer) === before, 'scoreOf changed the state')
      },
    },
    {
      name: 'learn neither changes nor keeps x',
      run: () => {
        const [kept, scratched] = [create(), create()]
        const scratch = new Float64Array(features)
        for (const x of rows) {
          const original = x.slice()
          kept.learn(x)
          for (let j = 0; j < features; j++) sameNumber(x[j]!, original[j]!, `x[${j}] after learn`)
          scratch.set(x)
          scratched.learn(scratch)
          scratch.fill(12345)
        }
        holds(stateOf(kept) === stateOf(scratched), 'overwriting x after learn changed the scorer')
      },
    },
    {
      name: 'counts what it has seen',
      run: () => {
        const scorer = create()
        learnAll(scorer, rows.slice(0, 7))
        sameNumber(scorer.seen, 7, 'seen')
      },
    },
    {
      name: 'refuses vectors of the wrong length, infinities and what is no vector, and stays as it was',
      run: () => {
        const scorer = trained()
        const bad: (readonly [string, Float64Array])[] = [
          ['a short x', new Float64Array(features - 1)],
          ['a long x', new Float64Array(features + 1)],
          ['an infinite x', new Float64Array(features).fill(Number.NEGATIVE_INFINITY)],
          ...notVectors(features),
        ]
        for (const [what, x] of bad) {
          refuses(scorer, `learn of ${what}`, () => scorer.learn(x))
          refuses(scorer, `scoreOf ${what}`, () => scorer.scoreOf(x))
        }
      },
    },
    ...DEGENERATE.map(({ name, value }) => ({
      name: `scores lie in [0, 1] on a stream of ${name}`,
      run: () => {
        const scorer = create()
        const draws = new SeededRng(name)
        for (let i = 0; i < observations; i++) {
          scorer.learn(Float64Array.from({ length: features }, () => value(draws.next())))
        }
        scoresWell(scorer)
        scoresWell(copy(scorer))
      },
    })),
    {
      name: 'equal options and equal streams give equal snapshots',
      run: () => holds(stateOf(trained()) === stateOf(trained()), 'two equal runs differ'),
    },
    {
      name: 'restored from its snapshot it goes on to the bit',
      run: () => {
        for (const stop of [0, 1, 10, observations >> 1, observations - 1]) {
          const steady = create()
          learnAll(steady, rows.slice(0, stop))
          const restored = copy(steady)
          holds(stateOf(restored) === stateOf(steady), `the snapshot after ${stop} observations does not survive`)
          for (const scorer of [steady, restored]) learnAll(scorer, rows.slice(stop))
          holds(stateOf(restored) === stateOf(steady), `restored after ${stop} observations it went another way`)
          for (const x of probes) sameNumber(restored.scoreOf(x), steady.scoreOf(x), 'a score')
        }
      },
    },
    {
      name: 'a point far outside scores higher than half of the usual ones',
      run: () => {
        const scorer = trained()
        const usual = rows.map((x) => scorer.scoreOf(x)).sort((a, b) => a - b)
        const median = usual[usual.length >> 1]!
        for (const value of [100, -100]) {
          const score = scorer.scoreOf(new Float64Array(features).fill(value))
          holds(score > median, `a point of ${value} scores ${score}, the median usual one ${median}`)
        }
      },
    },
    ...shapeLaws(trained, reread),
    ...('sizeInBytes' in create() ? sizeLaws(trained, copy) : []),
    ...damageLaws(trained, reread, (scorer) => {
      scoresWell(scorer)
      learnAll(scorer, rows.slice(0, 20))
      scoresWell(scorer)
      holds(Number.isSafeInteger(scorer.seen) && scorer.seen >= 0, `seen is ${scorer.seen}`)
    }),
  ]
}

/** Streams in which nothing is unusual, and that numbers overflow on. */
const DEGENERATE: readonly { readonly name: string; readonly value: (draw: number) => number }[] = [
  { name: 'constants', value: () => 3 },
  { name: 'duplicates of two rows', value: (draw) => Number(draw < 0.5) },
  { name: 'values of 1e300 and -1e300', value: (draw) => (draw < 0.5 ? 1e300 : -1e300) },
  { name: 'missing values', value: () => Number.NaN },
]
