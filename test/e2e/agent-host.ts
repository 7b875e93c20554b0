import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program } from './site.ts'

/** The host that is backed up: some files of an ERP, two stores, a scratch place, and the agent as a process. */
export class AgentHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'steward-agent-'))
  readonly source = join(this.folder, 'apps')
  readonly stores = { PRIMARY: join(this.folder, 'primary'), OFFSITE: join(this.folder, 'offsite') }
  readonly keyId = 'K2026'
  readonly #scratch = join(this.folder, 'scratch')
  readonly #keysFile = join(this.folder, 'keys')
  #program: Program | undefined

  constructor() {
    for (const folder of [this.source, ...Object.values(this.stores), this.#scratch])
      mkdirSync(folder, { recursive: true })
    writeFileSync(this.#keysFile, `${this.keyId} ${randomBytes(32).toString('base64')}\n`, {
      mode: 0o600,
    })
    mkdirSync(join(this.source, '配置'))
    writeFileSync(
      join(this.source, '配置', 'EBSapps.env'),
      'TWO_TASK=PROD\nCONTEXT_NAME=PROD_apps\n',
    )
    // Noise does not compress: a backup has several frames and lasts long enough to be cut off.
    for (const name of ['forms', 'reports', 'java'])
      writeFileSync(join(this.source, `${name}.jar`), randomBytes(6_000_000))
  }

  start(gatewayUrl: string, client: { readonly id: string; readonly secret: string }): void {
    this.#program ??= new Program(
      'backup agent',
      'packages/backup-agent/src/main.ts',
      [],
      {
        GATEWAY_URL: gatewayUrl,
        CLIENT_ID: client.id,
        CLIENT_SECRET: client.secret,
        SITES: Object.entries(this.stores)
          .map(([site, folder]) => `${site}=${folder}`)
          .join(','),
        SOURCES: this.source,
        SCRATCH: this.#scratch,
        KEYS_FILE: this.#keysFile,
      },
      join(this.folder, 'agent.log'),
    )
    if (!this.#program.running) this.#program.start()
  }

  /** `kill -9`, and the agent is started again, as its service manager would; false while it has not been started. */
  async killAndRestart(): Promise<boolean> {
    if (this.#program === undefined) return false
    await this.#program.kill()
    this.#program.start()
    return true
  }

  async stop(): Promise<void> {
    await this.#program?.end()
  }
}
