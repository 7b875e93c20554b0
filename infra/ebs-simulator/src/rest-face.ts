import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EbsRefusal, type EbsCall, type EbsSimulator } from './ebs.ts'

/** Who may call the face. */
export interface FaceAccess {
  readonly user: string
  readonly password: string
}

/** Largest request in bytes. */
const LARGEST_BYTES = 1_048_576
/** Users of one page of `held`. */
export const PAGE = 500

/** The procedures behind each alias, as an administrator of the gateway of EBS would deploy them. Source: EBS conventions 4.3. */
export const aliases: Readonly<Record<string, string>> = {
  erpuser: 'FND_USER_PKG',
  erprole: 'WF_LOCAL_SYNCH',
  erpprofile: 'FND_PROFILE',
}

/**
 * The simulator behind a face like that of the Integrated SOA Gateway: `POST /webservices/rest/<alias>/<method>/` with
 * `InputParameters` under the names of the arguments, HTTP Basic, a fault for what EBS refuses. Beside the packages stands
 * `erpinsp`, a package of the site that reads: `read` for what a call is about, `held` for all users page by page.
 */
export class RestFace {
  readonly #ebs: EbsSimulator
  readonly #access: FaceAccess
  readonly #server: Server

  constructor(ebs: EbsSimulator, access: FaceAccess) {
    this.#ebs = ebs
    this.#access = access
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500)
        response.end(error instanceof Error ? error.message : String(error))
      })
    })
  }

  /** Listens on loopback; answers the address. */
  async listen(port: number): Promise<string> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close').catch(() => undefined)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#knows(request.headers.authorization)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="EBS"' }).end()
      return
    }
    const path = /^\/webservices\/rest\/([a-z]+)\/([A-Za-z_]+)\/?$/.exec(request.url ?? '')
    if (request.method !== 'POST' || path === null) {
      response.writeHead(404).end()
      return
    }
    const [, alias = '', method = ''] = path
    const given = await inputOf(request)
    if (given === null) {
      response.writeHead(400).end()
      return
    }
    try {
      send(response, 200, { OutputParameters: this.#run(alias, method, given) })
    } catch (error) {
      if (!(error instanceof EbsRefusal)) throw error
      send(response, 500, { ISGServiceFault: { Code: error.code, Message: error.message } })
    }
  }

  #run(alias: string, method: string, given: Record<string, unknown>): object {
    if (alias === 'erpinsp' && method === 'read')
      return { STATE: this.#ebs.read(given as unknown as EbsCall) }
    if (alias === 'erpinsp' && method === 'held') {
      const from = Number(given.from ?? 0)
      return { USERS: this.#ebs.held().slice(from, from + PAGE) }
    }
    if (alias === 'erpinsp' && method === 'profile')
      return { OPTIONS: Object.fromEntries(this.#ebs.profile) }
    const pack = aliases[alias]
    if (pack === undefined) throw new EbsRefusal(`This EBS has no service ${alias}.`)
    const call = { procedure: `${pack}.${method}`, arguments: given as EbsCall['arguments'] }
    this.#ebs.call(call)
    return { X_RETURN_STATUS: 'S' }
  }

  #knows(authorization: string | undefined): boolean {
    const { user, password } = this.#access
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    return timingSafeEqual(digest(authorization ?? ''), digest(expected))
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** `InputParameters` of a request; `null` where it has none that can be read. */
async function inputOf(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > LARGEST_BYTES) return null
    parts.push(part)
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString())
    const { InputParameters: given } = Object(body) as { InputParameters?: unknown }
    return typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : null
  } catch {
    return null
  }
}
