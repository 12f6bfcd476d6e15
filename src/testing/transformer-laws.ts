import type { Codec, Snapshot, Transformer } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'

/** The laws of {@link Transformer}. */
export function transformerLaws(create: () => Transformer, codec: Codec, features = 3): Law[] {
  const rng = new SeededRng('transformer laws')
  const rows = Array.from({ length: 100 }, () =>
    Float64Array.from({ length: features }, () => (rng.next() < 0.05 ? Number.NaN : 5 + 3 * drawNormal(rng))),
  )
  const trained = (): Transformer => {
    const transformer = create()
    for (const x of rows) transformer.learn(x)
    return transformer
  }
  return [
    {
      name: 'transform is pure, returns out, and works in place',
      run: () => {
        const transformer = trained()
        const before = stateOf(transformer)
        for (const x of rows) {
          const out = new Float64Array(features)
          const original = x.slice()
          holds(transformer.transform(x, out) === out, 'transform returned something else than out')
          for (let i = 0; i < features; i++) sameNumber(x[i]!, original[i]!, `x[${i}] after transform`)
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
        for (const x of rows) {
          const original = x.slice()
          transformer.learn(x)
          for (let i = 0; i < features; i++) sameNumber(x[i]!, original[i]!, `x[${i}] after learn`)
        }
      },
    },
    {
      name: 'refuses vectors of the wrong length and infinities, and stays as it was',
      run: () => {
        const transformer = trained()
        refuses(transformer, 'a short x', () => transformer.learn(new Float64Array(features - 1)))
        refuses(transformer, 'an infinite x', () => transformer.learn(new Float64Array(features).fill(-1 / 0)))
      },
    },
    {
      name: 'restored from its snapshot it goes on to the bit',
      run: () => {
        for (const stop of [0, 1, 50]) {
          const steady = create()
          for (const x of rows.slice(0, stop)) steady.learn(x)
          const restored = restore(JSON.parse(stateOf(steady)) as Snapshot, [codec]) as Transformer
          for (const x of rows.slice(stop)) for (const transformer of [steady, restored]) transformer.learn(x)
          holds(stateOf(steady) === stateOf(restored), `states part after a restart at ${stop}`)
        }
      },
    },
  ]
}
