import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Mail {
  readonly to: readonly string[]
  readonly text: string
}

/** A real mail server that keeps what it accepts. */
export async function mailServer(): Promise<{
  url: string
  mails: Mail[]
  stop: () => Promise<void>
}> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        })
        callback()
      })
    },
  })
  // A process that is killed in the middle of a mail resets its connection, which nobody else listens to.
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET') throw error
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
      }),
  }
}

export interface Call {
  readonly id: string
  /** Whether signature and timestamp were right. */
  readonly genuine: boolean
  readonly body: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }
}

/** A real webhook receiver that checks each signature after the Standard Webhooks specification. */
export async function webhookReceiver(
  secret: string,
): Promise<{ url: string; target: string; calls: Call[]; stop: () => Promise<void> }> {
  const calls: Call[] = []
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const id = String(request.headers['webhook-id'])
      const timestamp = String(request.headers['webhook-timestamp'])
      const wanted = Buffer.from(
        `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
      )
      const sent = Buffer.from(String(request.headers['webhook-signature']))
      calls.push({
        id,
        genuine:
          sent.length === wanted.length &&
          timingSafeEqual(sent, wanted) &&
          Math.abs(Date.now() / 1_000 - Number(timestamp)) < 300,
        body: JSON.parse(body) as Call['body'],
      })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/steward`,
    target: `127.0.0.1:${port}`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
      }),
  }
}
