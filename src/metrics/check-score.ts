import { fraction, positive } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/** Throws unless a label is 0 or 1, a prediction a probability, and a weight positive and finite. */
export function checkScore(y: number, prediction: number, weight: number): void {
  if (y !== 0 && y !== 1) throw new TradeLearnError('INVALID_INPUT', `"y" must be 0 or 1, got ${show(y)}.`)
  fraction('prediction', prediction, 'INVALID_INPUT')
  positive('weight', weight, 'INVALID_INPUT')
}
