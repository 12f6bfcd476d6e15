import { addDifference, capitalOf, errorOf, forgetEvidence } from './change-detector.ts'
import { boundOf } from './differences.ts'
import { type ChangeKind, type Evidence, type ParameterChange, REMEMBERED, TEXT_LENGTH } from './history.ts'
import type { Layout } from './options.ts'
import { ageRecord } from './source-record.ts'
import type { AdaptiveState } from './state.ts'

/** Normal deviations of a usual 95 % range. */
const Z95 = 1.959963984540054
/** Why the library moves or proposes a value. */
const ASKED = 'The evidence asks for it.'

/** Turns the complete cluster into evidence, and makes the changes that have earned it. O(candidates). */
export function closeCluster(layout: Layout, s: AdaptiveState): void {
  const { sums, rows } = s.cluster
  for (let k = 0; k < sums.length; k++) {
    if (rows[k]! > 0) addDifference(s.evidence, k, sums[k]! / rows[k]!, layout.decay)
  }
  sums.fill(0)
  rows.fill(0)
  ageRecord(s.record, layout.decay)
  s.clusters++
  for (let p = 0; p < s.index.length; p++) {
    if (s.pending.length > 0) withdraw(layout, s, p)
    change(layout, s, p)
  }
}

/** Moves a parameter to the value with the most evidence that needs no approval, and proposes the best of those that do. */
function change(layout: Layout, s: AdaptiveState, parameter: number): void {
  const { grids, offsets, needed, names, options } = layout
  const { mean, n } = s.evidence
  const first = offsets[parameter]!
  let free = -1
  let far = -1
  for (let k = 0; k < grids[parameter]!.values.length; k++) {
    const capital = capitalOf(s.evidence, first + k)
    if (capital < needed || n[first + k]! < options.minSamples || mean[first + k]! <= 0) continue
    const best = isFreeAt(layout, s, parameter, k) ? free : far
    if (best >= 0 && capital <= capitalOf(s.evidence, first + best)) continue
    if (isFreeAt(layout, s, parameter, k)) free = k
    else far = k
  }
  if (far >= 0 && !s.pending.some(({ name }) => name === names[parameter])) {
    propose(layout, s, parameter, far, evidenceFor(layout, s, parameter, far), ASKED)
  }
  if (free >= 0) move(layout, s, parameter, free, 'learnt', evidenceFor(layout, s, parameter, free), ASKED)
}

/** Takes back a proposal of the evidence's whose value no longer does better. */
function withdraw(layout: Layout, s: AdaptiveState, parameter: number): void {
  const { grids, offsets, names, options } = layout
  const at = s.pending.findIndex(({ name, evidence }) => name === names[parameter] && evidence !== null)
  if (at < 0) return
  const k = grids[parameter]!.values.indexOf(s.pending[at]!.to)
  const candidate = offsets[parameter]! + k
  if (s.evidence.n[candidate]! < options.minSamples || s.evidence.mean[candidate]! > 0) return
  const proposal = s.pending.splice(at, 1)[0]!
  const evidence = evidenceFor(layout, s, parameter, k)
  remember(s, { ...proposal, kind: 'withdrawn', evidence, reason: 'It does no better any more.' })
}

/** Applies a value that is near enough to the approved one, and proposes any other. */
export function move(
  layout: Layout,
  s: AdaptiveState,
  parameter: number,
  to: number,
  kind: ChangeKind,
  evidence: Evidence | null,
  reason: string,
): void {
  const name = layout.names[parameter]!
  if (!isFreeAt(layout, s, parameter, to)) {
    s.pending = s.pending.filter((waiting) => waiting.name !== name)
    propose(layout, s, parameter, to, evidence, reason)
    return
  }
  const from = currentValue(layout, s, parameter)
  apply(layout, s, parameter, to)
  remember(s, { name, kind, from, to: currentValue(layout, s, parameter), evidence, by: '', reason })
}

/** Puts a value before a person. */
export function propose(
  { names, grids }: Layout,
  s: AdaptiveState,
  parameter: number,
  k: number,
  evidence: Evidence | null,
  reason: string,
): void {
  const { values } = grids[parameter]!
  const [from, to] = [values[s.index[parameter]!]!, values[k]!]
  s.pending.push(remember(s, { name: names[parameter]!, kind: 'proposed', from, to, evidence, by: '', reason }))
}

/** Puts a value to use and forgets the evidence, which was about the one before. */
export function apply(layout: Layout, s: AdaptiveState, parameter: number, to: number): void {
  s.index[parameter] = to
  forget(layout, s, parameter)
}

/** Begins the evidence about a parameter anew. */
export function forget({ offsets }: Layout, { evidence, cluster }: AdaptiveState, parameter: number): void {
  const [from, to] = [offsets[parameter]!, offsets[parameter + 1]!]
  forgetEvidence(evidence, from, to)
  for (const numbers of [cluster.sums, cluster.rows]) numbers.fill(0, from, to)
}

/** Adds a change to the history, numbered and dated. */
export function remember(s: AdaptiveState, change: Omit<ParameterChange, 'id' | 'time'>): ParameterChange {
  const { name, kind, from, to, evidence } = change
  const by = change.by.slice(0, TEXT_LENGTH)
  const reason = change.reason.slice(0, TEXT_LENGTH)
  // in the order in which they are read back, so that a snapshot read back is the same text
  const remembered = Object.freeze({ id: s.nextId++, name, kind, from, to, time: s.time, evidence, by, reason })
  s.history.push(remembered)
  if (s.history.length > REMEMBERED) s.history.shift()
  return remembered
}

/** The value of a parameter that is in use. */
export function currentValue({ grids }: Layout, { index }: AdaptiveState, parameter: number): number {
  return grids[parameter]!.values[index[parameter]!]!
}

/** Whether a value is near enough to the approved one to apply without a person; exactly the share away it still is. */
export function isFreeAt(
  { grids, options }: Layout,
  { approved }: AdaptiveState,
  parameter: number,
  k: number,
): boolean {
  const { values } = grids[parameter]!
  const from = values[approved[parameter]!]!
  // a little room for rounding: 0.72 is 20 % above 0.6
  return Math.abs(values[k]! - from) <= options.freeShare * Math.abs(from) * (1 + 1e-9)
}

/** The evidence that one value is better than the one in use. */
export function evidenceFor(
  layout: Layout,
  { evidence, index }: AdaptiveState,
  parameter: number,
  k: number,
): Evidence {
  const candidate = layout.offsets[parameter]! + k
  const bound = boundOf(layout, index, parameter, k)
  const estimate = evidence.mean[candidate]! * bound
  const half = Z95 * errorOf(evidence, candidate, layout.decay) * bound
  return {
    n: evidence.n[candidate]!,
    estimate,
    low: estimate - half,
    high: estimate + half,
    coverage: 0.95,
    capital: capitalOf(evidence, candidate),
    needed: layout.needed,
  }
}
