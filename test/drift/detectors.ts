import type { Codec, DriftDetector, Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/snapshot.ts'
import {
  ADWIN,
  CUSUM,
  DDM,
  DistributionDrift,
  EDDM,
  HDDMA,
  HDDMW,
  KSWIN,
  OPTWIN,
  PageHinkley,
  ScaleFree,
  STEPD,
} from '../../src/drift/index.ts'

/** Every detector of the library, as it comes and by its false alarms, with what the laws may ask of it. */
export type Entry = {
  readonly name: string
  readonly create: () => DriftDetector
  readonly codec: Codec
  /** Alarms it may raise in 5,000 fair flips. */
  readonly falseAlarms: number
  /** What it refuses besides what is not finite. */
  readonly takes: 'numbers' | 'shares' | 'mistakes'
}

const scaleFree: Codec = {
  type: ScaleFree.type,
  version: ScaleFree.version,
  fromJSON: (json: Snapshot) => ScaleFree.fromJSON(json, (inner) => restore(inner, [ADWIN])),
}

const seldom = { falseAlarmEvery: 100_000 } as const

export const DETECTORS: readonly Entry[] = [
  entry('ADWIN', ADWIN, () => new ADWIN(), 'numbers'),
  entry('ADWIN by false alarms', ADWIN, () => new ADWIN(seldom), 'numbers'),
  entry('PageHinkley', PageHinkley, () => new PageHinkley(), 'numbers'),
  entry('PageHinkley by false alarms', PageHinkley, () => new PageHinkley(seldom), 'numbers'),
  entry('CUSUM', CUSUM, () => new CUSUM(), 'numbers'),
  entry('CUSUM by false alarms', CUSUM, () => new CUSUM(seldom), 'numbers'),
  entry('CUSUM down', CUSUM, () => new CUSUM({ direction: 'both', unit: 'deviation' }), 'numbers'),
  entry('DDM', DDM, () => new DDM(), 'shares', 2),
  entry('DDM by false alarms', DDM, () => new DDM(seldom), 'shares'),
  // its paper's shares are for small error rates
  entry('EDDM', EDDM, () => new EDDM(), 'mistakes', 40),
  entry('EDDM by false alarms', EDDM, () => new EDDM(seldom), 'mistakes', 2),
  entry('HDDMA', HDDMA, () => new HDDMA(), 'shares'),
  entry('HDDMA by false alarms', HDDMA, () => new HDDMA({ ...seldom, direction: 'both' }), 'shares'),
  entry('HDDMW', HDDMW, () => new HDDMW(), 'shares', 10),
  entry('HDDMW by false alarms', HDDMW, () => new HDDMW({ ...seldom, direction: 'both' }), 'shares'),
  entry('STEPD', STEPD, () => new STEPD(), 'mistakes', 5),
  entry('STEPD by false alarms', STEPD, () => new STEPD(seldom), 'mistakes'),
  entry('KSWIN', KSWIN, () => new KSWIN(), 'numbers', 3),
  entry('KSWIN by false alarms', KSWIN, () => new KSWIN(seldom), 'numbers'),
  entry('OPTWIN', OPTWIN, () => new OPTWIN(), 'numbers'),
  entry('OPTWIN by false alarms', OPTWIN, () => new OPTWIN({ ...seldom, direction: 'both' }), 'numbers'),
  entry('ScaleFree', scaleFree, () => new ScaleFree(() => new ADWIN()), 'numbers'),
  entry('DistributionDrift', DistributionDrift, () => new DistributionDrift(), 'numbers'),
  entry('DistributionDrift, PSI', DistributionDrift, () => new DistributionDrift({ test: 'psi' }), 'numbers'),
  entry(
    'DistributionDrift, Wasserstein',
    DistributionDrift,
    () => new DistributionDrift({ test: 'wasserstein', testEvery: 50, falseAlarmEvery: 5000 }),
    'numbers',
    // one is expected
    4,
  ),
]

function entry(
  name: string,
  codec: Codec,
  create: () => DriftDetector,
  takes: Entry['takes'],
  falseAlarms: number = 1,
): Entry {
  return { name, create, codec, takes, falseAlarms }
}
