import type { Codec, Resizing, Snapshot, Transformer } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'

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
      name: 'refuses vectors of the wrong length and infinities, and stays as it was',
      run: () => {
        const transformer = trained()
        const out = new Float64Array(outputsOf(transformer))
        refuses(transformer, 'a short x to transform', () => transformer.transform(new Float64Array(features - 1), out))
        refuses(transformer, 'a short out', () => transformer.transform(new Float64Array(features), out.slice(1)))
        refuses(transformer, 'a short x', () => transformer.learn(new Float64Array(features - 1), 1))
        refuses(transformer, 'an infinite x', () => transformer.learn(new Float64Array(features).fill(-1 / 0), 1))
      },
    },
    {
      name: 'a missing value is no error, and nothing turns infinite',
      run: () => {
        const transformer = trained()
        const out = new Float64Array(outputsOf(transformer))
        const wild = [NaN, 0, -0, 1e300, -1e300, 5e-324]
        for (const value of wild) {
          const x = new Float64Array(features).fill(value)
          for (const written of transformer.transform(x, out)) {
            holds(Math.abs(written) < Infinity || written !== written, `${value} turned ${written}`)
          }
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
          const restored = restore(JSON.parse(stateOf(steady)) as Snapshot, [codec]) as Transformer
          for (const [i, x] of rows.entries()) {
            if (i >= stop) for (const transformer of [steady, restored]) transformer.learn(x, labels[i])
          }
          holds(stateOf(steady) === stateOf(restored), `states part after a restart at ${stop}`)
        }
      },
    },
  ]
}
