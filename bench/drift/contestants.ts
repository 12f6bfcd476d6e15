import {
  ADWIN,
  CUSUM,
  DDM,
  DistributionDrift,
  type DriftDetector,
  EDDM,
  HDDMA,
  HDDMW,
  KSWIN,
  OPTWIN,
  PageHinkley,
  STEPD,
} from 'tradelearn'
import type { Kind } from './false-alarms.ts'

/** A detector by its paper's symbols and by its false alarms, and the streams that it is made for. */
export type Contestant = {
  readonly name: string
  readonly kinds: readonly Kind[]
  /** Others on which its false alarms are counted, though it is not made for them. @defaultValue none */
  readonly counted?: readonly Kind[]
  readonly byDefault: () => DriftDetector
  readonly byFalseAlarms: (falseAlarmEvery: number) => DriftDetector
}

const errors: readonly Kind[] = ['errors']
const both: readonly Kind[] = ['errors', 'normal']

/** All watch rises at least; those that can only watch rises stand beside those that watch falls too. */
export const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'ADWIN',
    kinds: errors,
    byDefault: () => new ADWIN(),
    byFalseAlarms: (falseAlarmEvery) => new ADWIN({ falseAlarmEvery }),
  },
  {
    name: 'PageHinkley',
    kinds: both,
    byDefault: () => new PageHinkley(),
    byFalseAlarms: (falseAlarmEvery) => new PageHinkley({ falseAlarmEvery }),
  },
  {
    name: 'CUSUM',
    kinds: both,
    byDefault: () => new CUSUM(),
    byFalseAlarms: (falseAlarmEvery) => new CUSUM({ falseAlarmEvery }),
  },
  {
    name: 'DDM',
    kinds: errors,
    byDefault: () => new DDM(),
    byFalseAlarms: (falseAlarmEvery) => new DDM({ falseAlarmEvery }),
  },
  {
    name: 'EDDM',
    kinds: errors,
    byDefault: () => new EDDM(),
    byFalseAlarms: (falseAlarmEvery) => new EDDM({ falseAlarmEvery }),
  },
  {
    name: 'HDDM-A',
    kinds: errors,
    byDefault: () => new HDDMA({ direction: 'both' }),
    byFalseAlarms: (falseAlarmEvery) => new HDDMA({ falseAlarmEvery, direction: 'both' }),
  },
  {
    name: 'HDDM-W',
    kinds: errors,
    byDefault: () => new HDDMW({ direction: 'both' }),
    byFalseAlarms: (falseAlarmEvery) => new HDDMW({ falseAlarmEvery, direction: 'both' }),
  },
  {
    name: 'STEPD',
    kinds: errors,
    byDefault: () => new STEPD(),
    byFalseAlarms: (falseAlarmEvery) => new STEPD({ falseAlarmEvery }),
  },
  {
    name: 'KSWIN',
    kinds: ['normal'],
    counted: errors,
    byDefault: () => new KSWIN(),
    byFalseAlarms: (falseAlarmEvery) => new KSWIN({ falseAlarmEvery }),
  },
  {
    name: 'OPTWIN',
    kinds: both,
    byDefault: () => new OPTWIN({ direction: 'both' }),
    byFalseAlarms: (falseAlarmEvery) => new OPTWIN({ falseAlarmEvery, direction: 'both' }),
  },
  ...(['ks', 'psi', 'wasserstein'] as const).map(
    (test): Contestant => ({
      name: `DistributionDrift ${test}`,
      kinds: ['normal'],
      byDefault: () => new DistributionDrift({ test }),
      byFalseAlarms: (falseAlarmEvery) => new DistributionDrift({ test, falseAlarmEvery }),
    }),
  ),
]
