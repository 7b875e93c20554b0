import { write, type RowsStatement } from '@erp-steward/messaging/statement'
import type { EntityManager, EntityMetadata, EntitySchema, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'

type Statements = Map<string, RowsStatement<object>>

const known = new WeakMap<EntityMetadata, Statements>()

/**
 * Writes rows with the transaction, as `write` does. Columns whose member a row lacks take their default; all rows of one
 * call have the same members.
 */
export async function insertRows<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  rows: readonly Partial<Row>[],
): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  await write(tx, insertStatement(tx, entity, Object.keys(first)), rows)
}

/** The statement of `insertRows` for rows with these members, to be built upon; it ends before `on conflict`. */
export function insertStatement<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  members: readonly string[],
): RowsStatement<object> {
  const metadata = tx.dataSource.getMetadata(entity)
  const ofEntity: Statements = known.get(metadata) ?? new Map<string, RowsStatement<object>>()
  known.set(metadata, ofEntity)
  // A use case always names the same members, so there are few statements.
  const key = members.join(' ')
  const statement =
    ofEntity.get(key) ??
    makeStatement(metadata, members, `insert ${metadata.tableName} ${String(ofEntity.size)}`)
  ofEntity.set(key, statement)
  return statement
}

function makeStatement(
  metadata: EntityMetadata,
  members: readonly string[],
  name: string,
): RowsStatement<object> {
  const columns = metadata.columns.filter(({ propertyName }) => members.includes(propertyName))
  const table = metadata.tableName
  const names = columns.map(({ databaseName }) => `"${databaseName}"`).join(', ')
  return {
    name,
    table,
    parents: metadata.foreignKeys.map(
      ({ referencedEntityMetadata }) => referencedEntityMetadata.tableName,
    ),
    text: `insert into "${table}" (${names})
           select ${names} from json_populate_recordset(null::"${table}", $1)`,
    values: (rows) => [JSON.stringify(rows.map((row) => asJson(row, columns)))],
  }
}

function asJson(row: object, columns: readonly ColumnMetadata[]): object {
  const json: Record<string, unknown> = {}
  for (const column of columns) {
    const value: unknown = column.getEntityValue(row, true)
    json[column.databaseName] = Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value
  }
  return json
}
