import { show } from '../core/errors.ts'
import type { AliasMove, ModelRegistry, ModelStatus, ModelVersion } from '../lifecycle/index.ts'
import type { BodyState } from './read-registry.ts'
import { type Cell, formatTable } from './table.ts'

/** A version as `tradelearn models` shows it. */
export type ShownVersion = ModelVersion & {
  readonly status: ModelStatus
  readonly aliases: readonly string[]
  readonly body: BodyState
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Figures in the table; `--show` has all. */
const FIGURES = 3

/** All versions as a table, oldest first. */
export function versionsTable(versions: readonly ShownVersion[], now: number): string {
  const rows = versions.map(({ id, version, status, aliases, dataRange, trades, metrics, createdAt, body }): Cell[] => [
    version,
    id,
    status,
    aliases.join(', '),
    dataRange === null ? '' : `${dayOf(dataRange.from)} to ${dayOf(dataRange.to)}`,
    trades,
    figures(metrics, FIGURES),
    ageOf(now - createdAt),
    body,
  ])
  return formatTable([['', 'id', 'status', 'aliases', 'data', 'trades', 'metrics', 'age', 'model'], ...rows])
}

/** Everything about one version. */
export function versionText(registry: ModelRegistry, shown: ShownVersion, now: number): string {
  const { version, id, status, aliases, body, createdAt, by, trainer, schema, dataRange, trades, model } = shown
  const { tradesByRegime, tradesBySymbol, metrics, hyperParameters, tags, rejected, since } = shown
  const missing = registry.missing(version)
  const rows: (readonly [string, Cell])[] = [
    ['version', `${version}, ${id}`],
    ['status', `${status} since ${timeOf(since)}`],
    ['aliases', aliases.join(', ') || 'none'],
    ['made', `${timeOf(createdAt)} by ${by} with ${trainer}, ${ageOf(now - createdAt)} ago`],
    ['features', schema],
    ['data', dataRange === null ? 'none' : `${timeOf(dataRange.from)} to ${timeOf(dataRange.to)}`],
    ['trades', `${trades}${missing.length > 0 ? `; it lacks data: ${missing.join(', ')}` : ''}`],
    ...counts('by regime', tradesByRegime),
    ...counts('by symbol', tradesBySymbol),
    ['metrics', figures(metrics, Infinity) || 'none'],
    ['hyper-parameters', JSON.stringify(hyperParameters)],
    [
      'tags',
      Object.entries(tags)
        .map(([tag, value]) => `${tag}: ${value}`)
        .join('; ') || 'none',
    ],
    ...(rejected === null ? [] : [['rejected', `${rejected.code}: ${rejected.text}`] as const]),
    ['model', model === null ? body : `${body}; ${model.bytes} bytes, sha256 ${model.hash}`],
    ['lineage', lineageOf(registry, shown)],
    [
      'made from it',
      registry.versions
        .filter(({ parent }) => parent === version)
        .map((one) => one.id)
        .join(', ') || 'none',
    ],
  ]
  const moves = registry.history.moves.filter(({ from, to }) => from === version || to === version)
  return [formatTable([['', show(id)], ...rows]), ...(moves.length > 0 ? ['', movesTable(moves)] : [])].join('\n')
}

/** What happened to aliases, oldest first. */
export function movesTable(moves: readonly AliasMove[]): string {
  const named = (version: number | null): string => (version === null ? 'none' : `version ${version}`)
  const rows = moves.map(({ time, alias, from, to, how, by, reason }): Cell[] => [
    timeOf(time),
    how === 'rollback' ? `${alias}, rolled back` : alias,
    `${named(from)} to ${named(to)}`,
    by,
    reason,
  ])
  return formatTable([['when', 'alias', 'from and to', 'by', 'reason'], ...rows])
}

/** The versions that it came from, nearest first; a card that is gone ends it. */
function lineageOf(registry: ModelRegistry, { id, parent }: ModelVersion): string {
  const names = [id]
  const cards = new Map(registry.versions.map((one) => [one.version, one]))
  // a parent is always older
  for (let at = parent; at !== null; ) {
    const card = cards.get(at)
    names.push(card?.id ?? `version ${at}, whose card is gone`)
    at = card?.parent ?? null
  }
  return names.length > 1 ? names.join(' from ') : 'from no other'
}

function counts(name: string, of: ModelVersion['tradesByRegime']): (readonly [string, Cell])[] {
  if (of === null) return []
  return [
    [
      name,
      Object.entries(of)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', '),
    ],
  ]
}

function figures(metrics: ModelVersion['metrics'], most: number): string {
  const all = Object.entries(metrics)
  const rest = all.length > most ? `, ${all.length - most} more` : ''
  return `${all
    .slice(0, most)
    .map(([name, value]) => `${name} ${round(value)}`)
    .join(', ')}${rest}`
}

/** Four digits that mean something. */
const round = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value))

const timeOf = (time: number): string => {
  // a time may lie beyond what a date can hold
  const date = new Date(time)
  return Number.isNaN(date.getTime())
    ? `time ${time}`
    : date
        .toISOString()
        .replace(/:\d\d\.\d{3}Z$/, 'Z')
        .replace('T', ' ')
}
const dayOf = (time: number): string => timeOf(time).slice(0, 10)

function ageOf(age: number): string {
  if (age < 0) return 'in the future'
  return age < DAY ? `${Math.floor(age / HOUR)} h` : `${Math.floor(age / DAY)} d`
}
