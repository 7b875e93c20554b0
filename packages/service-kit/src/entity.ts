import type { Static, TObject, TProperties, TSchema } from 'typebox'
import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaOptions } from 'typeorm'

/** The row of a table. */
export type RowOf<Entity> = Entity extends EntitySchema<infer Row> ? Row : never

type Members<
  View extends TObject,
  Kept extends TProperties | undefined,
  Derived extends PropertyKey,
> = {
  [Name in Exclude<keyof Static<View>, Derived | keyof Kept>]: Static<View>[Name]
} & (Kept extends TProperties ? Static<TObject<Kept>> : unknown)

type Flat<Row> = { [Name in keyof Row]: Row[Name] }

interface TableOptions<
  View extends TObject,
  Kept extends TProperties | undefined,
  Derived extends PropertyKey,
> extends Pick<
  EntitySchemaOptions<Members<View, Kept, Derived>>,
  'checks' | 'uniques' | 'indices' | 'exclusions' | 'foreignKeys'
> {
  readonly table: string
  /** Members of the row that callers are not shown, or not as they are kept. */
  readonly kept?: Kept
  /** Members that callers are shown and that no column has. */
  readonly derived?: readonly Derived[]
  /** Members of the primary key; default `id`. */
  readonly key?: readonly (keyof Members<View, Kept, Derived>)[]
  /** What does not follow from the schema. */
  readonly columns?: {
    readonly [Name in keyof Members<View, Kept, Derived>]?: Partial<EntitySchemaColumnOptions>
  }
}

/**
 * The table of a resource, from the schema that callers see: the type of its row is the schema's, and a column has the
 * name in snake case, the type that fits, and takes null where the schema does. `columns` names what differs.
 */
export function entityOf<
  View extends TObject,
  const Derived extends keyof Static<View> = never,
  Kept extends TProperties | undefined = undefined,
>(
  view: View,
  options: TableOptions<View, Kept, Derived>,
): EntitySchema<Flat<Members<View, Kept, Derived>>> {
  const { table, kept, derived = [], key = ['id'], columns = {}, ...constraints } = options
  type Row = Flat<Members<View, Kept, Derived>>
  const properties: TProperties = { ...view.properties, ...kept }
  const members = Object.entries(properties).filter(([name]) => !derived.includes(name as Derived))
  const differing = columns as Readonly<Record<string, Partial<EntitySchemaColumnOptions>>>
  return new EntitySchema<Row>({
    name: pascal(table),
    tableName: table,
    ...constraints,
    columns: Object.fromEntries(
      members.map(([name, schema]) => [
        name,
        {
          ...columnOf(schema),
          name: snake(name),
          ...((key as readonly PropertyKey[]).includes(name) && {
            primary: true,
            primaryKeyConstraintName: `${table}_pkey`,
          }),
          ...differing[name],
        },
      ]),
    ) as { [Name in keyof Row]: EntitySchemaColumnOptions },
  })
}

/** The columns of a table for `select`, each under the name of its member; `alias` is the table's in the statement. */
export function columnsOf({ options }: EntitySchema, alias?: string): string {
  return Object.entries(options.columns)
    .map(([member, column]) => {
      const name = column?.name ?? member
      const from = alias === undefined ? name : `${alias}.${name}`
      // As text, as TypeORM reads it; the driver would make it an instant of the server's zone.
      if (column?.type === 'date') return `${from}::text as "${member}"`
      return name === member ? from : `${from} as "${member}"`
    })
    .join(', ')
}

interface Schema {
  readonly type?: string
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
}

/** What holds the values of a schema: text for text, and `jsonb` for what has a structure of its own. */
function columnOf(schema: TSchema): EntitySchemaColumnOptions {
  const whole: Schema = schema
  const { anyOf = [whole] } = whole
  const values = anyOf.filter(({ type }) => type !== 'null')
  const [value = {}, ...others] = values
  return {
    ...(others.length > 0 ? { type: 'jsonb' } : typeOf(value)),
    ...(values.length < anyOf.length && { nullable: true }),
  }
}

const formats = { uuid: 'uuid', 'date-time': 'timestamptz', date: 'date' } as const
const types = {
  string: 'text',
  integer: 'integer',
  number: 'double precision',
  boolean: 'boolean',
} as const

function typeOf(schema: Schema): EntitySchemaColumnOptions {
  const { type = '', format = '', items } = schema
  if (items !== undefined) {
    const each = typeOf(items)
    return each.type === 'jsonb' ? each : { ...each, array: true }
  }
  if (Object.hasOwn(formats, format)) return { type: formats[format as keyof typeof formats] }
  if (schema.enum?.every((value) => typeof value === 'string') === true) return { type: 'text' }
  return { type: Object.hasOwn(types, type) ? types[type as keyof typeof types] : 'jsonb' }
}

/** `unitId` as PostgreSQL people write it: `unit_id`. */
function snake(member: string): string {
  return member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function pascal(table: string): string {
  return table.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
