import { corrupt } from './check-sums.ts'

/** The deepest fall of an account from a peak. */
export type Drawdown = {
  /** How far, as a fraction of the peak; 0 where it never fell. */
  readonly depth: number
  /** When the peak was, when it stood lowest, and when it first stood at the peak again: NaN while it has not. */
  readonly start: number
  readonly bottom: number
  readonly end: number
  /** Steps from the peak to the end, or to now. */
  readonly steps: number
  readonly recovered: boolean
}

/** Falls so far, as plain data. `at` is a time, `step` counts; both rise. */
export type Drawdowns = {
  /** Fall from the last peak now, 0 at one, and where that peak was. */
  fall: number
  peakAt: number
  peakStep: number
  /** The deepest so far; its ends are NaN while it lasts, all but the depth while there is none. */
  depth: number
  startAt: number
  startStep: number
  bottomAt: number
  endAt: number
  endStep: number
  /** The longest so far. */
  longest: number
  longestSteps: number
}

/** No fall yet, at a first peak. */
export function createDrawdowns(at: number): Drawdowns {
  return {
    fall: 0,
    peakAt: at,
    peakStep: 0,
    depth: 0,
    startAt: NaN,
    startStep: NaN,
    bottomAt: NaN,
    endAt: NaN,
    endStep: NaN,
    longest: 0,
    longestSteps: 0,
  }
}

/** Takes in how far the account now is below its peak, as a fraction; 0 at a peak, new or old. O(1). */
export function addFall(falls: Drawdowns, fall: number, at: number, step: number): void {
  const under = falls.fall > 0 || fall > 0
  if (under) {
    falls.longest = Math.max(falls.longest, at - falls.peakAt)
    falls.longestSteps = Math.max(falls.longestSteps, step - falls.peakStep)
  }
  falls.fall = fall
  if (fall > falls.depth) {
    falls.depth = fall
    falls.startAt = falls.peakAt
    falls.startStep = falls.peakStep
    falls.bottomAt = at
    falls.endAt = NaN
    falls.endStep = NaN
  }
  if (fall > 0) return
  if (falls.depth > 0 && Number.isNaN(falls.endStep)) {
    falls.endAt = at
    falls.endStep = step
  }
  falls.peakAt = at
  falls.peakStep = step
}

/** The deepest fall, as of `step`. */
export function deepestOf(falls: Drawdowns, step: number): Drawdown {
  const { depth, startAt, startStep, bottomAt, endAt, endStep } = falls
  const recovered = depth === 0 || !Number.isNaN(endStep)
  const steps = depth === 0 ? 0 : (recovered ? endStep : step) - startStep
  return { depth, start: startAt, bottom: bottomAt, end: endAt, steps, recovered }
}

/** Throws unless falls that were read back can have come about from `first` to `at`, in `step` steps. */
export function checkDrawdowns(falls: Drawdowns, first: number, at: number, step: number): void {
  const { fall, peakAt, peakStep, depth, startAt, startStep, bottomAt, endAt, endStep, longest, longestSteps } = falls
  if (!(depth >= 0 && depth <= 1)) corrupt('depth', 'from 0 to 1', depth)
  if (!(fall >= 0 && fall <= depth)) corrupt('fall', `from 0 to ${depth}`, fall)
  if (!(peakAt >= first && peakAt <= at)) corrupt('peakAt', `from ${first} to ${at}`, peakAt)
  if (!isStep(peakStep, 0, step)) corrupt('peakStep', `a whole number up to ${step}`, peakStep)
  if (!(longest >= 0 && longest <= at - first)) corrupt('longest', `from 0 to ${at - first}`, longest)
  if (!isStep(longestSteps, 0, step)) corrupt('longestSteps', `a whole number up to ${step}`, longestSteps)
  const ends = [startAt, startStep, bottomAt, endAt, endStep]
  if (depth === 0) {
    if (!ends.every(Number.isNaN)) corrupt('startAt', 'NaN where nothing fell', startAt)
    return
  }
  if (!(startAt >= first && startAt <= bottomAt && bottomAt <= at)) corrupt('startAt', 'before the bottom', startAt)
  if (!isStep(startStep, 0, step)) corrupt('startStep', `a whole number up to ${step}`, startStep)
  if (Number.isNaN(endAt) && Number.isNaN(endStep) && fall > 0) return
  if (!(endAt >= bottomAt && endAt <= at)) corrupt('endAt', `from ${bottomAt} to ${at}`, endAt)
  if (!isStep(endStep, startStep, step)) corrupt('endStep', `from ${startStep} to ${step}`, endStep)
}

const isStep = (value: number, least: number, most: number): boolean =>
  Number.isSafeInteger(value) && value >= least && value <= most
