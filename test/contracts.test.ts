import { describe, test } from 'vitest'
import { SeededRng } from '../src/core/rng.ts'
import { rngLaws } from '../src/testing/index.ts'

describe('SeededRng', () => {
  for (const { name, run } of rngLaws((seed) => new SeededRng(seed), SeededRng)) test(name, run)
})
