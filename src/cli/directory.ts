import { existsSync, statSync } from 'node:fs'
import { show, TradeLearnError } from '../core/errors.ts'

/** Throws unless there is a directory by that name. */
export function checkDirectory(directory: string): void {
  if (!existsSync(directory)) {
    throw new TradeLearnError('INVALID_INPUT', `${show(directory)} must be a directory, got nothing by that name.`)
  }
  if (!statSync(directory).isDirectory()) {
    throw new TradeLearnError('INVALID_INPUT', `${show(directory)} must be a directory, got a file.`)
  }
}
