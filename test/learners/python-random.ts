/** Numbers of Python's `random.Random(seed)`, for recorded runs whose draws were not: the Mersenne twister of 1998. */
export class PythonRandom {
  readonly #words = new Uint32Array(624)
  #next = 624

  /** `seed` is a whole number below 2^32. */
  constructor(seed: number) {
    const words = this.#words
    words[0] = 19650218
    for (let i = 1; i < 624; i++) words[i] = Math.imul(1812433253, words[i - 1]! ^ (words[i - 1]! >>> 30)) + i
    let i = 1
    for (let k = 0; k < 624; k++) {
      words[i] = (words[i]! ^ Math.imul(words[i - 1]! ^ (words[i - 1]! >>> 30), 1664525)) + seed
      i = this.#wrap(i)
    }
    for (let k = 0; k < 623; k++) {
      words[i] = (words[i]! ^ Math.imul(words[i - 1]! ^ (words[i - 1]! >>> 30), 1566083941)) - i
      i = this.#wrap(i)
    }
    words[0] = 0x80000000
  }

  #wrap(i: number): number {
    if (i < 623) return i + 1
    this.#words[0] = this.#words[623]!
    return 1
  }

  /** 32 random bits. */
  #word(): number {
    const words = this.#words
    if (this.#next === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (words[i]! & 0x80000000) | (words[(i + 1) % 624]! & 0x7fffffff)
        words[i] = words[(i + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
      }
      this.#next = 0
    }
    let y = words[this.#next++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  /** A number from 0 to 1. */
  random(): number {
    const high = this.#word() >>> 5
    return (high * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53
  }

  /** A whole number from 0 up to but not `n`. */
  below(n: number): number {
    const bits = 32 - Math.clz32(n)
    for (;;) {
      const value = this.#word() >>> (32 - bits)
      if (value < n) return value
    }
  }

  /** `size` of the first `n` numbers, in the order of Python's `sample`, for `n` up to 21. */
  sample(n: number, size: number): number[] {
    const pool = Array.from({ length: n }, (_, i) => i)
    return Array.from({ length: size }, (_, i) => {
      const at = this.below(n - i)
      const taken = pool[at]!
      pool[at] = pool[n - i - 1]!
      return taken
    })
  }

  /** River's Poisson counts, by Knuth's method. */
  poisson(rate: number): number {
    const least = Math.exp(-rate)
    let k = 0
    for (let product = 1; product > least; k++) product *= this.random()
    return k - 1
  }
}
