import { fraction } from '../../core/check.ts'
import { fnv1a } from '../../core/hash.ts'

/** Who decides a signal. */
export type Arm = 'champion' | 'candidate'

/** Who decides, and how likely that was: what an honest estimate from the log needs. */
export type Assignment = { readonly arm: Arm; readonly propensity: number }

/** 2 to the 32nd: the hash has 32 bits. */
const RANGE = 4_294_967_296

/**
 * Which arm decides, of a share of signals: by hash, so that the same unit gets the same answer in every process, after every
 * restart, and keeps the candidate when the share grows.
 *
 * `unit` is what must not be split: the decision's id for one draw a signal, the symbol where a symbol is to stay with one
 * arm. `salt` is the candidate's name, so that the next candidate gets other signals than the last. The texts are mixed twice,
 * because the hash of two texts that differ in their last letter alone differs in few bits of its upper half.
 *
 * @example
 * ```ts
 * assign(0.1, 'model-7', 'tl-2x') // { arm: 'champion', propensity: 0.9 }
 * ```
 */
export function assign(share: number, salt: string, unit: string): Assignment {
  fraction('share', share, 'INVALID_INPUT')
  const first = fnv1a(`${salt}\n${unit}`)
  const place = Number.parseInt(fnv1a(`${first}\n${salt}`), 16) / RANGE
  return place < share ? { arm: 'candidate', propensity: share } : { arm: 'champion', propensity: 1 - share }
}
