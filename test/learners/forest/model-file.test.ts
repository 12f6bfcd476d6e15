import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/contracts.ts'
import { createForest } from '../../../src/learners/forest/forest.ts'
import { checkContent, type ModelContent } from '../../../src/learners/forest/model-file.ts'
import { modelFromBytes, modelToBytes } from '../../../src/learners/forest/model-file-bytes.ts'
import { crc32, crcTables } from '../../../src/learners/forest/model-file-crc.ts'
import { modelFromJSON, modelToJSON } from '../../../src/learners/forest/model-file-json.ts'
import { bitsOf, codeOf, drawModel } from './model-file-models.ts'

const forms: [string, (model: ModelContent) => ModelContent][] = [
  ['bytes', (model) => modelFromBytes(modelToBytes(model))],
  ['JSON', (model) => modelFromJSON(JSON.parse(JSON.stringify(modelToJSON(model))))],
]

describe.each(forms)('a model written as %s and read back', (_, copy) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('is the same to the bit, model %i', (i) => {
    const model = drawModel(`model ${i}`, i, i % 3 === 0 ? 3 : 1)
    const read = copy(model)
    expect(bitsOf(read.forest)).toEqual(bitsOf(model.forest))
    expect({ ...read, forest: 0 }).toEqual({ ...model, forest: 0 })
  })

  test('keeps wide columns: 300 trees, 70,001 features, a tree of 40,001 nodes, a child 40,000 nodes further', () => {
    const big = 40_001
    const forest = createForest(70_001, [0.5], 300, 299 + big)
    for (let t = 0; t < 300; t++) forest.roots[t] = t
    // the last tree is a chain to the left, and its root's right child the very last node
    for (let k = 0; 2 * k + 2 < big; k++) {
      const node = k === 0 ? 299 : 299 + 2 * k - 1
      forest.feature[node] = 70_000
      forest.left[node] = 299 + 2 * k + 1
      forest.right[node] = k === 0 ? 299 + big - 1 : 299 + 2 * k
    }
    const read = copy({ forest, link: 'identity' })
    expect(bitsOf(read.forest)).toEqual(bitsOf(forest))
  })

  test('may have no trees, no names and no notes', () => {
    const model: ModelContent = { forest: createForest(3, [-0, 1e100], 0, 0), link: 'identity' }
    const read = copy(model)
    expect(bitsOf(read.forest)).toEqual(bitsOf(model.forest))
    expect(Object.keys(read).sort()).toEqual(['forest', 'link'])
  })

  test('keeps notes with keys that objects treat in their own way', () => {
    const meta = JSON.parse('{"__proto__": {"a": 1}, "10": 1, "2": 2}') as JsonObject
    const read = copy({ ...drawModel('notes'), meta })
    expect(JSON.stringify(read.meta)).toBe(JSON.stringify(meta))
  })

  test('a model that could not be read back is not written', () => {
    const { forest } = drawModel('whole', 4, 2)
    const meta = (value: unknown): ModelContent => ({ forest, link: 'identity', meta: { value } as JsonObject })
    let deep: unknown = 1
    for (let i = 0; i < 100; i++) deep = [deep]
    const bad: [string, ModelContent][] = [
      ['an unknown link', { forest, link: 'cube' as never }],
      ['too few names', { forest, link: 'identity', names: ['a'] }],
      ['softmax of one output', { ...drawModel('one'), link: 'softmax' }],
      ['no outputs', { forest: createForest(1, [], 0, 0), link: 'identity' }],
      ['no features', { forest: createForest(0, [1], 0, 0), link: 'identity' }],
      ['more features than anyone has', { forest: createForest(2_000_000, [1], 0, 0), link: 'identity' }],
      ['an infinite base', { forest: { ...forest, base: Float64Array.of(Infinity, 0) }, link: 'identity' }],
      ['a note of NaN', meta(Number.NaN)],
      ['a note of -0', meta(-0)],
      ['a date', meta(new Date(0))],
      ['a function', meta(() => 1)],
      ['a note of undefined', meta(undefined)],
      ['a note without end', meta(deep)],
    ]
    for (const [what, model] of bad)
      expect(
        codeOf(() => copy(model)),
        what,
      ).toBe('INVALID_INPUT')
  })
})

describe('shapes of trees', () => {
  const pair = (): ModelContent => {
    const forest = createForest(1, [0], 1, 5)
    forest.feature.set([0, 0])
    forest.left.set([1, 3])
    forest.right.set([2, 4])
    return { forest, link: 'identity' }
  }

  test('a tree is accepted', () => expect(codeOf(() => checkContent(pair(), 'CORRUPT_MODEL'))).toBe('nothing thrown'))

  test('a node with two parents is refused: walks over such trees double at every step', () => {
    const model = pair()
    model.forest.left[1] = 2
    expect(codeOf(() => checkContent(model, 'CORRUPT_MODEL'))).toBe('CORRUPT_MODEL')
  })

  test('a node without a parent is refused', () => {
    const model = pair()
    model.forest.feature[1] = -1
    expect(codeOf(() => checkContent(model, 'CORRUPT_MODEL'))).toBe('CORRUPT_MODEL')
  })
})

test('the checksum is the CRC-32 of zip and PNG', () => {
  const tables = crcTables()
  const of = (text: string): string => {
    const bytes = new TextEncoder().encode(text)
    return crc32(bytes, 0, bytes.length, tables).toString(16).padStart(8, '0')
  }
  // the check value of the standard, and of texts that end in the middle of a step
  expect(of('123456789')).toBe('cbf43926')
  expect(of('')).toBe('00000000')
  expect(of('The quick brown fox jumps over the lazy dog')).toBe('414fa339')
})
