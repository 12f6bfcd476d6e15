import { describe, test } from 'vitest'
import type { Codec, Snapshot } from '../../src/contracts.ts'
import { Accuracy, AUC, Brier, CalibrationError, LogLoss, Precision, Recall, Rolling } from '../../src/metrics/index.ts'
import { metricLaws } from '../../src/testing/index.ts'

const rollingCodec: Codec<Rolling> = {
  type: Rolling.type,
  version: Rolling.version,
  fromJSON: (json: Snapshot) => Rolling.fromJSON(json, (inner) => LogLoss.fromJSON(inner)),
}

const suites = {
  Accuracy: metricLaws(() => new Accuracy(), Accuracy),
  Precision: metricLaws(() => new Precision(), Precision),
  Recall: metricLaws(() => new Recall(), Recall),
  AUC: metricLaws(() => new AUC(), AUC),
  'AUC of a window that wraps': metricLaws(() => new AUC({ window: 100 }), AUC),
  LogLoss: metricLaws(() => new LogLoss(), LogLoss),
  Brier: metricLaws(() => new Brier(), Brier),
  CalibrationError: metricLaws(() => new CalibrationError(), CalibrationError),
  'CalibrationError of a window that wraps': metricLaws(() => new CalibrationError({ window: 70 }), CalibrationError),
  Rolling: metricLaws(() => new Rolling(() => new LogLoss(), { window: 90 }), rollingCodec),
}

for (const [name, laws] of Object.entries(suites)) {
  describe(name, () => {
    for (const law of laws) test(law.name, law.run)
  })
}
