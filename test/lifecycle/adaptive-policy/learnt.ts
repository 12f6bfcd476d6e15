import type { JsonObject, JsonValue, Snapshot } from '../../../src/contracts.ts'
import { packState } from '../../../src/core/state.ts'
import { AdaptiveParameters, type AdaptiveParametersOptions } from '../../../src/decision/index.ts'

/** Where each parameter stands in its grid, and wins among trades for each source's votes for and against. */
export type Learnt = {
  readonly index: readonly number[]
  /** Four numbers a source: trades and wins after a vote for it, trades and wins after one against it. */
  readonly record?: readonly number[] | undefined
}

/** Parameters that have come, by whatever way, to stand somewhere in their grids. */
export function learntParameters(
  options: Partial<AdaptiveParametersOptions>,
  { index, record }: Learnt,
): AdaptiveParameters {
  // so that little waits for a person
  const wide = { ...options, freeShare: 0.999_999 }
  const { state, ...rest } = JSON.parse(JSON.stringify(new AdaptiveParameters(wide))) as Snapshot & {
    state: JsonObject
  }
  const sources = options.sources?.length ?? 0
  const settled = Float64Array.from([1000, 500, ...(record ?? new Array<number>(4 * sources).fill(0))])
  const parameters = AdaptiveParameters.restore(
    {
      ...rest,
      state: {
        ...state,
        index: packState(Int32Array.from(index)),
        record: { ...(state['record'] as JsonObject), settled: packState(settled) as JsonValue },
      },
    },
    wide,
  )
  // what is twice as much as approved, or nothing, still does
  for (const { id } of parameters.pending) parameters.approve(id, 'tester', 'a test')
  return parameters
}

/** Parameters whose values are the given ones, the others their approved ones. */
export function parametersAt(
  values: { readonly [name: string]: number },
  options: Partial<AdaptiveParametersOptions> = {},
  record?: readonly number[],
): AdaptiveParameters {
  const fresh = new AdaptiveParameters(options)
  const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weight } = fresh.options
  const index = fresh.names.map((name, i) => {
    const { approved, low, step } = [entryThreshold, sizeMultiplier, stopAtr, targetAtr][i] ?? weight
    const below = Math.floor((approved - low) / step + 1e-9)
    return below + Math.round(((values[name] ?? approved) - approved) / step)
  })
  return learntParameters(options, { index, record })
}
