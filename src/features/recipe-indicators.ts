import type { Indicator } from './indicator.ts'
import { adx } from './indicators/adx.ts'
import { atr } from './indicators/atr.ts'
import { bollinger } from './indicators/bollinger.ts'
import { emaDistance } from './indicators/ema-distance.ts'
import { macd } from './indicators/macd.ts'
import { returns } from './indicators/returns.ts'
import { rsi } from './indicators/rsi.ts'
import { rsiMomentum } from './indicators/rsi-momentum.ts'
import { trendStrength } from './indicators/trend-strength.ts'
import { volatility } from './indicators/volatility.ts'
import { volumeRatio } from './indicators/volume-ratio.ts'
import { volumeSurge } from './indicators/volume-surge.ts'
import { vwapDistance } from './indicators/vwap-distance.ts'

/** How a recipe makes an indicator, and whether its sign says long or short. */
type Entry = {
  // biome-ignore lint/suspicious/noExplicitAny: states differ, and only the indicator itself looks into its own
  readonly make: (parameters: readonly number[]) => Indicator<any, string>
  readonly direction: 'directed' | 'none'
}

const plain = (make: (...parameters: number[]) => Entry['make'] extends (p: never) => infer I ? I : never): Entry => ({
  make: (parameters) => make(...parameters),
  direction: 'none',
})
const directed = (make: Parameters<typeof plain>[0]): Entry => ({ ...plain(make), direction: 'directed' })

/** What a recipe can ask for, by name; parameters in the order of the indicator's own. */
export const recipeIndicators = {
  adx: plain(adx),
  atr: plain(atr),
  bollinger: plain(bollinger),
  ema: directed(emaDistance),
  macd: directed(macd),
  returns: directed((...bars) => returns(...bars)),
  rsi: plain(rsi),
  rsiMomentum: directed(rsiMomentum),
  trendStrength: plain(trendStrength),
  volatility: plain(volatility),
  volumeRatio: plain(volumeRatio),
  volumeSurge: plain(volumeSurge),
  vwap: directed(vwapDistance),
} as const satisfies { readonly [name: string]: Entry }

/** Names of the indicators that a recipe can ask for. */
export type RecipeIndicator = keyof typeof recipeIndicators
