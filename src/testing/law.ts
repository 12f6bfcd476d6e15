/** One executable law: host it in any test runner with `test(name, run)`. `run` throws where the law is broken. */
export type Law = {
  readonly name: string
  /** Tries the law; throws where it is broken. */
  readonly run: () => void
}

/** A law was broken; the message says how. */
export function broken(message: string): never {
  throw new Error(message)
}

/** Throws unless `condition` holds. */
export function holds(condition: boolean, message: string): asserts condition {
  if (!condition) broken(message)
}

/** Throws unless two numbers are the same, bit for bit (NaN equals NaN, 0 differs from -0). */
export function sameNumber(actual: number, expected: number, what: string): void {
  if (!Object.is(actual, expected)) broken(`${what}: wanted ${expected}, got ${actual}`)
}

/** The text of an object's snapshot: equal texts, equal states. */
export const stateOf = (object: { toJSON(): unknown }): string => JSON.stringify(object)

/** Throws unless `act` throws an error with a `code`, and leaves `object`'s snapshot as it was. */
export function refuses(object: { toJSON(): unknown }, what: string, act: () => unknown): void {
  const before = stateOf(object)
  let code: unknown
  try {
    act()
    code = 'nothing thrown'
  } catch (error) {
    code = (error as { code?: unknown }).code
    if (typeof code === 'string') code = undefined
    else code = `an error without a code: ${String(error)}`
  }
  if (code !== undefined) broken(`${what} must throw a coded error, got ${code}`)
  if (stateOf(object) !== before) broken(`${what} changed the state`)
}
