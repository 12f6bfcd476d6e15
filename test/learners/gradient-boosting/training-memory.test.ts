import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { createForest } from '../../../src/learners/forest/forest.ts'
import { binTable } from '../../../src/learners/gradient-boosting/bin-table.ts'
import { boost } from '../../../src/learners/gradient-boosting/boost.ts'
import { packDerivatives } from '../../../src/learners/gradient-boosting/derivatives.ts'
import { createGrower, growTree } from '../../../src/learners/gradient-boosting/grow.ts'
import { trainingMemory } from '../../../src/learners/gradient-boosting/index.ts'
import { lossFor } from '../../../src/learners/gradient-boosting/loss.ts'
import { type GradientBoostingInput, resolveOptions } from '../../../src/learners/gradient-boosting/options.ts'
import { alone, type Team } from '../../../src/learners/gradient-boosting/team.ts'
import type { Table } from '../../../src/learners/gradient-boosting/window.ts'
import { drawRows, finish } from './support.ts'

const SIZES: readonly (readonly [rows: number, more: GradientBoostingInput])[] = [
  [600, { features: 3 }],
  [2000, { features: 24, maxLeaves: 31, bins: 255 }],
  [1000, { features: 41, columnFraction: 0.8 }],
  [500, { features: 200, maxLeaves: 63, minSamplesLeaf: 2 }],
  [900, { features: 5, task: 'regression', loss: 'quantile', quantiles: [0.1, 0.5, 0.9], earlyStoppingRounds: 2 }],
  [900, { features: 9, sampling: 'goss', categorical: [0], trees: 30 }],
]

function drawTable(rows: number, features: number): Table {
  const list = drawRows('memory', rows, features)
  const x = Float64Array.from(list.flatMap((row) => [...row]))
  return { x, y: Float64Array.from(list, (row) => row[0]!), weights: new Float64Array(rows).fill(1) }
}

/** A lone member that counts what it shares, as members of a team would. */
function counting(): { team: Team; bytes(): number } {
  let bytes = 0
  const team: Team = {
    ...alone,
    share: (length) => {
      bytes += 8 * length
      return new Float64Array(length)
    },
    shareBytes: (length) => {
      bytes += 8 * Math.ceil(length / 8)
      return new Uint8Array(length)
    },
  }
  return { team, bytes: () => bytes }
}

const bytesOf = (arrays: readonly ArrayBufferView[]): number =>
  [...new Set(arrays.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0)

describe.each(SIZES)('trainingMemory of %i rows with %o', (rows, input) => {
  const options = resolveOptions(input)
  const { features } = options
  const table = drawTable(rows, features)
  const stated = trainingMemory(options, rows)

  test('states the table, and adds up', () => {
    expect(stated.table).toBe(bytesOf([table.x, table.y, table.weights]))
    expect(stated.total).toBe(stated.table + stated.shared + stated.perThread)
    const two = trainingMemory(options, rows, 2)
    expect(two.total).toBe(2 * two.table + two.shared + 2 * two.perThread)
    expect(two.shared).toBe(stated.shared)
  })

  test('states enough for what a team shares, and little more', () => {
    const { team, bytes } = counting()
    finish(boost(table, { options, loss: lossFor(options), rng: new SeededRng(1), rounds: 2, team }))
    expect(bytes()).toBeLessThanOrEqual(stated.shared)
    expect(bytes()).toBeGreaterThan(0.75 * stated.shared)
  })

  test('states enough for what a thread has for itself', () => {
    const { team } = counting()
    const grower = createGrower(options, finish(binTable(table.x, features, options, team)), team)
    const outputs = lossFor(options).base(table).length
    const forest = createForest(
      features,
      [0],
      options.trees * outputs,
      options.trees * outputs * (2 * options.maxLeaves - 1),
    )
    grower.g = Float64Array.from(table.y, (y) => -y)
    grower.h = new Float64Array(rows).fill(1)
    const seen = Int32Array.from({ length: Math.round(features * options.columnFraction) }, (_, f) => f)
    const units = packDerivatives(grower.g, grower.h, grower.rows, rows, options.l2, grower.packed, team)
    growTree(grower, forest, 0, rows, seen, units)
    const nodes = Object.values(forest).filter((value) => ArrayBuffer.isView(value)) as ArrayBufferView[]
    const { matrix, spare, rows: order, scratch, ordered, goesLeft } = grower
    const margins = 8 * rows * outputs
    const used =
      bytesOf([...matrix.tiles.map(({ words }) => words), ...spare, order, scratch, ordered, goesLeft, ...nodes]) +
      margins
    expect(used).toBeLessThanOrEqual(stated.perThread)
    expect(used).toBeGreaterThan(0.25 * stated.perThread)
  })
})
