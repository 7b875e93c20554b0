import { isDeepStrictEqual } from 'node:util'
import type { Described, DescribedOperation } from './describe-exchange.ts'

/** A JSON Schema in a document. */
interface Schema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly title?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** Keywords whose value is a schema, a list of schemas, and schemas by name. */
const ONE = ['items', 'additionalProperties', 'not'] as const
const MANY = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const
const NAMED = ['properties', 'patternProperties'] as const

/** Where a name is looked up; generators make it the name of a type. */
const PLACE = '#/components/schemas/'
const isName = /^[A-Z][A-Za-z0-9]*$/

/**
 * Moves each schema that has a name, its `title`, to the components of the document and refers to it wherever it stands:
 * a resource is one type whether it is read, listed, created or part of another.
 *
 * Members with a default need not be sent, and the alternatives of a union that one member tells apart name that member.
 *
 * @throws Error for two shapes under one name, and for a name that is not in capitals and letters
 */
export function hoistNamedSchemas(document: Described): void {
  const named = new Map<string, Schema>(
    Object.entries((document.components?.schemas ?? {}) as Record<string, Schema>),
  )

  function hoist(schema: Schema, isSent: boolean): Schema {
    const inner = isSent ? withoutDefaults(schema) : schema
    const { title, ...rest } = tagged(walk(inner, isSent), named)
    if (typeof title !== 'string') return rest
    if (!isName.test(title)) throw new Error(`A schema is named ${title}; write it as TicketEntry.`)
    const known = named.get(title)
    if (known !== undefined && !isDeepStrictEqual(known, rest))
      throw new Error(
        `Two shapes are named ${title}: ${JSON.stringify(known)} and ${JSON.stringify(rest)}`,
      )
    named.set(title, rest)
    return { $ref: PLACE + title }
  }

  function walk(schema: Schema, isSent: boolean): Schema {
    const made: Record<string, unknown> = { ...schema }
    const each = (inner: unknown) =>
      typeof inner === 'object' && inner !== null ? hoist(inner as Schema, isSent) : inner
    for (const key of ONE) if (key in made) made[key] = each(made[key])
    for (const key of MANY) if (key in made) made[key] = (made[key] as unknown[]).map(each)
    for (const key of NAMED)
      if (key in made)
        made[key] = Object.fromEntries(
          Object.entries(made[key] as object).map(([name, inner]) => [name, each(inner)]),
        )
    return made
  }

  for (const item of [document.paths, document.webhooks].flatMap((paths) =>
    Object.values(paths ?? {}),
  ))
    for (const operation of Object.values(item)) {
      for (const parameter of parametersOf(operation)) {
        const { schema, description } = parameter
        // The plugin moves the words of a schema to its parameter; a name has them, too.
        const whole =
          typeof schema.title === 'string' && description !== undefined
            ? { ...schema, description }
            : schema
        parameter.schema = hoist(whole, true)
        if ('default' in schema) delete parameter.required
      }
      const { requestBody = {}, responses = {} } = operation
      for (const [bodies, isSent] of [
        [[requestBody], true],
        [Object.values(responses), false],
      ] as const)
        for (const { content = {} } of bodies)
          for (const media of Object.values(content))
            if (media.schema !== undefined) media.schema = hoist(media.schema as Schema, isSent)
    }
  document.components = { ...document.components, schemas: Object.fromEntries(named) }
}

interface Parameter {
  schema: Schema
  description?: string
  required?: boolean
}

function parametersOf({ parameters = [] }: DescribedOperation): Parameter[] {
  return parameters.filter((parameter): parameter is Parameter => 'schema' in parameter)
}

/** The body as callers must send it: what has a default may be left out. */
function withoutDefaults(schema: Schema): Schema {
  const { required = [], ...rest } = schema
  const must = required.filter((name) => schema.properties?.[name]?.default === undefined)
  return must.length > 0 ? { ...rest, required: must } : rest
}

/** A union of named objects with a member whose constants differ from one to the next, with it as the discriminator. */
function tagged(schema: Schema, named: ReadonlyMap<string, Schema>): Schema {
  const union = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined
  const alternatives = (union ?? []).filter(({ type }) => type !== 'null')
  const shapes = alternatives.map(({ $ref = '' }) => named.get($ref.slice(PLACE.length)))
  if (shapes.length < 2) return schema
  for (const propertyName of Object.keys(shapes[0]?.properties ?? {})) {
    const values = shapes.map((shape) => constantsOf(shape?.properties?.[propertyName]))
    const all = values.flat()
    if (values.some((own) => own.length === 0) || new Set(all).size < all.length) continue
    const mapping = values.flatMap((own, at) =>
      own.map((value) => [value, alternatives[at]?.$ref] as const),
    )
    return { ...schema, discriminator: { propertyName, mapping: Object.fromEntries(mapping) } }
  }
  return schema
}

/** The texts that a member may be, none where it may be any. */
function constantsOf(schema: Schema | undefined): readonly string[] {
  const all = schema?.const === undefined ? schema?.enum : [schema.const]
  return Array.isArray(all) && all.every((each) => typeof each === 'string') ? all : []
}
