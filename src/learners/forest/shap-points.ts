/** Where to look at a function of t from 0 to 1, and how much each look counts, so that their sum is its integral. */
export type Points = {
  readonly t: Float64Array
  /** 1 - t, which has lost its last digits where t is near 1. */
  readonly rest: Float64Array
  readonly weight: Float64Array
}

/**
 * The `n` Gauss-Legendre points on [0, 1]: exact for polynomials of degree 2n - 1.
 *
 * The points are the zeros of the Legendre polynomial, found by Newton's method from Tricomi's estimates. O(n²).
 *
 * @see Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 22.16.6 and 25.4.30
 */
export function gaussLegendre(n: number): Points {
  const points: Points = { t: new Float64Array(n), rest: new Float64Array(n), weight: new Float64Array(n) }
  for (let i = 0; i < n; i++) {
    const mirror = n - 1 - i
    if (mirror < i) break
    // a zero in [0, 1), the largest first; the others are its mirror images
    let x = mirror === i ? 0 : Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    for (let step = 0; step < 20; step++) {
      const { value, slope } = legendre(n, x)
      const move = mirror === i ? 0 : value / slope
      x -= move
      if (Math.abs(move) < 1e-16) break
    }
    const { slope } = legendre(n, x)
    const near = (1 - x) / 2
    const far = (1 + x) / 2
    // half of 2 / ((1 - x²) slope²), as [0, 1] is half as long as [-1, 1]
    const weight = 1 / (4 * near * far * slope * slope)
    points.t[i] = near
    points.rest[i] = far
    points.t[mirror] = far
    points.rest[mirror] = near
    points.weight[i] = weight
    points.weight[mirror] = weight
  }
  return points
}

/** The Legendre polynomial of degree n and its derivative, inside (-1, 1). */
function legendre(n: number, x: number): { value: number; slope: number } {
  let before = 1
  let value = x
  for (let k = 2; k <= n; k++) {
    const next = ((2 * k - 1) * x * value - (k - 1) * before) / k
    before = value
    value = next
  }
  return { value, slope: (n * (before - x * value)) / ((1 - x) * (1 + x)) }
}
