import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { Sha256, sha256 } from '../../src/core/sha256.ts'

/** An independent implementation. */
const ours = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('SHA-256', () => {
  // NIST, "Examples with Intermediate Values" for FIPS 180-4, and the million a's of its long test
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('has the published value (%#)', (text, hash) => expect(sha256(text)).toBe(hash))

  test('is that of an independent implementation at every length around its blocks', () => {
    const rng = new SeededRng('lengths')
    for (let length = 0; length <= 260; length++) {
      const bytes = Uint8Array.from({ length }, () => 256 * rng.next())
      expect(sha256(bytes)).toBe(ours(bytes))
    }
  })

  test('is the same in whatever pieces it is fed, and may be asked in between', () => {
    const rng = new SeededRng('pieces')
    const bytes = Uint8Array.from({ length: 5000 }, () => 256 * rng.next())
    for (let run = 0; run < 50; run++) {
      const hash = new Sha256()
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + Math.floor(200 * rng.next()))
        hash.update(bytes.subarray(at, end))
        at = end
        if (run % 10 === 0) expect(hash.digest()).toBe(ours(bytes.subarray(0, at)))
      }
      expect(hash.digest()).toBe(ours(bytes))
    }
  })

  test('takes text as UTF-8', () => {
    expect(sha256('Größe €, 𝄞')).toBe(ours(new TextEncoder().encode('Größe €, 𝄞')))
  })

  test('counts bits past 32 of them', () => {
    const hash = new Sha256()
    const other = createHash('sha256')
    const piece = new Uint8Array(64 * 1024 * 1024).fill(7)
    for (let i = 0; i < 9; i++) {
      hash.update(piece)
      other.update(piece)
    }
    expect(hash.digest()).toBe(other.digest('hex'))
  })
})
