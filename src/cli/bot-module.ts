import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { show, TradeLearnError } from '../core/errors.ts'
import { DecisionPolicy, type DecisionPolicySettings } from '../decision/index.ts'
import type { RestoreOptions, TradePolicy } from '../lifecycle/index.ts'
import { loadModule } from './load-module.ts'

/**
 * The options of a bot's learner: what a module exports by default, or what the function that it exports returns.
 *
 * @throws `INVALID_INPUT`
 */
export async function readBotOptions(path: string): Promise<RestoreOptions> {
  const file = basename(path)
  const options = await exportOf(await loadModule(path, file, 'the options of a learner'), file)
  if (typeof options !== 'object' || options === null || !('features' in options)) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `${file} must give the options of TradeLearner.open, or a function that returns them, as its default export, got ${show(options)}` +
        `${typeof options === 'object' && options !== null ? ' without "features"' : ''}.`,
    )
  }
  return options as RestoreOptions
}

/**
 * A policy: `DecisionPolicy` with the options of a JSON file, or what a module exports by default, be it a policy, options, or a
 * function that returns either.
 *
 * @throws `INVALID_INPUT`, `INVALID_OPTION`
 */
export async function readPolicy(path: string): Promise<TradePolicy> {
  const file = basename(path)
  const value = /\.json$/i.test(path)
    ? parse(path, file)
    : await exportOf(await loadModule(path, file, 'a policy'), file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `${file} must hold the options of a DecisionPolicy, or a policy, got ${show(value)}.`,
    )
  }
  // one that the user's own copy of the library has made, too
  if ('decide' in value && 'baseline' in value) return value as TradePolicy
  const known = new DecisionPolicy().options
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(known, name))
  if (unknown !== undefined) {
    throw new TradeLearnError('INVALID_OPTION', `${file} must hold options of a DecisionPolicy, got ${show(unknown)}.`)
  }
  return new DecisionPolicy(value as DecisionPolicySettings)
}

function parse(path: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new TradeLearnError('INVALID_INPUT', `${file} must be a JSON file, got: ${(error as Error).message}`)
  }
}

async function exportOf({ default: exported }: { readonly [name: string]: unknown }, file: string): Promise<unknown> {
  if (typeof exported !== 'function') return exported
  try {
    return await exported()
  } catch (error) {
    const { message = String(error) } = error as Partial<Error>
    throw new TradeLearnError('INVALID_INPUT', `The function of ${file} must return something, got: ${message}`)
  }
}
