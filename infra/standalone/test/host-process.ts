import { eventually } from '@erp-steward/test-kit/eventually'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endOrphan } from '@erp-steward/kafka/broker'
import { livingServer, terminateServer } from '@erp-steward/postgres/living-server'

export const ROOT = join(import.meta.dirname, '..', '..', '..')
const MAIN = join(ROOT, 'infra', 'standalone', 'src', 'main.ts')

// Starts take a second on a quiet machine and a multiple of it on a busy one.
const START_LIMIT_MS = 300_000

export interface HostSettings {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** User and group the host runs as, for tests that are root. */
  readonly uid?: number
  /** What runs instead of the host's own program. */
  readonly command?: readonly [string, ...string[]]
}

/** A host on `folder` as a child process, on free ports unless told otherwise. */
export class HostProcess {
  readonly child: ChildProcess
  output = ''

  constructor(folder: string, { args = [], env = {}, uid, command }: HostSettings = {}) {
    const [program, ...first] = command ?? [process.execPath, MAIN]
    this.child = spawn(program, [...first, ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        NODE_COMPILE_CACHE: join(ROOT, '.cache', 'node'),
        STEWARD_DATA: folder,
        STEWARD_PORT: '0',
        STEWARD_POSTGRES_PORT: '0',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (part: Buffer) => (this.output += part.toString()))
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** Resolves once the output holds `text`. */
  async says(text: string): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS
    while (!this.output.includes(text)) {
      if (this.hasEnded || Date.now() > deadline)
        throw new Error(`The host did not say "${text}":\n${this.output}`)
      await delay(5)
    }
  }

  /** The gateway's address, once the host says that it is ready. */
  async ready(): Promise<string> {
    await this.says('stop        Ctrl-C')
    const [, url] = /gateway +(http:\S+)/.exec(this.output) ?? []
    if (url === undefined) throw new Error(`No address of the gateway:\n${this.output}`)
    return url
  }

  /** Exit code; a host that was ended by the signal itself has no code. */
  async end(signal?: NodeJS.Signals): Promise<{ code: number | null }> {
    if (signal !== undefined) this.child.kill(signal)
    if (!this.hasEnded) await once(this.child, 'exit')
    return { code: this.child.exitCode }
  }
}

/** Folders of one test file and what runs in them. */
export class Folders {
  readonly #folders: string[] = []
  readonly #hosts: HostProcess[] = []

  fresh(): string {
    const folder = mkdtempSync(join(tmpdir(), 'steward-host-'))
    this.#folders.push(folder)
    return folder
  }

  host(folder: string, settings: HostSettings = {}): HostProcess {
    const host = new HostProcess(folder, settings)
    this.#hosts.push(host)
    return host
  }

  /** Ends what a failed test left, and removes all. */
  async clear(): Promise<void> {
    for (const host of this.#hosts.splice(0)) await host.end('SIGKILL')
    for (const folder of this.#folders.splice(0)) {
      await terminateServer(join(folder, 'postgres'))
      await endOrphan(join(folder, 'kafka'))
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** Resolves once no process of the folder is left: what was just being ended may take a moment on a busy machine. */
export async function nothingLeft(folder: string, within = 5_000): Promise<void> {
  await eventually(
    () => {
      const left = leftIn(folder)
      if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
    },
    { within, every: 100 },
  )
}

/** Command lines of what still runs in a data folder: database, broker, and their children. */
function leftIn(folder: string): string[] {
  if (process.platform !== 'linux')
    return livingServer(join(folder, 'postgres')) === null ? [] : ['postgres']
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const standsIn = readlinkSync(`/proc/${pid}/cwd`)
        return standsIn === folder || standsIn.startsWith(`${folder}/`)
          ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`]
          : []
      } catch {
        return []
      }
    })
}

/** One-time password of an administrator. */
export function passwordOf(folder: string, userName: string): string {
  const lines = readFileSync(join(folder, 'administrators.txt'), 'utf8').split('\n')
  return lines.find((line) => line.startsWith(`${userName}\t`))?.split('\t')[2] ?? ''
}

/** Signs in; an empty token when that is refused. */
export async function signIn(gateway: string, userName: string, password: string): Promise<string> {
  const response = await fetch(`${gateway}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userName, password }),
  })
  const { accessToken } = (await response.json()) as { accessToken?: string }
  return accessToken ?? ''
}

/** Chooses an own password; resolves with the status. */
export async function changePassword(
  gateway: string,
  token: string,
  currentPassword: string,
  newPassword: string,
): Promise<number> {
  const response = await fetch(`${gateway}/v1/accounts/me/password`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ currentPassword, newPassword }),
  })
  await response.body?.cancel()
  return response.status
}
