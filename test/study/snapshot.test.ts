import { expect, test } from 'vitest'
import type { JsonObject, JsonValue, Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/index.ts'
import {
  MedianPruner,
  NoPruner,
  RandomSampler,
  Study,
  SuccessiveHalving,
  TPE,
  WilcoxonPruner,
} from '../../src/study/index.ts'
import { damageLaws } from '../../src/testing/damage-laws.ts'
import { outcomeOf, type SPACE, searched } from './searching.ts'

const codecs = [Study, TPE, RandomSampler, MedianPruner, NoPruner, SuccessiveHalving, WilcoxonPruner]
const reread = (json: Snapshot): Study<typeof SPACE> => restore(json, codecs) as Study<typeof SPACE>

const study = await searched(30)
study.enqueue({ rate: 0.5 })
// one at work
study.ask()

for (const { name, run } of damageLaws(
  () => study,
  reread,
  (part) => {
    for (let i = 0; i < 4; i++) {
      const trial = part.ask()
      part.tell(trial.id, outcomeOf(trial))
    }
  },
)) {
  test(name, run)
}

type Rewrite = (state: { [key: string]: JsonValue }, options: { [key: string]: JsonValue }) => void
const trialOf = (state: JsonObject, id: number): { [key: string]: JsonValue } =>
  (state['trials'] as { [key: string]: JsonValue }[])[id]!
const damages: readonly (readonly [string, Rewrite])[] = [
  ['a sampler that is a pruner', (state) => void (state['sampler'] = state['pruner']!)],
  ['a pruner that is a study', (state) => void (state['pruner'] = JSON.parse(JSON.stringify(study)))],
  ['no sampler', (state) => void delete state['sampler']],
  ['another key', (state) => void (state['other'] = 1)],
  ['no space', (_, options) => void delete options['space']],
  ['a space of nothing', (_, options) => void (options['space'] = {})],
  ['trials that are no list', (state) => void (state['trials'] = {})],
  ['trials out of order', (state) => void (state['trials'] as JsonValue[]).reverse()],
  ['a trial of another state', (state) => void (trialOf(state, 3)['state'] = 'done')],
  ['a value of a pruned trial', (state) => void Object.assign(trialOf(state, 3), { state: 'pruned', value: 1 })],
  ['a failure without a reason', (state) => void Object.assign(trialOf(state, 3), { state: 'failed', reason: '' })],
  ['a reason without a failure', (state) => void (trialOf(state, 3)['reason'] = 'why')],
  [
    'a first trial at work',
    (state) => void Object.assign(trialOf(state, 0), { state: 'pending', value: { $: 'NaN' }, reason: '' }),
  ],
  [
    'reports out of order',
    (state) =>
      void (trialOf(state, 3)['reports'] = [
        { step: 2, value: 1 },
        { step: 1, value: 1 },
      ]),
  ],
  ['a report of NaN', (state) => void (trialOf(state, 3)['reports'] = [{ step: 2, value: { $: 'NaN' } }])],
  [
    'a parameter too few',
    (state) => void delete (trialOf(state, 3)['params'] as { [name: string]: JsonValue })['rate'],
  ],
  ['a parameter too many', (state) => void Object.assign(trialOf(state, 3)['params'] as object, { other: 1 })],
  ['a parameter that is outside', (state) => void Object.assign(trialOf(state, 3)['params'] as object, { rate: 5 })],
  [
    'a parameter against its condition',
    (state) => void Object.assign(trialOf(state, 3)['params'] as object, { model: 'line', leaves: 5 }),
  ],
  [
    'a parameter of the prototype',
    (state) => void (trialOf(state, 3)['params'] = JSON.parse('{"__proto__": {"rate": 1}}')),
  ],
  ['a queue of nonsense', (state) => void (state['queue'] = [{ rate: 'fast' }])],
  ['a queue of numbers', (state) => void (state['queue'] = [1])],
  [
    'a billion candidates',
    (state) => void Object.assign((state['sampler'] as JsonObject)['options'] as object, { candidates: 1e9 }),
  ],
]

test.each(damages)('a snapshot with %s is refused', (_, rewrite) => {
  const json = JSON.parse(JSON.stringify(study)) as Snapshot
  rewrite(json.state as { [key: string]: JsonValue }, json.options as { [key: string]: JsonValue })
  expect(() => reread(json)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(CORRUPT|INVALID|UNKNOWN)_/) }),
  )
})

test.each([new TPE({ candidates: 7 }), new RandomSampler()])('samplers come back from their snapshots', (sampler) => {
  const json = JSON.parse(JSON.stringify(sampler)) as Snapshot
  expect(JSON.stringify(restore(json, codecs))).toBe(JSON.stringify(sampler))
})

test.each([
  new MedianPruner({ warmUp: 3, of: 'newest' }),
  new NoPruner(),
  new SuccessiveHalving({ factor: 4 }),
  new WilcoxonPruner({ threshold: 0.2 }),
])('pruners come back from their snapshots', (pruner) => {
  const json = JSON.parse(JSON.stringify(pruner)) as Snapshot
  expect(JSON.stringify(restore(json, codecs))).toBe(JSON.stringify(pruner))
})
