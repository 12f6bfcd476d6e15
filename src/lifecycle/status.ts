import type { Signal } from '../market.ts'
import type { Parts, TradePolicy } from './parts.ts'
import type { Scoreboard } from './scoreboard.ts'
import { dueModels } from './teaching.ts'
import type { DriftMark, Status } from './trade-learner-options.ts'

/** How a learner made of these parts is doing. */
export function statusOf<S extends Signal>(
  mode: Status['mode'],
  parts: Parts<S>,
  { labels, scores }: Scoreboard,
  { options }: TradePolicy,
  marks: readonly DriftMark[],
  { open, version, faults }: Pick<Status, 'open' | 'version' | 'faults'>,
): Status {
  const { detectors, killSwitch, monitor, rollout } = parts
  const levels = detectors.map(({ level }) => level)
  return {
    mode,
    trades: labels,
    open,
    model: labels >= options.minTrades ? 'active' : 'gathering',
    scores,
    drift: {
      level: levels.includes('drift') ? 'drift' : levels.includes('warning') ? 'warning' : 'stable',
      marks: [...marks],
    },
    killSwitch: { halted: killSwitch.halted, cause: killSwitch.cause },
    version,
    faults,
    features: monitor?.summary ?? null,
    rollout: rollout?.report ?? null,
    refitDue: dueModels(parts).length > 0,
  }
}
