import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** The folder of PostgreSQL's programs; undefined where there is none of version 15 or newer. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const folders = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []
  const onPath = (process.env['PATH'] ?? '').split(':')
  const newest = [...folders.sort(), ...onPath].filter((folder) => existsSync(join(folder, 'initdb'))).at(0)
  if (newest === undefined) return undefined
  const said = spawnSync(join(newest, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout ?? ''
  return Number(/(\d+)/.exec(said)?.[1] ?? 0) >= 15 ? newest : undefined
}

/** Whom to run the server as: it refuses to run as root. */
function user(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = lines.find((l) => l.startsWith('postgres:')) ?? lines.find((l) => l.startsWith('nobody:'))
  const [, , uid, gid] = (line ?? '::65534:65534').split(':').map(Number)
  return { uid: uid!, gid: gid! }
}

const bin = programs()
/** Why there is no server; undefined where there is one. */
export const NO_POSTGRES: string | undefined =
  process.platform === 'win32' ? 'not on Windows' : bin === undefined ? 'no PostgreSQL of version 15 here' : undefined

/** A PostgreSQL server of one's own. */
export class PostgresServer {
  readonly port: number
  readonly #folder: string
  readonly #as = user()
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
  }

  /** Sets up and starts a server on a free port, in a temporary folder. `settings` are those of `postgresql.conf`. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'tradelearn-postgres-'))
    const server = new PostgresServer(folder, await freePort())
    const as = server.#as
    if (as) chownSync(folder, as.uid, as.gid)
    const data = join(folder, 'data')
    const made = spawnSync(
      join(bin!, 'initdb'),
      ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { encoding: 'utf8', ...as },
    )
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
    const all = {
      listen_addresses: '127.0.0.1',
      port: String(server.port),
      unix_socket_directories: folder,
      ...settings,
    }
    const text = Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`)
    writeFileSync(join(data, 'postgresql.auto.conf'), text.join(''))
    await server.run()
    return server
  }

  /** Starts the server and waits until it answers. */
  async run(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) {
        this.#process = spawn(join(bin!, 'postgres'), ['-D', join(this.#folder, 'data')], {
          stdio: 'ignore',
          ...this.#as,
        })
      }
      const client = new pg.Client(this.options())
      client.on('error', () => undefined)
      try {
        await client.connect()
        await client.end()
        return
      } catch {
        // the children of a server that was killed may hold its memory for a moment
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    throw new Error('the server did not start')
  }

  options(user = 'owner'): pg.ClientConfig {
    return { host: '127.0.0.1', port: this.port, user, database: 'postgres' }
  }

  /** Kills the postmaster as a crash would. */
  async kill(): Promise<void> {
    await ended(this.#process!, 'SIGKILL')
  }

  async stop(): Promise<void> {
    await ended(this.#process!, 'SIGQUIT')
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
