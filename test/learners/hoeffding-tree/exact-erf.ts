/** Fixed-point numbers with 140 bits behind the point: the series loses 52 where erf is all but 1, a double keeps 53. */
const BITS = 140n
const ONE = 1n << BITS

/** The error function, correctly rounded: a Taylor series in integers. Slow, and as good as a C library's or better. */
export function exactErf(z: number): number {
  if (Math.abs(z) > 6) return Math.sign(z) // 1 - erf(6) is 2e-17
  const x = toFixed(z)
  const square = (x * x) >> BITS
  let power = x
  let sum = x
  for (let n = 1n; power !== 0n && power !== -1n; n++) {
    power = -((power * square) >> BITS) / n
    sum += power / (2n * n + 1n)
  }
  return toNumber((sum * TWO_OVER_ROOT_PI) >> BITS)
}

function toFixed(x: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0]!
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & ((1n << 52n) - 1n)
  const mantissa = exponent === 0n ? fraction : fraction | (1n << 52n)
  const shift = (exponent === 0n ? 1n : exponent) - 1075n + BITS
  const magnitude = shift >= 0n ? mantissa << shift : mantissa >> -shift
  return x < 0 ? -magnitude : magnitude
}

function toNumber(value: bigint): number {
  const magnitude = value < 0n ? -value : value
  const excess = magnitude.toString(2).length - 54
  if (excess <= 0) return Number(value) / Number(ONE)
  // 54 bits, of which the last rounds
  const top = magnitude >> BigInt(excess)
  const rounded = Number((top >> 1n) + (top & 1n)) * 2 ** (excess + 1 - Number(BITS))
  return value < 0n ? -rounded : rounded
}

function root(n: bigint): bigint {
  let guess = 1n << BigInt(Math.ceil(n.toString(2).length / 2))
  for (;;) {
    const next = (guess + n / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}

function inverseTangent(of: bigint): bigint {
  let term = ONE / of
  let sum = term
  for (let n = 3n; term !== 0n; n += 2n) {
    term = -term / (of * of)
    sum += term / n
  }
  return sum
}

const PI = 4n * (4n * inverseTangent(5n) - inverseTangent(239n))
const TWO_OVER_ROOT_PI = (2n * ONE * ONE) / root(PI << BITS)
