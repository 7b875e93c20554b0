import pg from 'pg'
import { refuse, WorkFailed } from '../work-failed.ts'

/** The URL of a named connection. @throws WorkFailed `refused` when the settings have none of this name */
export function urlOf(connections: ReadonlyMap<string, string>, name: string): string {
  return connections.get(name) ?? refuse(`connection ${name} is not in the settings of this agent`)
}

/** A session on the server of a URL, `database` in place of the URL's own when given. @throws WorkFailed when it is away */
export async function connect(name: string, url: string, database?: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: withDatabase(url, database),
    application_name: 'erp-steward-agent',
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
  })
  // What ends the session rejects its queries; unheard errors would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    throw new WorkFailed('executor', `connection ${name}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Major version of the server, 15 for `15.18`. */
export async function serverMajor(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  )
  return rows[0]?.version ?? 0
}

/**
 * The environment in which PostgreSQL's programs reach the same database: an argument would show the password to
 * every user of the host.
 */
export function environmentOf(url: string, database?: string): Record<string, string> {
  const client = new pg.Client({ connectionString: withDatabase(url, database) })
  const given = new URL(url).searchParams
  const settings: Record<string, string | undefined | null> = {
    PGHOST: client.host,
    PGPORT: String(client.port),
    PGUSER: client.user,
    PGPASSWORD: client.password,
    PGDATABASE: client.database,
    PGSSLMODE: given.get('sslmode'),
    PGSSLROOTCERT: given.get('sslrootcert'),
    PGSSLCERT: given.get('sslcert'),
    PGSSLKEY: given.get('sslkey'),
    PGAPPNAME: 'erp-steward-agent',
    PGCONNECT_TIMEOUT: '15',
    // Messages that we read and pass on are in one language.
    LC_MESSAGES: 'C',
  }
  return Object.fromEntries(
    Object.entries(settings).filter((pair): pair is [string, string] => Boolean(pair[1])),
  )
}

function withDatabase(url: string, database: string | undefined): string {
  if (database === undefined) return url
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

/** Why a database refused, without the values that its errors may carry. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
