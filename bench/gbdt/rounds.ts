import { cpus } from 'node:os'

/** One measurement of a party: named times in milliseconds, and the CPU time it took in its process and in ours. */
export type Sample = { readonly times: { readonly [what: string]: number }; readonly cpu: number }

/** Somebody who takes a turn in every round. */
export type Party = { readonly name: string; readonly run: () => Promise<Sample> | Sample }

/** The middle of some measurements and the quartiles around it. */
export type Spread = { readonly median: number; readonly low: number; readonly high: number; readonly n: number }

/** Foreign CPU time of a round, as a share of its length, from which on it is repeated while there is patience. */
const NOISE = 0.25
/** The system counts CPU time in steps of 10 ms a core; less than a few of them say nothing. */
const LEAST_NOISE_MS = 40

type Round = { readonly foreign: number; readonly by: readonly Sample[] }

/** What all parties measured in the rounds that count. */
export class Rounds {
  readonly #names: readonly string[]
  readonly #kept: readonly Round[]

  private constructor(names: readonly string[], kept: readonly Round[]) {
    this.#names = names
    this.#kept = kept
  }

  /** CPU time that went elsewhere in the median round, in cores. */
  get foreign(): number {
    return spreadOf(this.#kept.map(({ foreign }) => foreign)).median
  }

  /**
   * Lets the parties take turns, so that all see the same machine. The first round warms up and does not count; rounds
   * during which other processes took much of the CPU are repeated, at most once each, and the quietest are kept.
   */
  static async play(parties: readonly Party[], rounds: number, onRound: () => void = () => {}): Promise<Rounds> {
    for (const { run } of parties) await run()
    const all: Round[] = []
    const quiet = (): number => all.filter(({ foreign }) => foreign < NOISE).length
    while (quiet() < rounds && all.length < 2 * rounds) {
      const start = machineTimes()
      const by: Sample[] = []
      for (const { run } of parties) by.push(await run())
      const { busy, wall } = machineTimes(start)
      const foreign = busy - by.reduce((sum, { cpu }) => sum + cpu, 0)
      all.push({ foreign: foreign < LEAST_NOISE_MS ? 0 : foreign / wall, by })
      if (all.length <= rounds) onRound()
    }
    all.sort((a, b) => a.foreign - b.foreign)
    return new Rounds(
      parties.map(({ name }) => name),
      all.slice(0, rounds),
    )
  }

  /** What a party measured. */
  of(name: string, what: string): Spread {
    return spreadOf(this.#values(name, what))
  }

  #values(name: string, what: string): number[] {
    const at = this.#names.indexOf(name)
    return this.#kept.map(({ by }) => by[at]?.times[what] ?? Number.NaN)
  }
}

/** Median and quartiles, by nearest rank between two. */
export function spreadOf(values: readonly number[]): Spread {
  const ascending = Float64Array.from(values).sort()
  return { median: at(ascending, 0.5), low: at(ascending, 0.25), high: at(ascending, 0.75), n: values.length }
}

function at(ascending: Float64Array, q: number): number {
  const place = q * (ascending.length - 1)
  const [low, high] = [ascending[Math.floor(place)], ascending[Math.ceil(place)]]
  if (low === undefined || high === undefined) return Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** A sample of work in this process. */
export async function sampled(work: () => Promise<Sample['times']> | Sample['times']): Promise<Sample> {
  const before = process.cpuUsage()
  const times = await work()
  const { user, system } = process.cpuUsage(before)
  return { times, cpu: (user + system) / 1000 }
}

/** CPU time that all processes have taken and time that has passed, in milliseconds, since `from`. */
function machineTimes(from: { busy: number; wall: number } = { busy: 0, wall: 0 }): { busy: number; wall: number } {
  let busy = 0
  for (const { times } of cpus()) busy += times.user + times.nice + times.sys + times.irq
  return { busy: busy - from.busy, wall: performance.now() - from.wall }
}
