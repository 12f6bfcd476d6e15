import { describe, expect, test } from 'vitest'
import { RetrainGate } from '../../../src/lifecycle/background-trainer/retrain-gate.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.UTC(2024, 0, 1)
const gateOf = (options = {}): RetrainGate =>
  new RetrainGate({ minDistance: HOUR, minNewRows: 3, backOff: MINUTE, maxFailures: 3, ...options })
const observe = (gate: RetrainGate, rows: number): void => {
  for (let i = 0; i < rows; i++) gate.observe()
}

describe('a gate for retrainings', () => {
  test('lets the first begin at any time, and the next after its distance and its new rows', () => {
    const gate = gateOf()
    expect([gate.closedBecause(START), gate.notBefore]).toEqual([undefined, -Infinity])
    gate.begin(START)
    gate.end('candidate', START + MINUTE)
    expect(gate.notBefore).toBe(START + HOUR)
    observe(gate, 2)
    expect(gate.closedBecause(START + HOUR - 1)).toBe('not before 2024-01-01T01:00:00.000Z')
    expect(gate.closedBecause(START + HOUR)).toBe('2 of 3 new rows')
    observe(gate, 1)
    expect(gate.closedBecause(START + HOUR)).toBeUndefined()
    gate.begin(START + HOUR)
    expect(gate.closedBecause(START + HOUR)).toBe('not before 2024-01-01T02:00:00.000Z')
  })

  test('counts the rows of a run that is under way as new', () => {
    const gate = gateOf()
    observe(gate, 100)
    gate.begin(START)
    observe(gate, 3)
    gate.end('candidate', START + 1)
    expect(gate.closedBecause(START + HOUR)).toBeUndefined()
  })

  test('waits twice as long with each rejection, 128 times at most, until a candidate comes', () => {
    const gate = gateOf({ minNewRows: 0 })
    const waits: number[] = []
    for (const how of [...Array.from({ length: 9 }, () => 'rejected' as const), 'candidate', 'rejected'] as const) {
      gate.begin(START)
      gate.end(how, START + MINUTE)
      waits.push((gate.notBefore - START) / HOUR)
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 128, 128, 1, 2])
  })

  test('waits twice as long with each failure in a row, keeps its rows, and is shut after too many', () => {
    const gate = gateOf({ maxFailures: 4 })
    const waits: number[] = []
    for (let i = 0; i < 3; i++) {
      gate.begin(START)
      gate.end('failed', START)
      waits.push((gate.notBefore - START) / MINUTE)
      expect([gate.failures, gate.disabled]).toEqual([i + 1, false])
      // though none has come since it began
      expect(gate.closedBecause(gate.notBefore)).toBeUndefined()
    }
    expect(waits).toEqual([1, 2, 4])
    const patient = gateOf({ maxFailures: 99 })
    patient.begin(START)
    for (let i = 0; i < 20; i++) patient.end('failed', START)
    expect((patient.notBefore - START) / MINUTE).toBe(1024)
    gate.begin(START)
    gate.end('failed', START)
    expect([gate.disabled, gate.closedBecause(START + 1e12)]).toEqual([true, '4 failures in a row'])
  })

  test('forgets failures with whatever comes to an end', () => {
    for (const how of ['candidate', 'rejected'] as const) {
      const gate = gateOf()
      gate.begin(START)
      gate.end('failed', START)
      gate.begin(START)
      gate.end(how, START)
      expect(gate.failures).toBe(0)
    }
  })

  test('takes an aborted one for none: nothing changes', () => {
    const gate = gateOf()
    gate.begin(START)
    const before = JSON.stringify(gate)
    gate.end('aborted', START + HOUR)
    expect(JSON.stringify(gate)).toBe(before)
  })

  test('is opened at once by the operator, and goes on as before afterwards', () => {
    const gate = gateOf({ maxFailures: 1 })
    gate.begin(START)
    gate.end('failed', START)
    expect(gate.closedBecause(START)).toBe('1 failures in a row')
    gate.reset()
    expect([gate.failures, gate.closedBecause(START)]).toEqual([0, undefined])
    gate.begin(START + 1)
    expect(gate.closedBecause(START + 1 + HOUR)).toBe('0 of 3 new rows')
    const waiting = gateOf()
    observe(waiting, 50)
    waiting.begin(START)
    observe(waiting, 1)
    waiting.reset()
    expect(waiting.closedBecause(START)).toBeUndefined()
  })
})

describe('the snapshot of a gate', () => {
  const lived = (): RetrainGate => {
    const gate = gateOf()
    gate.begin(START)
    gate.end('rejected', START)
    observe(gate, 2)
    return gate
  }
  test('goes on where it stopped', () => {
    for (const gate of [gateOf(), lived()]) {
      const again = RetrainGate.fromJSON(JSON.parse(JSON.stringify(gate)))
      expect(JSON.stringify(again)).toBe(JSON.stringify(gate))
      expect(again.options).toEqual(gate.options)
      for (const one of [gate, again]) {
        observe(one, 1)
        expect(one.closedBecause(START + 2 * HOUR)).toBeUndefined()
      }
    }
  })

  test.each([
    ['rows', -1],
    ['rows', 0.5],
    ['failures', -1],
    ['rejections', -1],
    ['began', 8.64e15 + 1e3],
    ['notBefore', -8.64e15 - 1e3],
    ['began', { $: 'NaN' }],
    ['notBefore', { $: 'Infinity' }],
  ])('that holds a "%s" of %j is refused', (name, value) => {
    const json = JSON.parse(JSON.stringify(lived()))
    json.state[name] = value
    expect(() => RetrainGate.fromJSON(json)).toThrow(new RegExp(`${name}.* must be`))
  })

  test('may hold the last instant there is', () => {
    const json = JSON.parse(JSON.stringify(lived()))
    json.state.notBefore = 8.64e15
    expect(RetrainGate.fromJSON(json).closedBecause(START)).toBe('not before +275760-09-13T00:00:00.000Z')
  })
})

test('options that cannot be are refused', () => {
  for (const [options, says] of [
    [{ minDistance: -1 }, '"minDistance"'],
    [{ minNewRows: 0.5 }, '"minNewRows"'],
    [{ backOff: NaN }, '"backOff"'],
    [{ maxFailures: 0 }, '"maxFailures"'],
  ] as const) {
    expect(() => gateOf(options)).toThrow(says)
  }
  expect(new RetrainGate().options).toEqual({
    minDistance: 6 * HOUR,
    minNewRows: 50,
    backOff: 15 * MINUTE,
    maxFailures: 5,
  })
})
