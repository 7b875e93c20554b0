import type { App } from './app.ts'

/** The OpenAPI 3.1 document of an app, with its keys in a stable order so that a comparison shows real changes. */
export function openApiOf(app: App): Record<string, unknown> {
  return sorted(app.swagger()) as Record<string, unknown>
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      // An example is read as it is sent and answered.
      .map(([key, member]) => [key, key === 'examples' ? member : sorted(member)]),
  )
}
