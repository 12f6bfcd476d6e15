import type { Codec, Rng, Snapshot } from '../contracts.ts'
import { restore } from '../core/snapshot.ts'
import { holds, type Law, sameNumber, stateOf } from './law.ts'

/** The laws of {@link Rng}. */
export function rngLaws(create: (seed: string) => Rng, codec: Codec): Law[] {
  const draws = (rng: Rng, n: number): number[] => Array.from({ length: n }, () => rng.next())
  return [
    {
      name: 'draws uniformly from [0, 1)',
      run: () => {
        const all = draws(create('uniform'), 20_000)
        holds(
          all.every((u) => u >= 0 && u < 1),
          'a draw outside [0, 1)',
        )
        const counts = new Array<number>(10).fill(0)
        for (const u of all) counts[Math.floor(u * 10)]!++
        // each count is binomial with standard deviation 42; 5 of them are one in a million
        for (const count of counts) holds(Math.abs(count - 2000) < 212, `a tenth of the range got ${count} of 20,000`)
      },
    },
    {
      name: 'equal seeds draw equally, other seeds otherwise',
      run: () => {
        holds(String(draws(create('a'), 5)) === String(draws(create('a'), 5)), 'one seed, two streams')
        holds(String(draws(create('a'), 5)) !== String(draws(create('b'), 5)), 'two seeds, one stream')
      },
    },
    {
      name: 'a fork depends on seed and label alone',
      run: () => {
        const [fresh, used] = [create('a'), create('a')]
        draws(used, 100)
        const [one, two] = [fresh.fork('x'), used.fork('x')]
        for (const u of draws(one, 5)) sameNumber(two.next(), u, 'a draw of the fork')
        holds(String(draws(fresh.fork('x'), 5)) !== String(draws(fresh.fork('y'), 5)), 'two labels, one stream')
      },
    },
    {
      name: 'restored from its snapshot it goes on drawing the same numbers',
      run: () => {
        const rng = create('a')
        draws(rng, 17)
        const restored = restore(JSON.parse(stateOf(rng)) as Snapshot, [codec]) as Rng
        for (const u of draws(rng, 50)) sameNumber(restored.next(), u, 'a draw')
        sameNumber(restored.fork('x').next(), rng.fork('x').next(), 'a draw of a fork')
      },
    },
  ]
}
