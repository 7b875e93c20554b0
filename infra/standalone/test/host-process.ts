import { Authenticator } from '@erp-steward/test-kit/authenticator'
import { eventually } from '@erp-steward/test-kit/eventually'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
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
  readonly #folder: string
  readonly #startedAt = Date.now()
  output = ''

  constructor(folder: string, { args = [], env = {}, uid, command }: HostSettings = {}) {
    this.#folder = folder
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
    await this.#comesTo(() => this.output.includes(text), `say "${text}"`)
  }

  /** Resolves once this start, not one before, has written one of these files of its folder. */
  async writes(...files: readonly string[]): Promise<void> {
    const written = (file: string) => {
      const at = statSync(join(this.#folder, file), { throwIfNoEntry: false })?.mtimeMs
      return at !== undefined && at >= this.#startedAt
    }
    await this.#comesTo(() => files.some(written), `write ${files.join(' or ')}`)
  }

  async #comesTo(fact: () => boolean, words: string): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS
    while (!fact()) {
      if (this.hasEnded || Date.now() > deadline)
        throw new Error(`The host did not ${words}:\n${this.output}`)
      await delay(2)
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
  /** Where the site is kept that `prepared` copies. */
  #kept: Folders | undefined
  #site: Promise<string> | undefined

  fresh(): string {
    const folder = mkdtempSync(join(tmpdir(), 'steward-host-'))
    this.#folders.push(folder)
    return folder
  }

  /**
   * A copy of a site that was made once for this file and then ended in order, for a test whose subject is not the
   * making: that takes a multiple of a start.
   */
  async prepared(): Promise<string> {
    const folder = this.fresh()
    // Owners and times are kept: the database may belong to another user than the rest.
    execFileSync('cp', ['-Rp', join(await (this.#site ??= this.#make()), '.'), folder])
    return folder
  }

  async #make(): Promise<string> {
    this.#kept = new Folders()
    const folder = this.#kept.fresh()
    const host = this.#kept.host(folder)
    await host.ready()
    await host.end('SIGTERM')
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

  /** What `clear` does, and no site is kept for copies any more. */
  async end(): Promise<void> {
    await this.clear()
    await this.#kept?.clear()
  }
}

/** Resolves once no process of the folder is left: what was just being ended may take a moment on a busy machine. */
export async function nothingLeft(folder: string): Promise<void> {
  await eventually(
    () => {
      const left = leftIn(folder)
      if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
    },
    { within: 60_000, every: 100 },
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
export async function signIn(
  gateway: string,
  userName: string,
  password: string,
  device?: Authenticator,
): Promise<string> {
  const response = await fetch(`${gateway}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userName, password, code: await device?.next() }),
  })
  const { accessToken } = (await response.json()) as { accessToken?: string }
  return accessToken ?? ''
}

/** Sets up the second factor that administrators have to have before they may do anything else. */
export async function setUpFactor(
  gateway: string,
  token: string,
  password: string,
): Promise<Authenticator> {
  const own = `${gateway}/v1/accounts/me/second-factor`
  const post = async (url: string, body: object) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${url}: ${await response.text()}`)
    return response.json()
  }
  const { secret } = (await post(own, { password })) as { secret: string }
  const device = new Authenticator(secret)
  await post(`${own}/confirm`, { code: await device.next() })
  return device
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
