import { readFileSync } from 'node:fs'
import type { Described } from './describe-exchange.ts'

/** A request that was sent and how it was answered, with names in place of what differs from run to run. */
interface Recorded {
  /** Why it is sent, one sentence. */
  readonly summary: string
  readonly request: {
    readonly path?: Readonly<Record<string, unknown>>
    readonly query?: Readonly<Record<string, unknown>>
    readonly headers?: Readonly<Record<string, string>>
    readonly contentType?: string
    readonly body?: unknown
  }
  readonly response: {
    readonly status: number
    readonly contentType?: string
    readonly body?: unknown
  }
}

/** By operation, and there by name; the same name stands at the parameters, the body and the answer. */
type RecordedExamples = Readonly<Record<string, Readonly<Record<string, Recorded>>>>

interface Exemplified {
  examples?: Record<string, { readonly summary: string; readonly value: unknown }>
}

interface Parameter extends Exemplified {
  readonly in?: string
  readonly name?: string
}

interface Shown {
  readonly operationId?: string
  parameters?: readonly Parameter[]
  requestBody?: { readonly content?: Record<string, Exemplified> }
  responses?: Record<string, { readonly content?: Record<string, Exemplified> }>
  readonly security?: readonly object[]
  'x-codeSamples'?: readonly object[]
}

/**
 * Puts the examples of a service, which `npm run examples` has recorded in `file`, into its document. Read when a
 * document is asked for: a service that answers none does not hold them.
 */
export function showExamples(document: Described, file: URL): void {
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as RecordedExamples
  for (const [path, item] of Object.entries(document.paths ?? {}))
    for (const [method, described] of Object.entries(item)) {
      const operation = described as Shown
      const own = Object.entries(recorded[operation.operationId ?? ''] ?? {})
      for (const [name, example] of own) show(operation, name, example)
      const [first] = own
      if (first !== undefined)
        operation['x-codeSamples'] = [
          {
            lang: 'curl',
            label: first[1].summary,
            source: curl(method, path, operation, first[1]),
          },
        ]
    }
}

function show(operation: Shown, name: string, { summary, request, response }: Recorded): void {
  const add = (to: Exemplified | undefined, value: unknown) => {
    if (to !== undefined && value !== undefined)
      to.examples = { ...to.examples, [name]: { summary, value } }
  }
  for (const parameter of operation.parameters ?? []) {
    const sent = parameter.in === 'path' ? request.path : request.query
    if (parameter.name !== undefined) add(parameter, sent?.[parameter.name])
  }
  add(operation.requestBody?.content?.[request.contentType ?? ''], request.body)
  add(
    operation.responses?.[String(response.status)]?.content?.[response.contentType ?? ''],
    response.body,
  )
}

/** The request as a line for a shell; `$STEWARD` is the address of the gateway, `$TOKEN` an access token. */
function curl(
  method: string,
  path: string,
  { security = [] }: Shown,
  { request: { path: values = {}, query = {}, headers = {}, contentType, body } }: Recorded,
): string {
  const filled = path.replaceAll(/\{(.*?)\}/g, (_, name: string) => String(values[name]))
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
  const address = `"$STEWARD${filled}${search === '' ? '' : `?${search}`}"`
  const sent = Object.entries({
    ...headers,
    ...(contentType !== undefined && { 'Content-Type': contentType }),
  }).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  return [
    `curl -X ${method.toUpperCase()} ${address}`,
    ...(security.length > 0 ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...sent,
    ...(body === undefined ? [] : [`--data ${quoted(textOf(body, contentType))}`]),
  ].join(' \\\n  ')
}

function textOf(body: unknown, contentType: string | undefined): string {
  if (contentType === 'application/x-www-form-urlencoded')
    return new URLSearchParams(body as Record<string, string>).toString()
  return typeof body === 'string' ? body : JSON.stringify(body)
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
