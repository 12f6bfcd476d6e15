import { expect, test } from 'vitest'
import type { DriftDetector } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { ADWIN, PageHinkley } from '../../src/drift/index.ts'

/** Mean number of alarms in 10,000 flips of a coin that never changes, over 100 streams. */
function falseAlarms(create: () => DriftDetector, p: number): number {
  let alarms = 0
  for (let stream = 0; stream < 100; stream++) {
    const rng = new SeededRng(`fa${stream}`)
    const detector = create()
    for (let i = 0; i < 10_000; i++) if (detector.update(Number(rng.next() < p)) === 'drift') alarms++
  }
  return alarms / 100
}

// the figures of the doc comments
test.each([
  ['ADWIN', () => new ADWIN(), 0, 0],
  ['PageHinkley', () => new PageHinkley(), 0.78, 0.95],
  ['PageHinkley with tolerance 0.05', () => new PageHinkley({ tolerance: 0.05 }), 0.01, 0],
] as const)('%s raises as many false alarms as its documentation says', (_name, create, at45, at50) => {
  expect([falseAlarms(create, 0.45), falseAlarms(create, 0.5)]).toEqual([at45, at50])
})
