import type { App } from './app.ts'

/**
 * The OpenAPI 3.1 document of an app, with its keys in a stable order so that a comparison shows real changes. Its whole
 * numbers say how wide they are: a generator for Java or C# takes 32 bits where nothing is said.
 */
export function openApiOf(app: App): Record<string, unknown> {
  return sorted(app.swagger()) as Record<string, unknown>
}

const WIDEST_INT32 = 2_147_483_647

function withWidth(value: object): object {
  const { type, format, maximum } = value as { type?: unknown; format?: unknown; maximum?: unknown }
  if (type !== 'integer' || format !== undefined) return value
  const isNarrow = typeof maximum === 'number' && maximum <= WIDEST_INT32
  return { ...value, format: isNarrow ? 'int32' : 'int64' }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(withWidth(value))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      // An example is read as it is sent and answered.
      .map(([key, member]) => [key, key === 'examples' ? member : sorted(member)]),
  )
}
