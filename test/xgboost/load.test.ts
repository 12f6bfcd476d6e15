import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadXgboost } from '../../src/xgboost/load.ts'
import { file, from, isHere, unless } from './package.ts'

const root = join(import.meta.dirname, '../..')

/** Runs a script in a process of its own. */
function run(script: string): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    execFile(process.execPath, args, { cwd: root, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

const learner = JSON.stringify(join(root, 'src/xgboost/index.ts'))
const own = from === undefined ? '' : `() => import(${JSON.stringify(file)})`
const start = `
  import { XgboostLearner } from ${learner}
  const before = process.listeners('uncaughtException')
  const warn = console.warn
  const [model] = await Promise.all([1, 2, 3].map(() => XgboostLearner.create({ features: 1, minSamples: 10 }${own ? `, ${own}` : ''})))
  for (let i = 0; i < 100; i++) model.learn(Float64Array.of(i), i % 2)
  for (const _ of model.refit());
`

describe.skipIf(!isHere)(`a process that loads the package${unless}`, () => {
  test('hears nothing of it, and keeps its handlers and its console', async () => {
    const { code, out, err } = await run(`
      ${start}
      const after = process.listeners('uncaughtException')
      console.log(JSON.stringify([before.length === after.length && before.every((h, i) => h === after[i]), console.warn === warn]))
    `)
    expect({ code, out: out.trim(), err }).toEqual({ code: 0, out: '[true,true]', err: '' })
  }, 60_000)

  test('ends with its own errors as it did before: code 1, and not 7', async () => {
    const { code, err } = await run(`${start}; setTimeout(() => { throw new Error('mine') })`)
    expect(code).toBe(1)
    expect(err).toContain('mine')
    expect(err).not.toContain('ExitStatus')
  }, 60_000)

  test("keeps the user's own handlers, those too that came while it loaded", async () => {
    const { out } = await run(`
      const mine = () => {}
      process.on('uncaughtException', mine)
      setImmediate(() => process.on('uncaughtException', mine))
      ${start}
      console.log(process.listeners('uncaughtException').filter((h) => h === mine).length)
    `)
    expect(out.trim()).toBe('2')
  }, 60_000)

  test('passes warnings of others on while it loads', async () => {
    const { err } = await run(
      `setTimeout(() => console.warn('from elsewhere', 1)); ${start}; await new Promise((r) => setTimeout(r, 5))`,
    )
    expect(err.trim()).toBe('from elsewhere 1')
  }, 60_000)
})

describe('where the package is not', () => {
  const codeOf = (from: () => Promise<unknown>): Promise<unknown> =>
    loadXgboost(from).then(
      () => 'loaded',
      (error) => error,
    )

  test('the error says how to get it, and the console is as it was', async () => {
    const host = globalThis.console
    const { warn } = host
    const error = (await codeOf(() => import(/* @vite-ignore */ `${'ml-xgboost'}-that-is-nowhere`))) as Error
    expect(error).toMatchObject({ code: 'MISSING_PACKAGE' })
    expect(error.message).toContain('npm install ml-xgboost')
    expect(host.warn).toBe(warn)
  })

  test('something else is not taken for it', async () => {
    for (const other of [{}, { default: {} }, { default: { isReady: Promise.resolve() } }, undefined, null, 7]) {
      expect(await codeOf(async () => other)).toMatchObject({ code: 'MISSING_PACKAGE' })
    }
  })

  test('a later load does not suffer from one that failed', async () => {
    const failed = codeOf(async () => ({}))
    const next = codeOf(async () => undefined)
    expect(await failed).toMatchObject({ code: 'MISSING_PACKAGE' })
    expect(await next).toMatchObject({ code: 'MISSING_PACKAGE' })
  })
})
