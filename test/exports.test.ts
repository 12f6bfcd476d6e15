import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
const subpaths = Object.keys(exports).filter((path) => path !== './package.json')
const sourceOf = (subpath: string): string => join(root, 'src', subpath, 'index.ts')

const program = ts.createProgram(subpaths.map(sourceOf), {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  noEmit: true,
})

/** All names of a module, types marked as such, in the order of the alphabet. */
function namesOf(file: string): string[] {
  const checker = program.getTypeChecker()
  const source = checker.getSymbolAtLocation(program.getSourceFile(file)!)!
  return checker
    .getExportsOfModule(source)
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      return symbol.flags & ts.SymbolFlags.Value ? exported.name : `type ${exported.name}`
    })
    .sort()
}

// a name that is public must be kept, so none becomes so by accident
// where one is meant to: npx vitest run test/exports.test.ts -u
test('the public names are those of golden/exports.txt', async () => {
  const text = subpaths
    .map((path) => [path.replace('.', 'tradelearn'), ...namesOf(sourceOf(path)).map((name) => `  ${name}`)].join('\n'))
    .join('\n\n')
  await expect(`${text}\n`).toMatchFileSnapshot('golden/exports.txt')
})

/** Doors that bots without need of them should not pay for, or that want a package of their own. */
const apart = ['./testing', './interop', './store', './trades', './worker', './xgboost']

test('the root holds all that the folders do, but what stands apart', () => {
  const all = new Set(namesOf(sourceOf('.')))
  for (const path of subpaths.filter((each) => !apart.includes(each))) {
    for (const name of namesOf(sourceOf(path))) expect(all, `${name} of ${path}`).toContain(name)
  }
  for (const path of apart) for (const name of namesOf(sourceOf(path))) expect(all).not.toContain(name)
})

test.each(subpaths)('%s can be loaded, and its values are those that the types promise', async (path) => {
  const module = (await import(sourceOf(path))) as object
  expect(Object.keys(module).sort()).toEqual(namesOf(sourceOf(path)).filter((name) => !name.startsWith('type ')))
})
