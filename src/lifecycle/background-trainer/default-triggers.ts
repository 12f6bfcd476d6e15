import type { Codec } from '../../contracts.ts'
import { ADWIN, DistributionDrift, ScaleFree } from '../../drift/index.ts'
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

/** Codecs of the triggers above. */
export function triggerCodecs(): readonly Codec[] {
  return [DriftTrigger, FeatureTrigger, PerformanceTrigger, ScheduleTrigger]
}
