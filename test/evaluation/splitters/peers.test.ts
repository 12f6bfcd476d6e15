import { describe, expect, test } from 'vitest'
import type { Fold, Range } from '../../../src/contracts.ts'
import {
  backtestPaths,
  CombinatorialPurged,
  PurgedKFold,
  type SpanUnit,
  WalkForward,
} from '../../../src/evaluation/index.ts'
import golden from '../../golden/splitters.json' with { type: 'json' }

const T0 = Date.UTC(2018, 0, 1)
const HOUR = 3_600_000
const moments = (rows: number): number[] => Array.from({ length: rows }, (_, row) => T0 + row * HOUR)
const pairs = (ranges: readonly Range[]): number[][] => ranges.map(({ start, end }) => [start, end])
const both = (folds: Iterable<Fold>): number[][][][] =>
  Array.from(folds, ({ train, test }) => [pairs(train), pairs(test)])
/** Of folds with one range each. */
const single = (folds: Iterable<Fold>): number[][][] => both(folds).map(([train, tested]) => [train![0]!, tested![0]!])
type Mode = 'rolling' | 'expanding'

describe('beside scikit-learn', () => {
  test.each(golden.timeSeriesSplit)('WalkForward and TimeSeriesSplit: $rows rows, gap $embargo, $mode', (wanted) => {
    const { rows, folds, mode, ...options } = wanted
    const times = moments(rows)
    expect(single(new WalkForward({ ...options, mode: mode as Mode }).split(times, times))).toEqual(folds)
  })

  test.each(golden.kFold)('PurgedKFold and KFold where labels take no time: $rows rows, $folds folds', (wanted) => {
    const times = moments(wanted.rows)
    expect(both(new PurgedKFold({ folds: wanted.folds }).split(times, times))).toEqual(wanted.want)
  })
})

describe('beside skfolio', () => {
  test.each(golden.walkForwardRows)('WalkForward: $rows rows, $mode, embargo $embargo', (wanted) => {
    const { rows, folds, mode, ...options } = wanted
    const times = moments(rows)
    expect(single(new WalkForward({ ...options, mode: mode as Mode }).split(times, times))).toEqual(folds)
  })

  test.each(golden.walkForwardCalendar)('WalkForward: $train $unit, then $test, $mode', (wanted) => {
    const { unit, mode, folds, ...options } = wanted
    const times = golden.hours.map((hour) => T0 + hour * HOUR)
    const splitter = new WalkForward({ ...options, unit: unit as SpanUnit, mode: mode as Mode })
    expect(single(splitter.split(times, times))).toEqual(folds)
  })

  test.each(golden.combinatorial)('CombinatorialPurged: $tested of $groups, $rows rows, embargo $embargo', (wanted) => {
    const { rows, groups, tested, embargo, open, paths, folds, pathOf } = wanted
    const splitter = new CombinatorialPurged({ groups, tested, embargo })
    const times = moments(rows)
    const own = [
      ...splitter.split(
        times,
        times.map((time) => time + open * HOUR),
      ),
    ]
    expect(both(own)).toEqual(folds)
    expect(splitter.paths).toBe(paths)
    // a prediction knows the fold that it is from, and skfolio says which path each tested group of a fold is part of
    const size = rows / groups
    const predictions = own.flatMap(({ test: ranges }, fold) =>
      ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => ({ row: start + i, fold }))),
    )
    const groupsOf = own.map(({ test: ranges }) => [
      ...new Set(
        ranges.flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, i) => Math.floor((start + i) / size)),
        ),
      ),
    ])
    for (const [path, all] of backtestPaths(predictions).entries()) {
      for (const { row, fold } of all) {
        expect(pathOf[fold]![groupsOf[fold]!.indexOf(Math.floor(row / size))]).toBe(path)
      }
    }
  })
})

test.each(golden.purgedKFold)(
  'PurgedKFold purges as ml_get_train_times of mlfinpy does where labels end in the order of their rows: $folds folds',
  (wanted) => {
    const at = (column: readonly number[]): number[] => column.map((time) => T0 + time)
    const splitter = new PurgedKFold({ folds: wanted.folds })
    expect(both(splitter.split(at(wanted.times), at(wanted.labelEnds)))).toEqual(wanted.want)
  },
)
