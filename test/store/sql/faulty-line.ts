import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of a connection when its client sends what `on` looks for. */
export type Fault = {
  readonly on: string
  /**
   * `after`: the server gets it, and the connection breaks once it has answered. `before`: it breaks and the server gets
   * nothing. `silence`: the server gets it, and nothing more comes back.
   */
  readonly how: 'after' | 'before' | 'silence'
}

/** A line to a server that breaks when it is told to. */
export class FaultyLine {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #faults: Fault[] = []
  /** Faults that have happened. */
  happened = 0

  private constructor(target: number) {
    this.#server = createServer((client) => this.#join(client, connect(target, '127.0.0.1')))
  }

  static async start(target: number): Promise<FaultyLine> {
    const proxy = new FaultyLine(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** The next faults, one after the other. */
  arm(...faults: Fault[]): void {
    this.#faults = faults
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, server: Socket): void {
    let mute = false
    let doomed = false
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (data) => {
      const fault = this.#faults[0]
      if (!fault || !data.includes(fault.on)) return void server.write(data)
      this.#faults.shift()
      this.happened++
      if (fault.how === 'before') return void client.destroy()
      mute = true
      doomed = fault.how === 'after'
      server.write(data)
    })
    server.on('data', (data) => {
      if (!mute) client.write(data)
      else if (doomed) client.destroy()
    })
  }
}
