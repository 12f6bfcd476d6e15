import type { Signal } from '../market.ts'
import type { Guard, Parts, TradePolicy } from './parts.ts'
import type { Scoreboard } from './scoreboard.ts'
import { dueModels } from './teaching.ts'
import type { Status } from './trade-learner-options.ts'

/** How a learner made of these parts is doing. */
export function statusOf<S extends Signal>(
  mode: Status['mode'],
  parts: Parts<S>,
  { labels, scores }: Scoreboard,
  { options }: TradePolicy,
  {
    marks,
    open,
    champion,
    version,
    challenger,
    faults,
  }: Pick<Status, 'open' | 'champion' | 'version' | 'challenger' | 'faults'> & Pick<Status['drift'], 'marks'>,
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
    killSwitch: guardStatus(killSwitch),
    champion,
    version,
    challenger,
    faults,
    features: monitor?.summary ?? null,
    rollout: rollout?.report ?? null,
    refitDue: dueModels(parts).length > 0,
  }
}

/** A guard that tells neither its locks nor what it sees of equity has one lock, where it has halted. */
function guardStatus(guard: Guard): Status['killSwitch'] {
  const { halted, cause, drawdown = { value: NaN, limit: NaN }, latencyLimit = Infinity } = guard
  const lock = { code: 'HALTED', text: 'no cause given', ...cause, scope: 'all', until: Infinity }
  return { halted, cause, locks: guard.locks ?? (halted ? [lock] : []), drawdown, latencyLimit }
}
