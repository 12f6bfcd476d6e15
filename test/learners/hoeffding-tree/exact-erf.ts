/** Fixed-point numbers with 140 bits behind the point: the series loses 52 where erf is all but 1, a double keeps 53. */
const BITS = 140n
const ONE = 1n << BITS

/** The error function, correctly rounded, and so as good as a C library's or better. */
export function exactErf(z: number): number {
  // beyond, the terms of the series are too large for two doubles
  return Math.abs(z) < 4.5 ? quickErf(z) : slowErf(z)
}

/** The Taylor series in integers. */
export function slowErf(z: number): number {
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

/** The terms (-1)^n / (n! (2n + 1)), each a double and what is left of it below the last bit. */
const TERMS = new Float64Array(100)
const RESTS = new Float64Array(100)
for (let n = 0, faculty = 1n; n < 100; n++, faculty *= BigInt(-n)) {
  // 600 bits behind the point, as the last terms are below 1e-150
  const term = (1n << 600n) / (faculty * BigInt(2 * n + 1))
  TERMS[n] = Number(term) * 2 ** -600
  RESTS[n] = Number(term - BigInt(TERMS[n]! * 2 ** 600)) * 2 ** -600
}
const SCALE = toNumber(TWO_OVER_ROOT_PI)
const SCALE_REST = Number(TWO_OVER_ROOT_PI - toFixed(SCALE)) / Number(ONE)

/** The first 26 bits of a double (Dekker). */
function head(x: number): number {
  const t = 134217729 * x
  return t - (t - x)
}

/** What a * b leaves of the product. */
function lost(a: number, b: number, product: number): number {
  const a1 = head(a)
  const b1 = head(b)
  return a1 * b1 - product + a1 * (b - b1) + (a - a1) * b1 + (a - a1) * (b - b1)
}

/** The Taylor series in pairs of doubles, some 32 digits, by Horner's rule. */
function quickErf(z: number): number {
  const square = z * z
  const rest = lost(z, z, square)
  // from `last` on terms are below 1e-34; those from `fine` on are below 1e-10 in all, and a double does for them
  const last = Math.min(TERMS.length - 1, Math.ceil(28 + 3.6 * square))
  const fine = Math.ceil(14 + 2.8 * square)
  let sum = TERMS[last]!
  let low = 0
  for (let n = last - 1; n >= fine; n--) sum = sum * square + TERMS[n]!
  for (let n = fine - 1; n >= 0; n--) {
    const product = sum * square
    const error = lost(sum, square, product) + (sum * rest + low * square)
    const next = product + TERMS[n]!
    const from = next - product
    const left = product - (next - from) + (TERMS[n]! - from) + (error + RESTS[n]!)
    sum = next + left
    low = left - (sum - next)
  }
  const scaled = sum * SCALE
  const error = lost(sum, SCALE, scaled) + (sum * SCALE_REST + low * SCALE)
  const all = (scaled + error) * z
  return all + (lost(scaled + error, z, all) + (error - (scaled + error - scaled)) * z)
}
