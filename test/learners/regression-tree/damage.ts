import type { JsonValue, Learner, Snapshot } from '../../../src/contracts.ts'
import { drawInteger } from '../../../src/core/draw.ts'
import type { TradeLearnError } from '../../../src/core/errors.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { packState, type State, unpackState } from '../../../src/core/state.ts'

const POISON = [-1, 0, 1, 2, 1e6, -1e6, 1e300, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31 - 1, 0.5]

/**
 * Damages one number of a snapshot at a time and lets `restore` read it: it must refuse with a coded error, or give a
 * learner that goes on with finite predictions. Returns how often it refused.
 */
export function survivesDamage(
  whole: Snapshot,
  restore: (snapshot: Snapshot) => Learner,
  rows: readonly { readonly x: Float64Array; readonly y: number }[],
  times: number,
): number {
  const rng = new SeededRng('damage')
  let refused = 0
  for (let i = 0; i < times; i++) {
    const state = unpackState(JSON.parse(JSON.stringify(whole.state)) as JsonValue, {}) as State
    const poison = POISON[drawInteger(rng, POISON.length)]!
    const places = placesOf(state)
    const { list, key } = places[drawInteger(rng, places.length)]!
    if (ArrayBuffer.isView(list[key])) {
      const array = list[key] as unknown as Float64Array
      if (array.length > 0) array[drawInteger(rng, array.length)] = poison
    } else list[key] = poison
    const what = `${key} = ${poison}`
    let learner: Learner
    try {
      learner = restore({ ...whole, state: packState(state) as Snapshot['state'] })
    } catch (error) {
      if (!(error as Partial<TradeLearnError>).code) throw new Error(`${what}: ${error}`, { cause: error })
      refused++
      continue
    }
    for (const { x, y } of rows) {
      learner.learn(x, y)
      if (!Number.isFinite(learner.predict(x))) throw new Error(`${what} predicts ${learner.predict(x)}`)
    }
    learner.toJSON()
  }
  return refused
}

type Container = { [key: string]: unknown }

function placesOf(state: State): { list: Container; key: string }[] {
  return Object.entries(state as Container).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
      ? placesOf(value as State)
      : [{ list: state as Container, key }],
  )
}
