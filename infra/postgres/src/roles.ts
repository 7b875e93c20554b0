import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'

/** A service that gets a role to work with, a role that owns its tables, and two schemas. */
export interface ServiceRole {
  /**
   * Name in kebab-case, e.g. `incident-tiering`; role and schema are called `incident_tiering`, the owner of the schema
   * and of its tables `steward_incident_tiering_owner`.
   */
  name: string
  password: string
}

// One creator at a time on a server: `create database` knows no "if not exists".
const CREATION_LOCK = 7_305_412

/** Begins the comment of every role that is made here: roles belong to the whole server, and a name may be another's. */
const MARK = 'ERP Steward: '

/**
 * How long a statement of a service may take, and how long it may leave a transaction open: far above what any of them
 * needs, so that only what hangs is ended. Migrations lift the first for themselves.
 */
const TIMEOUTS = { statement_timeout: '5min', idle_in_transaction_session_timeout: '5min' }

/** A role of this name is there, and it is none of the product's: it would get our password and our rights. */
export class RoleTaken extends Error {
  constructor(role: string) {
    super(
      `The server has a role ${role} that this product did not make. Rename that role, or give the product a server of its own.`,
    )
    this.name = 'RoleTaken'
  }
}

/**
 * Makes the database, and for each service the schemas `<name>` and `<name>_jobs` with two login roles: the service's
 * own, which may use both and owns the jobs alone, and the owner of `<name>` and of all that is in it, which only the
 * migration job uses. A service cannot become that owner, so it has no more rights on its tables than it was given. A
 * second call changes nothing but the passwords, which become those given, takes away what the roles were given besides,
 * and hands over what a service of an earlier version still owns. Whole or not at all, but for the empty database.
 *
 * The administrator need not be a superuser: the rights to create databases and roles do.
 * @param migrationPassword of all owners
 * @throws RangeError when a name is not kebab-case or longer than 49 characters.
 * @throws RoleTaken when a role of that name belongs to somebody else.
 */
export async function createRolesAndSchemas(
  adminUrl: string,
  database: string,
  services: readonly ServiceRole[],
  migrationPassword: string,
): Promise<void> {
  const roles = services.map(({ name, password }) => ({
    name,
    role: roleName(name),
    owner: ownerName(name),
    password,
  }))
  await withClient(adminUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [CREATION_LOCK])
    await createDatabase(client, database)
    await withClient(urlWith(adminUrl, { database }), async (inside) => {
      await inside.query('begin')
      await closeToPublic(inside, database)
      for (const { name, role, owner, password } of roles) {
        await createRole(inside, name, role, password)
        await createRole(inside, `owner of ${name}`, owner, migrationPassword)
        await inRolesOf(inside, [role, owner], async () => {
          await createSchemas(inside, database, role, owner)
          await handOver(inside, role, owner)
        })
      }
      await inside.query('commit')
    })
  })
}

/** URL with which a service connects to its database. */
export function serviceUrl(
  baseUrl: string,
  database: string,
  name: string,
  password: string,
): string {
  return urlWith(baseUrl, { database, user: roleName(name), password })
}

/** URL with which the migration job connects as the owner of a service's tables. */
export function ownerUrl(
  baseUrl: string,
  database: string,
  name: string,
  migrationPassword: string,
): string {
  return urlWith(baseUrl, { database, user: ownerName(name), password: migrationPassword })
}

function roleName(service: string): string {
  // With what stands around it the name of the owner has 63 characters at most, the longest of PostgreSQL.
  if (!/^[a-z][a-z0-9-]{0,48}$/.test(service)) {
    throw new RangeError(`A service name is kebab-case of at most 49 characters: ${service}`)
  }
  return service.replaceAll('-', '_')
}

function ownerName(service: string): string {
  return `steward_${roleName(service)}_owner`
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

interface FoundRole {
  readonly isOurs: boolean
  readonly hasAttributes: boolean
}

async function createRole(
  client: pg.Client,
  service: string,
  role: string,
  password: string,
): Promise<void> {
  // The mark, or a schema of jobs which the role owns: what earlier versions made bears no mark.
  const { rows } = await client.query<FoundRole>(
    `select coalesce(starts_with(shobj_description(oid, 'pg_authid'), $2), false)
              or exists (select from pg_namespace where nspname = $1 || '_jobs' and nspowner = r.oid) as "isOurs",
            rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as "hasAttributes"
       from pg_roles r where rolname = $1`,
    [role, MARK],
  )
  const [found] = rows
  if (found?.isOurs === false) throw new RoleTaken(role)
  // Only a superuser may say these of a role that exists, and he need not when they are as they should be.
  const attributes =
    found?.hasAttributes === false
      ? ''
      : 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls'
  await client.query(
    `${found === undefined ? 'create' : 'alter'} role ${role} with login ${attributes}
       password ${pg.escapeLiteral(verifierOf(password))};
     comment on role ${role} is ${pg.escapeLiteral(`${MARK}${service}`)}`,
  )
  const { rows: groups } = await client.query<{ name: string }>(
    `select g.rolname as name from pg_auth_members m join pg_roles g on g.oid = m.roleid
      where m.member = (select oid from pg_roles where rolname = $1)`,
    [role],
  )
  for (const { name } of groups)
    await client.query(`revoke ${pg.escapeIdentifier(name)} from ${role}`)
}

/**
 * What the server keeps of a password. Sent instead of it, so that no log of statements shows the password.
 * Source: RFC 5802, RFC 7677; the form is that of PostgreSQL's pg_authid.rolpassword.
 */
function verifierOf(password: string): string {
  const iterations = 4_096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64')
  const server = keyed('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`
}

async function closeToPublic(client: pg.Client, database: string): Promise<void> {
  await client.query(`
    revoke all on database ${pg.escapeIdentifier(database)} from public;
    revoke all on schema public from public;
  `)
}

/** An administrator who is no superuser can make what a role owns only while he is a member of it. */
async function inRolesOf(
  client: pg.Client,
  roles: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ is: boolean }>(
    'select rolsuper as is from pg_roles where rolname = current_user',
  )
  const isSuperuser = rows[0]?.is === true
  if (!isSuperuser) await client.query(`grant ${roles.join(', ')} to current_user`)
  await work()
  if (!isSuperuser) await client.query(`revoke ${roles.join(', ')} from current_user`)
}

async function createSchemas(
  client: pg.Client,
  database: string,
  role: string,
  owner: string,
): Promise<void> {
  const name = pg.escapeIdentifier(database)
  const settings = Object.entries({ search_path: role, ...TIMEOUTS })
  await client.query(`
    grant connect on database ${name} to ${role}, ${owner};
    ${[role, owner]
      .flatMap((each) =>
        settings.map(
          ([setting, value]) =>
            `alter role ${each} in database ${name} set ${setting} = '${value}';`,
        ),
      )
      .join('\n')}
    create schema if not exists ${role} authorization ${owner};
    create schema if not exists ${role}_jobs authorization ${role};
    revoke all on schema ${role}, ${role}_jobs from public;
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

/**
 * Gives the schema of a service and everything in it to its owner: before there were owners the services had made their
 * tables themselves. What the service may do with them is said by the migration job.
 */
async function handOver(client: pg.Client, role: string, owner: string): Promise<void> {
  await client.query(`
    alter schema ${role} owner to ${owner};
    revoke all on schema ${role} from ${role};
    grant usage on schema ${role} to ${role};
  `)
  // A sequence of an identity column follows its table, and the row type of a table its table.
  const { rows } = await client.query<{ object: string }>(
    `select format(case c.relkind when 'S' then 'sequence %s' when 'v' then 'view %s'
                     when 'm' then 'materialized view %s' else 'table %s' end, c.oid::regclass) as object
       from pg_class c
      where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'S', 'v', 'm')
        and c.relowner <> $2::regrole
        and not exists (select from pg_depend d
                         where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
                           and c.relkind = 'S')
     union all
     select format('routine %s', p.oid::regprocedure) from pg_proc p
      where p.pronamespace = $1::regnamespace and p.proowner <> $2::regrole
     union all
     select format('type %s', t.oid::regtype) from pg_type t
      where t.typnamespace = $1::regnamespace and t.typowner <> $2::regrole and t.typelem = 0
        and (t.typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`,
    [role, owner],
  )
  for (const { object } of rows) await client.query(`alter ${object} owner to ${owner}`)
}
