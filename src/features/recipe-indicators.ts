import type { State } from '../core/state.ts'
import type { Indicator } from './indicator.ts'
import { adx } from './indicators/adx.ts'
import { aroon } from './indicators/aroon.ts'
import { atr } from './indicators/atr.ts'
import { bollinger } from './indicators/bollinger.ts'
import { cci } from './indicators/cci.ts'
import { donchian } from './indicators/donchian.ts'
import { emaDistance } from './indicators/ema-distance.ts'
import { ichimoku } from './indicators/ichimoku.ts'
import { keltner } from './indicators/keltner.ts'
import { macd } from './indicators/macd.ts'
import { mfi } from './indicators/mfi.ts'
import { obv } from './indicators/obv.ts'
import { percentile } from './indicators/percentile.ts'
import { ppo } from './indicators/ppo.ts'
import { rangeVolatility } from './indicators/range-volatility.ts'
import { returns } from './indicators/returns.ts'
import { roc } from './indicators/roc.ts'
import { rsi } from './indicators/rsi.ts'
import { rsiMomentum } from './indicators/rsi-momentum.ts'
import { sessionVwap } from './indicators/session-vwap.ts'
import { skewness } from './indicators/skewness.ts'
import { spread } from './indicators/spread.ts'
import { stochastic } from './indicators/stochastic.ts'
import { superTrend } from './indicators/super-trend.ts'
import { trendStrength } from './indicators/trend-strength.ts'
import { trix } from './indicators/trix.ts'
import { varianceRatio } from './indicators/variance-ratio.ts'
import { volatility } from './indicators/volatility.ts'
import { volumeProfile } from './indicators/volume-profile.ts'
import { volumeRatio } from './indicators/volume-ratio.ts'
import { volumeSurge } from './indicators/volume-surge.ts'
import { vwapDistance } from './indicators/vwap-distance.ts'
import { williamsR } from './indicators/williams-r.ts'

/** Names of the indicators that a recipe can ask for. */
export type RecipeIndicator =
  | 'adx'
  | 'aroon'
  | 'atr'
  | 'bollinger'
  | 'cci'
  | 'donchian'
  | 'ema'
  | 'ichimoku'
  | 'keltner'
  | 'macd'
  | 'mfi'
  | 'obv'
  | 'percentile'
  | 'ppo'
  | 'rangeVolatility'
  | 'returns'
  | 'roc'
  | 'rsi'
  | 'rsiMomentum'
  | 'sessionVwap'
  | 'skewness'
  | 'spread'
  | 'stochastic'
  | 'superTrend'
  | 'trendStrength'
  | 'trix'
  | 'varianceRatio'
  | 'volatility'
  | 'volumeProfile'
  | 'volumeRatio'
  | 'volumeSurge'
  | 'vwap'
  | 'williamsR'

/** How a recipe makes an indicator, and whether its sign says long or short. */
export type RecipeEntry = {
  readonly make: (...parameters: number[]) => Indicator<State, string>
  readonly direction: 'directed' | 'none'
}

const plain = (make: RecipeEntry['make']): RecipeEntry => ({ make, direction: 'none' })
const directed = (make: RecipeEntry['make']): RecipeEntry => ({ make, direction: 'directed' })

/** What a recipe can ask for, by name; parameters in the order of the indicator's own. */
export const recipeIndicators: { readonly [Name in RecipeIndicator]: RecipeEntry } = {
  adx: plain(adx),
  aroon: plain(aroon),
  atr: plain(atr),
  bollinger: plain(bollinger),
  cci: directed(cci),
  donchian: plain(donchian),
  ema: directed(emaDistance),
  ichimoku: directed(ichimoku),
  keltner: plain(keltner),
  macd: directed(macd),
  mfi: plain(mfi),
  obv: directed(obv),
  percentile: plain(percentile),
  ppo: directed(ppo),
  rangeVolatility: plain(rangeVolatility),
  returns: directed((...bars) => returns(...bars)),
  roc: directed(roc),
  rsi: plain(rsi),
  rsiMomentum: directed(rsiMomentum),
  sessionVwap: directed(sessionVwap),
  skewness: directed(skewness),
  spread: plain(spread),
  stochastic: plain(stochastic),
  superTrend: directed(superTrend),
  trendStrength: directed(trendStrength),
  trix: directed(trix),
  varianceRatio: plain(varianceRatio),
  volatility: plain(volatility),
  volumeProfile: plain(volumeProfile),
  volumeRatio: plain(volumeRatio),
  volumeSurge: plain(volumeSurge),
  vwap: directed(vwapDistance),
  williamsR: plain(williamsR),
}
