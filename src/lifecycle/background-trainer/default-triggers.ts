import type { Codec, Snapshot } from '../../contracts.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { restore } from '../../core/snapshot.ts'
import { ADWIN, DistributionDrift, ScaleFree } from '../../drift/index.ts'
import { defaultCodecs } from '../defaults.ts'
import { DriftTrigger } from './drift-trigger.ts'
import { FeatureTrigger } from './feature-trigger.ts'
import { PerformanceTrigger } from './performance-trigger.ts'
import type { RetrainTrigger } from './retrain-trigger.ts'
import { ScheduleTrigger } from './schedule-trigger.ts'

/** Who asks for retrainings where nobody else is named: drift of losses, predictions and features, performance, a week. */
export function defaultTriggers(): readonly RetrainTrigger[] {
  return [
    new DriftTrigger({ watch: 'loss', detector: new ScaleFree(() => new ADWIN({ direction: 'up' })) }),
    new DriftTrigger({ watch: 'prediction', detector: new DistributionDrift() }),
    new FeatureTrigger(),
    new PerformanceTrigger(),
    new ScheduleTrigger(),
  ]
}

/** A trigger as it was saved: one of those above, or one whose codec is among `codecs`. @throws `CORRUPT_SNAPSHOT`, `UNKNOWN_SNAPSHOT` */
export function readTrigger(saved: Snapshot, codecs: readonly Codec[]): RetrainTrigger {
  const own = [DriftTrigger, FeatureTrigger, PerformanceTrigger, ScheduleTrigger, DistributionDrift]
  const part = restore(saved, [...codecs, ...own, ...defaultCodecs()])
  if ('observe' in part && 'tick' in part) return part as RetrainTrigger
  throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "background-trainer" must hold triggers, got something else.')
}
