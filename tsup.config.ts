import type { Options } from 'tsup'

const folders = [
  'features',
  'learners',
  'drift',
  'metrics',
  'labels',
  'market-data',
  'trades',
  'simulate',
  'significance',
  'study',
  'evaluation',
  'decision',
  'lifecycle',
  'report',
  'testing',
  'interop',
  'store',
  'worker',
  'xgboost',
]

/** One entry a subpath export, so that a bundle holds only what it imports and a class exists once per format. */
const library: Options = {
  entry: { index: 'src/index.ts', ...Object.fromEntries(folders.map((name) => [name, `src/${name}/index.ts`])) },
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
  // import.meta.url in CommonJS, by which training threads are found
  shims: true,
}

/** The command line: ESM only, never imported by anyone. */
const cli: Options = {
  entry: { cli: 'src/cli/main.ts' },
  format: ['esm'],
  target: 'es2022',
  dts: false,
  splitting: false,
  sourcemap: false,
}

const config: Options[] = [library, cli]
export default config
