import { basename } from 'node:path'
import { show, TradeLearnError } from '../core/errors.ts'
import { type Declaration, defaultFeatures, FeatureEngineer } from '../features/index.ts'
import type { FeatureSource, SignalAt } from '../lifecycle/index.ts'
import { loadModule } from './load-module.ts'

/** Features to look at, and the signals to look at them with. */
export type FeaturesModule = { readonly features: FeatureSource; readonly signal?: SignalAt }

/**
 * The features that a module of the user's own exports, `defaultFeatures()` without one.
 *
 * Its default export is a declaration, a fresh FeatureEngineer, or a function that makes either of candles; `signal` is a
 * function that makes the signal for a candle, which declarations with `meta` need.
 *
 * @throws `INVALID_INPUT`
 */
export async function readFeatures(path: string | undefined): Promise<FeaturesModule> {
  if (path === undefined) return { features: new FeatureEngineer(defaultFeatures()) }
  const file = basename(path)
  const { default: exported, signal } = await loadModule(path, file, 'features')
  if (signal !== undefined && typeof signal !== 'function') {
    throw new TradeLearnError('INVALID_INPUT', `${file} must export "signal" as a function, got ${show(signal)}.`)
  }
  const features: FeatureSource =
    typeof exported === 'function'
      ? (candles) => engineerOf((exported as (given: unknown) => unknown)(candles), `the function of ${file}`)
      : engineerOf(exported, file)
  return { features, ...(signal !== undefined && { signal: signal as SignalAt }) }
}

function engineerOf(value: unknown, where: string): FeatureEngineer {
  if (typeof value !== 'object' || value === null || 'then' in value) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `${where} must give a declaration of features, a FeatureEngineer, or a function (candles) => FeatureEngineer ` +
        `as its default export, got ${show(value)}.`,
    )
  }
  // one that the user's own copy of the library has made
  if ('schema' in value && 'update' in value && 'codec' in value) return value as unknown as FeatureEngineer
  return new FeatureEngineer(value as Declaration)
}
