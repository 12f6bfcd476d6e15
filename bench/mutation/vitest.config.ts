import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'
import own from '../../vitest.config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The tests that mutants are shown to: those of decisions, of the rollout, and of the gate for retrained models; or those that
 * `MUTATION_TESTS` names, for a mutant that survives costs all of them.
 */
const tests = process.env['MUTATION_TESTS']?.split(',') ?? [
  'test/decision/*.test.ts',
  'test/decision/adaptive-parameters/*.test.ts',
  'test/lifecycle/rollout/*.test.ts',
  'test/lifecycle/contest.test.ts',
  'test/lifecycle/champion-watch.test.ts',
  'test/lifecycle/exploration.test.ts',
  'test/lifecycle/background-trainer/*gate*.test.ts',
  'test/lifecycle/background-trainer/trainer.test.ts',
]
const config: ViteUserConfig = {
  ...own,
  root,
  test: {
    ...own.test,
    include: tests,
    setupFiles: ['bench/mutation/setup.ts'],
    sequence: { shuffle: false },
    maxWorkers: 1,
  },
}
export default config
