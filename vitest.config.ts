import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'

const src = fileURLToPath(new URL('./src', import.meta.url))

const config: ViteUserConfig = {
  // the package by its own name, without a build: as `paths` in tsconfig.json
  resolve: {
    alias: [
      { find: /^tradelearn$/, replacement: `${src}/index.ts` },
      { find: /^tradelearn\/([\w-]+)$/, replacement: `${src}/$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: false },
    sequence: { shuffle: true },
    testTimeout: 60_000,
    // by itself it leaves one core idle, which on a machine with two is half of it
    maxWorkers: '100%',
  },
}
export default config
