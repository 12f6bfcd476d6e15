import { normalCdf } from '../core/math.ts'

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI)
/** Up to this width, and this product of width and distance, the series below is good to 1e-10 of the mass. */
const NARROW = 0.5

/**
 * P(a < Z < b) of a standard normal Z, to 1e-10 of itself wherever it is above 1e-300.
 *
 * Two tails that nearly agree leave nothing but rounding, so that narrow intervals go by {@link narrowMass}.
 */
export function gaussMass(a: number, b: number): number {
  const h = b - a
  const m = (a + b) / 2
  if (isNarrow(m, h)) return narrowMass(m, h) * Math.exp(-0.5 * m * m)
  // from the smaller tail, where differences keep their digits
  return m > 0 ? normalCdf(-a) - normalCdf(-b) : normalCdf(b) - normalCdf(a)
}

/** Whether {@link narrowMass} is good for an interval of width `h` about `m`. */
export function isNarrow(m: number, h: number): boolean {
  return h < NARROW && h * Math.abs(m) < 2 * NARROW
}

/**
 * P(m - h/2 < Z < m + h/2) without its factor e^(-m²/2), by the density in the middle and its even derivatives:
 *
 *     h / sqrt(2 pi) (1 + h^2 He_2(m) / 24 + h^4 He_4(m) / 1920 + h^6 He_6(m) / 322560 + h^8 He_8(m) / 92897280)
 */
export function narrowMass(m: number, h: number): number {
  const t = m * m
  const q = h * h
  const second = t - 1
  const fourth = (t - 6) * t + 3
  const sixth = ((t - 15) * t + 45) * t - 15
  const eighth = (((t - 28) * t + 210) * t - 420) * t + 105
  // Taylor's series about m, integrated: 1 / (4^k (2k + 1)!)
  const sum = 1 + q * (second / 24 + q * (fourth / 1920 + q * (sixth / 322560 + (q * eighth) / 92897280)))
  return (h * sum) / ROOT_TWO_PI
}
