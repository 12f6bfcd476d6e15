import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { escapeControls, show, TradeLearnError } from '../core/errors.ts'
import { eventsOf } from '../store/findings.ts'
import { inspectJournal, type JournalReport } from '../store/inspect.ts'
import { nodeFs } from '../store/node-fs.ts'
import { type Salvage, salvageJournal } from '../store/salvage.ts'
import { checkDirectory } from './directory.ts'
import { fileSystemDoubt } from './file-system.ts'
import { type Cell, formatTable } from './table.ts'

type Flags = { readonly salvage?: string; readonly json?: boolean }

/** What `tradelearn doctor --json` prints; `salvage` is null where none was asked for. */
type Answer = JournalReport & {
  readonly directory: string
  /** Why the file system may not keep its word, where something is known against it. */
  readonly fileSystem: string | null
  readonly salvage: Omit<Salvage, 'from' | 'to'> | null
}

/** `tradelearn doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Says what is in a journal that a JournalStore keeps, and what is damaged, by file, offset and event. It changes nothing there, and may be used while a bot runs.',
    )
    .argument('<directory>', 'the directory of the journal')
    .option(
      '--salvage <directory>',
      'write whatever can be read into a new journal in this directory, which must be empty or new',
    )
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      '\nEnds with 0 where the journal is healthy, else with 1. A torn end is no damage: a power loss leaves it of a write that\n' +
        'was never acknowledged, and opening keeps its bytes aside.\n\n' +
        'Examples:\n' +
        '  tradelearn doctor state/btc\n' +
        '  tradelearn doctor state/btc --salvage state/btc-salvaged',
    )
    .action(run)
}

async function run(directory: string, { salvage: to, json }: Flags): Promise<void> {
  checkDirectory(directory)
  if (to !== undefined) checkApart(directory, to)
  const salvage = to === undefined ? null : await salvageJournal(nodeFs, directory, to)
  const report = salvage?.from ?? (await inspectJournal(nodeFs, directory))
  if (report.segments.length + report.snapshots.length === 0 && report.healthy) {
    throw new TradeLearnError('INVALID_INPUT', `${show(directory)} must hold a journal, got a directory without one.`)
  }
  console.log(escapeControls(json ? jsonOf(directory, report, salvage) : textOf(directory, report, salvage, to)))
  if (!report.healthy) process.exitCode = 1
}

/** A journal is not salvaged into itself. */
function checkApart(directory: string, to: string): void {
  const inside = relative(realpathSync(directory), realPath(resolve(to)))
  if (inside.split(/[\\/]/)[0] !== '..' && !isAbsolute(inside)) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      `--salvage must name a directory outside of ${show(directory)}, got ${show(to)}.`,
    )
  }
}

/** Where a path leads, whether it exists yet or not. */
function realPath(path: string): string {
  if (existsSync(path) || dirname(path) === path) return realpathSync(path)
  return join(realPath(dirname(path)), basename(path))
}

function jsonOf(directory: string, report: JournalReport, salvage: Salvage | null): string {
  const { from: _, to: __, ...saved } = salvage ?? ({} as Salvage)
  const fileSystem = fileSystemDoubt(directory) ?? null
  const answer: Answer = { directory, fileSystem, ...report, salvage: salvage && saved }
  return JSON.stringify(answer, null, 2)
}

function textOf(directory: string, report: JournalReport, salvage: Salvage | null, to: string | undefined): string {
  const { healthy, store, events, expected, newest, locks, segments, snapshots, keptAside, findings } = report
  const doubt = fileSystemDoubt(directory)
  const damages = findings.filter(({ severity }) => severity === 'damage').length
  const parts = [
    `${show(directory)}: ${healthy ? 'healthy' : `damaged, ${damages} findings`}.`,
    `Store ${show(store)}; ${events} events can be read of ${expected.from} to ${expected.to}.`,
    newest
      ? `Newest event: ${newest.seq}, ${newest.file} at offset ${newest.offset}: ${newest.text}`
      : 'Newest event: none.',
    ...locks.map(({ name, holder, alive }) => {
      const who = holder ? `pid ${holder.pid}, owner ${show(holder.owner)}` : 'a holder that it does not name'
      return `Lock: ${name}, ${who}, ${alive ? 'which lives' : 'which is gone'}.`
    }),
    ...(locks.length === 0 ? ['Lock: none.'] : []),
    ...(doubt === undefined ? [] : [`File system: ${doubt}.`]),
    '',
    table(
      ['file', 'bytes', 'format', 'epoch', 'events', 'readable', 'state'],
      [
        ...segments.map(({ name, bytes, format, epoch, first, last, events: count, state, sealed }) => {
          const span = last >= first ? `${first} to ${last}` : ''
          return [name, bytes, format, epoch, span, count, sealed ? `${state}, closed` : state]
        }),
        ...snapshots.map(({ name, bytes, format, seq, state }) => [name, bytes, format, '', `up to ${seq}`, '', state]),
        ...keptAside.map((name) => [name, '', '', '', '', '', 'kept aside']),
      ],
    ),
  ]
  if (findings.length > 0) {
    const rows = findings.map(({ severity, file, offset, seq, message }) => [severity, file, offset, seq, message])
    parts.push('', table(['', 'file', 'offset', 'event', 'what'], rows))
  }
  if (salvage && to !== undefined) parts.push('', salvageText(salvage, to))
  return parts.join('\n')
}

function salvageText({ kept, lost, renumbered, leftOut, to: written }: Salvage, to: string): string {
  return [
    `Salvaged into ${show(to)}: ${kept} events and ${written.snapshots.length} snapshots.`,
    ...lost.map(
      (range) => `${eventsOf(range)} lost${range.covered ? ', but a snapshot stands for what was learnt' : ''}.`,
    ),
    ...(lost.length === 0 ? ['Nothing is lost that is known to have been written.'] : []),
    ...renumbered.map((range) => `${eventsOf(range)} now ${range.by} lower.`),
    ...leftOut.map((name) => `${name} left out: it belongs to another store.`),
  ].join('\n')
}

const table = (header: readonly Cell[], rows: readonly (readonly Cell[])[]): string => formatTable([header, ...rows])
