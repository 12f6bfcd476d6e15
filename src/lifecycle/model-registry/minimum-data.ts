import type { Counts, ModelDraft } from './model-card.ts'
import type { MinimumData } from './registry-options.ts'

/** Kinds that are named; a bot may have hundreds of symbols. */
const NAMED = 5

/**
 * What a model lacks to be tried, in words; empty where it has learned enough.
 *
 * A regime or a symbol counts where the model's card counts it: a bot that does not tell regimes apart is not asked for them.
 */
export function missingData(
  { trades, tradesByRegime, tradesBySymbol }: Pick<ModelDraft, 'trades' | 'tradesByRegime' | 'tradesBySymbol'>,
  minimum: MinimumData,
): readonly string[] {
  return [
    ...(trades < minimum.trades ? [`${trades} of ${minimum.trades} trades`] : []),
    ...few('regime', tradesByRegime, minimum.perRegime),
    ...few('symbol', tradesBySymbol, minimum.perSymbol),
  ]
}

function few(kind: string, counts: Counts | null | undefined, least: number): readonly string[] {
  const short = Object.entries(counts ?? {}).filter(([, count]) => count < least)
  const named = short.slice(0, NAMED).map(([name, count]) => `${count} of ${least} trades of ${kind} "${name}"`)
  return short.length > NAMED ? [...named, `${short.length - NAMED} more ${kind}s below ${least} trades`] : named
}
