import { because, percent } from '../reasons.ts'
import { addTrade, createWinRateEvidence, isBelow, type WinRateEvidence } from '../win-rate-evidence.ts'
import type { Rule } from './rule.ts'

/** Losses in a row, and the evidence that the win rate lies below its floor. */
export type LossMemory = { streak: number; evidence: WinRateEvidence }

/**
 * Trips after so many losses in a row; in `"confidence"` mode, once the win rate is shown to lie below `winRate`.
 *
 * It is shown net returns; one that is not positive is a loss. Both counts run in either mode, so that a switch restored
 * in the other mode has a past.
 */
export const consecutiveLosses: Rule<LossMemory> = {
  start: () => ({ streak: 0, evidence: createWinRateEvidence() }),

  watch(memory, netReturn, { losses, mode, winRate, falseAlarm }) {
    const won = netReturn > 0
    memory.streak = won ? 0 : memory.streak + 1
    addTrade(memory.evidence, won, winRate)
    if (losses === Infinity) return null
    if (mode === 'point') {
      const { streak } = memory
      return streak >= losses ? because('LOSS_STREAK', `${streak} losses in a row; ${losses} halt.`) : null
    }
    if (!isBelow(memory.evidence, winRate, falseAlarm)) return null
    const { wins, n } = memory.evidence
    return because('WIN_RATE', `${wins} wins in ${n} trades show a win rate below ${percent(winRate)}.`)
  },
}
