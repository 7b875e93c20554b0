import { createHash } from 'node:crypto'
import type pg from 'pg'
import { WorkFailed } from '../work-failed.ts'
import { reasonOf } from './connection.ts'

/** How values are written must not depend on who asks, or two equal tables would look different. */
const SAME_TEXT = `
  set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 1;
  set bytea_output = 'hex'; set lc_monetary = 'C'; set search_path = pg_catalog; set row_security = off`

// What pg_dump saves rows of: tables and partitions, not those that belong to an extension.
const TABLES = `
  select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and c.relpersistence <> 't'
     and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
     and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
   order by n.nspname collate "C", c.relname collate "C"`

/**
 * The tables of a database as canonical lines of JSON: name, count of rows and a digest of the rows in any order.
 *
 * The digest adds up the SHA-256 of the rows' text as four numbers: no sort, no memory, and a row that is changed,
 * lost or doubled changes it. The answer is that of the transaction that `client` stands in.
 *
 * @throws WorkFailed naming the table that cannot be read
 */
export async function listTables(client: pg.Client, signal: AbortSignal): Promise<string> {
  await client.query(SAME_TEXT)
  const { rows: tables } = await client.query<{ schema: string; name: string }>(TABLES)
  const lines: string[] = []
  for (const { schema, name } of tables) {
    signal.throwIfAborted()
    const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`
    const { rows } = await client
      .query<{ rows: string; digest: string }>(digestOf(table))
      .catch((error: unknown) => {
        signal.throwIfAborted()
        throw new WorkFailed('executor', `cannot read table ${schema}.${name}: ${reasonOf(error)}`)
      })
    const [row] = rows
    const sha256 = createHash('sha256')
      .update(row?.digest ?? '')
      .digest('hex')
    lines.push(
      `${JSON.stringify({ table: `${schema}.${name}`, rows: Number(row?.rows ?? 0), sha256 })}\n`,
    )
  }
  return lines.join('')
}

// A column of the alias's name would be taken for the row. `offset 0` keeps the hash from being made four times.
const ROW = '"the whole row"'

function digestOf(table: string): string {
  const part = (from: number) =>
    `coalesce(sum(('x' || substr(hex, ${from}, 16))::bit(64)::bigint::numeric), 0)`
  return `
    select count(*) as rows, concat_ws(',', ${[1, 17, 33, 49].map(part).join(', ')}) as digest
      from (select encode(sha256(convert_to(${ROW}::text, 'UTF8')), 'hex') as hex from only ${table} ${ROW} offset 0) hashed`
}

/** Lines of a list of tables by the names of their tables. */
export function tablesByName(list: string): Map<string, string> {
  return new Map(
    list
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [(JSON.parse(line) as { table: string }).table, line]),
  )
}
