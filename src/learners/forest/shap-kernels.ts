import type { Shap } from './shap-plan.ts'

/**
 * Adds a tree's part to those at `shap.parts`, four points at a time, after its questions have been answered.
 *
 * Down: each node's chance, the weighted probability that the way comes by. Up: the mean to be expected from each node
 * on, and each question credits its feature with its chance times what it is worth to know the answer. The same code
 * for 4, 3 and 2 points, because a loop over so few costs more than what is in it; a lone point has a second of weight 0. Indices are cut to 30 bits,
 * which they have anyway: the compiler then knows that sums of them do not overflow.
 */
export function runTree(shap: Shap, tree: number): void {
  const { begins, runs } = shap
  const to = begins[4 * tree + 7]!
  for (let run = begins[4 * tree + 3]!; run < to; run += 7) {
    const points = runs[run + 3]!
    if (points === 4) fourPoints(shap, run)
    else if (points === 3) threePoints(shap, run)
    else twoPoints(shap, run)
  }
}

function fourPoints({ runs, steps, numbers, asked }: Shap, run: number): void {
  const from = runs[run]! & 0x3fffffff
  const ends = runs[run + 1]! & 0x3fffffff
  const to = runs[run + 2]! & 0x3fffffff
  const w = runs[run + 4]! & 0x3fffffff
  const block = runs[run + 5]! & 0x3fffffff
  const shift = runs[run + 6]!
  const missed = (asked + 3) & 0x3fffffff
  const r0 = numbers[w]!
  const r1 = numbers[w + 1]!
  const r2 = numbers[w + 2]!
  const r3 = numbers[w + 3]!

  // down: the chances
  const root = (shift + (from << 3)) & 0x3fffffff
  numbers[root + 4] = numbers[w + 4]!
  numbers[root + 5] = numbers[w + 5]!
  numbers[root + 6] = numbers[w + 6]!
  numbers[root + 7] = numbers[w + 7]!
  for (let i = from; i < ends; i++) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const hot = steps[step]! & 0x3fffffff
    const cold = steps[step + 1]! & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    let a0 = r0
    let a1 = r1
    let a2 = r2
    let a3 = r3
    if (prior !== 0) {
      const p = (prior + block) & 0x3fffffff
      a0 = numbers[p]!
      a1 = numbers[p + 1]!
      a2 = numbers[p + 2]!
      a3 = numbers[p + 3]!
    }
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const g2 = numbers[own + 6]!
    const g3 = numbers[own + 7]!
    const e0 = g0 * (miss * a0)
    const e1 = g1 * (miss * a1)
    const e2 = g2 * (miss * a2)
    const e3 = g3 * (miss * a3)
    numbers[cold + 4] = e0
    numbers[cold + 5] = e1
    numbers[cold + 6] = e2
    numbers[cold + 7] = e3
    numbers[hot + 4] = g0 - e0
    numbers[hot + 5] = g1 - e1
    numbers[hot + 6] = g2 - e2
    numbers[hot + 7] = g3 - e3
  }

  // up from questions between two leaves
  for (let i = ends; i < to; i++) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    const mean = numbers[steps[step]! & 0x3fffffff]!
    const gap = miss * (mean - numbers[steps[step + 1]! & 0x3fffffff]!)
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const g2 = numbers[own + 6]!
    const g3 = numbers[own + 7]!
    if (prior === 0) {
      numbers[steps[step + 3]! & 0x3fffffff]! += gap * (g0 + g1 + g2 + g3)
      numbers[own] = mean - gap * r0
      numbers[own + 1] = mean - gap * r1
      numbers[own + 2] = mean - gap * r2
      numbers[own + 3] = mean - gap * r3
    } else {
      const p = (prior + block) & 0x3fffffff
      numbers[steps[step + 3]! & 0x3fffffff]! +=
        gap * (g0 * numbers[p + 4]! + g1 * numbers[p + 5]! + g2 * numbers[p + 6]! + g3 * numbers[p + 7]!)
      numbers[own] = mean - gap * numbers[p]!
      numbers[own + 1] = mean - gap * numbers[p + 1]!
      numbers[own + 2] = mean - gap * numbers[p + 2]!
      numbers[own + 3] = mean - gap * numbers[p + 3]!
    }
  }

  // up from the others
  for (let i = (ends - 1) | 0; i >= from; i--) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const hot = steps[step]! & 0x3fffffff
    const cold = steps[step + 1]! & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    const h0 = numbers[hot]!
    const h1 = numbers[hot + 1]!
    const h2 = numbers[hot + 2]!
    const h3 = numbers[hot + 3]!
    const d0 = h0 - numbers[cold]!
    const d1 = h1 - numbers[cold + 1]!
    const d2 = h2 - numbers[cold + 2]!
    const d3 = h3 - numbers[cold + 3]!
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const g2 = numbers[own + 6]!
    const g3 = numbers[own + 7]!
    if (prior === 0) {
      numbers[steps[step + 3]! & 0x3fffffff]! += miss * (g0 * d0 + g1 * d1 + g2 * d2 + g3 * d3)
      numbers[own] = h0 - d0 * (miss * r0)
      numbers[own + 1] = h1 - d1 * (miss * r1)
      numbers[own + 2] = h2 - d2 * (miss * r2)
      numbers[own + 3] = h3 - d3 * (miss * r3)
    } else {
      const p = (prior + block) & 0x3fffffff
      numbers[steps[step + 3]! & 0x3fffffff]! +=
        miss *
        (g0 * d0 * numbers[p + 4]! + g1 * d1 * numbers[p + 5]! + g2 * d2 * numbers[p + 6]! + g3 * d3 * numbers[p + 7]!)
      numbers[own] = h0 - d0 * (miss * numbers[p]!)
      numbers[own + 1] = h1 - d1 * (miss * numbers[p + 1]!)
      numbers[own + 2] = h2 - d2 * (miss * numbers[p + 2]!)
      numbers[own + 3] = h3 - d3 * (miss * numbers[p + 3]!)
    }
  }
}

function threePoints({ runs, steps, numbers, asked }: Shap, run: number): void {
  const from = runs[run]! & 0x3fffffff
  const ends = runs[run + 1]! & 0x3fffffff
  const to = runs[run + 2]! & 0x3fffffff
  const w = runs[run + 4]! & 0x3fffffff
  const block = runs[run + 5]! & 0x3fffffff
  const shift = runs[run + 6]!
  const missed = (asked + 3) & 0x3fffffff
  const r0 = numbers[w]!
  const r1 = numbers[w + 1]!
  const r2 = numbers[w + 2]!

  // down: the chances
  const root = (shift + (from << 3)) & 0x3fffffff
  numbers[root + 4] = numbers[w + 4]!
  numbers[root + 5] = numbers[w + 5]!
  numbers[root + 6] = numbers[w + 6]!
  for (let i = from; i < ends; i++) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const hot = steps[step]! & 0x3fffffff
    const cold = steps[step + 1]! & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    let a0 = r0
    let a1 = r1
    let a2 = r2
    if (prior !== 0) {
      const p = (prior + block) & 0x3fffffff
      a0 = numbers[p]!
      a1 = numbers[p + 1]!
      a2 = numbers[p + 2]!
    }
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const g2 = numbers[own + 6]!
    const e0 = g0 * (miss * a0)
    const e1 = g1 * (miss * a1)
    const e2 = g2 * (miss * a2)
    numbers[cold + 4] = e0
    numbers[cold + 5] = e1
    numbers[cold + 6] = e2
    numbers[hot + 4] = g0 - e0
    numbers[hot + 5] = g1 - e1
    numbers[hot + 6] = g2 - e2
  }

  // up from questions between two leaves
  for (let i = ends; i < to; i++) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    const mean = numbers[steps[step]! & 0x3fffffff]!
    const gap = miss * (mean - numbers[steps[step + 1]! & 0x3fffffff]!)
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const g2 = numbers[own + 6]!
    if (prior === 0) {
      numbers[steps[step + 3]! & 0x3fffffff]! += gap * (g0 + g1 + g2)
      numbers[own] = mean - gap * r0
      numbers[own + 1] = mean - gap * r1
      numbers[own + 2] = mean - gap * r2
    } else {
      const p = (prior + block) & 0x3fffffff
      numbers[steps[step + 3]! & 0x3fffffff]! +=
        gap * (g0 * numbers[p + 4]! + g1 * numbers[p + 5]! + g2 * numbers[p + 6]!)
      numbers[own] = mean - gap * numbers[p]!
      numbers[own + 1] = mean - gap * numbers[p + 1]!
      numbers[own + 2] = mean - gap * numbers[p + 2]!
    }
  }

  // up from the others
  for (let i = (ends - 1) | 0; i >= from; i--) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const hot = steps[step]! & 0x3fffffff
    const cold = steps[step + 1]! & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    const h0 = numbers[hot]!
    const h1 = numbers[hot + 1]!
    const h2 = numbers[hot + 2]!
    const d0 = h0 - numbers[cold]!
    const d1 = h1 - numbers[cold + 1]!
    const d2 = h2 - numbers[cold + 2]!
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const g2 = numbers[own + 6]!
    if (prior === 0) {
      numbers[steps[step + 3]! & 0x3fffffff]! += miss * (g0 * d0 + g1 * d1 + g2 * d2)
      numbers[own] = h0 - d0 * (miss * r0)
      numbers[own + 1] = h1 - d1 * (miss * r1)
      numbers[own + 2] = h2 - d2 * (miss * r2)
    } else {
      const p = (prior + block) & 0x3fffffff
      numbers[steps[step + 3]! & 0x3fffffff]! +=
        miss * (g0 * d0 * numbers[p + 4]! + g1 * d1 * numbers[p + 5]! + g2 * d2 * numbers[p + 6]!)
      numbers[own] = h0 - d0 * (miss * numbers[p]!)
      numbers[own + 1] = h1 - d1 * (miss * numbers[p + 1]!)
      numbers[own + 2] = h2 - d2 * (miss * numbers[p + 2]!)
    }
  }
}

function twoPoints({ runs, steps, numbers, asked }: Shap, run: number): void {
  const from = runs[run]! & 0x3fffffff
  const ends = runs[run + 1]! & 0x3fffffff
  const to = runs[run + 2]! & 0x3fffffff
  const w = runs[run + 4]! & 0x3fffffff
  const block = runs[run + 5]! & 0x3fffffff
  const shift = runs[run + 6]!
  const missed = (asked + 3) & 0x3fffffff
  const r0 = numbers[w]!
  const r1 = numbers[w + 1]!

  // down: the chances
  const root = (shift + (from << 3)) & 0x3fffffff
  numbers[root + 4] = numbers[w + 4]!
  numbers[root + 5] = numbers[w + 5]!
  for (let i = from; i < ends; i++) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const hot = steps[step]! & 0x3fffffff
    const cold = steps[step + 1]! & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    let a0 = r0
    let a1 = r1
    if (prior !== 0) {
      const p = (prior + block) & 0x3fffffff
      a0 = numbers[p]!
      a1 = numbers[p + 1]!
    }
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    const e0 = g0 * (miss * a0)
    const e1 = g1 * (miss * a1)
    numbers[cold + 4] = e0
    numbers[cold + 5] = e1
    numbers[hot + 4] = g0 - e0
    numbers[hot + 5] = g1 - e1
  }

  // up from questions between two leaves
  for (let i = ends; i < to; i++) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    const mean = numbers[steps[step]! & 0x3fffffff]!
    const gap = miss * (mean - numbers[steps[step + 1]! & 0x3fffffff]!)
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    if (prior === 0) {
      numbers[steps[step + 3]! & 0x3fffffff]! += gap * (g0 + g1)
      numbers[own] = mean - gap * r0
      numbers[own + 1] = mean - gap * r1
    } else {
      const p = (prior + block) & 0x3fffffff
      numbers[steps[step + 3]! & 0x3fffffff]! += gap * (g0 * numbers[p + 4]! + g1 * numbers[p + 5]!)
      numbers[own] = mean - gap * numbers[p]!
      numbers[own + 1] = mean - gap * numbers[p + 1]!
    }
  }

  // up from the others
  for (let i = (ends - 1) | 0; i >= from; i--) {
    const step = (i << 3) & 0x3fffffff
    const own = (shift + (i << 3)) & 0x3fffffff
    const hot = steps[step]! & 0x3fffffff
    const cold = steps[step + 1]! & 0x3fffffff
    const prior = steps[step + 2]!
    const miss = numbers[missed + 4 * i]!
    const h0 = numbers[hot]!
    const h1 = numbers[hot + 1]!
    const d0 = h0 - numbers[cold]!
    const d1 = h1 - numbers[cold + 1]!
    const g0 = numbers[own + 4]!
    const g1 = numbers[own + 5]!
    if (prior === 0) {
      numbers[steps[step + 3]! & 0x3fffffff]! += miss * (g0 * d0 + g1 * d1)
      numbers[own] = h0 - d0 * (miss * r0)
      numbers[own + 1] = h1 - d1 * (miss * r1)
    } else {
      const p = (prior + block) & 0x3fffffff
      numbers[steps[step + 3]! & 0x3fffffff]! += miss * (g0 * d0 * numbers[p + 4]! + g1 * d1 * numbers[p + 5]!)
      numbers[own] = h0 - d0 * (miss * numbers[p]!)
      numbers[own + 1] = h1 - d1 * (miss * numbers[p + 1]!)
    }
  }
}
