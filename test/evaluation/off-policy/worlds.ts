import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { OffPolicyRow, TargetPolicy } from '../../../src/evaluation/off-policy/index.ts'

const START = 1_700_000_000_000
export const HOUR = 3_600_000

/** What a log may have wrong, and how long labels stay open. */
export type Flaws = {
  readonly model?: 'right' | 'wrong'
  readonly propensities?: 'right' | 'wrong'
  readonly open?: number
}

/** Mean reward of skipping (0) and taking (1) in context x. */
const meanReward = (x: number): number => 0.4 * x - 0.1
/** Probability with which the log took a signal in context x. */
const propensity = (x: number): number => 0.2 + 0.6 * x

/** Takes signals of the upper half with 90 %, others with 10 %. */
export const policy: TargetPolicy = ({ id }) => {
  const share = Number(id.split(':')[1]) > 0.5 ? 0.9 : 0.1
  return [1 - share, share]
}
/** What that policy is worth: the mean of share times mean reward over x uniform in [0, 1]. */
export const truth: number = 0.1 * 0.5 * meanReward(0.25) + 0.9 * 0.5 * meanReward(0.75)

/** A log of `n` signals, one an hour, with neighbours that share their luck while labels are open. */
export function logOf(
  seed: string,
  n: number,
  { model = 'right', propensities = 'right', open = 0 }: Flaws = {},
): OffPolicyRow[] {
  const rng = new SeededRng(seed)
  const width = Math.max(1, open)
  const shocks = Float64Array.from({ length: n + width }, () => drawNormal(rng))
  return Array.from({ length: n }, (_, i) => {
    const x = Number(rng.next().toFixed(6))
    const e = propensity(x)
    const action = rng.next() < e ? 1 : 0
    let shock = 0
    for (let j = 0; j < width; j++) shock += shocks[i + j]!
    const said = propensities === 'right' ? e : 0.5
    return {
      id: `${i}:${x}`,
      time: START + i * HOUR,
      labelEnd: START + (i + open) * HOUR,
      action,
      propensities: [1 - said, said],
      reward: action === 1 ? meanReward(x) + (0.5 * shock) / Math.sqrt(width) : 0,
      known: [0, Number.NaN],
      expected: [0, model === 'right' ? meanReward(x) : 0.3 - 0.2 * x],
    }
  })
}
