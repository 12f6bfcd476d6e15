import { Command } from 'commander'
import { escapeControls, show, TradeLearnError } from '../core/errors.ts'
import { type ModelRegistry, type ModelStore, type ModelVersion, RegisteredModels } from '../lifecycle/index.ts'
import { JournalStore } from '../store/journal-store.ts'
import { ModelFiles } from '../store/model-files.ts'
import { checkDirectory } from './directory.ts'
import { movesTable, type ShownVersion, versionsTable, versionText } from './models-text.ts'
import { ALL_CARDS, bodyState, readRegistry, versionNamed } from './read-registry.ts'

type Flags = {
  readonly files?: string
  readonly show?: string
  readonly rollback?: string
  readonly by?: string
  readonly reason?: string
  readonly json?: boolean
}

/** What `tradelearn models --json` prints. */
type Answer = {
  readonly directory: string
  readonly champion: number | null
  readonly challenger: number | null
  /** Where a rollback would go; null for the baseline. */
  readonly previous: number | null
  readonly notes: readonly string[]
  readonly versions: readonly ShownVersion[]
  readonly moves: ModelRegistry['history']['moves']
}

/** Of what the program can end with. */
const EXIT = { fine: 0, wrong: 1, badInput: 2 } as const
/** What is said wrongly, as against what cannot be done. */
const NONSENSE: ReadonlySet<string | undefined> = new Set(['INVALID_INPUT', 'UNKNOWN_MODEL'])
/** Moves below the table; `--json` has all. */
const SHOWN = 5

/** `tradelearn models`. */
export function modelsCommand(): Command {
  return new Command('models')
    .description(
      'Lists the versions of a registry of models, checks that their files hold what was registered, and rolls back. Reading takes no lock and changes nothing, and may be done while a bot runs.',
    )
    .argument('<directory>', "the directory of the registry's journal")
    .option('--files <directory>', 'where the models are (default: with the journal)')
    .option('--show <version>', 'everything about one version: its number, its id or an alias such as champion')
    .option('--rollback <version>', 'make an older version champion again: as above, or "previous"')
    .option('--by <name>', 'who rolls back')
    .option('--reason <text>', 'why')
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      '\nEnds with 0 where every model that is kept is there and whole, with 1 where one is not or a rollback could not be done,\n' +
        'with 2 where the input is bad. A rollback is written to the journal, so no bot may have it open. It is in force when the\n' +
        'bot starts again: where it loads its champion from the registry, or a Succession serves its learner. A durable learner keeps\n' +
        'the models of its constructor, which have no version: replace them. A version that was tried is not asked again whether it\n' +
        'has learned enough. How far a rollout has got is known to the bot alone: here its challenger is in shadow.\n\n' +
        'Examples:\n' +
        '  tradelearn models state/models\n' +
        '  tradelearn models state/models --show champion\n' +
        '  tradelearn models state/models --rollback previous --by Ada --reason "it loses since Monday"',
    )
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.fine : EXIT.badInput))
    .action(async (directory: string, flags: Flags) => {
      try {
        await run(directory, flags)
      } catch (error) {
        const { code, message } = error as { readonly code?: string; readonly message: string }
        console.error(escapeControls(`${code ? `${code}: ` : ''}${message}`))
        process.exitCode = NONSENSE.has(code) ? EXIT.badInput : EXIT.wrong
      }
    })
}

async function run(directory: string, flags: Flags): Promise<void> {
  const { files = directory, show: asked, rollback: to, json } = flags
  checkDirectory(directory)
  checkDirectory(files)
  checkFlags(flags)
  const models = new ModelFiles({ directory: files })
  // what is no registry is never opened for writing
  let { registry, notes } = await readRegistry(directory)
  if (to !== undefined) {
    const target = to === 'previous' ? to : versionNamed(registry, to)
    await rollBack(directory, models, target, { by: flags.by!, reason: flags.reason! })
    ;({ registry, notes } = await readRegistry(directory))
  }
  const chosen = asked === undefined ? registry.versions : [versionNamed(registry, asked)]
  const versions: ShownVersion[] = []
  for (const one of chosen) {
    const { version } = one
    const body = await bodyState(models, one)
    versions.push({ ...one, status: registry.status(version), aliases: registry.aliasesOf(version), body })
  }
  const { champion, challenger, previous, history } = registry
  const answer: Answer = { directory, champion, challenger, previous, notes, versions, moves: history.moves }
  const text = json ? JSON.stringify(answer, null, 2) : textOf(answer, registry, asked !== undefined)
  console.log(escapeControls(text))
  if (versions.some(({ body }) => body === 'missing' || body === 'damaged')) process.exitCode = EXIT.wrong
}

function checkFlags({ show: asked, rollback: to, by, reason }: Flags): void {
  const refuse = (message: string): never => {
    throw new TradeLearnError('INVALID_INPUT', message)
  }
  if (to !== undefined && asked !== undefined) refuse('--rollback and --show must be asked for one at a time.')
  for (const [name, text] of [
    ['--by', by],
    ['--reason', reason],
  ] as const) {
    if (to !== undefined && !text?.trim()) refuse(`--rollback must be given with ${name}, got ${show(text)}.`)
    if (to === undefined && text !== undefined) refuse(`${name} must be given with --rollback, got it alone.`)
  }
}

/** Moves the champion back under the journal's lock, to a model that is there and whole. */
async function rollBack(
  directory: string,
  models: ModelStore,
  target: ModelVersion | 'previous',
  who: { readonly by: string; readonly reason: string },
): Promise<void> {
  const events = new JournalStore({ directory, owner: 'tradelearn models', ifMissing: 'refuse' })
  const registered = await RegisteredModels.open({ models, events, registry: ALL_CARDS })
  try {
    const { registry } = registered
    const to = target === 'previous' ? registry.previous : target.version
    const state = to === null ? 'ok' : await bodyState(models, registry.find(to))
    if (state === 'missing' || state === 'damaged') {
      throw new TradeLearnError(
        'CORRUPT_MODEL',
        `Version ${to} must be whole to be rolled back to, got one that is ${state}.`,
      )
    }
    await registered.rollback(target === 'previous' ? target : target.version, { time: Date.now(), ...who })
  } finally {
    await registered.close()
  }
}

function textOf(
  { directory, champion, challenger, previous, notes, versions, moves }: Answer,
  registry: ModelRegistry,
  one: boolean,
): string {
  const now = Date.now()
  if (one) return versionText(registry, versions[0]!, now)
  const named = (version: number | null): string => (version === null ? 'none' : `version ${version}`)
  const back = champion === null ? '' : `; a rollback goes to ${previous === null ? 'the baseline' : named(previous)}`
  const wrong = versions.filter(({ body }) => body === 'missing' || body === 'damaged')
  return [
    `${show(directory)}: ${versions.length} versions.`,
    `Champion: ${champion === null ? 'the baseline' : named(champion)}${back}. Challenger: ${named(challenger)}.`,
    ...wrong.map(({ id, body }) => `The model of ${id} is ${body}.`),
    ...notes.map((note) => `Note: ${note}`),
    ...(versions.length > 0 ? ['', versionsTable(versions, now)] : []),
    ...(moves.length > 0 ? ['', movesTable(moves.slice(-SHOWN))] : []),
    ...(moves.length > SHOWN ? [`and ${moves.length - SHOWN} moves before.`] : []),
  ].join('\n')
}
