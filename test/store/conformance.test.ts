import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JournalStore } from '../../src/store/index.ts'
import { storeConformance } from './conformance.ts'

for (const mode of ['power-loss', 'process-kill', 'none'] as const) {
  storeConformance(`JournalStore that survives '${mode}'`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tradelearn-journal-'))
    return {
      store: () => new JournalStore({ directory: join(folder, 'bot-1'), mode }),
      free: async () => rmSync(folder, { recursive: true, force: true }),
    }
  })
}
