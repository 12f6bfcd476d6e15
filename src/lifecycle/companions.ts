import type { JsonValue, Snapshot } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Label, Outcome } from '../market.ts'
import type { SettledRow } from './background-trainer/settled-row.ts'
import type { Companion } from './companion.ts'
import type { OpenDecision } from './decision-book.ts'

/** Faults that are remembered; texts are cut so that a status stays small. */
const MOST = 20
const TEXT_LENGTH = 300

/** Whom a learner tells what happens: none of them can stop it, or keep another from its turn. */
export class Companions {
  readonly #all: readonly Companion[]
  readonly #faults: string[] = []

  constructor(all: readonly Companion[]) {
    if (!Array.isArray(all) || all.some((one) => typeof one !== 'object' || one === null)) {
      throw new TradeLearnError('INVALID_OPTION', `"companions" must be a list of objects, got ${show(all)}.`)
    }
    // whoever is also the policy may be named twice
    this.#all = [...new Set(all)]
  }

  /** What companions threw, the newest last. */
  get faults(): readonly string[] {
    return [...this.#faults]
  }

  /** Lets each of them hear something. */
  tell(say: (companion: Companion) => void): void {
    for (const companion of this.#all) {
      try {
        say(companion)
      } catch (error) {
        const name = (companion as object).constructor?.name ?? 'companion'
        this.#faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`.slice(0, TEXT_LENGTH))
        if (this.#faults.length > MOST) this.#faults.shift()
      }
    }
  }

  /** Snapshots of those that have one. */
  pack(): JsonValue {
    return this.#all.filter(({ toJSON, resume }) => toJSON && resume).map((one) => ({ ...one.toJSON!() }))
  }

  /** Each goes on where the saved one of its type stopped; the first with the first. Those that were not there start anew. */
  unpack(saved: JsonValue): void {
    if (!Array.isArray(saved)) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"companions" must be a list, got ${show(saved)}.`)
    }
    const left = [...saved] as unknown as (Snapshot | null)[]
    for (const companion of this.#all) {
      if (!companion.toJSON || !companion.resume) continue
      const { type } = companion.toJSON()
      const at = left.findIndex((one) => one?.type === type)
      if (at >= 0) companion.resume(left.splice(at, 1)[0]!)
    }
  }
}

/** Tells companions how a decision ended. */
export function tellEnded(
  companions: Companions,
  { decision, x }: Pick<OpenDecision, 'decision' | 'x'>,
  label: Label,
  outcome: Outcome | null,
): void {
  const { id, symbol, side, time, prediction } = decision
  const { y, netReturn, exitTime, exitReason } = label
  const { probability } = prediction
  const row: SettledRow = {
    ...{ id, symbol, side, time, x, y, netReturn, stopHit: exitReason === 'stop' ? 1 : 0 },
    // a report may be dated before the decision by another clock
    labelEnd: Math.max(exitTime, time),
    // a model that breaks its law may have predicted no number
    probability: probability >= 0 && probability <= 1 ? probability : Number.NaN,
  }
  companions.tell((companion) => companion.observe?.(row, { decision, label, told: outcome !== null }))
}
