import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createForest } from '../../../src/learners/forest/forest.ts'
import { ForestModel } from '../../../src/learners/forest/forest-model.ts'
import { modelFromBytes, modelToBytes, readModel } from '../../../src/learners/forest/model-file-bytes.ts'
import { crc32, crcTables } from '../../../src/learners/forest/model-file-crc.ts'
import { bitsOf, codeOf, drawModel, drawRows } from './model-file-models.ts'

const model = drawModel('bytes', 3, 1, 4)
const bytes = modelToBytes(model)
const tables = crcTables()

/** Puts the checksums right after a change, as a forger would. */
function seal(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer)
  view.setUint32(56, crc32(file, 64, file.length, tables), true)
  view.setUint32(60, crc32(file, 0, 60, tables), true)
  return file
}

const changed = (at: number, value: number): Uint8Array => {
  const file = bytes.slice()
  file[at] = value
  return file
}

describe('damage', () => {
  test('every change of a single byte is refused', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (let to = 0; to < 256; to++) {
        if (to === bytes[at]) continue
        const code = codeOf(() => modelFromBytes(changed(at, to)))
        if (code !== 'CORRUPT_MODEL') expect(code, `byte ${at} as ${to}`).toBe('CORRUPT_MODEL')
      }
    }
    expect(codeOf(() => modelFromBytes(bytes))).toBe('nothing thrown')
  })

  test('every truncation is refused', () => {
    for (let n = 0; n < bytes.length; n++) expect(codeOf(() => modelFromBytes(bytes.slice(0, n)))).toBe('CORRUPT_MODEL')
  })

  test('bytes too many are refused', () => {
    for (const n of [1, 7, 8, 64, 1000]) {
      expect(codeOf(() => modelFromBytes(Uint8Array.of(...bytes, ...new Uint8Array(n))))).toBe('CORRUPT_MODEL')
    }
  })

  test('what is no file at all is refused', () => {
    for (const no of [undefined, null, 'text', {}, [], new Uint16Array(100), new ArrayBuffer(100)]) {
      expect(codeOf(() => modelFromBytes(no as Uint8Array))).toBe('CORRUPT_MODEL')
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (no) => codeOf(() => modelFromBytes(no)) === 'CORRUPT_MODEL'),
    )
  })
})

describe('forgery with right checksums', () => {
  const rows = drawRows('probes', 20)
  const survives = (file: Uint8Array): void => {
    let read: ForestModel
    try {
      read = ForestModel.fromBytes(file)
    } catch (error) {
      const code = (error as { code?: string }).code
      if (code !== 'CORRUPT_MODEL' && code !== 'UNSUPPORTED_VERSION') throw error
      return
    }
    const out = new Float64Array(read.outputs)
    for (const row of rows) {
      const x = new Float64Array(read.features).map((_, i) => row[i % row.length]!)
      for (const y of read.predictInto(x, out)) if (!Number.isFinite(y)) throw new Error(`predicted ${y}`)
    }
    read.toBytes()
  }

  test('a single changed byte is refused with a code, or the model predicts finite numbers', () => {
    for (let at = 0; at < bytes.length; at++) for (const to of [0, 1, 127, 128, 255]) survives(seal(changed(at, to)))
  })

  test('so are several random ones', () => {
    const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
        const file = bytes.slice()
        for (const [at, to] of edits) file[at] = to
        survives(seal(file))
      }),
      { numRuns: 2000, seed: 1 },
    )
  })

  test('numbers of the header that announce gigabytes are refused before anything is set up', () => {
    const before = process.memoryUsage().arrayBuffers
    for (const at of [16, 20, 24, 28, 32, 36, 40]) {
      for (const number of [0xffffffff, 0x7fffffff, 0x10000000]) {
        const file = bytes.slice()
        new DataView(file.buffer).setUint32(at, number, true)
        expect(
          codeOf(() => modelFromBytes(seal(file))),
          `${number} at ${at}`,
        ).toBe('CORRUPT_MODEL')
      }
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6)
  })

  test('trees that take no bytes cannot be many', () => {
    const file = modelToBytes({ forest: createForest(1, [0], 0, 0), link: 'identity' })
    new DataView(file.buffer).setUint32(28, 0xffffffff, true)
    expect(codeOf(() => modelFromBytes(seal(file)))).toBe('CORRUPT_MODEL')
  })
})

describe('versions', () => {
  test('a file of a newer release is refused with both numbers, however long its header is', () => {
    for (const header of [64, 80]) {
      const file = Uint8Array.of(...bytes.subarray(0, 60), ...new Uint8Array(header - 60), ...bytes.subarray(64))
      const view = new DataView(file.buffer)
      view.setUint32(8, 7, true)
      view.setUint32(12, header, true)
      view.setUint32(16, file.length, true)
      view.setUint32(header - 4, crc32(file, 0, header - 4, tables), true)
      expect(codeOf(() => modelFromBytes(file))).toBe('UNSUPPORTED_VERSION')
      expect(() => modelFromBytes(file)).toThrow(/version 7.*up to 1/)
    }
  })
})

describe('layout', () => {
  test('wherever the bytes stand in their buffer, the model is the same', () => {
    for (let shift = 0; shift < 9; shift++) {
      const room = new Uint8Array(bytes.length + 16)
      room.set(bytes, shift)
      expect(bitsOf(modelFromBytes(room.subarray(shift, shift + bytes.length)).forest)).toEqual(bitsOf(model.forest))
    }
  })

  test('a machine with the other byte order reads the same model', () => {
    expect(bitsOf(readModel(bytes, false).forest)).toEqual(bitsOf(model.forest))
  })

  test('aligned doubles are views, the rest of the model is its own', () => {
    const { forest } = modelFromBytes(bytes)
    expect(forest.threshold.buffer).toBe(bytes.buffer)
    expect(forest.missingLeft.buffer).not.toBe(bytes.buffer)
  })

  test("Node's Buffer is a file as well", () => {
    expect(bitsOf(modelFromBytes(Buffer.from(bytes)).forest)).toEqual(bitsOf(model.forest))
  })

  test('a node takes 33 bytes of doubles and missing sides, and at most 5 of whole numbers', () => {
    const { forest } = drawModel('size', 100, 1, 31)
    const file = modelToBytes({ forest, link: 'identity' })
    const rest = 64 + 8 + 4 * forest.sets.length + 2 * 100 + 8 * 14
    expect(file.length - rest).toBeLessThan(forest.feature.length * 38)
  })

  // the table of docs/model-file.md, read by hand
  test('the documented layout is what is written', () => {
    const forest = createForest(3, [0.25], 1, 3)
    forest.feature.set([2, -1, -1])
    forest.threshold[0] = 1.5
    forest.left[0] = 1
    forest.right[0] = 2
    forest.missingLeft[0] = 1
    forest.value.set([0, -1, 2])
    const file = modelToBytes({ forest, link: 'exp', names: ['a', 'b', 'c'] })
    const view = new DataView(file.buffer)
    expect([...file.subarray(0, 8)]).toEqual([0x89, 0x74, 0x6c, 0x6d, 0x0d, 0x0a, 0x1a, 0x0a])
    const numbers = Array.from({ length: 9 }, (_, i) => view.getUint32(8 + 4 * i, true))
    expect(numbers).toEqual([1, 64, file.length, 3, 1, 1, 3, 0, 23])
    expect([...file.subarray(44, 56)]).toEqual([2, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    const doubles = Array.from({ length: 13 }, (_, i) => view.getFloat64(64 + 8 * i, true))
    expect(doubles).toEqual([0.25, 1.5, 0, 0, 0, -1, 2, 0, 0, 0, 0, 0, 0])
    expect([...file.subarray(168, 200)]).toEqual([
      ...[3, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0],
      ...[2, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0],
    ])
    expect(new TextDecoder().decode(file.subarray(200, 223))).toBe('{"names":["a","b","c"]}')
    expect(file.length).toBe(224)
  })
})

const page = join(import.meta.dirname, '../../../docs/model-file.md')
test('the page about the format names every section', () => {
  expect(existsSync(page)).toBe(true)
  const text = readFileSync(page, 'utf8')
  for (const name of [
    'base',
    'threshold',
    'value',
    'gain',
    'cover',
    'sets',
    'roots',
    'output',
    'feature',
    'set',
    'left',
  ]) {
    expect(text).toContain(`\`${name}\``)
  }
})
