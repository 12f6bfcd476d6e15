import { describe, expect, test } from 'vitest'
import { Progress } from '../../src/cli/progress.ts'

function start(terminal: { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  const clock = { time: 5000, now: () => clock.time }
  const progress = new Progress({
    label: 'Work',
    clock,
    stream: { ...terminal, write: (text: string) => written.push(text) },
  })
  const at = (fraction: number, time: number) => {
    clock.time = 5000 + time
    progress.update(fraction)
  }
  return { written, at, progress, clock }
}
const BACK = '\r'
const CLEAR = '\u001b[K'

describe('on a terminal', () => {
  test('the line says percent, time taken and time left, and is redrawn in place', () => {
    const { written, at } = start({ isTTY: true, columns: 100 })
    at(0, 0)
    at(0.25, 60_000)
    expect(written).toEqual([
      `${BACK}Work ${'░'.repeat(24)}   0 %  0:00${CLEAR}`,
      `${BACK}Work ${'█'.repeat(6)}${'░'.repeat(18)}  25 %  1:00, 3:00 left${CLEAR}`,
    ])
  })

  test('it is not redrawn more often than can be read', () => {
    const { written, at } = start({ isTTY: true })
    for (let i = 0; i <= 1000; i++) at(i / 2000, i)
    expect(written.length).toBe(11)
  })

  test('it fits a narrow terminal', () => {
    const { written, at } = start({ isTTY: true, columns: 20 })
    at(0.5, 1000)
    expect(written[0]!.replace(BACK, '').replace(CLEAR, '').length).toBe(19)
  })

  test('the end is drawn once, at 100 %, with a new line', () => {
    const { written, at, progress } = start({ isTTY: true })
    at(0.5, 10)
    progress.finish()
    progress.finish()
    at(0.7, 9000)
    expect(written.length).toBe(3)
    expect(written[1]).toContain('100 %')
    expect(written[1]).not.toContain('left')
    expect(written[2]).toBe('\n')
  })

  test('work that ends before its time leaves the line and begins a new one', () => {
    const { written, at, progress } = start({ isTTY: true })
    at(0.5, 10)
    progress.stop()
    progress.stop()
    progress.finish()
    expect(written.length).toBe(2)
    expect(written[0]).toContain(' 50 %')
    expect(written[1]).toBe('\n')
    const unseen = start({ isTTY: true })
    unseen.progress.stop()
    expect(unseen.written).toEqual([])
  })

  test('hours are written as such', () => {
    const { written, at } = start({ isTTY: true })
    at(0.5, 3_723_000)
    expect(written[0]).toContain('1:02:03, 1:02:03 left')
  })
})

describe('elsewhere', () => {
  test('a line every ten per cent, the last at 100 %', () => {
    const { written, progress } = start({})
    for (let i = 0; i < 1000; i++) progress.update(i / 1000)
    progress.finish()
    expect(written.map((line) => /(\d+) %/.exec(line)![1])).toEqual('10 20 30 40 50 60 70 80 90 100'.split(' '))
    expect(written.every((line) => line.endsWith('\n') && !line.includes(BACK))).toBe(true)
  })

  test('a jump is one line, a step back none', () => {
    const { written, progress } = start({ isTTY: false })
    for (const part of [0.35, 0.1, 0.39, 0.42, Number.NaN, -1, 7]) progress.update(part)
    expect(written.map((line) => /(\d+) %/.exec(line)![1])).toEqual(['35', '42', '100'])
  })
})
