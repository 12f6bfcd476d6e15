import type { JsonValue, Resizing, Serializable, Snapshot, Transformer, Vector } from '../../contracts.ts'
import { checkVector } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot } from '../../core/snapshot.ts'
import { checkFeatures } from './check-features.ts'
import { checkOut } from './window-columns.ts'

/** Options of {@link TransformerChain}. */
export type TransformerChainOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** What is done to them, first to last; each must take what the one before it writes. */
  readonly steps: readonly Transformer[]
}

/**
 * Several transformers as one: each gets what the one before it wrote.
 *
 * A row goes through all of them with the statistics as they are, and `learn` shows each the row as it came to it, before
 * any has learned it: the first scaler's new mean never moves what the second learns. Costs what the parts cost.
 *
 * @example
 * ```ts
 * const chain = new TransformerChain({
 *   features: 3,
 *   steps: [new Winsorizer({ features: 3 }), new StandardScaler({ features: 3 }), new MissingIndicator({ features: 3 })],
 * })
 * const z = chain.transform(x, new Float64Array(chain.outputs))
 * chain.learn(x)
 * ```
 */
export class TransformerChain implements Transformer, Resizing {
  static readonly type: string = 'transformer-chain'
  static readonly version: number = 1

  readonly features: number
  readonly steps: readonly Transformer[]
  /** What comes to each step, and what the last one writes. */
  readonly #between: readonly Vector[]

  /** @throws `INVALID_OPTION` where there is no step, or one does not take what comes to it */
  constructor({ features, steps }: TransformerChainOptions) {
    this.features = checkFeatures(features)
    if (!Array.isArray(steps) || steps.length === 0) {
      throw new TradeLearnError('INVALID_OPTION', `"steps" must be one transformer or more, got ${show(steps)}.`)
    }
    this.steps = [...steps]
    const between = [new Float64Array(features).fill(NaN)]
    for (const [i, step] of steps.entries()) {
      const into = new Float64Array(outputsOf(step, between[i]!.length))
      try {
        step.transform(between[i]!, into)
      } catch (error) {
        const why = (error as Error).message
        throw new TradeLearnError('INVALID_OPTION', `"steps[${i}]" must take ${between[i]!.length} features: ${why}`)
      }
      between.push(into)
    }
    this.#between = between
  }

  get outputs(): number {
    return this.#between.at(-1)!.length
  }

  /** Memory that the parts take, in bytes. */
  get sizeInBytes(): number {
    const parts = this.steps.map((step) => ('sizeInBytes' in step ? (step.sizeInBytes as number) : 0))
    return parts.reduce((sum, bytes) => sum + bytes, 0) + 8 * this.#between.reduce((sum, { length }) => sum + length, 0)
  }

  transform(x: Vector, out: Vector): Vector {
    checkOut(out, this.outputs)
    out.set(this.#pass(x))
    return out
  }

  learn(x: Vector, y?: number, weight?: number): void {
    if (y === undefined && this.steps.some((step) => 'needsLabel' in step)) {
      throw new TradeLearnError('INVALID_INPUT', '"y" must be the label, which a step needs to learn, got undefined.')
    }
    this.#pass(x)
    for (let i = 0; i < this.steps.length; i++) this.steps[i]!.learn(this.#between[i]!, y, weight)
  }

  toJSON(): Snapshot {
    const steps = this.steps.map((step) => step.toJSON() as unknown as JsonValue)
    return {
      type: TransformerChain.type,
      version: TransformerChain.version,
      options: { features: this.features },
      state: { steps },
    }
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: (nested: Snapshot) => Serializable): TransformerChain {
    const { options, state } = checkSnapshot(TransformerChain, json)
    const { steps } = state
    if (!Array.isArray(steps)) corrupt('an array of snapshots', steps)
    const restored = (steps as readonly Snapshot[]).map((step) => {
      const part = restore(step)
      if (!('transform' in part)) corrupt('transformers', part.toJSON().type)
      return part as Transformer
    })
    return new TransformerChain({ features: options['features'] as number, steps: restored })
  }

  /** Takes a row through all steps; returns what the last wrote. */
  #pass(x: Vector): Vector {
    const between = this.#between
    checkVector(x, this.features)
    between[0]!.set(x)
    for (let i = 0; i < this.steps.length; i++) tame(this.steps[i]!.transform(between[i]!, between[i + 1]!))
    return between.at(-1)!
  }
}

/** Length of what a transformer writes for vectors of a length. */
export function outputsOf(transformer: Transformer, features: number): number {
  return 'outputs' in transformer ? (transformer as Transformer & Resizing).outputs : features
}

/** What overflowed is as large as can be: the next part would refuse an infinity. */
function tame(x: Vector): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (value === Infinity || value === -Infinity) x[i] = value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE
  }
}

function corrupt(wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"transformer-chain" must hold ${wanted}, got ${show(got)}.`)
}
