import { expect, test } from 'vitest'
import { type NodeWorker, nodeThread, type Thread, type WebWorker, webThread } from '../../src/lifecycle/index.ts'

type Listener = (value: unknown) => void

/** A thread over a worker that is none, and what it was asked to do. */
function threadOver(kind: 'node' | 'web'): {
  thread: Thread
  asked: string[]
  emit(event: string, value: unknown): void
} {
  const asked: string[] = []
  const listeners = new Map<string, Listener>()
  const note = (what: string) => (): void => void asked.push(what)
  const common = { postMessage: note('post') }
  const node: NodeWorker = {
    ...common,
    on: (event, listener) => void listeners.set(event, listener),
    terminate: async () => asked.push('terminate'),
    ref: note('ref'),
    unref: note('unref'),
  }
  const web: WebWorker = {
    ...common,
    addEventListener: (event, listener) => void listeners.set(event, listener as Listener),
    terminate: note('terminate'),
  }
  const thread = kind === 'node' ? nodeThread(node) : webThread(web)
  return { thread, asked, emit: (event, value) => listeners.get(event)!(value) }
}

test.each([
  ['node', 'a message', new Error('broken'), ['broken', 'unreadable', 'it ended with code 1']],
  ['web', { data: 'a message' }, {}, ['it failed to load', 'a message could not be read']],
] as const)('a worker of %s tells its messages and its failures', (kind, message, error, reasons) => {
  const { thread, emit } = threadOver(kind)
  const heard: unknown[] = []
  const failed: string[] = []
  thread.listen(
    (one) => heard.push(one),
    (reason) => failed.push(reason),
  )
  emit('message', message)
  emit('error', error)
  emit('messageerror', new Error('unreadable'))
  if (kind === 'node') emit('exit', 1)
  expect(heard).toEqual(['a message'])
  expect(failed).toEqual(reasons)
})

test('a worker of Node keeps the process alive while it is held, one of a browser need not', async () => {
  for (const [kind, wanted] of [
    ['node', ['ref', 'post', 'unref', 'terminate']],
    ['web', ['post', 'terminate']],
  ] as const) {
    const { thread, asked } = threadOver(kind)
    thread.hold()
    thread.post('work', [])
    thread.release()
    await thread.end()
    expect(asked).toEqual(wanted)
  }
})
