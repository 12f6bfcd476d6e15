import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TradeLearnError } from '../core/errors.ts'

/** What a module of the user's own exports. `holds` says what is wanted of it. @throws `INVALID_INPUT` */
export async function loadModule(
  path: string,
  file: string,
  holds: string,
): Promise<{ readonly [name: string]: unknown }> {
  const full = resolve(path)
  if (!existsSync(full)) {
    throw new TradeLearnError('INVALID_INPUT', `${file} must be a module with ${holds}, got no such file: ${full}`)
  }
  try {
    return (await import(pathToFileURL(full).href)) as { readonly [name: string]: unknown }
  } catch (error) {
    const { message = String(error) } = error as Partial<Error>
    throw new TradeLearnError('INVALID_INPUT', `${file} must be a module that can be loaded, got: ${message}`)
  }
}
