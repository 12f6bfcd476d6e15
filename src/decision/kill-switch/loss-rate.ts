import { because, percent } from '../reasons.ts'
import { addTrade, createWinRateEvidence, isBelow, type WinRateEvidence } from '../win-rate-evidence.ts'
import type { Rule } from './rule.ts'

/** The newest results, 1 for a loss, as a ring; and the evidence that losses are more frequent than allowed. */
export type LossRateMemory = {
  readonly results: Uint8Array
  head: number
  size: number
  losses: number
  readonly evidence: WinRateEvidence
}

/**
 * Trips when more than a share `lossRate` of the newest `window` trades were losses; in `"confidence"` mode, once the
 * loss rate is shown to lie above `lossRate`, whatever the window.
 *
 * It is shown net returns and says nothing before the window is full. O(1) a trade.
 */
export const lossShare: Rule<LossRateMemory> = {
  start: ({ lossRate, mode, window }) => ({
    results: new Uint8Array(lossRate === Infinity || mode !== 'point' ? 0 : window),
    head: 0,
    size: 0,
    losses: 0,
    evidence: createWinRateEvidence(),
  }),

  watch(memory, netReturn, { lossRate, mode, window, falseAlarm }) {
    if (lossRate === Infinity) return null
    const lost = netReturn > 0 ? 0 : 1
    if (mode === 'confidence') {
      addTrade(memory.evidence, lost === 0, 1 - lossRate)
      if (!isBelow(memory.evidence, 1 - lossRate, falseAlarm)) return null
      const { wins, n } = memory.evidence
      return because('LOSS_RATE', `${n - wins} losses in ${n} trades show a loss rate above ${percent(lossRate)}.`)
    }
    const { results, head } = memory
    // the ring holds a 0 where nothing has been yet
    memory.losses += lost - results[head]!
    results[head] = lost
    memory.head = (head + 1) % window
    memory.size = Math.min(memory.size + 1, window)
    if (memory.size < window || !(memory.losses / window > lossRate)) return null
    return because(
      'LOSS_RATE',
      `${memory.losses} losses in the last ${window} trades; a share above ${percent(lossRate)} halts.`,
    )
  },
}
