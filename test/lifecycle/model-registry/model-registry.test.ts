import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../../src/contracts.ts'
import {
  type ModelDraft,
  ModelRegistry,
  modelBody,
  type RegistryCommand,
  type RegistrySettings,
} from '../../../src/lifecycle/index.ts'
import { codeOf, draft, HOUR, modelOf, START, why } from './cards.ts'

function register(registry: ModelRegistry, n: number, change: Partial<ModelDraft> = {}): number {
  const event = registry.tell({
    kind: 'register',
    time: START + n * HOUR,
    by: 'trainer',
    draft: draft(n, change),
  })
  return event.version
}
const point = (registry: ModelRegistry, alias: string, to: number | null, hour = 100) =>
  registry.tell({ kind: 'move', alias, to, ...why(hour) })
const back = (registry: ModelRegistry, to: number | 'previous') =>
  registry.tell({ kind: 'rollback', to, ...why(200, 'it loses') })

/** A registry with so many versions, the first of which have been champion one after another. */
function grown(versions: number, champions: number, settings: RegistrySettings = {}): ModelRegistry {
  const registry = new ModelRegistry(settings)
  for (let n = 1; n <= versions; n++) register(registry, n)
  for (let n = 1; n <= champions; n++) point(registry, 'champion', n, n)
  return registry
}

describe('a version', () => {
  test('has the next number, an id, and the hash of its content, whatever the order of its keys', () => {
    const registry = new ModelRegistry()
    expect([register(registry, 1), register(registry, 2), register(registry, 2)]).toEqual([1, 2, 3])
    const { options, state, ...rest } = modelOf(1)
    const turned = { state: { seen: 1, weights: state['weights']! }, options, ...rest }
    expect(registry.find(1)).toMatchObject({ id: 'boosting-1', by: 'trainer', createdAt: START + HOUR, kept: true })
    expect(registry.find(1).model).toEqual(modelBody(turned))
    expect(registry.find(2).model).toEqual(registry.find(3).model)
    expect(registry.find(2).model).not.toEqual(registry.find(1).model)
  })

  test('has the content hash that a plain SHA-256 of its canonical JSON gives', () => {
    // printf '{"options":{},"state":{"a":[1,"x"]},"type":"t","version":1}' | sha256sum
    expect(modelBody({ version: 1, type: 't', state: { a: [1, 'x'] }, options: {} })).toEqual({
      hash: '73ecb08be6c105b2d10b6ae309562afd5e1078b702cc5b3a7fc584df43a34694',
      bytes: 59,
    })
  })

  test('keeps all that is said of it, frozen, and what is left out as nothing', () => {
    const registry = new ModelRegistry()
    register(registry, 1)
    const whole: Partial<ModelDraft> = {
      tradesByRegime: { calm: 60, ['__proto__']: 70 },
      tradesBySymbol: { 'BTC/USDT': 30 },
      hyperParameters: { trees: 60, deep: { list: [1, null, 'x'] } },
      metrics: { logLoss: 0.69, profitFactor: Infinity, auc: Number.NaN },
      parent: 1,
      trainer: 'default',
      tags: { approved: 'Ada' },
    }
    register(registry, 2, whole)
    expect(registry.find(2)).toMatchObject({ ...whole, trades: 102, rejected: null })
    expect(registry.find(1)).toMatchObject({ tradesByRegime: null, hyperParameters: {}, parent: null, tags: {} })
    const { hyperParameters } = registry.find(2)
    expect(() => Object.assign(hyperParameters['deep']!, { more: 1 })).toThrow(TypeError)
    expect(() => Object.assign(registry.find(2), { trades: 1e6 })).toThrow(TypeError)
  })

  test.each<[string, Partial<ModelDraft>, string]>([
    ['a path for a name', { name: '../etc' }, 'INVALID_INPUT'],
    ['no hash', { model: { hash: '../../x', bytes: 1 } }, 'INVALID_INPUT'],
    ['nothing for a model', { model: undefined as never }, 'INVALID_INPUT'],
    ['trades that are none', { trades: Number.NaN }, 'INVALID_INPUT'],
    ['times in seconds', { dataRange: { from: 1_700_000_000, to: 1_700_000_001 } }, 'INVALID_INPUT'],
    ['an end before its beginning', { dataRange: { from: START, to: START - 1 } }, 'INVALID_INPUT'],
    ['endless parameters', { hyperParameters: { text: 'x'.repeat(20_000) } }, 'INVALID_INPUT'],
    ['parameters that are no JSON', { hyperParameters: { f: (() => 1) as never } }, 'INVALID_INPUT'],
    ['a parameter that is no number', { hyperParameters: { rate: Number.NaN } }, 'INVALID_INPUT'],
    ['a name that snapshots use', { tradesBySymbol: { $: 3 } }, 'INVALID_INPUT'],
    ['half a trade', { tradesBySymbol: { A: 0.5 } }, 'INVALID_INPUT'],
    ['a parent that there is not', { parent: 7 }, 'UNKNOWN_MODEL'],
  ])('with %s is refused, and changes nothing', (_, change, code) => {
    const registry = grown(2, 1)
    const before = JSON.stringify(registry)
    expect(codeOf(() => register(registry, 3, change))).toBe(code)
    expect(JSON.stringify(registry)).toBe(before)
  })
})

describe('an alias', () => {
  test('points to one version and is moved with who, when and why', () => {
    const registry = grown(3, 0)
    point(registry, 'champion', 1, 1)
    point(registry, 'champion', 2, 2)
    point(registry, 'night-shift', 2, 3)
    expect(registry.champion).toBe(2)
    expect(registry.aliasesOf(2)).toEqual(['champion', 'night-shift'])
    expect(registry.history).toEqual({
      total: 3,
      moves: [
        { ...why(1), alias: 'champion', from: null, to: 1, how: 'set' },
        { ...why(2), alias: 'champion', from: 1, to: 2, how: 'set' },
        { ...why(3), alias: 'night-shift', from: null, to: 2, how: 'set' },
      ],
    })
    point(registry, 'night-shift', null)
    expect(registry.target('night-shift')).toBeNull()
  })

  test('challenger is gone once its version has become champion', () => {
    const registry = grown(2, 1)
    point(registry, 'challenger', 2, 5)
    point(registry, 'champion', 2, 6)
    expect([registry.champion, registry.challenger]).toEqual([2, null])
    expect(registry.history.moves.slice(-2)).toMatchObject([
      { alias: 'champion', from: 1, to: 2 },
      { alias: 'challenger', from: 2, to: null },
    ])
  })

  test.each<[string, string, number | null, string]>([
    ['a version that there is not', 'champion', 9, 'UNKNOWN_MODEL'],
    ['a version whose body is gone', 'tried', 1, 'MISSING_MODEL'],
    ['where it points already', 'champion', 3, 'INVALID_INPUT'],
    ['the champion as its own challenger', 'challenger', 3, 'INVALID_INPUT'],
    ['nothing, where there is no such alias', 'tried', null, 'INVALID_INPUT'],
    ['a version by a name that is a number', 'v3', 2, 'INVALID_INPUT'],
    ['a version by a name with a meaning', 'previous', 2, 'INVALID_INPUT'],
    ['a version by a name that breaks out', '../x', 2, 'INVALID_INPUT'],
    ['a version by a name of all objects', '__proto__', 2, 'INVALID_INPUT'],
  ])('is not pointed to %s', (_, alias, to, code) => {
    const registry = grown(3, 0)
    registry.tell({ kind: 'drop', versions: [1], ...why(3) })
    point(registry, 'champion', 3)
    const before = JSON.stringify(registry)
    expect(codeOf(() => point(registry, alias, to))).toBe(code)
    expect(JSON.stringify(registry)).toBe(before)
  })

  test('may be called like a method of all objects', () => {
    const registry = grown(1, 0)
    expect(registry.target('constructor')).toBeNull()
    point(registry, 'constructor', 1)
    expect(registry.target('constructor')).toBe(1)
  })
})

describe('the minimum of data', () => {
  test('is asked for before a version is tried or decides, and what is missing is said', () => {
    const registry = new ModelRegistry()
    register(registry, 1, { trades: 99, tradesByRegime: { calm: 50, wild: 49 }, tradesBySymbol: { A: 19, B: 20 } })
    for (const alias of ['challenger', 'champion']) {
      expect(codeOf(() => point(registry, alias, 1))).toBe('NOT_ENOUGH_DATA')
      expect(() => point(registry, alias, 1)).toThrow(
        '99 of 100 trades, 49 of 50 trades of regime "wild", 19 of 20 trades of symbol "A"',
      )
    }
    point(registry, 'free', 1)
    expect(registry.target('free')).toBe(1)
  })

  test('is enough where it is just reached', () => {
    const registry = new ModelRegistry()
    register(registry, 1, { trades: 100, tradesByRegime: { calm: 50 }, tradesBySymbol: { A: 20 } })
    expect(registry.missing(1)).toEqual([])
    point(registry, 'champion', 1)
    expect(registry.champion).toBe(1)
  })

  test('is the operator’s, and counts many symbols without naming all', () => {
    const tradesBySymbol = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`S${i}`, 1]))
    const strict = new ModelRegistry()
    register(strict, 1, { tradesBySymbol })
    expect(strict.missing(1)).toHaveLength(6)
    expect(strict.missing(1).at(-1)).toBe('295 more symbols below 20 trades')
    const lax = ModelRegistry.restore(JSON.parse(JSON.stringify(strict)), { minimum: { perSymbol: 0 } })
    expect(lax.missing(1)).toEqual([])
  })

  test('does not stand in the way of what a journal tells', () => {
    const then = new ModelRegistry({ minimum: { trades: 0 } })
    const events = [
      then.tell({ kind: 'register', time: START, by: 'x', draft: draft(1, { trades: 3 }) }),
      then.tell({ kind: 'move', alias: 'champion', to: 1, ...why(1) }),
    ]
    const today = new ModelRegistry()
    for (const event of events) today.apply(event)
    expect(today.champion).toBe(1)
  })
})

describe('a rollback', () => {
  test('goes to the champion before, in one call, and a second one further back', () => {
    const registry = grown(3, 3)
    expect(registry.previous).toBe(2)
    expect(back(registry, 'previous')).toMatchObject({ kind: 'moved', to: 2, how: 'rollback' })
    expect([registry.champion, registry.previous]).toEqual([2, 1])
    back(registry, 'previous')
    expect([registry.champion, registry.previous, registry.fallbacks]).toEqual([1, null, [1]])
  })

  test('beyond the first champion is to the baseline, and then there is nothing to roll back', () => {
    const registry = grown(1, 1)
    back(registry, 'previous')
    expect([registry.champion, registry.fallbacks, registry.status(1)]).toEqual([null, [], 'retired'])
    expect(codeOf(() => back(registry, 'previous'))).toBe('UNKNOWN_MODEL')
  })

  test('to a version forgets those that came after it', () => {
    const registry = grown(4, 4)
    back(registry, 2)
    expect([registry.champion, registry.fallbacks]).toEqual([2, [2, 1]])
    point(registry, 'champion', 4, 300)
    expect(registry.fallbacks).toEqual([4, 2, 1])
  })

  test('asks nothing that was tried for its data again, but any other version', () => {
    const then = grown(2, 1, { minimum: { trades: 0 } })
    point(then, 'champion', 2)
    register(then, 1)
    point(then, 'challenger', 3)
    point(then, 'challenger', null)
    const today = ModelRegistry.restore(JSON.parse(JSON.stringify(then)), { minimum: { trades: 1000 } })
    register(today, 3)
    expect(codeOf(() => back(today, 4))).toBe('NOT_ENOUGH_DATA')
    back(today, 3)
    expect(today.champion).toBe(3)
    back(today, 1)
    expect(today.champion).toBe(1)
  })

  test('is refused to what is not there', () => {
    const registry = grown(4, 1)
    registry.tell({ kind: 'drop', versions: [2], ...why(5) })
    expect(codeOf(() => back(registry, 2))).toBe('MISSING_MODEL')
    expect(codeOf(() => back(registry, 9))).toBe('UNKNOWN_MODEL')
    expect(codeOf(() => back(registry, 1))).toBe('INVALID_INPUT')
  })

  test('brings the champion back that was taken away', () => {
    const registry = grown(2, 2)
    point(registry, 'champion', null)
    expect([registry.champion, registry.fallbacks]).toEqual([null, []])
    back(registry, 'previous')
    expect([registry.champion, registry.previous]).toEqual([2, 1])
  })
})

describe('a status', () => {
  test('follows from aliases and rollout', () => {
    const registry = grown(5, 1)
    register(registry, 6, { model: null, rejected: { code: 'NOT_BETTER', text: 'It is behind.' } })
    const trial = { version: 2, step: 0, status: 'running', share: 0 } as const
    expect(registry.status(2)).toBe('training')
    point(registry, 'challenger', 2)
    const seen = () => [1, 2, 3, 6].map((version) => registry.status(version, trial))
    expect(seen()).toEqual(['production', 'shadow', 'training', 'retired'])
    const statusOf = (change: object) => registry.status(2, { ...trial, ...change })
    expect(statusOf({ step: 1, share: 0.1 })).toBe('ab_test')
    expect(statusOf({ step: 1, share: 0, status: 'paused' })).toBe('ab_test')
    expect(statusOf({ step: 2, share: 0, status: 'ended' })).toBe('retired')
    expect(statusOf({ version: 3, step: 1, share: 0.1 })).toBe('shadow')
    point(registry, 'champion', 2)
    expect(seen()).toEqual(['retired', 'production', 'training', 'retired'])
    registry.tell({ kind: 'drop', versions: [3], ...why(9) })
    expect(registry.status(3)).toBe('retired')
  })

  test('says since when', () => {
    const registry = grown(2, 1)
    expect(registry.find(1).since).toBe(START + HOUR)
    point(registry, 'champion', 2, 50)
    expect([registry.find(1).since, registry.find(2).since]).toEqual([START + 50 * HOUR, START + 50 * HOUR])
    point(registry, 'free', 1, 60)
    expect(registry.find(1).since).toBe(START + 50 * HOUR)
  })

  test('of one that was rejected is never challenger', () => {
    const registry = new ModelRegistry()
    register(registry, 1, { rejected: { code: 'NOT_BETTER', text: 'It is behind.' } })
    expect(() => point(registry, 'challenger', 1)).toThrow('NOT_BETTER: It is behind.')
  })
})

describe('what is kept', () => {
  test('is the newest bodies, and always champion, challenger, the last good one and what aliases point to', () => {
    const registry = grown(5, 2, { keepBodies: 4 })
    point(registry, 'challenger', 3)
    point(registry, 'free', 4)
    register(registry, 6)
    expect(registry.surplus).toEqual([5])
    point(registry, 'free', null)
    expect(registry.surplus).toEqual([4, 5])
    registry.tell({ kind: 'drop', ...why(7, 'too many') })
    expect(registry.versions.map(({ kept }) => kept)).toEqual([true, true, true, false, false, true])
    expect(registry.find(4)).toMatchObject({ trades: 104, model: modelBody(modelOf(4)) })
    expect(registry.surplus).toEqual([])
  })

  test('cannot be dropped while it is needed', () => {
    const registry = grown(3, 2)
    point(registry, 'challenger', 3)
    for (const version of [1, 2, 3]) {
      expect(codeOf(() => registry.tell({ kind: 'drop', versions: [version], ...why(9) }))).toBe('INVALID_INPUT')
    }
  })

  test('is a body as long as any version has its content', () => {
    const registry = grown(2, 0)
    const hash = registry.find(1).model!.hash
    register(registry, 1)
    registry.tell({ kind: 'drop', versions: [1], ...why(9) })
    expect(registry.needs(hash)).toBe(true)
    registry.tell({ kind: 'drop', versions: [3], ...why(9) })
    expect(registry.needs(hash)).toBe(false)
  })

  test('is bounded in cards and moves, and numbers are not given again', () => {
    const registry = new ModelRegistry({ keepBodies: 3, maxCards: 25, remember: 10 })
    for (let n = 1; n <= 200; n++) {
      register(registry, n)
      point(registry, 'champion', n)
      if (registry.surplus.length > 0) registry.tell({ kind: 'drop', ...why(n) })
    }
    expect(registry.versions).toHaveLength(25)
    expect(registry.versions[0]!.version).toBe(176)
    expect([registry.history.moves.length, registry.history.total]).toEqual([10, 200])
    expect(registry.fallbacks).toEqual([200, 199, 198])
    expect(register(registry, 201)).toBe(201)
  })
})

describe('tags', () => {
  test('are set, changed and taken away', () => {
    const registry = grown(1, 0)
    const tag = (name: string, value: string | null): void =>
      void registry.tell({ kind: 'tag', version: 1, tag: name, value, time: START, by: 'Ada' })
    tag('approved', 'no')
    tag('approved', 'yes')
    tag('constructor', 'x')
    expect(registry.find(1).tags).toEqual({ approved: 'yes', constructor: 'x' })
    tag('approved', null)
    expect(registry.find(1).tags).toEqual({ constructor: 'x' })
    expect(codeOf(() => tag('long', 'x'.repeat(501)))).toBe('INVALID_INPUT')
  })

  test('are at most 50', () => {
    const registry = grown(1, 0)
    const tag = (i: number) =>
      registry.tell({ kind: 'tag', version: 1, tag: `t${i}`, value: 'x', time: START, by: 'Ada' })
    for (let i = 0; i < 50; i++) tag(i)
    tag(0)
    expect(codeOf(() => tag(50))).toBe('INVALID_INPUT')
  })
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['another kind', { kind: 'delete', ...why(1) }],
  ['no time', { kind: 'drop', by: 'Ada', reason: 'x' }],
  ['no name', { kind: 'move', alias: 'champion', to: 1, time: START, by: '', reason: 'x' }],
  ['no reason', { kind: 'move', alias: 'free', to: 1, time: START, by: 'Ada' }],
  ['no draft', { kind: 'register', time: START, by: 'Ada' }],
])('a command with %s is a coded error', (_, command) => {
  const registry = grown(1, 0)
  expect(codeOf(() => registry.tell(command as RegistryCommand))).toMatch(/^INVALID_(INPUT|TIME)$/)
})

test('a snapshot has no rules in it', () => {
  const registry = grown(2, 2, { keepBodies: 7, minimum: { trades: 5 } })
  const saved = JSON.parse(JSON.stringify(registry)) as Snapshot
  expect(saved.options).toEqual({})
  const again = ModelRegistry.restore(saved)
  expect(again.options).toMatchObject({ keepBodies: 10, minimum: { trades: 100 } })
  expect(JSON.stringify(again)).toBe(JSON.stringify(registry))
})
