export type { ClosedTrade } from './closed-trade.ts'
export {
  type ContextFeature,
  levelOf,
  onSymbol,
  percentileOf,
  returnsOf,
  type SymbolFeature,
  trendOf,
} from './context.ts'
export type { Declaration, FeatureName, MetaOf, Row, SignalOf } from './declaration.ts'
export { type DefaultFeatures, defaultFeatures } from './default-features.ts'
export { FeatureEngineer, type FeatureEngineerOptions } from './feature-engineer.ts'
export {
  type HistoryFeature,
  type HistoryOptions,
  type LossStreakState,
  lossStreak,
  recentExpectancy,
  recentWinRate,
} from './history.ts'
export type { Indicator } from './indicator.ts'
export { type AdxState, adx } from './indicators/adx.ts'
export { type AroonState, aroon } from './indicators/aroon.ts'
export { type AtrState, atr } from './indicators/atr.ts'
export type { Average } from './indicators/average.ts'
export { type BollingerState, bollinger } from './indicators/bollinger.ts'
export { type CciState, cci } from './indicators/cci.ts'
export { type DonchianState, donchian } from './indicators/donchian.ts'
export { type EmaDistanceState, emaDistance } from './indicators/ema-distance.ts'
export { type IchimokuState, ichimoku } from './indicators/ichimoku.ts'
export { type KeltnerState, keltner } from './indicators/keltner.ts'
export { type LevelState, level } from './indicators/level.ts'
export { type MacdState, macd } from './indicators/macd.ts'
export { type MfiState, mfi } from './indicators/mfi.ts'
export type { MovingExtreme } from './indicators/moving-extreme.ts'
export type { MovingMean } from './indicators/moving-mean.ts'
export type { MovingMoments } from './indicators/moving-moments.ts'
export type { MovingSkew } from './indicators/moving-skew.ts'
export type { MovingSum } from './indicators/moving-sum.ts'
export { type ObvState, obv } from './indicators/obv.ts'
export { type PercentileState, percentile } from './indicators/percentile.ts'
export { type PpoState, ppo } from './indicators/ppo.ts'
export { type RangeVolatilityState, rangeVolatility } from './indicators/range-volatility.ts'
export { type RegimeOptions, type RegimeState, regime } from './indicators/regime.ts'
export { type ReturnsState, returns } from './indicators/returns.ts'
export { type RocState, roc } from './indicators/roc.ts'
export { type RsiState, rsi } from './indicators/rsi.ts'
export { type RsiMomentumState, rsiMomentum } from './indicators/rsi-momentum.ts'
export { type SessionVwapState, sessionVwap } from './indicators/session-vwap.ts'
export { type SkewnessState, skewness } from './indicators/skewness.ts'
export { type SpreadState, spread } from './indicators/spread.ts'
export { type StochasticState, stochastic } from './indicators/stochastic.ts'
export { type SuperTrendState, superTrend } from './indicators/super-trend.ts'
export { type TrendStrengthState, trendStrength } from './indicators/trend-strength.ts'
export { type TrixState, trix } from './indicators/trix.ts'
export { type VarianceRatioState, varianceRatio } from './indicators/variance-ratio.ts'
export { type VolatilityState, volatility } from './indicators/volatility.ts'
export { type VolumeProfileState, volumeProfile } from './indicators/volume-profile.ts'
export { type VolumeRatioState, volumeRatio } from './indicators/volume-ratio.ts'
export { type VolumeSurgeState, volumeSurge } from './indicators/volume-surge.ts'
export { type VwapDistanceState, vwapDistance } from './indicators/vwap-distance.ts'
export { type WilliamsRState, williamsR } from './indicators/williams-r.ts'
export { type LaggedState, type LagName, lagged } from './lagged.ts'
export { category, flag, type MetaFeature, numeric, optional } from './meta.ts'
export { type OnTimeframeState, onTimeframe } from './on-timeframe.ts'
export {
  betaTo,
  correlationTo,
  correlationToPositions,
  type PeerFeature,
  type Peers,
  sectorReturn,
} from './peers.ts'
export { expand, type Recipe, type RecipeParameters } from './recipe.ts'
export type { RecipeIndicator } from './recipe-indicators.ts'
export { difference, type Schema } from './schema.ts'
export type { SectorMap } from './sectors.ts'
export { dayOfWeek, hourOfDay, type SignalFeature, symbolCode, tradeSide } from './signal-features.ts'
export type { Tape } from './tape.ts'
export { type HashedTextOptions, hashedText } from './text.ts'
export type { TradeKey } from './trade-key.ts'
export { MissingIndicator, type MissingIndicatorOptions } from './transformers/missing-indicator.ts'
export { QuantileScaler, type QuantileScalerOptions } from './transformers/quantile-scaler.ts'
export { RobustScaler, type RobustScalerOptions } from './transformers/robust-scaler.ts'
export { StandardScaler, type StandardScalerOptions } from './transformers/standard-scaler.ts'
export { TargetEncoder, type TargetEncoderOptions } from './transformers/target-encoder.ts'
export { TransformerChain, type TransformerChainOptions } from './transformers/transformer-chain.ts'
export { VarianceFilter, type VarianceFilterOptions } from './transformers/variance-filter.ts'
export { Winsorizer, type WinsorizerOptions } from './transformers/winsorizer.ts'
