import type { Vector } from '../contracts.ts'
import { checkVector } from '../core/check.ts'

/** Length of a vector whose features are for the parts of a composite to check; throws where it is no vector. */
export function lengthOf(x: Vector): number {
  if (!(x instanceof Float64Array)) checkVector(x, 0)
  return x.length
}
