import { isUtf8 } from 'node:buffer'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { FastifySchema } from 'fastify'
import type { App } from './app.ts'
import { mostMembers, memberSentTwice } from './member-sent-twice.ts'

/** Deepest nesting of a body; what recurses over one, such as `JSON.stringify`, must not run out of stack. */
const MAX_DEPTH = 64

/**
 * Refuses text that PostgreSQL cannot keep as it was sent, once for all operations.
 *
 * JSON bodies are UTF-8 without NUL and halves of surrogate pairs, without `__proto__`, not nested deeper than 64, and name
 * no member twice: the last would win, and whoever looked at the first would have seen another request. Addresses have no
 * NUL. An empty body is none.
 */
export function refuseUnstorableText(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.url.includes('%00'))
      done(new Problem('malformed-request', said('The address holds NUL.', '地址中含有 NUL。')))
    else done()
  })
  // Text is no content type of ours; an operation that takes it, such as an import, adds its own parser.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  takeJson(app, 'application/json')
}

/** Lets the operations of a scope take JSON of a media type, with what every body has to keep to. */
export function takeJson(scope: App, contentType: string): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser<Buffer>(contentType, { parseAs: 'buffer' }, (request, bytes, done) => {
    if (!isUtf8(bytes)) {
      done(new Problem('malformed-request', said('The body is not UTF-8.', '请求正文不是 UTF-8。')))
      return
    }
    if (bytes.length === 0 && needsNoBody(request.routeOptions.schema)) {
      done(null, undefined)
      return
    }
    const text = bytes.toString('utf8')
    void parse(request, text, (error, body: unknown) => {
      done(error ?? unfit(body, text), body)
    })
  })
}

/** Generators of clients name a content type also where they send nothing. */
function needsNoBody(schema: FastifySchema | undefined): boolean {
  const { body } = schema ?? {}
  if (body === undefined) return true
  const { anyOf = [] } = body as { anyOf?: readonly { type?: string }[] }
  return anyOf.some(({ type }) => type === 'null')
}

/** A node of the body on its way through `unfit`. */
interface Place {
  readonly value: unknown
  readonly pointer: string
  readonly depth: number
}

function unfit(body: unknown, text: string): Problem | null {
  let members = 0
  const open: Place[] = [{ value: body, pointer: '#', depth: 0 }]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value, pointer, depth } = place
    if (typeof value === 'string') {
      if (!isStorableText(value)) return refusal(pointer)
    } else if (typeof value === 'object' && value !== null) {
      if (depth === MAX_DEPTH)
        return new Problem(
          'malformed-request',
          said(
            `The body is nested deeper than ${String(MAX_DEPTH)} levels.`,
            `请求正文的嵌套超过 ${String(MAX_DEPTH)} 层。`,
          ),
        )
      const entries = Object.entries(value)
      if (!Array.isArray(value)) members += entries.length
      for (const [name, member] of entries) {
        if (!isStorableText(name)) return refusal(pointer)
        const step = name.replaceAll('~', '~0').replaceAll('/', '~1')
        open.push({ value: member, pointer: `${pointer}/${step}`, depth: depth + 1 })
      }
    }
  }
  // What was sent twice is there once. Looked for only where the count leaves it open: it takes three times as long as parsing.
  const twice = mostMembers(text) === members ? null : memberSentTwice(text)
  if (twice === null) return null
  const name = twice.slice(1)
  const detail = said(`${name} is sent twice.`, `${name} 发送了两次。`)
  return new Problem('malformed-request', detail, { errors: [{ pointer: twice, detail }] })
}

/** Whether PostgreSQL keeps the text as it is: it takes no NUL, and UTF-8 has no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

function refusal(pointer: string): Problem {
  const name = pointer.slice(1)
  const detail = said(
    `${name || 'The body'} holds NUL or half of a surrogate pair.`,
    `${name || '请求正文'} 含有 NUL 或不成对的代理字符。`,
  )
  return new Problem('validation-failed', detail, { errors: [{ pointer, detail }] })
}
