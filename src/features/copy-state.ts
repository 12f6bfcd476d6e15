import type { State } from '../core/state.ts'

/** A state that shares nothing with `state`. */
export function copyState<S extends State>(state: S): S {
  return copy(state) as S
}

function copy(state: State): State {
  if (state === null || typeof state !== 'object') return state
  if (ArrayBuffer.isView(state)) return state.slice()
  if (Array.isArray(state)) return state.map(copy)
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, copy(value)]))
}
