import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventStore, JsonValue, Recovery, StoredEvent } from '../../src/contracts.ts'
import type { TradeLearnError } from '../../src/core/errors.ts'
import { packState } from '../../src/core/state.ts'

/** One place where events are kept. */
export type Place = {
  /** Another store on it, not opened. */
  readonly store: () => EventStore
  /** Frees it. */
  readonly free: () => Promise<void>
}

/** What a store said when it was opened. */
export type Opened<S extends EventStore = EventStore> = {
  readonly store: S
  readonly recovery: Recovery
  readonly seen: readonly StoredEvent[]
}

/** Opens a store and keeps what it hands over. */
export async function opened<S extends EventStore>(store: S): Promise<Opened<S>> {
  const seen: StoredEvent[] = []
  let snapshot: { seq: number; value: JsonValue } | null = null
  const recovery = await store.open(
    (seq, value) => {
      expect(seen, 'the snapshot comes first').toEqual([])
      snapshot = { seq, value }
    },
    (stored) => void seen.push(stored),
  )
  expect(recovery.snapshot).toEqual(snapshot)
  expect(recovery.replayed).toBe(seen.length)
  return { store, recovery, seen }
}

/** The code of a promise's error. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: TradeLearnError) => error.code ?? error.message,
  )

const ODD: readonly JsonValue[] = [
  null,
  '',
  0,
  -1.5e-300,
  0.1 + 0.2,
  Number.MAX_SAFE_INTEGER,
  packState({ nan: Number.NaN, minus: -0, far: Infinity, x: Float64Array.of(1 / 3, Number.NaN, -0) }),
  'nul \u0000, half \ud800, whole \u{1f600}, quote \' " \\ %s $1 ?',
  JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2, "b": 1, "10": 2, "a": 3}') as JsonValue,
  [[[[[[[[]]]]]]]],
  { text: 'x'.repeat(100_000) },
]

/**
 * What every event store does, whatever it is made of. `make` gives an empty place; where a place cannot be had, `skip` is why.
 */
export function storeConformance(name: string, make: () => Promise<Place>, skip?: string): void {
  const at = async (work: (place: Place) => Promise<void>): Promise<void> => {
    const place = await make()
    try {
      await work(place)
    } finally {
      await place.free()
    }
  }

  describe.skipIf(skip !== undefined)(`${name} as an event store${skip ? ` (skipped: ${skip})` : ''}`, () => {
    test('an empty place opens with nothing', () =>
      at(async ({ store }) => {
        const { recovery, store: open } = await opened(store())
        expect(recovery).toMatchObject({ snapshot: null, replayed: 0, tornTail: null, warnings: [] })
        expect(open.failure).toBeNull()
        await open.close()
      }))

    test('events come back in order, to the letter, numbered from 1', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        const numbers = await Promise.all(ODD.map((event) => first.store.append(event)))
        expect(numbers).toEqual(ODD.map((_, i) => i + 1))
        await first.store.close()
        const again = await opened(store())
        expect(again.seen.map(({ seq }) => seq)).toEqual(numbers)
        expect(again.seen.map(({ event }) => JSON.stringify(event))).toEqual(ODD.map((event) => JSON.stringify(event)))
        expect(({} as { polluted?: number }).polluted).toBeUndefined()
        expect(await again.store.append('next')).toBe(ODD.length + 1)
        await again.store.close()
      }))

    test('an event is stored as it was when it was given', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        const event = { n: 1 }
        const done = first.store.append(event)
        event.n = 2
        await done
        await first.store.close()
        const { seen, store: open } = await opened(store())
        expect(seen).toEqual([{ seq: 1, event: { n: 1 } }])
        await open.close()
      }))

    test('a snapshot stands for the events up to it', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        for (let i = 1; i <= 7; i++) {
          await first.store.append(i)
          if (i <= 5) await first.store.saveSnapshot(i, { upTo: i })
        }
        await first.store.close()
        const { recovery, seen, store: open } = await opened(store())
        expect(recovery.snapshot).toEqual({ seq: 5, value: { upTo: 5 } })
        expect(seen).toEqual([
          { seq: 6, event: 6 },
          { seq: 7, event: 7 },
        ])
        await open.close()
      }))

    test('a snapshot may be saved while events wait, and before any', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        await first.store.saveSnapshot(0, 'nothing yet')
        void first.store.append('a')
        void first.store.append('b')
        await first.store.saveSnapshot(2, 'both')
        await first.store.close()
        const { recovery, seen, store: open } = await opened(store())
        expect([recovery.snapshot?.seq, seen]).toEqual([2, []])
        expect(await open.append('c')).toBe(3)
        await open.close()
      }))

    test('flush waits for everything that was given', () =>
      at(async ({ store }) => {
        const { store: open } = await opened(store())
        let stored = 0
        for (let i = 0; i < 20; i++) void open.append(i).then(() => stored++)
        await open.flush()
        await Promise.resolve()
        expect(stored).toBe(20)
        await open.close()
      }))

    test('close stores what waits, and twice is fine', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        const waiting = Promise.all([first.store.append('a'), first.store.append('b')])
        await first.store.close()
        await first.store.close()
        expect(await waiting).toEqual([1, 2])
        const { seen, store: open } = await opened(store())
        expect(seen).toHaveLength(2)
        await open.close()
      }))

    test('a second writer is refused at once and told who is there; the first goes on', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        await first.store.append(1)
        const error: TradeLearnError = await store()
          .open(
            () => undefined,
            () => undefined,
          )
          .then(
            () => undefined,
            (refusal) => refusal,
          )
        expect(error.code).toBe('STORE_LOCKED')
        expect(error.message).toMatch(new RegExp(`pid ${process.pid}`))
        expect(await first.store.append(2)).toBe(2)
        await first.store.close()
        const after = await opened(store())
        expect(after.seen).toHaveLength(2)
        await after.store.close()
      }))

    test('what is not open writes nothing', () =>
      at(async ({ store }) => {
        const closed = store()
        expect(await codeOf(closed.append(1))).toBe('NOT_OPEN')
        expect(await codeOf(closed.saveSnapshot(0, 1))).toBe('NOT_OPEN')
        const { store: open } = await opened(closed)
        await open.close()
        expect(await codeOf(open.append(1))).toBe('NOT_OPEN')
      }))

    test('what is no JSON is refused and leaves no gap', () =>
      at(async ({ store }) => {
        const first = await opened(store())
        const ring: { self?: unknown } = {}
        ring.self = ring
        expect(await codeOf(first.store.append(undefined as unknown as JsonValue))).toBe('INVALID_INPUT')
        expect(await codeOf(first.store.append(ring as JsonValue))).toBe('INVALID_INPUT')
        expect(await codeOf(first.store.saveSnapshot(9, 'of the future'))).toBe('INVALID_INPUT')
        expect(await codeOf(first.store.saveSnapshot(-1, 1))).toBe('INVALID_INPUT')
        expect(await first.store.append('fine')).toBe(1)
        await first.store.close()
      }))

    test('whatever is done in whatever order, what was acknowledged comes back', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom('append', 'burst', 'snapshot', 'reopen', 'flush'), { maxLength: 12 }),
          (steps) =>
            at(async ({ store }) => {
              let open = await opened(store())
              const events: number[] = []
              let snapshot = 0
              for (const step of steps) {
                if (step === 'flush') await open.store.flush()
                else if (step === 'snapshot') await open.store.saveSnapshot((snapshot = events.length), { events })
                else if (step === 'reopen') {
                  await open.store.close()
                  open = await opened(store())
                  expect(open.recovery.snapshot?.seq ?? 0).toBe(snapshot)
                  expect(open.seen.map(({ event }) => event)).toEqual(events.slice(snapshot))
                } else {
                  const n = step === 'burst' ? 5 : 1
                  const given = Array.from({ length: n }, (_, i) => events.length + i)
                  const done = await Promise.all(given.map((event) => open.store.append(event)))
                  expect(done).toEqual(given.map((i) => i + 1))
                  events.push(...given)
                }
              }
              await open.store.close()
            }),
        ),
        { numRuns: 8, seed: 3 },
      ))
  })
}
