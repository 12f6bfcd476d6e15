// Written by `npx tsx bench/drift/calibrate.ts --write`: thresholds from simulated streams without change,
// 800 alarms a point where 6e+7 values bring that many, smoothed by a quadratic in the logarithm of the mean time.
// Errors have rates of 0.45, 0.475 and 0.5; values are normal.
import type { Calibration } from './false-alarms.ts'

/** -ln(confidence) of `ADWIN`, one direction. */
export const ADWIN_CONFIDENCE: Calibration = [
  [300, -1.3016],
  [1000, -0.5981],
  [3000, 0.0955],
  [10000, 0.9123],
  [30000, 1.7092],
  [100000, 2.6393],
  [300000, 3.5397],
  [1000000, 4.583],
  [2000000, 5.2106],
]

/** `drift` of `DDM` where `restartEvery` is the mean time. */
export const DDM_DEVIATIONS: Calibration = [
  [300, 2.008],
  [1000, 2.1886],
  [3000, 2.2926],
  [10000, 2.3738],
  [30000, 2.4207],
  [100000, 2.471],
  [300000, 2.4879],
  [1000000, 2.5179],
]

/** `drift` of `EDDM` where `restartEvery` is the mean time. */
export const EDDM_SHARE: Calibration = [
  [300, 0.8465],
  [1000, 0.8207],
  [3000, 0.8101],
  [10000, 0.8042],
  [30000, 0.8022],
  [100000, 0.8027],
  [300000, 0.7979],
  [1000000, 0.8037],
]

/** -ln(confidence) of `HDDMA` where `restartEvery` is the mean time. */
export const HDDMA_CONFIDENCE: { readonly one: Calibration; readonly both: Calibration } = {
  one: [
    [300, 2.6833],
    [1000, 3.6571],
    [3000, 4.4191],
    [10000, 5.2052],
    [30000, 5.9264],
    [100000, 6.6729],
    [300000, 7.4099],
    [1000000, 8.0916],
  ],
  both: [
    [300, 3.3722],
    [1000, 4.2958],
    [3000, 5.1327],
    [10000, 5.955],
    [30000, 6.5938],
    [100000, 7.378],
    [300000, 8.1091],
    [1000000, 8.84],
  ],
}

/** -ln(confidence) of `HDDMW`. */
export const HDDMW_CONFIDENCE: { readonly one: Calibration; readonly both: Calibration } = {
  one: [
    [300, 3.9874],
    [1000, 6.4636],
    [3000, 8.5742],
    [10000, 10.7241],
    [30000, 12.5368],
    [100000, 14.3602],
    [300000, 15.8751],
    [1000000, 17.3721],
    [2000000, 18.1565],
  ],
  both: [
    [300, 4.6919],
    [1000, 7.0579],
    [3000, 9.0917],
    [10000, 11.1833],
    [30000, 12.9667],
    [100000, 14.7839],
    [300000, 16.3169],
    [1000000, 17.8597],
    [2000000, 18.6828],
  ],
}

/** Z of `STEPD` with its correction spread, one direction. */
export const STEPD_DEVIATIONS: Calibration = [
  [300, 1.768],
  [1000, 2.3827],
  [3000, 2.812],
  [10000, 3.2007],
  [30000, 3.5042],
  [100000, 3.795],
  [300000, 4.0301],
  [1000000, 4.2604],
  [2000000, 4.3817],
]

/** -ln(confidence) of `KSWIN`. */
export const KSWIN_CONFIDENCE: Calibration = [
  [300, 3.8453],
  [1000, 5.3144],
  [3000, 6.622],
  [10000, 8.0187],
  [30000, 9.2602],
  [100000, 10.5846],
  [300000, 11.7601],
  [1000000, 13.0122],
  [2000000, 13.7158],
]

/** -ln(1 - confidence) of `OPTWIN`, one direction. */
export const OPTWIN_CONFIDENCE: Calibration = [
  [300, 2.4011],
  [1000, 3.5069],
  [3000, 4.5294],
  [10000, 5.6646],
  [30000, 6.7139],
  [100000, 7.8785],
  [300000, 8.9547],
  [1000000, 10.1487],
  [2000000, 10.8431],
]
