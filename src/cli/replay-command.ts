import { Command } from 'commander'
import { escapeControls, show } from '../core/errors.ts'
import {
  type Advantage,
  type ChoiceFigures,
  type JournalReplay,
  replayJournal,
  UNKNOWN_TO_WHAT_IF,
  type WhatIf,
  whatIf,
} from '../lifecycle/index.ts'
import { nodeFs } from '../store/node-fs.ts'
import { type JournalReading, readJournal } from '../store/read-journal.ts'
import { readBotOptions, readPolicy } from './bot-module.ts'
import { checkDirectory } from './directory.ts'
import { Progress } from './progress.ts'
import { formatTable } from './table.ts'

type Flags = { readonly options: string; readonly policy?: string; readonly json?: boolean }

/** What `tradelearn replay --json` prints; `whatIf` is null where no policy was given. */
type Answer = Omit<JournalReplay, 'signals'> & {
  readonly directory: string
  readonly notes: readonly string[]
  readonly whatIf: (WhatIf & { readonly unknown: readonly string[] }) | null
}

/** Of what the program can end with. */
const EXIT = { equal: 0, different: 1, badInput: 2 } as const
/** Differences and faults that are shown; `--json` has more. */
const SHOWN = 20
/** Of a percentage: sizes are some per cent, so what they make of a return is small. */
const EQUITY_DIGITS = 5

/** `tradelearn replay`. */
export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Lives through a journal again, from its first event or oldest snapshot, and compares every decision with what was decided then, to the bit. It takes no lock and changes nothing, and may be used while a bot runs.',
    )
    .argument('<directory>', 'the directory of the journal')
    .requiredOption(
      '--options <module>',
      'a module of the bot, whose default export is the options of TradeLearner.open, or a function that returns them; a store in them is not touched',
    )
    .option(
      '--policy <file>',
      'what if: another policy on the recorded predictions. JSON with options of DecisionPolicy (what is left out has the default, not what the bot has), or a module whose default export is a policy, its options, or a function that returns either',
    )
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      '\nEnds with 0 where every decision is equal, with 1 where one differs, with 2 where the input is bad.\n' +
        'Only options that were in force all the time give equal decisions all the time.\n\n' +
        'What --policy cannot know:\n' +
        `${UNKNOWN_TO_WHAT_IF.map((text) => `  ${text}\n`).join('')}\n` +
        'Examples:\n' +
        '  tradelearn replay state/btc --options my_bot_options.mjs\n' +
        '  tradelearn replay state/btc --options my_bot_options.mjs --policy bolder.json',
    )
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.equal : EXIT.badInput))
    .action(async (directory: string, flags: Flags) => {
      try {
        await run(directory, flags)
      } catch (error) {
        const { code, message } = error as { readonly code?: string; readonly message: string }
        console.error(escapeControls(`${code ? `${code}: ` : ''}${message}`))
        process.exitCode = EXIT.badInput
      }
    })
}

async function run(directory: string, { options: module, policy: file, json }: Flags): Promise<void> {
  checkDirectory(directory)
  const options = await readBotOptions(module)
  const policy = file === undefined ? undefined : await readPolicy(file)
  const journal = await readJournal(nodeFs, directory)
  const from = journal.snapshot?.seq ?? 0
  const progress = new Progress({ label: 'Replaying' })
  const onEvent = (seq: number): void => progress.update((seq - from) / (journal.last - from))
  let replay: JournalReplay
  try {
    replay = replayJournal(journal, options, { onEvent, ...(policy && { policy }) })
    progress.finish()
  } finally {
    progress.stop()
  }
  const answer = policy === undefined ? null : whatIf(replay.signals)
  const text = json ? jsonOf(directory, journal, replay, answer) : textOf(directory, journal, replay, answer)
  console.log(escapeControls(text))
  process.exitCode = replay.equal ? EXIT.equal : EXIT.different
}

function jsonOf(directory: string, { notes }: JournalReading, replay: JournalReplay, found: WhatIf | null): string {
  const { signals: _, ...figures } = replay
  const whatIf = found && { ...found, unknown: UNKNOWN_TO_WHAT_IF }
  const answer: Answer = { directory, notes, ...figures, whatIf }
  return JSON.stringify(answer, null, 2)
}

function textOf(directory: string, { notes }: JournalReading, replay: JournalReplay, found: WhatIf | null): string {
  const { from, events, decisions, different, differences, refused, equal, digest, faults } = replay
  const start = from === 0 ? 'the beginning' : `the snapshot of event ${from}`
  const parts = [
    `${show(directory)}: ${equal ? 'equal' : 'different'}.`,
    `${events} events from ${start}; ${decisions} decisions, ${different} came out otherwise; ${refused} events refused that were taken in then.`,
    `Digest of the state at the end: ${digest}.`,
    ...notes.map((note) => `Note: ${note}`),
  ]
  if (differences.length > 0) {
    const rows = differences.slice(0, SHOWN).map(({ seq, id, path, then, now }) => {
      return [seq, id, path, ...shortPair(JSON.stringify(then), JSON.stringify(now))]
    })
    parts.push('', formatTable([['event', 'decision', 'first difference', 'then', 'now'], ...rows]))
    if (different > rows.length) parts.push(`and ${different - rows.length} more.`)
  }
  if (faults.length > 0) {
    parts.push('', 'Thrown, then perhaps too:', ...faults.slice(0, SHOWN).map((fault) => `  ${fault}`))
    if (faults.length > SHOWN) parts.push(`  and ${faults.length - SHOWN} more.`)
  }
  if (found) parts.push('', whatIfText(found, equal))
  return parts.join('\n')
}

/** Longer cells would break the table. */
const LONGEST_CELL = 40

/** Two texts that differ, from a little before where they do. */
function shortPair(then: string, now: string): readonly [string, string] {
  let same = 0
  while (same < then.length && then[same] === now[same]) same++
  const start = Math.max(then.length, now.length) > LONGEST_CELL ? Math.max(0, same - LONGEST_CELL / 4) : 0
  const cut = (text: string): string => {
    const end = start + LONGEST_CELL
    return `${start > 0 ? '…' : ''}${text.slice(start, end)}${text.length > end ? '…' : ''}`
  }
  return [cut(then), cut(now)]
}

function whatIfText(found: WhatIf, equal: boolean): string {
  const { asked, signals, open, leftOut, told, added, dropped, overDone, overEverything } = found
  const rows: readonly (readonly [string, ChoiceFigures])[] = [
    ['other policy', found.other],
    ['done then', found.done],
    ['model then', found.model],
    ['everything', found.everything],
  ]
  const coverage = Math.round(overDone.perSignal.coverage * 100)
  const gains: readonly (readonly [string, Advantage])[] = [
    ['over what was done', overDone],
    ['over everything', overEverything],
  ]
  return [
    `What if: ${signals} of ${asked} signals, ${told} of them with the bot's own report, the others with what candles say; ` +
      `${open} are open, ${leftOut} came after the oldest of these.`,
    `The other policy takes ${added} that were not taken, and leaves out ${dropped} that were.`,
    ...(equal ? [] : ['The replay differs, so accounts, limits and halts may not be quite those of then.']),
    '',
    formatTable([
      [
        '',
        'taken',
        'reduced',
        'net return per taken',
        `${coverage} %`,
        'per signal',
        `${coverage} %`,
        'equity per signal',
      ],
      ...rows.map(([name, { taken, reduced, perTaken, perSignal, onEquity }]) => {
        const equity = onEquity === null ? '' : percent(onEquity.value, EQUITY_DIGITS)
        return [
          name,
          taken,
          reduced,
          percent(perTaken.value),
          span(perTaken),
          percent(perSignal.value),
          span(perSignal),
          equity,
        ]
      }),
    ]),
    '',
    formatTable([
      ['the other policy', 'per signal', `${coverage} %`, 'equity per signal', `${coverage} %`],
      ...gains.map(([name, { perSignal, onEquity }]) => {
        const equity =
          onEquity === null ? ['', ''] : [percent(onEquity.value, EQUITY_DIGITS), span(onEquity, EQUITY_DIGITS)]
        return [name, percent(perSignal.value), span(perSignal), ...equity]
      }),
    ]),
    '',
    'Returns are of a full position in each signal taken; equity counts sizes. It cannot know:',
    ...UNKNOWN_TO_WHAT_IF.map((text) => `  ${text}`),
  ].join('\n')
}

const percent = (value: number, digits = 3): string =>
  Number.isFinite(value) ? `${value < 0 ? '-' : '+'}${Math.abs(value * 100).toFixed(digits)} %` : 'N/A'

const span = ({ low, high }: { readonly low: number; readonly high: number }, digits = 3): string =>
  Number.isFinite(low) ? `${percent(low, digits).replace(' %', '')} to ${percent(high, digits)}` : 'N/A'
