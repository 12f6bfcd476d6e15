import { fileURLToPath } from 'node:url'
import { type Answer, Peer } from '../gbdt/peer.ts'
import type { Stream, StreamFiles } from './stream.ts'

/** What a side found while it went through a stream; `chunks` are CPU microseconds an observation. */
export type Passage = {
  readonly chunks: readonly number[]
  readonly rows: number
  readonly accuracy: number
  readonly logLoss: number
  /** Size of the model at the end; NaN where the side does not tell. */
  readonly bytes: number
  /** CPU milliseconds in all. */
  readonly cpu: number
}

/** How a side goes through a stream. */
export type Run = {
  readonly stream: string
  readonly learner: string
  readonly seed: number
  /** CPU seconds after which it stops. */
  readonly budget: number
  /** CPU seconds to spend first, unmeasured. */
  readonly warm: number
  /** Observations a chunk. */
  readonly chunk: number
  /** Whether the learner spreads its work over threads, so that only the whole process knows what it takes. */
  readonly spread: boolean
}

/** MOA or River in another process. */
export class StreamPeer {
  /** What it is called in tables, with its version. */
  readonly name: string
  readonly #peer: Peer

  private constructor(name: string, peer: Peer) {
    this.name = name
    this.#peer = peer
  }

  /** River by this interpreter; `undefined` where it cannot be imported. */
  static river(python: string): Promise<StreamPeer | undefined> {
    return greet('River', new Peer(python, [beside('peer.py')]))
  }

  /** MOA from this class path, weighed by this agent where there is one; `undefined` where it does not start. */
  static moa(java: string, classPath: string, agent: string | undefined): Promise<StreamPeer | undefined> {
    // the agent reads the fields of lists and maps, which Java hides since 16
    const opened = ['java.util', 'java.lang'].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`])
    const weighing = agent === undefined ? [] : [`-javaagent:${agent}`, ...opened]
    // some of its learners ask for a full collection every 1000 rows, which is none of their work
    return greet('MOA', new Peer(java, ['-XX:+DisableExplicitGC', ...weighing, '-cp', classPath, beside('Peer.java')]))
  }

  /** Hands a stream over. */
  async load({ name, rows, features, x, y }: StreamFiles, nominal: Stream['nominal'] = []): Promise<void> {
    const columns = nominal.map(({ feature, levels }) => `${feature}:${levels}`).join(',')
    await this.#peer.ask({ do: 'load', name, rows, features, x, y, nominal: columns })
  }

  async run({ stream, ...run }: Run): Promise<Passage> {
    return passageOf(await this.#peer.ask({ do: 'run', table: stream, ...run }))
  }

  /** CPU microseconds an update of a detector on the values of a file, by chunks. */
  async detect(
    detector: string,
    { file, warm, budget }: { readonly file: string } & Pick<Run, 'warm' | 'budget'>,
  ): Promise<Pick<Passage, 'chunks' | 'cpu'>> {
    const answer = await this.#peer.ask({ do: 'detect', detector, x: file, warm, budget })
    return { chunks: answer['chunks'] as readonly number[], cpu: answer.cpu }
  }

  close(): Promise<void> {
    return this.#peer.close()
  }

  static greeted(label: string, hello: Answer, peer: Peer): StreamPeer {
    return new StreamPeer(`${label} ${hello['version']} (${hello['runtime']})`, peer)
  }
}

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

async function greet(label: string, peer: Peer): Promise<StreamPeer | undefined> {
  try {
    return StreamPeer.greeted(label, await peer.ask({ do: 'hello' }), peer)
  } catch (error) {
    console.error(`No ${label}: ${(error as Error).message}`)
    await peer.close()
    return undefined
  }
}

function passageOf(answer: Answer): Passage {
  const number = (key: string): number => Number(answer[key])
  return {
    chunks: answer['chunks'] as readonly number[],
    rows: number('rows'),
    accuracy: number('accuracy'),
    logLoss: number('logLoss'),
    bytes: answer.bytes > 0 ? answer.bytes : Number.NaN,
    cpu: answer.cpu,
  }
}
