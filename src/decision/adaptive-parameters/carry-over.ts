import { canonicalJson } from '../../core/canonical-json.ts'
import type { ParameterChange } from './history.ts'
import { apply, isFreeAt, propose, remember } from './moves.ts'
import { type Layout, SIZE, STOP, TARGET, THRESHOLD, WEIGHTS } from './options.ts'
import { copySource, copyTrades } from './source-record.ts'
import { type AdaptiveState, freshState, type SavedState } from './state.ts'

/**
 * A state that was saved under `old` options, under today's: each parameter goes on by its name as far as that is sound, and
 * what does not go on is said in the history.
 *
 *     the approved value is another      the person's new word wins: it is in use, and its evidence begins anew
 *     what evidence rests on is another  the value stays while it is allowed; its evidence begins anew
 *     neither                            value, evidence and proposal go on, bit for bit
 *
 * A value that a person has to approve, and nobody here has, never comes out of a file: it waits again. One that waits and
 * has to be approved no more, waits no more. O(candidates).
 */
export function carryOver(saved: SavedState, old: Layout, layout: Layout): AdaptiveState {
  const { seen, clusters, nextId, time, clusterEnd, duration, history } = saved
  const s: AdaptiveState = { ...freshState(layout), seen, clusters, nextId, time, clusterEnd, duration }
  s.history = history.map((change) => Object.freeze(change))
  copyTrades(saved.record, s.record)
  for (const [p, name] of layout.names.entries()) {
    const q = old.names.indexOf(name)
    // one that is new begins at its approved value, as it would anywhere
    if (q < 0) continue
    if (p >= WEIGHTS) copySource(saved.record, s.record, q - WEIGHTS, p - WEIGHTS)
    goOn(s, p, layout, saved, q, old)
  }
  s.pending.sort((a, b) => a.id - b.id)
  return s
}

function goOn(s: AdaptiveState, p: number, layout: Layout, saved: SavedState, q: number, old: Layout): void {
  const name = layout.names[p]!
  const { values, approved } = layout.grids[p]!
  const from = old.grids[q]!.values[saved.index[q]!]!
  const isApprovedAnew = old.grids[q]!.values[old.grids[q]!.approved]! !== values[approved]!
  const at = values.indexOf(from)
  const proposal = saved.pending.find((change) => change.name === name)
  const evidence = saved.evidence.n.subarray(old.offsets[q]!, old.offsets[q + 1]!)
  const begin = (k: number, reason: string): void => {
    apply(layout, s, p, k)
    // where there was nothing to lose there is nothing to say
    if (values[k] === from && proposal === undefined && evidence.every((n) => n === 0)) return
    remember(s, { name, kind: 'restarted', from, to: values[k]!, evidence: null, by: '', reason })
  }
  if (isApprovedAnew && at !== approved) begin(approved, 'The configuration approves another value than it did.')
  else if (basisOf(old, q) !== basisOf(layout, p)) {
    const why = 'What its evidence rests on is configured otherwise than it was'
    if (at < 0) begin(approved, `${why}, and the value in use is none of today's.`)
    else if (!isFreeAt(layout, s, p, at)) begin(approved, `${why}, and the value in use is not approved.`)
    else begin(at, `${why}.`)
  } else {
    s.index[p] = at
    copyEvidence(saved, old.offsets[q]!, s, layout.offsets[p]!, values.length)
    if (proposal) askAgain(layout, s, p, proposal)
    if (!isFreeAt(layout, s, p, at)) refuse(layout, s, p)
  }
}

/** Leaves a proposal to wait, unless its value needs no person any more: evidence alone decides about it then. */
function askAgain(layout: Layout, s: AdaptiveState, parameter: number, proposal: ParameterChange): void {
  const at = layout.grids[parameter]!.values.indexOf(proposal.to)
  if (!isFreeAt(layout, s, parameter, at)) s.pending.push(Object.freeze(proposal))
  else remember(s, { ...proposal, kind: 'withdrawn', reason: 'It needs no approval any more.' })
}

/** Goes back from a saved value that nobody here has approved, and asks for it. */
function refuse(layout: Layout, s: AdaptiveState, parameter: number): void {
  const { values } = layout.grids[parameter]!
  const [name, saved, approved] = [layout.names[parameter]!, s.index[parameter]!, s.approved[parameter]!]
  apply(layout, s, parameter, approved)
  const reason = 'It was in use when the state was saved, but a file cannot say whether a person had approved it.'
  const [from, to] = [values[approved]!, values[saved]!]
  remember(s, { name, kind: 'refused', from, to, evidence: null, by: '', reason })
  s.pending = s.pending.filter((change) => change.name !== name)
  propose(layout, s, parameter, saved, null, reason)
}

/** Everything that the evidence about a parameter depends on, as one text. */
function basisOf({ grids, reach, options }: Layout, parameter: number): string {
  const { halfLife, fullSizeEdge, sources, stopAtr, targetAtr } = options
  const { values } = grids[parameter]!
  // a stop is tried with whatever target was in use, which moves while evidence goes on; and so is a target
  if (parameter === STOP || parameter === TARGET)
    return canonicalJson({ values, halfLife, most: stopAtr.high + targetAtr.high })
  // what a trade is worth is told between the approved stop and target
  const bracket = { halfLife, stop: stopAtr.approved, target: targetAtr.approved }
  if (parameter === THRESHOLD) return canonicalJson({ values, reach, ...bracket })
  if (parameter === SIZE) return canonicalJson({ values, reach, fullSizeEdge, ...bracket })
  // sources are weighed against one another, in whatever order they are named
  return canonicalJson({ values, sources: [...sources].sort(), ...bracket })
}

function copyEvidence(
  { evidence, cluster }: SavedState,
  from: number,
  to: AdaptiveState,
  at: number,
  values: number,
): void {
  for (const [source, target] of [
    [evidence.capital, to.evidence.capital],
    [evidence.n, to.evidence.n],
    [evidence.mean, to.evidence.mean],
    [evidence.variance, to.evidence.variance],
    [cluster.sums, to.cluster.sums],
    [cluster.rows, to.cluster.rows],
  ] as const) {
    // bets have several numbers a candidate
    const each = source.length / evidence.n.length
    target.set(source.subarray(from * each, (from + values) * each), at * each)
  }
}
