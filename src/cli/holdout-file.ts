import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { show, TradeLearnError } from '../core/errors.ts'
import { parseSnapshot } from '../core/snapshot.ts'
import { type Dataset, WalkForward, type WalkForwardOptions } from '../evaluation/index.ts'

/**
 * The splitter of a run that opens its hold-out: a fresh one where there is no file yet, else that of the file.
 *
 * @throws `HOLDOUT_OPENED` if a run with this file opened it, `INVALID_OPTION` if the file was made with other options
 */
export function readHoldout(
  file: string,
  options: WalkForwardOptions,
  { times, labelEnds }: Pick<Dataset, 'times' | 'labelEnds'>,
): WalkForward {
  if (!existsSync(file)) return new WalkForward(options)
  const splitter = WalkForward.fromJSON(parseSnapshot(readText(file)))
  for (const name of Object.keys(options) as (keyof WalkForwardOptions)[]) {
    const was = splitter.options[name]
    if (was === options[name]) continue
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"${name}" must be ${show(was)} as in the hold-out file ${basename(file)}, got ${show(options[name])}.`,
    )
  }
  // the splitter itself says which rows were used
  if (splitter.holdoutOpened) splitter.openHoldout(times, labelEnds)
  return splitter
}

/** Keeps that the hold-out was opened. */
export function writeHoldout(file: string, splitter: WalkForward): void {
  try {
    writeFileSync(file, `${JSON.stringify(splitter)}\n`)
  } catch (error) {
    throw new TradeLearnError('INVALID_INPUT', `${file} must be writable, got: ${(error as Error).message}.`)
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `${basename(file)} must be a readable file, got: ${(error as Error).message}.`,
    )
  }
}
