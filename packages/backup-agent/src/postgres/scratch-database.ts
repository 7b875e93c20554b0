import type pg from 'pg'
import type { AgentConfig } from '../config.ts'
import { refuse } from '../work-failed.ts'
import { connect, urlOf } from './connection.ts'

/** The comment by which a database is known as made for this assignment; finished ones are never dropped by it. */
const commentOf = (assignmentId: string) => `erp-steward restore ${assignmentId}`

/** Name and URL of the connection for restores. @throws WorkFailed `refused` when none is set */
export function scratchServer({ connections, scratchConnection }: AgentConfig): {
  readonly name: string
  readonly url: string
} {
  if (scratchConnection === null)
    refuse('POSTGRES_SCRATCH of the agent names no connection for restores')
  return { name: scratchConnection, url: urlOf(connections, scratchConnection) }
}

/** @throws WorkFailed `refused` when a database of this name is there */
export async function assertNoDatabase(config: AgentConfig, database: string): Promise<void> {
  if ((await commentsOn(config, database)).length > 0)
    refuse(`database ${database} is there already and is not touched`)
}

/** Makes an empty database and marks it as made for this assignment. */
export async function createDatabase(
  config: AgentConfig,
  database: string,
  assignmentId: string,
): Promise<void> {
  await onServer(config, async (client) => {
    const name = client.escapeIdentifier(database)
    await client.query(`create database ${name} template template0`)
    await client.query(
      `comment on database ${name} is ${client.escapeLiteral(commentOf(assignmentId))}`,
    )
  })
}

/**
 * Removes the database that was made for this assignment; none is fine. One without any mark and with nothing in it is taken
 * for it as well: the agent may have been killed before it could mark it.
 *
 * @throws Error when one of this name has another mark: somebody else's is never dropped
 */
export async function dropDatabase(
  config: AgentConfig,
  database: string,
  assignmentId: string,
): Promise<void> {
  const [found] = await commentsOn(config, database)
  if (found === undefined) return
  const isOurs =
    found.comment === commentOf(assignmentId) ||
    (found.comment === null && (await isBare(config, database)))
  if (!isOurs)
    throw new Error(
      `database ${database} has no mark of assignment ${assignmentId}: drop it by hand`,
    )
  await onServer(config, (client) =>
    client.query(`drop database ${client.escapeIdentifier(database)} with (force)`),
  )
}

async function isBare(config: AgentConfig, database: string): Promise<boolean> {
  const { name, url } = scratchServer(config)
  const client = await connect(name, url, database)
  try {
    const { rowCount } = await client.query(
      `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' limit 1`,
    )
    return rowCount === 0
  } finally {
    await client.end()
  }
}

async function commentsOn(
  config: AgentConfig,
  database: string,
): Promise<readonly { readonly comment: string | null }[]> {
  const { rows } = await onServer(config, (client) =>
    client.query<{ comment: string | null }>(
      `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1`,
      [database],
    ),
  )
  return rows
}

async function onServer<Result>(
  config: AgentConfig,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const { name, url } = scratchServer(config)
  const client = await connect(name, url)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
