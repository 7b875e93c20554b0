import pg from 'pg'
import type { DataSource } from 'typeorm'

/** What the reference inserts: the rows that the measured run has left behind, unit by unit. */
export interface BareInserts {
  readonly db: DataSource
  readonly url: string
  readonly schema: string
  /** Where a unit leaves rows, and the SQL expression that leads from a row to its unit; in the order of insertion. */
  readonly tables: Readonly<Record<string, string>>
  /** At most so many units. */
  readonly units: number
  /** Writers at once, each with a connection of its own. */
  readonly writers: number
  /** Units per transaction. */
  readonly perTransaction: number
}

/** Units per second when the very same rows go into tables of the same shape and indexes, and nothing else is done. */
export async function bareInserts(given: BareInserts): Promise<number> {
  const { db, url, schema, tables, units, writers, perTransaction } = given
  const statements: string[] = []
  const rowsOf = new Map<string, Map<number, string>>()
  for (const [index, [table, unitOf]] of Object.entries(tables).entries()) {
    const columns: { name: string }[] = await db.query(
      `select attname as name from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    )
    const list = columns.map(({ name }) => `"${name}"`).join(', ')
    await db.query(`create table bare_${index} (like ${table} including all)`)
    statements.push(
      `insert into bare_${index} (${list}) overriding system value
       select ${list} from json_populate_recordset(null::bare_${index}, $1)`,
    )
    const grouped: { id: string; rows: string }[] = await db.query(
      `select ${unitOf} as id, json_agg(t)::text as rows from ${table} t
        where ${unitOf} is not null group by 1`,
    )
    for (const { id, rows } of grouped) {
      const known = rowsOf.get(id) ?? new Map<number, string>()
      rowsOf.set(id, known.set(index, rows))
    }
  }
  const work = [...rowsOf.values()].slice(0, units)
  const started = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: writers }, async () => {
      const client = new pg.Client({
        connectionString: url,
        options: `-c search_path=${schema}`,
      })
      await client.connect()
      while (next < work.length) {
        const batch = work.slice(next, next + perTransaction)
        next += batch.length
        await client.query('begin')
        for (const rows of batch)
          for (const [index, values] of rows)
            await client.query({
              name: `bare_${index}`,
              text: statements[index] ?? '',
              values: [values],
            })
        await client.query('commit')
      }
      await client.end()
    }),
  )
  return work.length / ((performance.now() - started) / 1_000)
}
