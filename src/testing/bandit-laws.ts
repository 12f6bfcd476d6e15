import type { Codec, Serializable, Snapshot } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import type { Bandit } from '../learners/bandits/bandit.ts'
import { damageLaws } from './damage-laws.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { notVectors } from './not-vectors.ts'
import { shapeLaws } from './shape-laws.ts'
import { sizeLaws } from './size-laws.ts'

/** What a bandit may be given to run under the laws. */
export type BanditLawsOptions = {
  /** Length of the contexts it takes; 0 for bandits without. @defaultValue 0 */
  readonly contexts?: number
  /** Share of the choices, after 300 rewards, that must be the arm that pays 1 where all others pay 0. @defaultValue 0.6 */
  readonly prefers?: number
}

/**
 * The laws of {@link Bandit}, for arms that pay 0 to 1.
 *
 * What it draws from must stand under `rng` in its state: a choice may change that and nothing else.
 *
 * @example
 * ```ts
 * for (const { name, run } of banditLaws(() => new UCB1({ arms: 3 }), UCB1)) test(name, run)
 * ```
 */
export function banditLaws(
  create: () => Bandit,
  codec: Codec,
  { contexts = 0, prefers = 0.6 }: BanditLawsOptions = {},
): Law[] {
  const { arms } = create()
  const reread = (json: Snapshot): Bandit => restore(json, [codec] as readonly Codec<Serializable>[]) as Bandit
  const copy = (bandit: Bandit): Bandit => reread(JSON.parse(stateOf(bandit)) as Snapshot)
  const contextOf = (rng: SeededRng): Float64Array =>
    Float64Array.from({ length: contexts }, () => (rng.next() < 0.05 ? Number.NaN : drawNormal(rng)))
  const choose = (bandit: Bandit, x: Float64Array): number => {
    const arm = bandit.choose(x)
    holds(Number.isInteger(arm) && arm >= 0 && arm < arms, `choose gave ${arm} of ${arms} arms`)
    return arm
  }
  /** Rounds in a world whose last arm pays more often; returns the choices. */
  const live = (bandit: Bandit, rounds: number, seed: string): number[] => {
    const rng = new SeededRng(seed)
    return Array.from({ length: rounds }, () => {
      const x = contextOf(rng)
      const arm = choose(bandit, x)
      bandit.update(arm, Number(rng.next() < (arm + 1) / (arms + 1)), x)
      return arm
    })
  }
  const trained = (): Bandit => {
    const bandit = create()
    live(bandit, 100, 'training')
    return bandit
  }
  const learnedBy = (bandit: Bandit): string => {
    const { rng: _, ...learned } = (JSON.parse(stateOf(bandit)) as Snapshot).state
    return JSON.stringify(learned)
  }
  const x = contextOf(new SeededRng('probe')).map((value) => (value === value ? value : 0))

  return [
    {
      name: 'chooses an arm that exists before any reward, and counts the rewards after',
      run: () => {
        const bandit = create()
        choose(bandit, x)
        sameNumber(bandit.seen, 0, 'seen')
        live(bandit, 7, 'few')
        sameNumber(bandit.seen, 7, 'seen')
      },
    },
    {
      name: 'a choice never changes what was learned',
      run: () => {
        const bandit = trained()
        const before = learnedBy(bandit)
        for (let i = 0; i < 20; i++) choose(bandit, x)
        holds(learnedBy(bandit) === before, 'choose changed more than the source of chance')
      },
    },
    {
      name: 'takes rewards late, several at once, and for arms that it did not choose',
      run: () => {
        const bandit = create()
        const chosen = Array.from({ length: 10 }, () => choose(bandit, x))
        for (const arm of chosen.toReversed()) bandit.update(arm, 0.5, x)
        for (let arm = 0; arm < arms; arm++) bandit.update(arm, 1, x)
        sameNumber(bandit.seen, 10 + arms, 'seen')
        choose(bandit, x)
      },
    },
    {
      name: 'equal options, seeds and calls give equal choices and snapshots',
      run: () => {
        const [a, b] = [create(), create()]
        holds(String(live(a, 200, 'same')) === String(live(b, 200, 'same')), 'two equal runs choose differently')
        holds(stateOf(a) === stateOf(b), 'two equal runs end in different states')
      },
    },
    {
      name: 'restored from its snapshot it goes on to the bit, also between a choice and its reward',
      run: () => {
        for (const stop of [0, 1, 50]) {
          for (const pending of [0, 1]) {
            const steady = create()
            live(steady, stop, 'before')
            const arms = Array.from({ length: pending }, () => choose(steady, x))
            const restored = copy(steady)
            holds(stateOf(restored) === stateOf(steady), `the snapshot after ${stop} rewards does not survive`)
            const later = [steady, restored].map((bandit) => {
              for (const arm of arms) bandit.update(arm, 0.5, x)
              return String(live(bandit, 100, 'after'))
            })
            holds(later[0] === later[1], `choices part after a restart at ${stop}`)
            holds(stateOf(restored) === stateOf(steady), `states part after a restart at ${stop}`)
          }
        }
      },
    },
    {
      name: 'refuses arms, rewards and contexts that are none, with a coded error and an unchanged state',
      run: () => {
        const bandit = trained()
        for (const arm of [-1, arms, 0.5, Number.NaN]) refuses(bandit, `arm ${arm}`, () => bandit.update(arm, 1, x))
        for (const reward of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          refuses(bandit, `reward ${reward}`, () => bandit.update(0, reward, x))
        }
        if (contexts === 0) return
        const bad: (readonly [string, Float64Array | undefined])[] = [
          ...notVectors(contexts),
          ['a short context', new Float64Array(contexts - 1)],
          ['a long context', new Float64Array(contexts + 1)],
          ['an infinite context', new Float64Array(contexts).fill(Number.POSITIVE_INFINITY)],
        ]
        for (const [what, context] of bad) {
          refuses(bandit, `choose with ${what}`, () => bandit.choose(context))
          refuses(bandit, `update with ${what}`, () => bandit.update(0, 1, context))
        }
      },
    },
    {
      name: 'neither changes nor keeps a context',
      run: () => {
        const [kept, scratched] = [create(), create()]
        const rng = new SeededRng('contexts')
        const scratch = new Float64Array(contexts)
        for (let i = 0; i < 50; i++) {
          const context = contextOf(rng)
          const original = context.slice()
          kept.update(choose(kept, context), 1, context)
          for (let j = 0; j < contexts; j++) sameNumber(context[j]!, original[j]!, `context[${j}]`)
          scratch.set(original)
          const arm = choose(scratched, scratch)
          scratch.fill(12345)
          scratch.set(original)
          scratched.update(arm, 1, scratch)
          scratch.fill(12345)
        }
        holds(stateOf(kept) === stateOf(scratched), 'overwriting a context changed the bandit')
      },
    },
    ...DEGENERATE.map(({ name, reward, arm }) => ({
      name: `goes on choosing, and can be saved, on ${name}`,
      run: () => {
        const bandit = create()
        for (let i = 0; i < 300; i++) {
          const chosen = choose(bandit, x)
          accept(() => bandit.update(arm ?? chosen, reward(i), x))
        }
        copy(bandit)
        live(bandit, 50, 'afterwards')
      },
    })),
    {
      name: 'prefers an arm that pays to arms that do not',
      run: () => {
        const bandit = create()
        const best = arms - 1
        const rng = new SeededRng('better')
        let right = 0
        for (let i = 0; i < 400; i++) {
          const context = contextOf(rng)
          const arm = choose(bandit, context)
          if (i >= 300 && arm === best) right++
          bandit.update(arm, Number(arm === best), context)
        }
        holds(right >= 100 * prefers, `the better arm was chosen ${right} times in 100`)
      },
    },
    ...shapeLaws(trained, reread),
    ...('sizeInBytes' in create() ? sizeLaws(trained, copy) : []),
    ...damageLaws(trained, reread, (bandit) => {
      live(bandit, 20, 'damaged')
      holds(Number.isSafeInteger(bandit.seen) && bandit.seen >= 0, `seen is ${bandit.seen}`)
    }),
  ]
}

/** Rewards that there is little to learn from, and that numbers overflow on. */
const DEGENERATE: readonly { readonly name: string; readonly reward: (i: number) => number; readonly arm?: number }[] =
  [
    { name: 'rewards that are all alike', reward: () => 0.3 },
    { name: 'rewards for one arm alone', reward: (i) => i % 2, arm: 0 },
    // shares of a success have no such rewards: to refuse them is right
    { name: 'rewards of 1e300 and -1e300', reward: (i) => (i % 3 === 0 ? 1e300 : -1e300) },
    { name: 'rewards of 5e-324', reward: () => 5e-324 },
  ]

/** Does it, though it may be refused with a coded error. */
function accept(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== 'string') throw error
  }
}
