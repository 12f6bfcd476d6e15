import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { liveFixedLife, replayFixedLife } from './fixed-life.ts'

const directory = mkdtempSync(join(tmpdir(), 'tradelearn-digest-'))
afterAll(() => rmSync(directory, { recursive: true }))

// Whoever changes on purpose what is learnt, or how it is saved, writes the new digest down here; on every Node that the
// library runs on it must be the same: npx tsx bench/store/digest.ts
test('a life with every part, two restarts and 900 signals ends in the same state on every Node', async () => {
  await liveFixedLife(directory)
  const replay = await replayFixedLife(directory)
  expect(replay).toMatchObject({ equal: true, from: 0, decisions: 900, refused: 0, faults: [] })
  expect(replay.digest).toBe('63e4ac46')
})
