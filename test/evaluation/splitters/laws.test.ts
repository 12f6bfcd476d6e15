import { describe, expect, test } from 'vitest'
import type { Splitter } from '../../../src/contracts.ts'
import { PurgedKFold, ShuffledSplit, WalkForward } from '../../../src/evaluation/index.ts'
import { splitterLaws } from '../../../src/testing/index.ts'

/** The laws that a splitter breaks. */
const brokenBy = (...args: Parameters<typeof splitterLaws>): string[] =>
  splitterLaws(...args).flatMap(({ name, run }) => {
    try {
      run()
      return []
    } catch {
      return [name]
    }
  })

const OVERLAP = 'trains on no label that overlaps a test'
const AFTER = 'trains on nothing that comes after the test begins'

describe('a splitter that breaks a law is told so', () => {
  test('one that shuffles, one that trains on the future, one that knows nothing of a delay', () => {
    expect(brokenBy(() => new ShuffledSplit(), 1000, 'around')).toEqual([OVERLAP])
    expect(brokenBy(() => new PurgedKFold())).toEqual([AFTER])
    expect(brokenBy(() => new PurgedKFold(), 1000, 'around', 60_000)).toEqual([OVERLAP])
    expect(brokenBy(() => new WalkForward({ train: 200, test: 50 }), 1000, 'before', 1)).toEqual([OVERLAP, AFTER])
  })

  test('one that leaves rows out, goes beyond them, or repeats them', () => {
    const some: Splitter = {
      *split(times, labelEnds) {
        for (const [i, fold] of [...new PurgedKFold().split(times, labelEnds)].entries()) if (i > 0) yield fold
      },
    }
    expect(brokenBy(() => some, 1000, 'around')).toEqual(['tests every row, and each as often as any other'])
    for (const start of [1200, -1]) {
      const beyond: Splitter = { split: () => [{ train: [{ start: 0, end: 9 }], test: [{ start, end: 1300 }] }] }
      expect(brokenBy(() => beyond)).toContain('stays within the rows, in order, and never trains on what it tests on')
    }
    const [a, b] = [
      { start: 0, end: 9 },
      { start: 5, end: 12 },
    ]
    const again: Splitter = { split: () => [{ train: [a, b], test: [{ start: 500, end: 510 }] }] }
    expect(brokenBy(() => again)).toEqual(['stays within the rows, in order, and never trains on what it tests on'])
  })
})
