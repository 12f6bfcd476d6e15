import { show, TradeLearnError } from '../../core/errors.ts'
import { clamp, logit, logLossOf, sigmoid } from '../../core/math.ts'
import { expOf, toShares } from '../forest/links.ts'
import type { GradientBoostingOptions } from './options.ts'
import { quantileOf } from './quantile.ts'
import { quickSigmoid } from './quick-sigmoid.ts'
import type { Table } from './window.ts'

/**
 * What boosting needs to know of a loss. A margin is what the trees add up to; a loss may have several, one for each
 * class or quantile, and then margins, gradients and hessians lie output after output, each of `rows` numbers.
 */
export type Loss = {
  /** The margins that suit the labels before anything is known of the features. */
  base(table: Table): Float64Array
  /** Writes the weighted first and second derivatives of the loss of the rows from `start` up to `end`. */
  derive(table: Table, margins: Float64Array, g: Float64Array, h: Float64Array, start: number, end: number): void
  /** The loss of row `i`, unweighted: what early stopping watches. */
  lossOf(table: Table, margins: Float64Array, i: number): number
  /** Turns margins into predictions, in place. */
  predict(margins: Float64Array): void
  /**
   * Where a leaf of output `k` is better set to a quantile of what its rows have left over: which one. Hessians are the
   * rows' weights then.
   */
  readonly renewal?: (k: number) => number
  /** Whether the base may be far from where the loss is least. */
  readonly startsAnywhere?: true
}

/** A loss of the user's own, for one output. */
export type CustomLoss = {
  /** Names it in snapshots; a model can only be read back where a loss of this name is given. */
  readonly name: string
  /** The margin to start from, for one label or more; before the first it is 0. */
  base(y: Float64Array, weights: Float64Array): number
  /** Writes the first and second derivative of the loss by each margin, unweighted; second ones are at least 0. */
  derive(y: Float64Array, margins: Float64Array, gradients: Float64Array, hessians: Float64Array): void
  /** The loss of one row; only early stopping asks. */
  lossOf?(y: number, margin: number): number
  /** The prediction for a margin. @defaultValue the margin itself */
  predict?(margin: number): number
}

/** Hessians stay above this: it is where a probability rounds to 0 or 1, and no curvature is left to measure. */
const LEAST_HESSIAN = 1e-16

/** The loss that the options ask for. */
export function lossFor(options: GradientBoostingOptions, custom?: CustomLoss): Loss {
  const ours = ownLoss(options)
  if (ours && !custom) return ours
  if (custom && !ours && custom.name === options.loss) {
    if (custom.lossOf || options.earlyStoppingRounds === 0) return fromCustom(custom)
    throw new TradeLearnError('INVALID_OPTION', `Early stopping needs "lossOf" of the loss "${custom.name}".`)
  }
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"loss" must name one of ours, or the "customLoss" that is given, got ${show(options.loss)} and ` +
      `${custom ? `the loss ${show(custom.name)}` : 'no such loss'}.`,
  )
}

function ownLoss(options: GradientBoostingOptions): Loss | undefined {
  switch (options.loss) {
    case 'logistic':
      return logistic
    case 'squared':
      return squared
    case 'huber':
      return huber(options.huberDelta)
    case 'poisson':
      return poisson
    case 'quantile':
      return quantiles(options.quantiles)
    case 'softmax':
      return softmax(options.classes)
    default:
      return undefined
  }
}

const meanOf = ({ y, weights }: Table): number => {
  let sum = 0
  let n = 0
  for (let i = 0; i < y.length; i++) {
    sum += weights[i]! * y[i]!
    n += weights[i]!
  }
  return n > 0 ? sum / n : 0
}

const sumOf = (values: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum
}

const asIs = (): void => {}

/**
 * Log loss of P(y = 1) = sigmoid(margin): g = p - y, h = p (1 - p).
 *
 * The base rate counts one more row that is half a win (Krichevsky and Trofimov's estimate), which keeps it off 0 and 1
 * and makes it 1/2 before the first label.
 */
const logistic: Loss = {
  base(table) {
    const n = sumOf(table.weights)
    return Float64Array.of(logit((n * meanOf(table) + 0.5) / (n + 1)))
  },
  derive({ y, weights }, margins, g, h, start, end) {
    for (let i = start; i < end; i++) {
      const p = quickSigmoid(margins[i]!)
      const weight = weights[i]!
      g[i] = weight * (p - y[i]!)
      h[i] = weight * Math.max(p * (1 - p), LEAST_HESSIAN)
    }
  },
  lossOf: ({ y }, margins, i) => logLossOf(y[i]!, sigmoid(margins[i]!)),
  predict(margins) {
    margins[0] = sigmoid(margins[0]!)
  },
}

/** Half the squared error: g = margin - y, h = 1; the base is the mean. */
const squared: Loss = {
  base: (table) => Float64Array.of(meanOf(table)),
  derive({ y, weights }, margins, g, h, start, end) {
    for (let i = start; i < end; i++) {
      g[i] = weights[i]! * (margins[i]! - y[i]!)
      h[i] = weights[i]!
    }
  },
  lossOf({ y }, margins, i) {
    const error = margins[i]! - y[i]!
    return (error * error) / 2
  },
  predict: asIs,
}

/**
 * Squared error that turns linear beyond `delta`, so that a few extreme returns do not drag the trees along. With a
 * delta of 0, it is the distance from the median that nine labels in ten keep within. The base is where the loss is
 * least: from the mean, which one extreme can move anywhere, small steps of `delta` would not find back.
 *
 * @see P. J. Huber (1964), "Robust estimation of a location parameter", Annals of Mathematical Statistics 35
 */
function huber(given: number): Loss {
  const deltas = new WeakMap<Table, number>()
  const deltaOf = (table: Table): number => {
    if (given > 0) return given
    const known = deltas.get(table)
    if (known !== undefined) return known
    const median = quantileOf(table.y, table.weights, 0.5)
    const delta = quantileOf(
      table.y.map((y) => Math.abs(y - median)),
      table.weights,
      0.9,
    )
    deltas.set(table, delta > 0 ? delta : 1)
    return deltas.get(table)!
  }
  return {
    base: (table) => Float64Array.of(table.y.length === 0 ? 0 : centreOf(table, deltaOf(table))),
    derive(table, margins, g, h, start, end) {
      const { y, weights } = table
      const delta = deltaOf(table)
      for (let i = start; i < end; i++) {
        const error = margins[i]! - y[i]!
        g[i] = weights[i]! * Math.min(Math.max(error, -delta), delta)
        h[i] = weights[i]!
      }
    },
    lossOf(table, margins, i) {
      const delta = deltaOf(table)
      const error = Math.abs(margins[i]! - table.y[i]!)
      return error <= delta ? (error * error) / 2 : delta * (error - delta / 2)
    },
    predict: asIs,
  }
}

/** Halvings of the way to the least loss: 12 digits of delta. */
const HALVINGS = 40

/** Where Huber's loss is least: seldom further than delta from the median. */
function centreOf({ y, weights }: Table, delta: number): number {
  const slopeAt = (margin: number): number => {
    let slope = 0
    for (let i = 0; i < y.length; i++) slope += weights[i]! * clamp(margin - y[i]!, -delta, delta)
    return slope
  }
  const median = quantileOf(y, weights, 0.5)
  let low = median - delta
  let high = median + delta
  for (let step = delta; slopeAt(low) > 0; step *= 2) low -= step
  for (let step = delta; slopeAt(high) < 0; step *= 2) high += step
  for (let i = 0; i < HALVINGS; i++) {
    const middle = low / 2 + high / 2
    if (slopeAt(middle) > 0) high = middle
    else low = middle
  }
  return low / 2 + high / 2
}

/** Steps of Poisson margins are kept small by adding this to the exponent of the hessian, as in XGBoost and LightGBM. */
const POISSON_MAX_DELTA = 0.7
/** Poisson margins count as within this in training; e^±50 is beyond any count and keeps hessians finite. */
const POISSON_LIMIT = 50

/** Counts with mean e^margin: g = e^margin - y, h = e^(margin + 0.7). */
const poisson: Loss = {
  base: (table) => Float64Array.of(Math.log(Math.max(meanOf(table), 1e-9))),
  derive({ y, weights }, margins, g, h, start, end) {
    for (let i = start; i < end; i++) {
      const margin = Math.min(Math.max(margins[i]!, -POISSON_LIMIT), POISSON_LIMIT)
      const mean = Math.exp(margin)
      g[i] = weights[i]! * (mean - y[i]!)
      h[i] = weights[i]! * Math.exp(margin + POISSON_MAX_DELTA)
    }
  },
  lossOf({ y }, margins, i) {
    const margin = Math.min(Math.max(margins[i]!, -POISSON_LIMIT), POISSON_LIMIT)
    return Math.exp(margin) - y[i]! * margin
  },
  predict(margins) {
    margins[0] = expOf(margins[0]!)
  },
}

/**
 * Quantiles by the pinball loss, one output each: g = 1 - q above the label and -q below it, h = 1. That slope says
 * nothing of how far to go, so leaves are set to the quantile of what their rows have left over. Predictions are sorted,
 * so that a higher quantile never lies below a lower one.
 *
 * @see R. Koenker, G. Bassett (1978), "Regression quantiles", Econometrica 46
 */
function quantiles(levels: readonly number[]): Loss {
  return {
    base: ({ y, weights }) => Float64Array.from(levels, (q) => (y.length === 0 ? 0 : quantileOf(y, weights, q))),
    derive({ y, weights }, margins, g, h, start, end) {
      const rows = y.length
      for (let k = 0; k < levels.length; k++) {
        const q = levels[k]!
        for (let i = start, at = k * rows + start; i < end; i++, at++) {
          g[at] = weights[i]! * (margins[at]! >= y[i]! ? 1 - q : -q)
          h[at] = weights[i]!
        }
      }
    },
    lossOf({ y }, margins, i) {
      let loss = 0
      for (let k = 0; k < levels.length; k++) {
        const over = margins[k * y.length + i]! - y[i]!
        loss += over >= 0 ? (1 - levels[k]!) * over : -levels[k]! * over
      }
      return loss / levels.length
    },
    predict: (margins) => void margins.sort(),
    renewal: (k) => levels[k]!,
  }
}

/**
 * Classes 0 to `classes - 1` with P(y = k) = e^margin_k / Σ e^margin: g = p - 1[y = k], h = K / (K - 1) · p (1 - p). The
 * factor, as in LightGBM, makes up for hessians that leave out how classes hang together. Base: each class's share,
 * counted with half a row more.
 *
 * @see J. Friedman, T. Hastie, R. Tibshirani (2000), "Additive logistic regression", Annals of Statistics 28, section 4
 */
function softmax(classes: number): Loss {
  const factor = classes / (classes - 1)
  return {
    base({ y, weights }) {
      const counts = new Float64Array(classes).fill(0.5)
      for (let i = 0; i < y.length; i++) counts[y[i]!]! += weights[i]!
      const total = sumOf(counts)
      return counts.map((count) => Math.log(count / total))
    },
    derive({ y, weights }, margins, g, h, start, end) {
      const rows = y.length
      for (let i = start; i < end; i++) {
        let most = margins[i]!
        for (let k = 1; k < classes; k++) most = Math.max(most, margins[k * rows + i]!)
        let total = 0
        for (let k = 0; k < classes; k++) total += Math.exp(margins[k * rows + i]! - most)
        for (let k = 0; k < classes; k++) {
          const p = Math.exp(margins[k * rows + i]! - most) / total
          g[k * rows + i] = weights[i]! * (p - (y[i] === k ? 1 : 0))
          h[k * rows + i] = weights[i]! * Math.max(factor * p * (1 - p), LEAST_HESSIAN)
        }
      }
    },
    lossOf({ y }, margins, i) {
      const own = Float64Array.from({ length: classes }, (_, k) => margins[k * y.length + i]!)
      toShares(own)
      return -Math.log(Math.max(own[y[i]!]!, 1e-15))
    },
    predict: toShares,
  }
}

/** Puts a user's loss behind the same door, with every number it gives checked. */
function fromCustom(custom: CustomLoss): Loss {
  const checked = (what: string, value: number, least = -Infinity): number => {
    if (Number.isFinite(value) && value >= least) return value
    throw new TradeLearnError(
      'INVALID_INPUT',
      `The ${what} of the loss "${custom.name}" must be finite${least === 0 ? ' and at least 0' : ''}, got ${value}.`,
    )
  }
  return {
    base: ({ y, weights }) => Float64Array.of(y.length === 0 ? 0 : checked('base', custom.base(y, weights))),
    derive({ y, weights }, margins, g, h, start, end) {
      // a loss may look at all rows together, so it sees them all even where only a part is asked for
      custom.derive(y, margins, g, h)
      for (let i = start; i < end; i++) {
        g[i] = weights[i]! * checked('gradient', g[i]!)
        h[i] = weights[i]! * Math.max(checked('hessian', h[i]!, 0), LEAST_HESSIAN)
      }
    },
    lossOf({ y }, margins, i) {
      return checked('value', custom.lossOf?.(y[i]!, margins[i]!) ?? Number.NaN)
    },
    startsAnywhere: true,
    predict(margins) {
      if (custom.predict) margins[0] = custom.predict(margins[0]!)
    },
  }
}
