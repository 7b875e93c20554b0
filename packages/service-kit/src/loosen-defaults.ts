import type { Described } from './describe-exchange.ts'

interface Sent {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content?: Record<string, { schema?: unknown }> }
}

interface Parameter {
  required?: boolean
  readonly schema?: { readonly default?: unknown }
}

/**
 * Says of what a caller sends that members and parameters with a default may be left out. TypeBox counts them among the
 * required ones, for a handler always finds them.
 */
export function loosenDefaults(document: Described): void {
  for (const item of Object.values(document.paths ?? {}))
    for (const operation of Object.values(item)) {
      const { parameters = [], requestBody } = operation as Sent
      for (const parameter of parameters)
        if (parameter.schema?.default !== undefined) parameter.required = false
      for (const media of Object.values(requestBody?.content ?? {}))
        media.schema = loosened(media.schema)
    }
}

/** A copy: the schema may be the one that requests are checked with. */
function loosened(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(loosened)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(
    Object.entries(schema).map(([member, held]) => [member, loosened(held)]),
  )
  const { required, properties } = copy as {
    required?: unknown
    properties?: Record<string, { default?: unknown }>
  }
  if (!Array.isArray(required) || properties === undefined) return copy
  const asked = required.filter((name: string) => properties[name]?.default === undefined)
  if (asked.length > 0) return { ...copy, required: asked }
  delete copy.required
  return copy
}
