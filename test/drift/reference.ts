import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../../shared/reference/river')

/** Whether the recorded numbers are beside the repository. */
export const recorded: boolean = existsSync(join(root, 'drift/river_drift.json'))

const read = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T

/** `[i, width, total, sum of squared deviations]` after update i. */
export type Row = readonly [number, number, number, number]
export type RiverCase = {
  readonly detector: string
  readonly params: { readonly [name: string]: number | string }
  readonly stream: string
  readonly drifts: readonly number[]
  readonly warnings?: readonly number[]
  readonly river_wrapper?: { readonly at_drift: readonly Row[]; readonly trace: readonly Row[] }
  readonly raw_window_no_reset?: { readonly at_drift: readonly Row[]; readonly trace: readonly Row[] }
}
export type MoaCase = {
  readonly detector: string
  readonly stream: string
  readonly drifts?: readonly number[]
  readonly warnings?: readonly number[]
  readonly at_change?: readonly Row[]
  readonly trace?: readonly Row[]
}

export const riverCases = (detector: string): readonly RiverCase[] =>
  recorded
    ? read<{ cases: RiverCase[] }>('drift/river_drift.json').cases.filter((row) => row.detector === detector)
    : []
export const moaCases = (detector: string): readonly MoaCase[] =>
  recorded ? read<{ cases: MoaCase[] }>('drift/moa_drift.json').cases.filter((row) => row.detector === detector) : []

const streams = recorded
  ? read<{ readonly [name: string]: { readonly values: readonly number[] } }>('streams/streams.json')
  : {}
export const streamOf = (name: string): readonly number[] => streams[name]!.values
