import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue, Snapshot } from '../../../src/contracts.ts'
import { canonicalJson } from '../../../src/core/canonical-json.ts'
import { sha256 } from '../../../src/core/sha256.ts'
import {
  ModelRegistry,
  packRegistryEvent,
  type RegistryCommand,
  type RegistryEvent,
  unpackRegistryEvent,
} from '../../../src/lifecycle/index.ts'
import { codeOf, draft, START, why } from './cards.ts'

const settings = { keepBodies: 3, maxCards: 30, remember: 15 }
const version = fc.integer({ min: 1, max: 9 })
const alias = fc.constantFrom('champion', 'challenger', 'champion', 'challenger', 'night', 'v3', '')
const command: fc.Arbitrary<RegistryCommand> = fc.oneof(
  fc.record({ n: fc.integer({ min: 1, max: 6 }), trades: fc.constantFrom(5, 100, 500, 500), bad: fc.boolean() }).map(
    ({ n, trades, bad }): RegistryCommand => ({
      kind: 'register',
      time: START + n,
      by: 'x',
      draft: draft(n, { trades, ...(bad && trades === 5 ? { model: null, rejected: { code: 'C', text: 't' } } : {}) }),
    }),
  ),
  fc
    .record({ alias, to: fc.option(version) })
    .map(({ alias, to }): RegistryCommand => ({ kind: 'move', alias, to, ...why(1) })),
  fc
    .oneof(version, fc.constant('previous' as const))
    .map((to): RegistryCommand => ({ kind: 'rollback', to, ...why(2) })),
  fc.constant({ kind: 'drop', ...why(3) } as RegistryCommand),
  fc.array(version, { maxLength: 3 }).map((versions): RegistryCommand => ({ kind: 'drop', versions, ...why(3) })),
  version.map((one): RegistryCommand => ({ kind: 'tag', version: one, tag: 't', value: 'x', time: START, by: 'x' })),
)

/** What must be so at all times. */
function checkInvariants(registry: ModelRegistry): void {
  const { versions, champion, challenger, previous, fallbacks } = registry
  expect(versions.filter((one) => registry.status(one.version) === 'production').length).toBe(champion === null ? 0 : 1)
  for (const target of [champion, challenger, registry.target('night'), previous, ...fallbacks]) {
    if (target !== null) expect(registry.find(target)).toMatchObject({ kept: true, model: { bytes: 131 } })
  }
  if (champion !== null) {
    expect(champion).not.toBe(challenger)
    expect(registry.find(champion).reached).toBe('champion')
    expect(fallbacks[0]).toBe(champion)
    expect(new Set(fallbacks).size).toBe(fallbacks.length)
  }
  for (const target of [champion, challenger]) if (target !== null) expect(registry.missing(target)).toEqual([])
  expect(versions.length).toBeLessThanOrEqual(settings.maxCards)
  for (const one of registry.surplus) expect([champion, challenger, previous]).not.toContain(one)
}

const text = (registry: ModelRegistry): string => JSON.stringify(registry)
const through = <T>(value: T): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue

describe('whatever happens to a registry', () => {
  test('its invariants hold, its history is only ever added to, and its events and snapshots tell all of it', () => {
    let done = 0
    const refused = new Set<string | undefined>()
    fc.assert(
      fc.property(fc.array(command, { minLength: 20, maxLength: 80, size: 'max' }), fc.nat(), (commands, cut) => {
        let registry = new ModelRegistry(settings)
        const events: RegistryEvent[] = []
        let highest = 0
        for (const [i, one] of commands.entries()) {
          const before = registry.history
          const was = text(registry)
          const code = codeOf(() => events.push(registry.tell(one)))
          refused.add(code)
          if (code !== undefined) {
            expect(code).toMatch(/^(INVALID_INPUT|UNKNOWN_MODEL|MISSING_MODEL|NOT_ENOUGH_DATA)$/)
            expect(text(registry)).toBe(was)
          } else done++
          checkInvariants(registry)
          const { moves, total } = registry.history
          expect(total).toBeGreaterThanOrEqual(before.total)
          const old = moves.slice(0, moves.length - (total - before.total))
          expect(old).toEqual(old.length === 0 ? [] : before.moves.slice(-old.length))
          const newest = registry.versions.at(-1)?.version ?? 0
          expect(newest).toBeGreaterThanOrEqual(highest)
          highest = newest
          // a restart anywhere changes nothing
          if (i === cut % commands.length) {
            registry = ModelRegistry.restore(through(registry) as unknown as Snapshot, settings)
            expect(text(registry)).toBe(code === undefined ? text(registry) : was)
          }
        }
        const replayed = new ModelRegistry(settings)
        for (const event of events) replayed.apply(unpackRegistryEvent(through(packRegistryEvent(event))))
        expect(text(replayed)).toBe(text(registry))
      }),
      { numRuns: 100 },
    )
    expect(done).toBeGreaterThan(1000)
    // the sequences come to everything that can be refused
    expect(refused.size).toBe(5)
  })

  test('what it proposes is what it does, and proposing changes nothing', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const told = new ModelRegistry(settings)
        const applied = new ModelRegistry(settings)
        for (const one of commands) {
          const before = text(applied)
          let event: RegistryEvent | undefined
          const code = codeOf(() => {
            event = applied.propose(one)
          })
          expect(text(applied)).toBe(before)
          expect(codeOf(() => told.tell(one))).toBe(code)
          if (event) applied.apply(event)
          expect(text(applied)).toBe(text(told))
        }
      }),
      { numRuns: 40 },
    )
  })
})

/** A registry with something of everything. */
function rich(): ModelRegistry {
  const registry = new ModelRegistry()
  for (let n = 1; n <= 5; n++) {
    const full = {
      tradesBySymbol: { A: 60 },
      hyperParameters: { a: [1, { b: 2 }] },
      metrics: { auc: 0.5, x: Number.NaN },
    }
    registry.tell({ kind: 'register', time: START + n, by: 'x', draft: draft(n, { ...full, tags: { t: 'x' } }) })
  }
  for (const to of [1, 2, 3]) registry.tell({ kind: 'move', alias: 'champion', to, ...why(to) })
  registry.tell({ kind: 'move', alias: 'challenger', to: 4, ...why(4) })
  registry.tell({ kind: 'drop', versions: [1], ...why(5) })
  return registry
}

/** Every place in a value, as a path. */
function places(value: JsonValue, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item as JsonValue, [...path, key]))]
}
function changed(value: JsonValue, [key, ...rest]: readonly string[], to: JsonValue | undefined): JsonValue {
  if (key === undefined) return to as JsonValue
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as { [key: string]: JsonValue }
  const next = changed(copy[key]!, rest, to)
  if (next === undefined && Array.isArray(copy)) copy.splice(Number(key), 1)
  else if (next === undefined) delete copy[key]
  else copy[key] = next
  return copy as JsonValue
}

/** Sealed anew, as one who means harm would do it. */
function sealed(json: JsonValue): JsonValue {
  const { state } = (json ?? {}) as { readonly state?: JsonObject }
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return json
  const { seal: _, ...rest } = state
  return { ...(json as JsonObject), state: { ...rest, seal: sha256(canonicalJson(rest)) } }
}

describe('a file that means harm', () => {
  const junk: readonly (JsonValue | undefined)[] = [
    undefined,
    null,
    true,
    -1,
    0.5,
    99,
    1e308,
    '',
    '../x',
    '__proto__',
    [],
    [null],
    {},
    { $: 'NaN' },
    { $: 'Float64Array', data: 'AAAA' },
  ]

  test('is refused wherever it is damaged', () => {
    const good = through(rich())
    for (const place of places(good)) {
      for (const value of junk) {
        const bad = changed(good, place, value)
        // rules are the operator's: what a file says of them is not read
        if (place[0] === 'options' || JSON.stringify(bad) === JSON.stringify(good)) continue
        expect(codeOf(() => ModelRegistry.restore(bad as unknown as Snapshot))).toMatch(
          /^(CORRUPT_SNAPSHOT|UNKNOWN_SNAPSHOT|UNSUPPORTED_VERSION)$/,
        )
      }
    }
  })

  test('is a coded error, or a registry whose invariants hold, where it was sealed again', () => {
    const good = through(rich())
    let refused = 0
    let read = 0
    for (const place of places(good)) {
      for (const value of junk) {
        const bad = sealed(changed(good, place, value))
        let registry: ModelRegistry | undefined
        const code = codeOf(() => {
          registry = ModelRegistry.restore(bad as unknown as Snapshot)
        })
        if (registry === undefined) {
          refused++
          expect(code).toMatch(/^(CORRUPT_SNAPSHOT|UNKNOWN_SNAPSHOT|UNSUPPORTED_VERSION)$/)
          continue
        }
        read++
        for (const target of [registry.champion, registry.challenger, registry.previous, ...registry.fallbacks]) {
          if (target !== null) expect(registry.find(target).kept).toBe(true)
        }
        // what was read can be read again
        expect(text(ModelRegistry.restore(through(registry) as unknown as Snapshot))).toBe(text(registry))
      }
    }
    expect(refused).toBeGreaterThan(3 * read)
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  test('is a coded error as an event, too', () => {
    const events = [
      new ModelRegistry().propose({ kind: 'register', time: START, by: 'x', draft: draft(1) }),
      rich().propose({ kind: 'move', alias: 'challenger', to: 5, ...why(9) }),
      rich().propose({ kind: 'rollback', to: 'previous', ...why(9) }),
      rich().propose({ kind: 'tag', version: 1, tag: 'x', value: 'y', time: START, by: 'x' }),
      rich().propose({ kind: 'drop', versions: [5], ...why(9) }),
    ].map((event) => through(packRegistryEvent(event)))
    for (const event of events) {
      for (const place of places(event)) {
        for (const value of junk) {
          const registry = rich()
          const code = codeOf(() => registry.apply(unpackRegistryEvent(changed(event, place, value))))
          if (code !== undefined) {
            expect(code).toMatch(/^(CORRUPT_SNAPSHOT|INVALID_INPUT|UNKNOWN_MODEL|MISSING_MODEL)$/)
            expect(text(registry)).toBe(text(rich()))
          }
        }
      }
    }
  })
})
