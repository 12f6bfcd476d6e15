import type { Codec, Metric, Snapshot } from '../contracts.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { damageLaws } from './damage-laws.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { shapeLaws } from './shape-laws.ts'
import { sizeLaws } from './size-laws.ts'

/**
 * The laws of {@link Metric}, on labels of 0 and 1 and predictions between them.
 *
 * @param scores what it is made for: `"labels"` and their probabilities, or any `"values"`
 */
export function metricLaws(create: () => Metric, codec: Codec, scores: 'labels' | 'values' = 'labels'): Law[] {
  const rng = new SeededRng('metric laws')
  const pairs = Array.from({ length: 300 }, () => {
    const p = rng.next()
    if (scores === 'labels') return { p, y: Number(rng.next() < p), worse: 1 - p }
    // from -2 to 2, a quarter off at most
    const value = 4 * p - 2
    return { p: value + (rng.next() - 0.5) / 2, y: value, worse: -value }
  })
  const scored = (key: 'p' | 'worse'): Metric => {
    const metric = create()
    for (const pair of pairs) metric.update(pair.y, pair[key])
    return metric
  }
  const trained = (): Metric => scored('p')
  const reread = (json: Snapshot): Metric => restore(json, [codec]) as Metric
  return [
    {
      name: 'is NaN before the first pair and finite after many',
      run: () => {
        holds(Number.isNaN(create().value), 'an empty metric has a value')
        holds(Number.isFinite(scored('p').value), 'a full metric has no value')
      },
    },
    {
      name: 'prefers good predictions to their opposites',
      run: () => {
        const [good, bad] = [scored('p'), scored('worse')]
        const gap = good.better === 'higher' ? good.value - bad.value : bad.value - good.value
        holds(gap > 0, `good ${good.value}, bad ${bad.value}, better is ${good.better}`)
      },
    },
    {
      name: 'refuses bad input and stays as it was',
      run: () => {
        const metric = scored('p')
        refuses(metric, 'y = NaN', () => metric.update(Number.NaN, 0.5))
        refuses(metric, 'y = Infinity', () => metric.update(Number.POSITIVE_INFINITY, 0.5))
        refuses(metric, 'prediction NaN', () => metric.update(1, Number.NaN))
        if (scores === 'labels') {
          refuses(metric, 'y = 2', () => metric.update(2, 0.5))
          refuses(metric, 'prediction 1.5', () => metric.update(1, 1.5))
        }
        refuses(metric, 'weight 0', () => metric.update(1, 0.5, 0))
        refuses(metric, 'weight NaN', () => metric.update(1, 0.5, Number.NaN))
      },
    },
    {
      name: 'stays finite for the largest and the smallest weights, and goes on counting afterwards',
      run: () => {
        for (const weight of [1e308, 1e-170, 5e-324]) {
          const metric = create()
          for (const { y, p } of pairs) metric.update(y, p, weight)
          holds(Number.isFinite(metric.value), `the value is ${metric.value} after weights of ${weight}`)
          reread(JSON.parse(stateOf(metric)) as Snapshot)
          for (const { y, p } of pairs) metric.update(y, p)
          holds(Number.isFinite(metric.value), `the value is ${metric.value} later`)
        }
      },
    },
    ...(scores === 'values' ? [largeValues(create, reread)] : []),
    {
      name: 'reading the value changes nothing',
      run: () => {
        const metric = scored('p')
        const before = stateOf(metric)
        sameNumber(metric.value, metric.value, 'a second reading')
        holds(stateOf(metric) === before, 'reading changed the state')
      },
    },
    {
      name: 'restored from its snapshot it goes on to the bit',
      run: () => {
        for (const stop of [0, 1, 150]) {
          const steady = create()
          for (const { y, p } of pairs.slice(0, stop)) steady.update(y, p)
          const restored = reread(JSON.parse(stateOf(steady)) as Snapshot)
          for (const { y, p } of pairs.slice(stop)) {
            steady.update(y, p)
            restored.update(y, p)
          }
          sameNumber(restored.value, steady.value, `value after a restart at ${stop}`)
          holds(stateOf(restored) === stateOf(steady), `states part after a restart at ${stop}`)
        }
      },
    },
    ...shapeLaws(trained, reread),
    ...('sizeInBytes' in create() ? sizeLaws(trained, (part) => reread(JSON.parse(stateOf(part)) as Snapshot)) : []),
    ...damageLaws(trained, reread, (metric) => {
      for (const { y, p } of pairs) metric.update(y, p)
      holds(Number.isFinite(metric.value), `the value is ${metric.value}`)
    }),
  ]
}

function largeValues(create: () => Metric, reread: (json: Snapshot) => Metric): Law {
  return {
    name: 'stays finite for the largest values',
    run: () => {
      const metric = create()
      for (const y of [1e300, -1e300, 1e308, 3, -1e308]) {
        for (const p of [1e300, 2, -1e308]) metric.update(y, p)
      }
      holds(Number.isFinite(metric.value), `the value is ${metric.value}`)
      sameNumber(reread(JSON.parse(stateOf(metric)) as Snapshot).value, metric.value, 'value after a restart')
    },
  }
}
