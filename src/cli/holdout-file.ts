import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { show, TradeLearnError } from '../core/errors.ts'
import { parseSnapshot } from '../core/snapshot.ts'
import { type Dataset, HoldOut, WalkForward, type WalkForwardOptions } from '../evaluation/index.ts'

/**
 * The hold-out of a run that opens it: a fresh one where there is no file yet, else that of the file.
 *
 * @throws `HOLDOUT_OPENED` if a run with this file opened it, `INVALID_OPTION` if the file was made with other options
 */
export function readHoldout(
  file: string,
  options: WalkForwardOptions,
  share: number,
  { times, labelEnds }: Pick<Dataset, 'times' | 'labelEnds'>,
): HoldOut {
  const wanted = createHoldOut(options, share)
  if (!existsSync(file)) return wanted
  const holdOut = HoldOut.fromJSON(parseSnapshot(readText(file)))
  const [was, is] = [holdOut, wanted].map((of) => flat(of))
  for (const name of Object.keys(is!)) {
    if (was![name] === is![name]) continue
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"${name}" must be ${show(was![name])} as in the hold-out file ${basename(file)}, got ${show(is![name])}.`,
    )
  }
  // it says itself which rows were used
  if (holdOut.opened) holdOut.open(times, labelEnds)
  return holdOut
}

/** A hold-out around a walk forward; its own model is trained like the others, on as many rows where those are rolling. */
export function createHoldOut(options: WalkForwardOptions, share: number): HoldOut {
  return new HoldOut({
    share,
    train: options.mode === 'rolling' ? options.train : 0,
    embargo: options.embargo,
    splitter: new WalkForward(options),
  })
}

/** All options by the names that they have on the command line. */
function flat(holdOut: HoldOut): { readonly [name: string]: unknown } {
  const { options, state } = JSON.parse(JSON.stringify(holdOut)) as {
    options: HoldOut['options']
    state: { splitter: { options: WalkForwardOptions } }
  }
  return { ...state.splitter.options, holdout: options.share }
}

/** Keeps that the hold-out was opened. */
export function writeHoldout(file: string, splitter: HoldOut): void {
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
