import { expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { drawPath, type PathGoal } from '../../src/simulate/conditioned-path.ts'

const rng = new SeededRng('paths')
const draw = (goal: PathGoal) => drawPath({ price: 100, heat: 0 }, rng, 0.006, goal, 'A', 1_577_836_800_000, 60_000)

test('a path ends at the first touch, of the wished barrier alone, even where one candle could touch both', () => {
  for (let i = 0; i < 400; i++) {
    // half a deviation either side: without the rule most candles would touch both
    const y = i % 2 === 0 ? 1 : 0
    const long = i % 4 < 2
    const [stop, target] = long ? [99.7, 100.3] : [100.3, 99.7]
    const path = draw({ side: long ? 'long' : 'short', stop, target, y, maxBars: 5 })
    const touches = path.map(({ low, high }) => [low <= target && target <= high, low <= stop && stop <= high])
    expect(touches.pop()).toEqual([y === 1, y === 0])
    for (const touch of touches) expect(touch).toEqual([false, false])
  }
})

test('the walk goes on from where the path ended', () => {
  const walk = { price: 100, heat: 0 }
  const goal = { side: 'long', stop: 98, target: 102, y: 1, maxBars: 30 } as const
  const path = drawPath(walk, rng, 0.006, goal, 'A', 1_577_836_800_000, 60_000)
  expect(walk.price).toBe(path.at(-1)!.close)
  expect(path.map(({ time }) => time)).toEqual(path.map((_, i) => 1_577_836_800_000 + i * 60_000))
  expect(path[0]!.open).toBe(100)
})
