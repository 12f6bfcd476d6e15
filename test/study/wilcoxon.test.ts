import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wilcoxonGreater } from '../../src/study/index.ts'

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/study-wilcoxon.json'), 'utf8')) as {
  readonly cases: readonly { readonly differences: readonly number[]; readonly p: number }[]
}

test('p-values are those of scipy, exact, with ties, with zeros and normal', () => {
  expect(cases.length).toBeGreaterThan(20)
  for (const { differences, p } of cases) {
    const found = wilcoxonGreater(differences)
    expect(Math.abs(found - p), `${differences.length} differences`).toBeLessThanOrEqual(1e-9)
  }
})

test('no differences have no p-value', () => expect(wilcoxonGreater([])).toBeNaN())
