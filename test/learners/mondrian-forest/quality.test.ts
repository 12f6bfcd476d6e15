import { describe, expect, test } from 'vitest'
import { AggregatedMondrianForest } from '../../../src/learners/mondrian-forest/index.ts'
import golden from '../../golden/mondrian-forest.json' with { type: 'json' }
import { hasElec2, prequential, readElec2 } from './elec2.ts'

describe.skipIf(!hasElec2)('on Elec2, predicting before learning', () => {
  const { elec2: river } = golden

  test('ten trees beat River’s ten in accuracy, log loss and memory', () => {
    const forest = new AggregatedMondrianForest({ features: 8 })
    const { accuracy, logLoss } = prequential(forest, readElec2())
    expect(accuracy).toBeGreaterThan(river.accuracy + 0.03)
    expect(logLoss).toBeLessThan(river.logLoss - 0.03)
    expect(forest.sizeInBytes).toBeLessThan((river.megabytes * 1e6) / 100)
  })

  test('trees that forget within a few labels do better still on prices that follow each other', () => {
    const { accuracy, logLoss } = prequential(new AggregatedMondrianForest({ features: 8, halfLife: 3 }), readElec2())
    expect(accuracy).toBeGreaterThan(0.89)
    expect(logLoss).toBeLessThan(0.345)
  })
})
