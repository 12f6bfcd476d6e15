// A process that trains once and says how much memory that took at its peak, above what it held before; for host.ts.
import { existsSync, readFileSync } from 'node:fs'
import { type TableFiles, viewOf } from './data.ts'
import { COMMON, train } from './ours.ts'

const { name, x: xFile, y: yFile, rows, features } = JSON.parse(process.argv[2]!) as TableFiles
const doubles = (file: string): Float64Array => {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return new Float64Array(buffer, byteOffset, byteLength / 8)
}
const [x, y] = [doubles(xFile), doubles(yFile)]
const views = Array.from({ length: rows }, (_, i) => viewOf(x, features, i))
// one small model first, so that what is compiled and loaded is not counted
train({ name, features, x, y: y.subarray(0, 500), rows: views.slice(0, 500) }, { ...COMMON, trees: 5 })
const before = process.memoryUsage().rss
train({ name, features, x, y, rows: views }, COMMON)
process.send!(peak() - before)

/** The most memory that this process has held. What `resourceUsage` says begins with the peak of the parent process on Linux. */
function peak(): number {
  const own = existsSync('/proc/self/status') && /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return 1024 * (own ? Number(own[1]) : process.resourceUsage().maxRSS)
}
