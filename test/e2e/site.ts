import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'

/** The product as a user runs it, seen from outside: an address, a database to tamper with, a process to kill. */
export interface Site {
  readonly gatewayUrl: string
  /** File with the one-time passwords of the three administrators. */
  readonly passwordFile: string
  /** URL of the PostgreSQL superuser on the product's database: for tampering with evidence. */
  readonly superuserUrl: () => Promise<string>
  /** `kill -9` of the host, or of one process of several. */
  readonly kill: () => Promise<void>
  /** Starts again what was killed; resolves when the gateway answers. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const root = join(import.meta.dirname, '..', '..')
const NODE = join(root, 'node_modules', 'node', 'bin', 'node')

/** A program of the product as a child process; its output goes to a file beside its data. */
export class Program {
  readonly name: string
  readonly #script: string
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  readonly #logFile: string
  #child: ChildProcess | undefined
  #output = ''

  constructor(
    name: string,
    script: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    logFile: string,
  ) {
    this.name = name
    this.#script = script
    this.#args = args
    this.#env = env
    this.#logFile = logFile
  }

  start(): void {
    this.#output = ''
    const child = spawn(NODE, [join(root, this.#script), ...this.#args], {
      cwd: root,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '/tmp',
        // As with `npm start`: started again and again, programs are stripped of their types and compiled once.
        NODE_COMPILE_CACHE: join(root, '.cache', 'node'),
        ...this.#env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const log = createWriteStream(this.#logFile, { flags: 'a' })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        log.write(chunk)
        this.#output = (this.#output + chunk.toString()).slice(-20_000)
      })
    this.#child = child
  }

  /** Resolves once the output holds `text`. */
  async says(text: string, withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs
    while (!this.#output.includes(text)) {
      if (this.#child?.exitCode !== null && this.#child?.exitCode !== undefined)
        throw new Error(`${this.name} ended with ${String(this.#child.exitCode)}:\n${this.#output}`)
      if (Date.now() > deadline)
        throw new Error(`${this.name} did not say "${text}":\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  get running(): boolean {
    return (
      this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
    )
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** `kill -9`; resolves when the program is dead. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    if (this.#child !== undefined && this.running) await once(this.#child, 'exit')
  }

  /** Resolves with the exit code once the program has ended. */
  async end(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === undefined || !this.running) return child?.exitCode ?? null
    child.kill(signal)
    await once(child, 'exit')
    return child.exitCode
  }

  /** Resolves with the exit code of a program that ends by itself. */
  async finished(): Promise<number | null> {
    const child = this.#child
    if (child === undefined) return null
    if (this.running) await once(child, 'exit')
    return child.exitCode
  }
}

/** Waits until `url` answers 200, or throws after `withinMs`. */
export async function answers(url: string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
      await response.body?.cancel()
      if (response.ok) return
    } catch {
      // Not there yet.
    }
    if (Date.now() > deadline) throw new Error(`${url} did not answer within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
