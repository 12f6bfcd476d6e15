import type { Vector } from '../../contracts.ts'
import { checkVector, finite, text, time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { Side } from '../../market.ts'

/** A decision whose outcome is known: what models learn from, and what the champion said of it before. */
export type SettledRow = {
  readonly id: string
  readonly symbol: string
  readonly side: Side
  /** When it was decided. */
  readonly time: number
  /** When its outcome was known, by the same clock, never before `time`. */
  readonly labelEnd: number
  readonly x: Vector
  /** What the model in charge said before the outcome was known; NaN where it said nothing. */
  readonly probability: number
  /** 1 where the net return was positive, else 0. */
  readonly y: 0 | 1
  /** As a fraction of the entry price. */
  readonly netReturn: number
  /** 1 where the stop was hit. */
  readonly stopHit: 0 | 1
}

/** Throws unless a row is whole. @throws `INVALID_INPUT` or `INVALID_TIME` */
export function checkSettledRow(row: SettledRow, features: number): void {
  text('row.id', row.id, 'INVALID_INPUT')
  text('row.symbol', row.symbol, 'INVALID_INPUT')
  time('row.time', row.time)
  time('row.labelEnd', row.labelEnd)
  if (row.labelEnd < row.time) {
    throw new TradeLearnError('INVALID_TIME', `"row.labelEnd" must not lie before ${row.time}, got ${row.labelEnd}.`)
  }
  checkVector(row.x, features)
  const { probability, y, stopHit } = row
  if (!(Number.isNaN(probability) || (probability >= 0 && probability <= 1))) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `"row.probability" must be a number from 0 to 1, or NaN, got ${show(probability)}.`,
    )
  }
  finite('row.netReturn', row.netReturn, 'INVALID_INPUT')
  for (const [name, value] of Object.entries({ y, stopHit })) {
    if (value !== 0 && value !== 1) {
      throw new TradeLearnError('INVALID_INPUT', `"row.${name}" must be 0 or 1, got ${show(value)}.`)
    }
  }
}
