import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { XgboostModule } from '../../src/xgboost/load.ts'

const FILE = 'ml-xgboost/dist/wasm/xgboost.js'

/** Where the package is: among our own, or in the folder that TRADELEARN_ML_XGBOOST names; `undefined` where it is not. */
function findPackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(FILE)
  } catch {
    const elsewhere = join(process.env['TRADELEARN_ML_XGBOOST'] ?? 'nowhere', 'dist/wasm/xgboost.js')
    return existsSync(elsewhere) ? elsewhere : undefined
  }
}

const path = findPackage()
const installed = path?.includes(join(import.meta.dirname, '../..', 'node_modules')) === true

export const isHere: boolean = path !== undefined
/** Why tests are skipped, for their names. */
export const unless: string = isHere ? '' : ' (skipped: ml-xgboost is not installed)'
export const file: string = path === undefined ? '' : pathToFileURL(path).href
/** What to load it from: nothing where it is found by its name, as for users. */
export const from: (() => Promise<unknown>) | undefined = installed ? undefined : () => import(/* @vite-ignore */ file)

/** The compiled code itself, to look at its memory. */
export async function theModule(): Promise<XgboostModule> {
  const { default: module } = (await import(/* @vite-ignore */ file)) as { default: XgboostModule }
  await module.isReady
  return module
}
