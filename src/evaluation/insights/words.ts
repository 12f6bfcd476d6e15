import type { BucketFigures } from './bucket-figures.ts'
import type { Bucket } from './dimensions.ts'

/** Whether a difference has the same sign in both halves of the time. */
export type Stability = 'both halves' | 'first half only' | 'second half only' | 'neither half' | 'too little data'

/** Where a difference holds. */
export function stabilityOf({ difference, halves: [first, second] }: BucketFigures): Stability {
  if (Number.isNaN(first.difference) || Number.isNaN(second.difference)) return 'too little data'
  const sign = Math.sign(difference.value)
  const [before, after] = [Math.sign(first.difference) === sign, Math.sign(second.difference) === sign]
  if (before) return after ? 'both halves' : 'first half only'
  return after ? 'second half only' : 'neither half'
}

/** Says what a bucket is like: only for those that are different from the rest beyond doubt. */
export function sentenceOf({ phrase }: Bucket, figures: BucketFigures, q: number, stability: Stability): string {
  const { won, trades, winRate, meanReturn, difference } = figures
  const more = difference.value > 0
  const verb =
    meanReturn.low > 0 ? 'pay' : meanReturn.high < 0 ? 'lose' : `do ${more ? 'better' : 'worse'} than the rest`
  const range = `${whole(winRate.value)} %, ${whole(winRate.low)} to ${whole(winRate.high)}`
  const gap = `${percent(Math.abs(difference.value))} a trade ${more ? 'more' : 'less'} than the rest`
  const rate = q < 0.001 ? 'q < 0.001' : `q = ${Number(q.toPrecision(2))}`
  return `Signals ${phrase} ${verb}: ${won} of ${trades} won (${range}), ${gap} (${rate}). ${HOLDS[stability]}`
}

const HOLDS: { readonly [stability in Stability]: string } = {
  'both halves': 'It holds in both halves of the time.',
  'first half only': 'It held in the first half of the time only.',
  'second half only': 'It holds in the second half of the time only.',
  'neither half': 'It holds in neither half of the time by itself.',
  'too little data': 'Too few trades to say whether it holds in both halves of the time.',
}

const whole = (share: number): string => (100 * share).toFixed(0)

/** A fraction to two digits at least: 0.31 %, 2.4 %, 0.0031 %. */
function percent(share: number): string {
  const value = 100 * share
  return `${value >= 1e6 ? value.toExponential(1) : value >= 0.1 ? value.toFixed(2) : Number(value.toPrecision(2))} %`
}
