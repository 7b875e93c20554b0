import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@erp-steward/postgres/port'
import { eventually } from '@erp-steward/test-kit/eventually'

const APACHE = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'

/** What there is not, of Debian's Apache and its module for OpenID Connect; `null`: it is there. */
export const noApache =
  existsSync(APACHE) && existsSync(join(MODULES, 'mod_auth_openidc.so'))
    ? null
    : "Debian's apache2-bin and libapache2-mod-auth-openidc"

/** How the site is known to the issuer. */
export interface KnownAs {
  readonly issuer: string
  readonly clientId: string
  readonly secret: string
}

/** A web server of others, whose page is for people who signed in; who it is stands in the header `x-person`. */
export interface ApacheSite {
  readonly url: string
  readonly page: string
  readonly callback: string
  /** Where people are sent after they signed out. */
  readonly bye: string
  start(known: KnownAs): Promise<void>
  stop(): Promise<void>
}

const LOADED = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'auth_openidc']

export async function apacheSite(): Promise<ApacheSite> {
  // Where the user as which Apache answers may look, too.
  const folder = await mkdtemp(join(tmpdir(), 'apache-'))
  await chmod(folder, 0o755)
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const callback = `${url}/protected/callback`
  let apache: ChildProcess | undefined
  return {
    ...{ url, callback, page: `${url}/protected/index.html`, bye: `${url}/bye.html` },
    async start({ issuer, clientId, secret }) {
      await mkdir(join(folder, 'www/protected'), { recursive: true })
      await writeFile(join(folder, 'www/protected/index.html'), 'inside')
      await writeFile(join(folder, 'www/bye.html'), 'bye')
      const file = join(folder, 'apache.conf')
      await writeFile(
        file,
        `
ServerName 127.0.0.1
ServerRoot "${folder}"
Listen 127.0.0.1:${port}
PidFile "${folder}/apache.pid"
ErrorLog "${folder}/error.log"
DocumentRoot "${folder}/www"
DefaultRuntimeDir "${folder}"
${LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
${userInfo().uid === 0 ? 'User nobody\nGroup nogroup' : ''}
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${clientId}
OIDCClientSecret ${secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI ${callback}
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
OIDCCryptoPassphrase of-the-test
<Location "/protected">
  AuthType openid-connect
  Require valid-user
  Header set x-person "expr=%{REMOTE_USER}"
</Location>
`,
      )
      apache = spawn(APACHE, ['-f', file, '-D', 'FOREGROUND'], { stdio: 'ignore' })
      const process = apache
      await eventually(async () => {
        if (process.exitCode !== null)
          throw new Error(await readFile(join(folder, 'error.log'), 'utf8'))
        await fetch(`${url}/bye.html`)
      })
    },
    async stop() {
      if (apache?.exitCode === null) {
        apache.kill('SIGTERM')
        await once(apache, 'exit')
      }
      await rm(folder, { recursive: true })
    },
  }
}
