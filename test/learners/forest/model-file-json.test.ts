import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../../src/contracts.ts'
import { createForest } from '../../../src/learners/forest/forest.ts'
import { ForestModel } from '../../../src/learners/forest/forest-model.ts'
import { modelFromJSON, modelToJSON } from '../../../src/learners/forest/model-file-json.ts'
import { codeOf, drawModel, drawRows } from './model-file-models.ts'

const text = JSON.stringify(modelToJSON(drawModel('json', 3, 1, 4)))

type Place = { readonly holder: Record<string, unknown>; readonly key: string }

/** Every place in a document where a value stands. */
function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found
  for (const key of Object.keys(value)) {
    found.push({ holder: value as Record<string, unknown>, key })
    placesIn((value as Record<string, unknown>)[key], found)
  }
  return found
}

const rows = drawRows('json probes', 20)

/** Throws unless a document is refused with a code, or predicts finite numbers. */
function survives(document: unknown): 'refused' | 'runs' {
  let read: ForestModel
  try {
    read = new ForestModel(modelFromJSON(document as JsonValue))
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code !== 'CORRUPT_MODEL' && code !== 'UNSUPPORTED_VERSION') throw error
    return 'refused'
  }
  const out = new Float64Array(read.outputs)
  for (const row of rows) {
    const x = new Float64Array(read.features).map((_, i) => row[i % row.length]!)
    for (const y of read.predictInto(x, out)) if (!Number.isFinite(y)) throw new Error(`predicted ${y}`)
  }
  modelToJSON(read)
  return 'runs'
}

const HOSTILE: readonly unknown[] = [
  ...[null, true, '', 'Infinity', '-Infinity', 'NaN', '-0', [], {}, [[]], [null]],
  ...[-1, 0, 1, 2, 0.5, 31, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, Number.POSITIVE_INFINITY],
]

describe('random edits of a document', () => {
  test('every value replaced by every hostile one is refused, or predicts finite numbers', () => {
    const count = placesIn(JSON.parse(text)).length
    const seen = { refused: 0, runs: 0 }
    for (let i = 0; i < count; i++) {
      for (const value of HOSTILE) {
        const document = JSON.parse(text)
        const { holder, key } = placesIn(document)[i]!
        holder[key] = structuredClone(value)
        seen[survives(document)]++
      }
    }
    expect(seen.refused).toBeGreaterThan(1000)
    expect(seen.runs).toBeGreaterThan(100)
  })

  test('every key left out is refused, or was optional', () => {
    const document = JSON.parse(text)
    for (const { holder, key } of placesIn(document)) {
      if (Array.isArray(holder)) continue
      const value = holder[key]
      delete holder[key]
      if (!['names', 'meta', 'set'].includes(key) && !('auc' in holder) && key !== 'auc' && key !== 'deep') {
        if (survives(document) !== 'refused') expect(key).toBe('refused without it')
      } else survives(document)
      holder[key] = value
    }
  })

  test('several edits at once, of values and of lengths', () => {
    const edit = fc.record({
      at: fc.nat(100_000),
      what: fc.constantFrom('set', 'delete', 'push'),
      value: fc.jsonValue(),
    })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const document = JSON.parse(text)
        for (const { at, what, value } of edits) {
          const places = placesIn(document)
          const { holder, key } = places[at % places.length]!
          if (what === 'set') holder[key] = structuredClone(value)
          else if (Array.isArray(holder)) what === 'push' ? holder.push(value) : holder.splice(Number(key), 1)
          else delete holder[key]
        }
        survives(document)
      }),
      { numRuns: 1500, seed: 2 },
    )
  })

  test('what is no document is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => codeOf(() => modelFromJSON(value as JsonValue)) === 'CORRUPT_MODEL'),
    )
    expect(codeOf(() => modelFromJSON(undefined as never))).toBe('CORRUPT_MODEL')
  })
})

describe('the document', () => {
  test('reads as this, and so does the page about it', () => {
    const forest = { ...createForest(3, [0.25], 1, 5), sets: Uint32Array.of(1, 5) }
    forest.feature.set([2, -1, 0])
    forest.threshold[0] = Number.POSITIVE_INFINITY
    forest.set[2] = 0
    forest.left.set([1, 0, 3])
    forest.right.set([2, 0, 4])
    forest.missingLeft[0] = 1
    forest.value.set([0, -0, 0.5, 0.25, 0.75])
    forest.gain.set([3, 0, 1.5])
    forest.cover.set([60, 20, 40, 10, 30])
    expect(
      modelToJSON({ forest, link: 'sigmoid', names: ['day', 'rsi', 'trend'], meta: { trainedOn: 'SPY' } }),
    ).toEqual({
      format: 'tradelearn-model',
      version: 1,
      features: 3,
      link: 'sigmoid',
      names: ['day', 'rsi', 'trend'],
      meta: { trainedOn: 'SPY' },
      base: [0.25],
      sets: [[5]],
      trees: [
        {
          output: 0,
          feature: [2, -1, 0, -1, -1],
          threshold: ['Infinity', null, null, null, null],
          set: [-1, -1, 0, -1, -1],
          left: [1, 0, 3, 0, 0],
          right: [2, 0, 4, 0, 0],
          missingLeft: [1, 0, 0, 0, 0],
          value: [0, '-0', 0.5, 0.25, 0.75],
          gain: [3, 0, 1.5, 0, 0],
          cover: [60, 20, 40, 10, 30],
        },
      ],
    })
  })

  test('of a newer release is refused with both numbers', () => {
    const document = { ...JSON.parse(text), version: 9 }
    expect(codeOf(() => modelFromJSON(document))).toBe('UNSUPPORTED_VERSION')
    expect(() => modelFromJSON(document)).toThrow(/version 9.*up to 1/)
  })

  test('with a key that it does not know is refused, so that a slip of the pen is seen', () => {
    expect(() => modelFromJSON({ ...JSON.parse(text), nmaes: [] })).toThrow(/nmaes/)
  })

  test('leaves sets out that no question asks for', () => {
    const { forest, ...rest } = drawModel('json', 3, 1, 4)
    const padded = { ...rest, forest: { ...forest, sets: Uint32Array.of(...forest.sets, 2, 7, 7) } }
    expect(modelFromJSON(modelToJSON(padded)).forest.sets).toEqual(forest.sets)
  })
})
