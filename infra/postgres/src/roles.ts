import pg from 'pg'

/** A service that gets a role and two schemas of its own. */
export interface ServiceRole {
  /** Name in kebab-case, e.g. `incident-tiering`; role and schema are called `incident_tiering`. */
  name: string
  password: string
}

// One creator at a time on a server: `create database` knows no "if not exists".
const CREATION_LOCK = 7_305_412

/**
 * Makes the database, and for each service a login role with the schemas `<name>` and `<name>_jobs` that only it can
 * see. A second call changes nothing but the passwords, which become those given.
 * @throws RangeError when a name is not kebab-case or longer than 50 characters.
 */
export async function createRolesAndSchemas(
  superuserUrl: string,
  database: string,
  services: readonly ServiceRole[],
): Promise<void> {
  const roles = services.map(({ name, password }) => ({ role: roleName(name), password }))
  await withClient(superuserUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [CREATION_LOCK])
    await createDatabase(client, database)
    for (const { role, password } of roles) await createRole(client, role, password)
    await withClient(urlWith(superuserUrl, { database }), async (inside) => {
      await inside.query('begin')
      await closeToPublic(inside, database)
      for (const { role } of roles) await createSchemas(inside, database, role)
      await inside.query('commit')
    })
  })
}

/** URL with which a service connects to its database. */
export function serviceUrl(
  superuserUrl: string,
  database: string,
  name: string,
  password: string,
): string {
  return urlWith(superuserUrl, { database, user: roleName(name), password })
}

function roleName(service: string): string {
  if (!/^[a-z][a-z0-9-]{0,49}$/.test(service)) {
    throw new RangeError(`A service name is kebab-case of at most 50 characters: ${service}`)
  }
  return service.replaceAll('-', '_')
}

function urlWith(
  base: string,
  parts: { database: string; user?: string; password?: string },
): string {
  const url = new URL(base)
  url.pathname = `/${encodeURIComponent(parts.database)}`
  if (parts.user !== undefined) url.username = encodeURIComponent(parts.user)
  if (parts.password !== undefined) url.password = encodeURIComponent(parts.password)
  return url.href
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

async function createDatabase(client: pg.Client, database: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
  if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`)
}

async function createRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
  const verb = rowCount === 0 ? 'create' : 'alter'
  await client.query(
    `${verb} role ${role} with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
       password ${pg.escapeLiteral(password)}`,
  )
}

async function closeToPublic(client: pg.Client, database: string): Promise<void> {
  await client.query(`
    revoke all on database ${pg.escapeIdentifier(database)} from public;
    revoke all on schema public from public;
  `)
}

async function createSchemas(client: pg.Client, database: string, role: string): Promise<void> {
  const name = pg.escapeIdentifier(database)
  await client.query(`
    grant connect on database ${name} to ${role};
    alter role ${role} in database ${name} set search_path = ${role};
    create schema if not exists ${role} authorization ${role};
    create schema if not exists ${role}_jobs authorization ${role};
  `)
  // graphile-worker asks for `create schema` when this table is missing, and that needs a right on the whole database.
  // Source: installSchema in graphile-worker 0.18.
  await client.query(`
    create table if not exists ${role}_jobs.migrations (
      id int primary key,
      ts timestamptz not null default now(),
      breaking boolean not null default false
    );
    alter table ${role}_jobs.migrations owner to ${role};
  `)
}
