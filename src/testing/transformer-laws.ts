import type { Codec, Resizing, Snapshot, Transformer } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { damageLaws } from './damage-laws.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { notVectors } from './not-vectors.ts'
import { shapeLaws } from './shape-laws.ts'

/** The laws of {@link Transformer}, also of those that need labels or write vectors of another length. */
export function transformerLaws(create: () => Transformer, codec: Codec, features = 3): Law[] {
  const rng = new SeededRng('transformer laws')
  const rows = Array.from({ length: 100 }, () =>
    Float64Array.from({ length: features }, () => (rng.next() < 0.05 ? Number.NaN : 5 + 3 * drawNormal(rng))),
  )
  const labels = rows.map(() => Number(rng.next() < 0.5))
  const outputsOf = (transformer: Transformer): number =>
    'outputs' in transformer ? (transformer as Transformer & Resizing).outputs : features
  const trained = (): Transformer => {
    const transformer = create()
    for (const [i, x] of rows.entries()) transformer.learn(x, labels[i])
    return transformer
  }
  const reread = (json: Snapshot): Transformer => restore(json, [codec]) as Transformer
  const writesNothingInfinite = (transformer: Transformer, x: Float64Array): void => {
    for (const written of transformer.transform(x, new Float64Array(outputsOf(transformer)))) {
      holds(Math.abs(written) < Infinity || written !== written, `[${x}] turned ${written}`)
    }
  }

  return [
    {
      name: 'transform is pure, returns out, and works in place',
      run: () => {
        const transformer = trained()
        const before = stateOf(transformer)
        const outputs = outputsOf(transformer)
        for (const x of rows) {
          const out = new Float64Array(outputs)
          const original = x.slice()
          holds(transformer.transform(x, out) === out, 'transform returned something else than out')
          for (let i = 0; i < features; i++) sameNumber(x[i]!, original[i]!, `x[${i}] after transform`)
          if (outputs !== features) continue
          const inPlace = transformer.transform(original, original)
          for (let i = 0; i < features; i++) sameNumber(inPlace[i]!, out[i]!, `out[${i}] in place`)
        }
        holds(stateOf(transformer) === before, 'transform changed the state')
      },
    },
    {
      name: 'learn does not change x',
      run: () => {
        const transformer = create()
        for (const [row, x] of rows.entries()) {
          const original = x.slice()
          transformer.learn(x, labels[row])
          for (let i = 0; i < features; i++) sameNumber(x[i]!, original[i]!, `x[${i}] after learn`)
        }
      },
    },
    {
      name: 'refuses vectors of the wrong length, infinities and what is no vector, and stays as it was',
      run: () => {
        const transformer = trained()
        const out = new Float64Array(outputsOf(transformer))
        refuses(transformer, 'a short x to transform', () => transformer.transform(new Float64Array(features - 1), out))
        refuses(transformer, 'a short out', () => transformer.transform(new Float64Array(features), out.slice(1)))
        refuses(transformer, 'a short x', () => transformer.learn(new Float64Array(features - 1), 1))
        refuses(transformer, 'an infinite x', () => transformer.learn(new Float64Array(features).fill(-1 / 0), 1))
        for (const [what, x] of notVectors(features)) {
          refuses(transformer, `transform of ${what}`, () => transformer.transform(x, out))
          refuses(transformer, `learn of ${what}`, () => transformer.learn(x, 1))
        }
        for (const [what, into] of notVectors(out.length)) {
          refuses(transformer, `transform into ${what}`, () => transformer.transform(rows[0]!, into))
        }
      },
    },
    {
      name: 'a missing value is no error, and nothing turns infinite',
      run: () => {
        const transformer = trained()
        const wild = [NaN, 0, -0, 1e300, -1e300, 5e-324]
        for (const value of wild) {
          const x = new Float64Array(features).fill(value)
          writesNothingInfinite(transformer, x)
        }
        transformer.learn(new Float64Array(features).fill(NaN), 1)
      },
    },
    {
      name: 'restored from its snapshot it goes on to the bit',
      run: () => {
        for (const stop of [0, 1, 50]) {
          const steady = create()
          for (const [i, x] of rows.slice(0, stop).entries()) steady.learn(x, labels[i])
          const restored = reread(JSON.parse(stateOf(steady)) as Snapshot)
          for (const [i, x] of rows.entries()) {
            if (i >= stop) for (const transformer of [steady, restored]) transformer.learn(x, labels[i])
          }
          holds(stateOf(steady) === stateOf(restored), `states part after a restart at ${stop}`)
        }
      },
    },
    ...shapeLaws(trained, reread).slice(0, 1),
    ...damageLaws(trained, reread, (transformer) => {
      for (const [i, x] of rows.entries()) {
        writesNothingInfinite(transformer, x)
        transformer.learn(x, labels[i])
      }
      for (const x of rows) writesNothingInfinite(transformer, x)
    }),
  ]
}
