/** What a change rests on. */
export type Evidence = {
  /** Independent closed decisions (those open together count as one) at which the values differed. */
  readonly n: number
  /**
   * By how much the new value did better a decision, recent ones counting more: in ATR for threshold and distances, in
   * ATR less the price of risk for the size, in Brier score for weights.
   */
  readonly estimate: number
  /** Usual range for that, read once; it is wider than it says for a value that was chosen for being the best. */
  readonly low: number
  readonly high: number
  readonly coverage: number
  /** The evidence that was tested, and what it had to reach. */
  readonly capital: number
  readonly needed: number
}

/**
 * `"learnt"`, `"approved"` and `"reverted"` changed the value; `"proposed"` waits for a person; `"rejected"`,
 * `"withdrawn"` (the evidence has turned, or no approval is needed any more) and `"refused"` (a file held a value that nobody
 * here has approved) did not.
 * `"restarted"`: the configuration is another than the saved one, so the evidence begins anew, at `to`.
 */
export type ChangeKind =
  | 'learnt'
  | 'proposed'
  | 'approved'
  | 'rejected'
  | 'withdrawn'
  | 'reverted'
  | 'refused'
  | 'restarted'

/** One thing that happened to a parameter. */
export type ParameterChange = {
  readonly id: number
  readonly name: string
  readonly kind: ChangeKind
  readonly from: number
  readonly to: number
  /** When the newest outcome had been learned; 0 before the first. */
  readonly time: number
  /** `null` where a person, not the data, asked for it. */
  readonly evidence: Evidence | null
  /** Who; empty for the library itself. */
  readonly by: string
  readonly reason: string
}

export const KINDS: readonly ChangeKind[] = [
  'learnt',
  'proposed',
  'approved',
  'rejected',
  'withdrawn',
  'reverted',
  'refused',
  'restarted',
]
/** Kinds after which the value is another. */
export const APPLIED: readonly ChangeKind[] = ['learnt', 'approved', 'reverted']

/** The most that a history holds: some years of changes. */
export const REMEMBERED = 200
/** Characters kept of a text, so that a snapshot stays small. */
export const TEXT_LENGTH = 500

/** As it looks in a snapshot; `evidence` may be null and is checked by {@link isChange}. */
export const CHANGE = { id: 0, name: '', kind: '', from: 0, to: 0, time: 0, evidence: null, by: '', reason: '' }

/** Whether a change that was read back holds what one holds. */
export function isChange(change: ParameterChange, names: readonly string[]): boolean {
  const { id, name, kind, from, to, time, evidence, by, reason } = change
  return (
    Number.isSafeInteger(id) &&
    id >= 1 &&
    names.includes(name) &&
    KINDS.includes(kind) &&
    [from, to, time].every(Number.isFinite) &&
    [name, by, reason].every((text) => text.length <= TEXT_LENGTH) &&
    (evidence === null || isEvidence(evidence))
  )
}

const FIELDS = ['n', 'estimate', 'low', 'high', 'coverage', 'capital', 'needed'] as const

function isEvidence(evidence: Evidence): boolean {
  return (
    typeof evidence === 'object' &&
    Object.keys(evidence).length === FIELDS.length &&
    FIELDS.every((field) => typeof evidence[field] === 'number')
  )
}
