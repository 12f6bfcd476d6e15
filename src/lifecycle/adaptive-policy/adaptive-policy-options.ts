import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import {
  AdaptiveParameters,
  type AdaptiveParametersOptions,
  DecisionPolicy,
  type DecisionPolicySettings,
  type ParameterChange,
} from '../../decision/index.ts'
import type { Side, SignalMeta } from '../../market.ts'

/** Options of {@link AdaptivePolicy}: those of a `DecisionPolicy`, and how its numbers are learnt. */
export type AdaptivePolicyOptions = DecisionPolicySettings & {
  /**
   * What is learnt, within which bounds. `takeAbove`, `stopAtr` and `targetAtr` are its approved values; they may be left out
   * beside it, and must not say otherwise. @defaultValue `new AdaptiveParameters()`
   */
  readonly parameters?: AdaptiveParameters
  /**
   * What a source says in a signal: above 0 for the trade, below 0 against it, 0 or NaN nothing. Pure. Texts of more than 200
   * characters it hears of when the signal is decided, and not when it is learned from.
   * @defaultValue the number of that name in `meta`, or 1 and -1 for true and false
   */
  readonly vote?: (source: string, meta: SignalMeta, side: Side) => number
  /** Candles after which a position is closed at the market, as of the labeler. @defaultValue 24 */
  readonly maxBars?: number
  /** Signals whose outcome may be awaited at one time; the oldest are forgotten. @defaultValue 1000 */
  readonly maxOpen?: number
  /**
   * Is told what the library changes or proposes, what a restart under other options changes among it, but not while the past is
   * lived through again. What it throws is dropped.
   */
  readonly onChange?: (change: ParameterChange) => void
}

/** Checked options. */
export type AdaptivePolicyParts = {
  /** Decides by what stands in the configuration. */
  readonly approved: DecisionPolicy
  readonly parameters: AdaptiveParameters
  readonly vote: Required<AdaptivePolicyOptions>['vote']
  readonly maxBars: number
  readonly maxOpen: number
  readonly onChange: (change: ParameterChange) => void
}

/** @throws `INVALID_OPTION` */
export function checkAdaptivePolicy(options: AdaptivePolicyOptions): AdaptivePolicyParts {
  const { parameters = new AdaptiveParameters(), vote = voteOf, maxBars = 24, maxOpen = 1000 } = options
  const { onChange = () => {}, ...settings } = options
  for (const [name, given] of Object.entries({ vote, onChange })) {
    if (typeof given === 'function') continue
    throw new TradeLearnError('INVALID_OPTION', `"${name}" must be a function, got ${show(given)}.`)
  }
  if (typeof parameters?.learn !== 'function') {
    throw new TradeLearnError('INVALID_OPTION', `"parameters" must be AdaptiveParameters, got ${show(parameters)}.`)
  }
  const approved = approvedValues(parameters.options)
  for (const [name, value] of Object.entries(approved)) {
    const given = settings[name as keyof typeof approved]
    if (given === undefined || given === value) continue
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"${name}" must be the approved value of "parameters", which is ${value}, got ${show(given)}.`,
    )
  }
  return {
    approved: new DecisionPolicy({ ...settings, ...approved }),
    parameters,
    vote,
    maxBars: integer('maxBars', maxBars),
    maxOpen: integer('maxOpen', maxOpen),
    onChange,
  }
}

/** The approved values that a policy decides by. */
function approvedValues({ entryThreshold, stopAtr, targetAtr }: AdaptiveParametersOptions): {
  readonly takeAbove: number
  readonly stopAtr: number
  readonly targetAtr: number
} {
  return { takeAbove: entryThreshold.approved, stopAtr: stopAtr.approved, targetAtr: targetAtr.approved }
}

/** The vote that stands in `meta` under the source's own name. */
function voteOf(source: string, meta: SignalMeta): number {
  const said = meta[source]
  if (typeof said === 'boolean') return said ? 1 : -1
  return typeof said === 'number' ? said : 0
}
