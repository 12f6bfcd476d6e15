import type { Codec, DriftDetector, DriftLevel, Snapshot } from '../contracts.ts'
import { SeededRng } from '../core/rng.ts'
import { restore } from '../core/snapshot.ts'
import { damageLaws } from './damage-laws.ts'
import { holds, type Law, refuses, stateOf } from './law.ts'
import { sizeLaws } from './size-laws.ts'

const LEVELS: readonly DriftLevel[] = ['stable', 'warning', 'drift']

/** What a detector promises about a stream of zeros and ones. */
export type DetectorLawsOptions = {
  /** Alarms it may raise in 5,000 values without change. @defaultValue 1 */
  readonly falseAlarms?: number
  /** Values within which it must notice a rise of the mean from 0.2 to 0.8. @defaultValue 500 */
  readonly delay?: number
}

/** The laws of {@link DriftDetector}. */
export function detectorLaws(
  create: () => DriftDetector,
  codec: Codec,
  { falseAlarms = 1, delay = 500 }: DetectorLawsOptions = {},
): Law[] {
  const coin = (p: number, n: number, seed: string): number[] => {
    const rng = new SeededRng(seed)
    return Array.from({ length: n }, () => Number(rng.next() < p))
  }
  const shifted = [...coin(0.2, 1000, 'before'), ...coin(0.8, 1000, 'after')]

  const trained = (): DriftDetector => {
    const detector = create()
    for (const value of shifted) detector.update(value)
    return detector
  }
  const reread = (json: Snapshot): DriftDetector => restore(json, [codec]) as DriftDetector
  const copy = (detector: DriftDetector): DriftDetector => reread(JSON.parse(stateOf(detector)) as Snapshot)
  const use = (detector: DriftDetector): void => {
    for (const value of shifted.slice(0, 100)) {
      const level = detector.update(value)
      holds(LEVELS.includes(level) && level === detector.level, `update said ${level}`)
    }
  }

  return [
    {
      name: 'is stable before the first value',
      run: () => holds(create().level === 'stable', 'a fresh detector is not stable'),
    },
    {
      name: 'update returns the level it then shows',
      run: () => {
        const detector = create()
        for (const value of shifted) {
          const level = detector.update(value)
          holds(level === detector.level, `update said ${level}, level says ${detector.level}`)
        }
      },
    },
    {
      name: `raises at most ${falseAlarms} false alarms in 5,000 values without change`,
      run: () => {
        const detector = create()
        const alarms = coin(0.5, 5000, 'still').filter((value) => detector.update(value) === 'drift').length
        holds(alarms <= falseAlarms, `${alarms} false alarms`)
      },
    },
    {
      name: `notices a jump within ${delay} values and then calms down`,
      run: () => {
        const detector = create()
        const alarms = shifted.flatMap((value, i) => (detector.update(value) === 'drift' ? [i] : []))
        const first = alarms.find((i) => i >= 1000)
        holds(first !== undefined && first < 1000 + delay, `first alarm after the jump at ${first}`)
        const late = alarms.filter((i) => i >= 1000 + delay).length
        holds(late <= 2, `${late} more alarms long after the jump`)
      },
    },
    {
      name: 'equal streams give equal snapshots, and a restored one goes on to the bit',
      run: () => {
        for (const stop of [0, 1, 31, 700, 1100]) {
          const steady = create()
          for (const value of shifted.slice(0, stop)) steady.update(value)
          const restored = copy(steady)
          for (const value of shifted.slice(stop)) {
            holds(steady.update(value) === restored.update(value), `verdicts part after a restart at ${stop}`)
          }
          holds(stateOf(steady) === stateOf(restored), `states part after a restart at ${stop}`)
        }
      },
    },
    {
      name: 'refuses values that are not finite and stays as it was',
      run: () => {
        const detector = create()
        for (const value of shifted.slice(0, 100)) detector.update(value)
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          refuses(detector, String(value), () => detector.update(value))
        }
      },
    },
    ...('sizeInBytes' in create() ? sizeLaws(trained, copy) : []),
    ...damageLaws(trained, reread, use),
  ]
}
