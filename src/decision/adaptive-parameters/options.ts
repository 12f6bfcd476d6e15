import type { JsonObject } from '../../contracts.ts'
import { checkHalfLife, fraction, integer, openFraction, positive } from '../../core/check.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { unpackState } from '../../core/state.ts'
import { createGrid, type Grid, type ParameterRange } from './grid.ts'

/** Options of {@link AdaptiveParameters}. They come from the operator's configuration and never from a file. */
export type AdaptiveParametersOptions = {
  /** Win probability above which a signal is taken. @defaultValue 0.6, from 0.5 to 0.75 by 0.03 */
  readonly entryThreshold: ParameterRange
  /** What a planned size is multiplied by; never above 1, so that nothing is enlarged. @defaultValue 1, from 0 by 0.1 */
  readonly sizeMultiplier: ParameterRange
  /** Distance of the stop, in ATR. @defaultValue 2, from 1 to 3 by 0.2 */
  readonly stopAtr: ParameterRange
  /** Distance of the target, in ATR. @defaultValue 2, from 1 to 3 by 0.2 */
  readonly targetAtr: ParameterRange
  /** Names of the sources of signals (indicators, models, people) that vote. @defaultValue none */
  readonly sources: readonly string[]
  /** Weight of each source's vote; the lower bound is above 0, so that nobody is silenced. @defaultValue 1, from 0.4 to 2 by 0.2 */
  readonly weight: ParameterRange
  /** Distance from the approved value, as a share of it, beyond which a change waits for a person. @defaultValue 0.2 */
  readonly freeShare: number
  /**
   * Mean number of independent closed decisions between two changes by chance, of all parameters together, while
   * nothing is better than what is in use: at least this. @defaultValue 10_000
   */
  readonly falseChangeEvery: number
  /** Differences that a candidate must have made before it can be chosen. @defaultValue 30 */
  readonly minSamples: number
  /** Differences after which one counts half, in the estimates beside the evidence and in the sources' records. @defaultValue 250 */
  readonly halfLife: number
  /**
   * Edge that deserves the full size: mean return over mean squared return of taken trades, in 1 / ATR. Kelly's share,
   * were it not for a person's aversion to risk. @defaultValue 0.05
   */
  readonly fullSizeEdge: number
}

/** Checked options with what follows from them. */
export type Layout = {
  readonly options: AdaptiveParametersOptions
  /** Parameters in order: the four, then one weight a source. */
  readonly names: readonly string[]
  readonly grids: readonly Grid[]
  /** Where each parameter's candidates begin in arrays over all candidates; one more for the end. */
  readonly offsets: readonly number[]
  /** Largest gain or loss of a trade that counts, in ATR. */
  readonly reach: number
  /** Evidence that a candidate needs. */
  readonly needed: number
  /** What is left of a difference's weight with the next one. */
  readonly decay: number
}

/** Positions of the first four parameters. */
export const THRESHOLD = 0
export const SIZE = 1
export const STOP = 2
export const TARGET = 3
export const WEIGHTS = 4

/** More sources than this would share the evidence until none of them gets anywhere. */
const MOST_SOURCES = 100

/** @throws `INVALID_OPTION` */
export function createLayout(given: Partial<AdaptiveParametersOptions> = {}): Layout {
  const {
    entryThreshold = { approved: 0.6, low: 0.5, high: 0.75, step: 0.03 },
    sizeMultiplier = { approved: 1, low: 0, high: 1, step: 0.1 },
    stopAtr = { approved: 2, low: 1, high: 3, step: 0.2 },
    targetAtr = { approved: 2, low: 1, high: 3, step: 0.2 },
    sources = [],
    weight = { approved: 1, low: 0.4, high: 2, step: 0.2 },
    freeShare = 0.2,
    falseChangeEvery = 10_000,
    minSamples = 30,
    halfLife = 250,
    fullSizeEdge = 0.05,
  } = given
  fraction('entryThreshold.low', entryThreshold.low)
  fraction('entryThreshold.high', entryThreshold.high)
  fraction('sizeMultiplier.low', sizeMultiplier.low)
  fraction('sizeMultiplier.high', sizeMultiplier.high)
  positive('stopAtr.low', stopAtr.low)
  positive('targetAtr.low', targetAtr.low)
  positive('weight.low', weight.low)
  checkSources(sources)
  if (checkHalfLife('halfLife', halfLife) === Infinity) {
    throw new TradeLearnError('INVALID_OPTION', '"halfLife" must be finite, got Infinity.')
  }
  const copy = ({ approved, low, high, step }: ParameterRange): ParameterRange =>
    Object.freeze({ approved, low, high, step })
  const options: AdaptiveParametersOptions = Object.freeze({
    entryThreshold: copy(entryThreshold),
    sizeMultiplier: copy(sizeMultiplier),
    stopAtr: copy(stopAtr),
    targetAtr: copy(targetAtr),
    sources: Object.freeze([...sources]),
    weight: copy(weight),
    freeShare: openFraction('freeShare', freeShare),
    falseChangeEvery: positive('falseChangeEvery', falseChangeEvery),
    minSamples: integer('minSamples', minSamples, 2),
    halfLife,
    fullSizeEdge: positive('fullSizeEdge', fullSizeEdge),
  })
  const grids = [
    createGrid('entryThreshold', entryThreshold),
    createGrid('sizeMultiplier', sizeMultiplier),
    createGrid('stopAtr', stopAtr),
    createGrid('targetAtr', targetAtr),
    ...sources.map(() => createGrid('weight', weight)),
  ]
  const offsets = [0]
  for (const { values } of grids) offsets.push(offsets.at(-1)! + values.length)
  // of each grid one value is in use
  const candidates = offsets.at(-1)! - grids.length
  return {
    options,
    names: ['entryThreshold', 'sizeMultiplier', 'stopAtr', 'targetAtr', ...sources.map((name) => `weight:${name}`)],
    grids,
    offsets,
    // a stop or a target away, and one ATR for costs and gaps
    reach: Math.max(stopAtr.high, targetAtr.high) + 1,
    needed: falseChangeEvery * Math.max(1, candidates),
    decay: decayOf(halfLife),
  }
}

const RANGE = { approved: 0, low: 0, high: 0, step: 0 }
const SAVED = {
  ...{ entryThreshold: RANGE, sizeMultiplier: RANGE, stopAtr: RANGE, targetAtr: RANGE, sources: [''], weight: RANGE },
  ...{ freeShare: 0, falseChangeEvery: 0, minSamples: 0, halfLife: 0, fullSizeEdge: 0 },
}

/** What a state was saved under: to be held against today's, never in its place. @throws `CORRUPT_SNAPSHOT` */
export function savedLayout(options: JsonObject): Layout {
  const saved = unpackState(options, SAVED, 'options')
  try {
    return createLayout(saved)
  } catch (error) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `Saved options must be such as can be: ${(error as Error).message}`)
  }
}

function checkSources(sources: readonly string[]): void {
  const sane =
    Array.isArray(sources) &&
    sources.length <= MOST_SOURCES &&
    new Set(sources).size === sources.length &&
    sources.every((name) => typeof name === 'string' && name.length > 0 && name.length <= 100)
  if (sane) return
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"sources" must be at most ${MOST_SOURCES} different names of 1 to 100 characters, got ${show(sources)}.`,
  )
}
