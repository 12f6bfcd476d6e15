import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** A block of code, named by the heading that it stands under. */
type Block = { readonly name: string; readonly code: string }

function blocksOf(markdown: string): Block[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)]
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: code, index }, i) => {
    const heading = headings.findLast((each) => each.index < index)?.[1] ?? 'the top'
    return { name: `${heading}, block ${i + 1}`, code: code! }
  })
}

const PROMISE = /^(\s*)(?:const (\w+) = )?(.+?);? *\/\/ => (.+)$/

/** Makes an assertion of each line that ends in `// => value`. */
function withChecks(code: string): string {
  const lines = code.split('\n').map((line) => {
    const [, indent, name, expression, value] = PROMISE.exec(line) ?? []
    if (value === undefined) return line
    const source = JSON.stringify(line.trim())
    return name
      ? `${indent}const ${name} = ${expression}; checks.push([${source}, ${name}, ${value}])`
      : `${indent}checks.push([${source}, ${expression}, ${value}])`
  })
  return `export const checks: [string, unknown, unknown][] = []\n${lines.join('\n')}`
}

const temporary = mkdtempSync(join(tmpdir(), 'tradelearn-readme-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

// as in the package: the script of training threads lies beside the code, and an optional package is installed
beforeAll(async () => {
  const outfile = join(temporary, 'worker.js')
  const entryPoints = [join(root, 'src/worker/index.ts')]
  await build({ entryPoints, outfile, bundle: true, format: 'cjs', platform: 'node', logLevel: 'silent' })
  symlinkSync(join(root, 'node_modules'), join(temporary, 'node_modules'), 'junction')
})

/** Runs a block as a program of its own and returns its promises: the line, what came, and what was promised. */
async function runBlock(code: string, name: string): Promise<readonly [string, unknown, unknown][]> {
  const file = join(temporary, `${name}.mjs`)
  await build({
    stdin: { contents: withChecks(code), loader: 'ts', resolveDir: root },
    tsconfig: join(root, 'tsconfig.json'), // its `paths` lead to the sources
    ...{ bundle: true, format: 'esm', platform: 'node', outfile: file, logLevel: 'silent' },
  })
  return ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { checks: [string, unknown, unknown][] })
    .checks
}

const blocks = blocksOf(readme)

describe('the README', () => {
  test('has a quickstart of at most 20 lines that promises something', () => {
    const quickstart = blocks.find(({ name }) => name.startsWith('Quickstart,'))
    expect(quickstart).toBeDefined()
    expect(quickstart!.code.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    expect(quickstart!.code.split('\n').filter((line) => PROMISE.test(line)).length).toBeGreaterThan(0)
  })

  test.each(blocks.map(({ name, code }, i) => [name, code, i] as const))(
    '%s runs and keeps its promises',
    async (...block) => {
      const [, code, i] = block
      for (const [line, actual, promised] of await runBlock(code, `block${i}`)) expect(actual, line).toEqual(promised)
    },
  )

  test('its code passes the compiler', () => {
    const files = blocks.map(({ code }, i) => {
      const file = join(temporary, `block${i}.mts`)
      writeFileSync(file, code)
      return file
    })
    const program = ts.createProgram(files, {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      ...{ strict: true, noEmit: true, allowImportingTsExtensions: true, skipLibCheck: true, types: [] },
      paths: { tradelearn: [join(root, 'src/index.ts')], 'tradelearn/*': [join(root, 'src/*/index.ts')] },
    })
    const faults = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)))
    expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
  })

  test('every file that it links to is there', () => {
    const targets = [...readme.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!)
    const local = targets.filter((target) => !/^[a-z]+:/.test(target))
    expect(local.length).toBeGreaterThan(0)
    expect(local.filter((target) => !existsSync(join(root, target)))).toEqual([])
  })

  test('every script that it names is there', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!)
    expect(named).toContain('demo')
    for (const name of named) expect(scripts).toHaveProperty(name)
    for (const commands of ['npm ci && npm run demo', 'npm ci && npm test']) expect(readme).toContain(commands)
  })
})

describe('these checks bite', () => {
  test('a broken promise is seen', async () => {
    const code = "import { ADWIN } from 'tradelearn'\nconst type = ADWIN.type // => 'other'\n1 + 1 // => 2\n"
    expect(await runBlock(code, 'broken')).toEqual([
      ["const type = ADWIN.type // => 'other'", 'adwin', 'other'],
      ['1 + 1 // => 2', 2, 2],
    ])
  })

  test('a block that throws fails', async () => {
    await expect(runBlock("throw new Error('as written')", 'throws')).rejects.toThrow('as written')
  })

  test('blocks are found by their headings', () => {
    expect(blocksOf('# A\n```sh\nno\n```\n## B\n```ts\nyes\n```\n')).toEqual([{ name: 'B, block 1', code: 'yes\n' }])
  })
})
