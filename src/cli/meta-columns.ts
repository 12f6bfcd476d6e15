import { show, TradeLearnError } from '../core/errors.ts'
import { category, type Declaration, flag, numeric, optional } from '../features/index.ts'
import type { Signal, SignalMeta } from '../market.ts'

/** Signals whose `meta` holds just what is declared, and what their reader should tell its user. */
export type MetaColumns = {
  readonly signals: readonly Signal[]
  readonly features: NonNullable<Declaration['meta']>
  readonly notes: readonly string[]
}

type Value = SignalMeta[string]
type Column = { readonly feature: MetaColumns['features'][string]; readonly read: (value: Value) => Value }

/** Words of one column that become features of their own; more would be an identifier rather than a category. */
const MOST_WORDS = 50

/**
 * Makes features of the signals' own columns: numbers, yes or no, or words.
 *
 * A column that says the same everywhere tells a model nothing and is left out; one word with gaps becomes yes (the
 * word) or no (the gap).
 *
 * @throws `INVALID_INPUT` for a column that is none of these, and for names in `ignore` that are no column
 */
export function metaColumns(signals: readonly Signal[], ignore: readonly string[] = []): MetaColumns {
  const names = [...new Set(signals.flatMap(({ meta }) => Object.keys(meta ?? {})))]
  const ignored = new Set(ignore.map((name) => columnNamed(names, name)))
  const columns = new Map<string, Column>()
  const constant: string[] = []
  for (const name of names.filter((each) => !ignored.has(each))) {
    const values = signals.map(({ meta }) => meta?.[name] ?? null)
    if (values.every((value) => value === values[0])) constant.push(name)
    else columns.set(name, columnOf(name, values))
  }
  const kept = [...columns]
  return {
    signals: signals.map(({ meta = {}, ...signal }) =>
      kept.length === 0
        ? signal
        : { ...signal, meta: Object.fromEntries(kept.map(([name, { read }]) => [name, read(meta[name] ?? null)])) },
    ),
    features: Object.fromEntries(kept.map(([name, { feature }]) => [name, feature])),
    notes: constant.length === 0 ? [] : [`Left out, as every signal has the same there: ${constant.join(', ')}.`],
  }
}

const asItIs = (value: Value): Value => value

function columnOf(name: string, all: readonly Value[]): Column {
  const values = all.filter((value) => value !== null)
  if (values.every((value) => typeof value === 'number')) return { feature: optional(numeric()), read: asItIs }
  if (values.every((value) => typeof value === 'boolean')) return { feature: optional(flag()), read: asItIs }
  const words = [...new Set(values.map(String))].sort()
  if (words.length <= MOST_WORDS && values.every((value) => typeof value === 'string')) {
    return words.length === 1
      ? { feature: flag(), read: (value) => value !== null }
      : { feature: optional(category(...words)), read: asItIs }
  }
  throw new TradeLearnError(
    'INVALID_INPUT',
    `The signals' column "${name}" must hold numbers, true/false, or at most ${MOST_WORDS} different words, got ` +
      `${words.length} different values: leave out ids and notes with --ignore ${show(name)}.`,
  )
}

function columnNamed(names: readonly string[], wanted: string): string {
  const found = names.find((name) => name.toLowerCase() === wanted.toLowerCase())
  if (found !== undefined) return found
  const known = names.map(show).join(', ')
  throw new TradeLearnError(
    'INVALID_INPUT',
    `"--ignore" must name columns of the signals' own (${known || 'there are none'}), got ${show(wanted)}.`,
  )
}
