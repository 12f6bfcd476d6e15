import type { BatchLearner, Learner, Refittable } from '../contracts.ts'
import { holds, type Law, refuses, sameNumber, stateOf } from './law.ts'
import { notVectors } from './not-vectors.ts'

/** An observation with its label. */
export type Row = { readonly x: Float64Array; readonly y: number; readonly weight: number }

/** Teaches rows one by one. */
export function learnAll(learner: Pick<Learner, 'learn'>, rows: readonly Row[]): void {
  for (const { x, y, weight } of rows) learner.learn(x, y, weight)
}

/** Runs a learner's own refit to its end, where it has one. */
export function runRefit(learner: object): void {
  if ('refit' in learner) for (const _ of (learner as Refittable).refit());
}

/** The laws of {@link Refittable}. */
export function refitLaws(create: () => Learner & Refittable, rows: readonly Row[]): Law[] {
  return [
    {
      name: 'a refit that is dropped half-way changes nothing',
      run: () => {
        const learner = create()
        learnAll(learner, rows)
        const before = stateOf(learner)
        const steps = learner.refit()
        steps.next()
        steps.next()
        steps.return()
        holds(stateOf(learner) === before, 'a dropped refit left traces')
      },
    },
    {
      name: 'a refit yields rising fractions and changes predictions at its last step only',
      run: () => {
        const learner = create()
        learnAll(learner, rows)
        const x = rows[0]!.x
        const before = learner.predict(x)
        let last = 0
        for (const done of learner.refit()) {
          holds(done >= last && done <= 1, `progress went from ${last} to ${done}`)
          last = done
          if (done < 1) sameNumber(learner.predict(x), before, 'a prediction during a refit')
        }
        holds(!learner.refitDue, 'a refit is still due after a refit')
      },
    },
    {
      name: 'what is learned during a refit is kept',
      run: () => {
        const learner = create()
        const half = Math.floor(rows.length / 2)
        learnAll(learner, rows.slice(0, half))
        const steps = learner.refit()
        steps.next()
        learnAll(learner, rows.slice(half))
        for (const _ of steps);
        sameNumber(learner.seen, rows.length, 'seen')
      },
    },
  ]
}

/** The laws of {@link BatchLearner}. */
export function fitLaws(create: () => BatchLearner, features: number, rows: readonly Row[]): Law[] {
  const table = rows.map(({ x }) => x)
  const y = rows.map((row) => row.y)
  const weights = rows.map(({ weight }) => weight)
  return [
    {
      name: 'fit forgets everything before it: fitting twice equals fitting once',
      run: () => {
        const once = create()
        once.fit(table, y, weights)
        const twice = create()
        learnAll(twice, rows.slice(0, 50))
        twice.fit(table, y, weights)
        holds(stateOf(twice) === stateOf(once), 'what was learned before fit left traces')
        twice.fit(table, y, weights)
        holds(stateOf(twice) === stateOf(once), 'a first fit left traces in a second')
        sameNumber(once.seen, rows.length, 'seen')
        sameNumber(twice.predict(table[0]!), once.predict(table[0]!), 'a prediction')
      },
    },
    {
      name: 'fit neither changes nor keeps its rows, and the learner goes on learning afterwards',
      run: () => {
        const [kept, scratched] = [create(), create()]
        const scratch = table.map((x) => x.slice())
        kept.fit(table, y, weights)
        scratched.fit(scratch, y, weights)
        for (const [i, x] of scratch.entries()) {
          for (let f = 0; f < features; f++) sameNumber(x[f]!, table[i]![f]!, `row ${i} after fit`)
          x.fill(12345)
        }
        for (const learner of [kept, scratched]) {
          learnAll(learner, rows.slice(0, 20))
          runRefit(learner)
        }
        holds(stateOf(kept) === stateOf(scratched), 'overwriting the rows after fit changed the learner')
        sameNumber(kept.seen, rows.length + 20, 'seen')
      },
    },
    {
      name: 'fit refuses wrong lengths and bad rows with a coded error and an unchanged state',
      run: () => {
        const learner = create()
        learner.fit(table, y, weights)
        const short = table.with(-1, new Float64Array(features - 1))
        const bad: [string, () => void][] = [
          ['a short y', () => learner.fit(table, y.slice(1), weights)],
          ['a long y', () => learner.fit(table, [...y, 1], weights)],
          ['short weights', () => learner.fit(table, y, weights.slice(1))],
          ['long weights', () => learner.fit(table, y, [...weights, 1])],
          ['a last row that is short', () => learner.fit(short, y, weights)],
          ['a last y of NaN', () => learner.fit(table, y.with(-1, Number.NaN), weights)],
          ['a last weight of 0', () => learner.fit(table, y, weights.with(-1, 0))],
          ['rows that are null', () => learner.fit(null as never, y, weights)],
          ['a y that is null', () => learner.fit(table, null as never, weights)],
        ]
        for (const [what, x] of notVectors(features)) {
          bad.push([`a last row that is ${what}`, () => learner.fit(table.with(-1, x), y, weights)])
        }
        for (const [what, act] of bad) refuses(learner, what, act)
      },
    },
  ]
}
