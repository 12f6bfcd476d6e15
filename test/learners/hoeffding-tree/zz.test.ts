import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { RiverAdaptiveTree } from './river-adaptive-tree.ts'
import { DEFAULTS, EAGER, RIVER, readRows, replay } from './streams.ts'
const mc = { ...EAGER, leafPrediction: 'majority' as const }
for (const [name, file, runs, options, weighted] of [
  ['HAT_nobootstrap', 'binary_drift.csv', 'binary_drift.json', DEFAULTS, false],
  ['HAT_nobootstrap_g50', 'binary_drift.csv', 'binary_drift.json', EAGER, false],
  ['HAT_nb_mc', 'binary_drift.csv', 'binary_drift.json', mc, false],
  ['HAT_missing_weighted', 'binary_missing_weighted.csv', 'missing_weighted.json', EAGER, true],
  ['HAT_missing_weighted_unweighted', 'binary_missing_weighted.csv', 'missing_weighted.json', EAGER, false],
] as const)
  test(name, () => {
    const rows = readRows(file).map((row) => (weighted ? row : { ...row, weight: 1 }))
    const { models } = JSON.parse(readFileSync(join(RIVER, 'trees', runs), 'utf8')) as any
    const river = models.find((m: any) => m.name === name)
    for (const grows of ['over the live tree', 'in its own place'] as const) {
      const t = new RiverAdaptiveTree({ ...options, grows })
      const { labels, accuracy } = replay(t, rows)
      const diff = [...labels].flatMap((l, i) => (l === river.label_sequence[i] ? [] : [i]))
      console.log(name, grows, diff.length, diff.slice(0, 10).join(), accuracy, river.checkpoints.at(-1)[1], t.planted, t.switched, t.overwritten, [...t.nodes()].length, JSON.stringify(river.summary))
    }
  })
test('boot', () => {
  const { models } = JSON.parse(readFileSync(join(RIVER, 'ensembles/ensembles_recorded.json'), 'utf8')) as any
  const river = models.find((m: any) => m.name === 'HAT_bootstrap_seed1')
  const rows = readRows('binary_drift.csv').slice(2000, 5000)
  const draws = river.recorded_poisson[Symbol.iterator]()
  const t = new RiverAdaptiveTree({ ...EAGER, draws })
  const { labels, accuracy } = replay(t, rows)
  const diff = [...labels].flatMap((l, i) => (l === river.label_sequence[i] ? [] : [i]))
  console.log('boot', diff.length, diff.slice(0, 10).join(), accuracy, river.checkpoints.at(-1)[1], t.planted, t.switched, t.overwritten, draws.next())
})
import { PlainAdaptiveTree } from './plain-adaptive-tree.ts'
import { HoeffdingAdaptiveTree } from '../../../src/learners/hoeffding-tree/index.ts'
for (const [name, file, options, weighted] of [
  ['HAT_nobootstrap', 'binary_drift.csv',  DEFAULTS, false],
  ['HAT_nobootstrap_g50', 'binary_drift.csv',  EAGER, false],
  ['HAT_nb_mc', 'binary_drift.csv', mc, false],
  ['HAT_missing_weighted', 'binary_missing_weighted.csv', EAGER, true],
  ['HAT_missing_weighted_unweighted', 'binary_missing_weighted.csv',  EAGER, false],
] as const)
  test('ours ' + name, () => {
    const rows = readRows(file).map((row) => (weighted ? row : { ...row, weight: 1 }))
    const ours = new HoeffdingAdaptiveTree({ features: rows[0]!.x.length, ...options })
    const plain = new PlainAdaptiveTree(options)
    const a = replay(ours, rows), b = replay(plain, rows)
    const diff = [...a.labels].flatMap((l, i) => (l === b.labels[i] ? [] : [i]))
    console.log('ours', name, diff.length, diff.slice(0, 5).join(), a.accuracy, b.accuracy, ours.switched, plain.switched, Math.max(...a.predictions.map((p, i) => Math.abs(p - b.predictions[i]!))), b.predictions.findIndex((p, i) => Math.abs(p - a.predictions[i]!) > 1e-9))
  })
