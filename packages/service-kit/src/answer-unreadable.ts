import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { languageOf, type Language } from './language.ts'
import { problemDocument, type MethodsOf } from './problem-details.ts'
import { unknownMethodIn, type Unreadable } from './unknown-method.ts'

/** Who asks: the connection, and what proxies say of it. */
export type Asker = Pick<IncomingMessage, 'socket' | 'headers'>

/** Characters of a method that an answer repeats. */
const LONGEST_METHOD = 20

/**
 * Answers what the HTTP parser refused, for which there is no request object, and closes the connection.
 *
 * A method that the parser does not know is answered as one that the address does not take, to whom `mayAsk` lets know
 * what addresses there are; all else is malformed. Nothing else that was sent is repeated.
 *
 * Source: RFC 9110, 15.5.6.
 */
export function answerUnreadable(
  error: Unreadable,
  socket: Socket,
  methodsOf: MethodsOf,
  mayAsk: (asker: Asker) => boolean,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const asked = unknownMethodIn(error)
  const methods = asked === null ? [] : methodsOf(asked.path)
  if (asked === null || methods.length === 0 || !mayAsk({ socket, headers: asked.headers }))
    end(socket, MALFORMED, 'en')
  else end(socket, notAllowed(asked.method), languageOf(asked), `allow: ${methods.join(', ')}\r\n`)
}

const MALFORMED = new Problem(
  'malformed-request',
  said('The request is not well-formed HTTP.', '请求不是格式正确的 HTTP。'),
)

function notAllowed(method: string): Problem {
  const shown = method.length > LONGEST_METHOD ? `${method.slice(0, LONGEST_METHOD - 1)}…` : method
  return new Problem(
    'method-not-allowed',
    said(`There is no ${shown} at this address.`, `该地址没有 ${shown} 方法。`),
  )
}

/** Writes the problem and closes the connection: where the next request would begin is not known. */
function end(socket: Socket, problem: Problem, language: Language, lines = ''): void {
  const body = JSON.stringify(problemDocument(problem, language, randomUUID()))
  socket.end(
    `HTTP/1.1 ${String(problem.status)} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
      `content-type: application/problem+json\r\ncontent-language: ${language}\r\n${lines}` +
      `content-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
  )
}
