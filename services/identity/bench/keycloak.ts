import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@erp-steward/postgres/port'

/** The newest at the time of writing; its SCIM server is a feature that has to be switched on. */
const VERSION = '26.7.3'
const REALM = 'bench'
const STARTS_WITHIN_MS = 300_000

/** A Keycloak with a realm whose people are kept by SCIM, on the database of the run. */
export interface Keycloak {
  /** Asks its SCIM server; the path is below `/scim/v2`. */
  readonly scim: (method: 'GET' | 'POST', path: string, body?: object) => Promise<unknown>
  /** Fills the realm with so many people by its import. */
  readonly fill: (people: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Fetches Keycloak by Maven and starts it in production mode, as far as one node on loopback can be.
 *
 * @param database URL of an empty database for it, in which it may do everything
 * @returns `null` where Maven, unzip or Java 17 is missing; the benchmark then has no such row
 */
export async function startKeycloak(database: URL): Promise<Keycloak | null> {
  const folder = mkdtempSync(join(tmpdir(), 'steward-keycloak-'))
  const remove = () => {
    rmSync(folder, { recursive: true, force: true })
  }
  const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`
  const fetched = spawnSync(
    'mvn',
    ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
    { stdio: 'inherit' },
  )
  const zip = join(folder, `keycloak-quarkus-dist-${VERSION}.zip`)
  if (fetched.status !== 0 || spawnSync('unzip', ['-q', zip, '-d', folder]).status !== 0) {
    remove()
    return null
  }
  const port = await freePort()
  const base = `http://127.0.0.1:${String(port)}`
  const home = join(folder, `keycloak-${VERSION}`)
  const child = spawn(join(home, 'bin', 'kc.sh'), startArguments(port, database), {
    stdio: 'ignore',
    // Its script starts Java as a child, which has to end with it.
    detached: true,
    env: {
      ...process.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin',
      JAVA_OPTS_KC_HEAP: '-Xms512m -Xmx1g',
    },
  })
  const stop = async () => {
    await end(child)
    remove()
  }
  try {
    return { ...(await openRealm(base)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const startArguments = (port: number, database: URL) => [
  'start',
  '--http-enabled=true',
  '--http-host=127.0.0.1',
  `--http-port=${String(port)}`,
  '--hostname-strict=false',
  '--cache=local',
  '--features=scim-api',
  '--db=postgres',
  `--db-url=jdbc:postgresql://${database.host}${database.pathname}`,
  `--db-username=${decodeURIComponent(database.username)}`,
  `--db-password=${decodeURIComponent(database.password)}`,
]

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await ended
}

async function openRealm(base: string): Promise<Omit<Keycloak, 'stop'>> {
  const admin = await answering(base)
  const headers = { 'content-type': 'application/json' }
  const asAdmin = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await fetch(`${base}/admin/realms${path}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${await admin()}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as Body
  }
  await asAdmin('POST', '', { realm: REALM, enabled: true, scimApiEnabled: true })
  const audience = `${base}/realms/${REALM}/scim/v2`
  await asAdmin('POST', `/${REALM}/clients`, {
    ...{ clientId: 'scim', secret: 'scim', publicClient: false, serviceAccountsEnabled: true },
    protocolMappers: [
      {
        ...{ name: 'aud', protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper' },
        config: { 'included.custom.audience': audience, 'access.token.claim': 'true' },
      },
    ],
  })
  const clientId = async (name: string) => {
    const [client] = await asAdmin<{ id: string }[]>('GET', `/${REALM}/clients?clientId=${name}`)
    return String(client?.id)
  }
  const scimId = await clientId('scim')
  const management = await clientId('realm-management')
  const { id } = await asAdmin<{ id: string }>(
    'GET',
    `/${REALM}/clients/${scimId}/service-account-user`,
  )
  const roles = await Promise.all(
    ['manage-users', 'view-users'].map((role) =>
      asAdmin('GET', `/${REALM}/clients/${management}/roles/${role}`),
    ),
  )
  await asAdmin('POST', `/${REALM}/users/${id}/role-mappings/clients/${management}`, roles)
  const program = tokens(`${base}/realms/${REALM}`, {
    ...{ grant_type: 'client_credentials', client_id: 'scim', client_secret: 'scim' },
  })
  return {
    scim: async (method, path, body) => {
      const answer = await fetch(`${audience}${path}`, {
        method,
        headers: {
          'content-type': 'application/scim+json',
          authorization: `Bearer ${await program()}`,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${text}`)
      return JSON.parse(text) as unknown
    },
    fill: (people) =>
      asAdmin('POST', `/${REALM}/partialImport`, {
        ifResourceExists: 'SKIP',
        users: Array.from({ length: people }, (_, at) => ({
          ...{ username: `filler-${String(at)}`, enabled: true },
          ...{ firstName: 'Filler', lastName: String(at), email: `f${String(at)}@example.test` },
        })),
      }),
  }
}

/** Tokens of its administrator, once it answers. */
async function answering(base: string): Promise<() => Promise<string>> {
  const admin = tokens(`${base}/realms/master`, {
    ...{ grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'admin' },
  })
  const deadline = Date.now() + STARTS_WITHIN_MS
  for (;;)
    try {
      await admin()
      return admin
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(500)
    }
}

/** A token that is renewed half a minute before it ends. */
function tokens(realm: string, grant: Readonly<Record<string, string>>): () => Promise<string> {
  let held = { token: '', until: 0 }
  return async () => {
    if (Date.now() < held.until) return held.token
    const answer = await fetch(`${realm}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(grant),
    })
    if (!answer.ok) throw new Error(`no token: ${String(answer.status)}`)
    const { access_token: token, expires_in: seconds } = (await answer.json()) as {
      access_token: string
      expires_in: number
    }
    held = { token, until: Date.now() + (seconds - 30) * 1_000 }
    return token
  }
}
