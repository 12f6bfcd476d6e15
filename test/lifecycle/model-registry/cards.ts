import type { Snapshot } from '../../../src/contracts.ts'
import { type ModelDraft, modelBody, type Why } from '../../../src/lifecycle/index.ts'

export const START: number = Date.UTC(2026, 0, 1)
export const HOUR = 3_600_000

/** A model that is not like any other number's. */
export const modelOf = (n: number): Snapshot => ({
  type: 'a-model',
  version: 1,
  options: { features: 3 },
  state: { weights: { $: 'Float64Array', data: btoa(`weights of ${n}`) }, seen: n },
})

export const draft = (n: number, change: Partial<ModelDraft> = {}): ModelDraft => ({
  model: modelBody(modelOf(n)),
  name: 'boosting',
  schema: 'f00dcafe',
  dataRange: { from: START - 100 * HOUR, to: START },
  trades: 100 + n,
  ...change,
})

/** Who, when and why, so many hours after the start. */
export const why = (hour: number, reason = 'because'): Why => ({ time: START + hour * HOUR, by: 'Ada', reason })

/** What the code of an error is; undefined where nothing is thrown. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${(error as Error).message}`
  }
}
