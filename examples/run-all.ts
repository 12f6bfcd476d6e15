/**
 * Runs every example, one after the other, and fails if one of them does.
 *
 *     npm run examples
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('.', import.meta.url)
const examples = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'run-all.ts')
for (const file of examples) {
  console.log(`\n=== examples/${file}\n`)
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(file, folder))], {
    cwd: fileURLToPath(new URL('..', folder)),
    stdio: 'inherit',
  })
  if (status !== 0) {
    console.error(`\nexamples/${file} failed`)
    process.exitCode = 1
  }
}
