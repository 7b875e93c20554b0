import { once } from 'node:events'
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Envelope } from '@erp-steward/contracts/event'
import { eventually } from '@erp-steward/test-kit/eventually'

/** A frame as a client takes it apart. */
export interface Frame {
  readonly id: number
  readonly event: string
  readonly data: unknown
}

/** A client that listens to a stream of events, by the grammar of server-sent events. */
export interface Reader {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The facts and the last word, without frames that only move the position. */
  readonly frames: Frame[]
  /** The facts alone. */
  readonly facts: () => Envelope[]
  /** What the client would send as `Last-Event-ID`. */
  readonly lastId: () => number
  /** Resolves when the stream is over, with the reason that it gave; `null` for none. */
  readonly over: Promise<string | null>
  /** The client goes. */
  readonly leave: () => void
}

export async function listen(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<Reader> {
  // A connection of its own, so that none is left open or opened in advance.
  const request = get(url, { headers, agent: false })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const frames: Frame[] = []
  let last = -1
  const reading = (async () => {
    let text = ''
    for await (const part of answer.setEncoding('utf8')) {
      text += String(part)
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const lines of parts) {
        const of = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(lines)?.[1]
        last = Number(of('id') ?? last)
        const data = of('data')
        if (data !== undefined)
          frames.push({ id: last, event: of('event') ?? '', data: JSON.parse(data) })
      }
    }
  })()
  const over = reading.then(
    () => {
      const end = frames.at(-1)
      return end?.event === 'end' ? (end.data as { reason: string }).reason : null
    },
    () => null,
  )
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    frames,
    facts: () => frames.filter(({ event }) => event !== 'end').map(({ data }) => data as Envelope),
    lastId: () => last,
    over,
    leave: () => {
      request.destroy()
    },
  }
}

/** Waits until the client knows where it stands. */
export async function begun(reader: Reader): Promise<Reader> {
  await eventually(() => {
    if (reader.lastId() < 0) throw new Error('the stream has not begun')
  })
  return reader
}
