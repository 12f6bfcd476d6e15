import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = {
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: false },
    sequence: { shuffle: true },
    testTimeout: 60_000,
  },
}
export default config
