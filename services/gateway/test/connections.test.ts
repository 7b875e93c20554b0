import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
} from 'node:tls'
import { afterEach, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { selfSigned } from '@erp-steward/test-kit/certificates'
import {
  ReaderStalled,
  UpstreamSilent,
  type Asker,
  type Connection,
} from '../src/upstream/connection.ts'
import { Connections } from '../src/upstream/connections.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** A service that answers what `speak` writes, the connections to it, and those it has taken. */
async function service(
  speak: (socket: Socket, heard: string) => void,
  timeoutMs = 5_000,
  pausedMs?: number,
) {
  const open: Socket[] = []
  const server = createServer((socket) => {
    open.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      speak(socket, bytes.toString('latin1'))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const connections = new Connections(url, timeoutMs, pausedMs)
  ends.push(() => {
    connections.close()
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { connections, open }
}

/** Asks, and keeps what it is told. */
class Told implements Asker {
  isGone = false
  /** Whether it reads on only when told to. */
  stops = false
  connection: Connection | undefined
  status = 0
  body = ''
  isWhole = false
  readonly errors: unknown[] = []

  onStart(connection: Connection): void {
    this.connection = connection
  }
  onHead(status: number): void {
    this.status = status
  }
  onBody(part: string): void {
    this.body += part
    if (this.stops) this.connection?.pause()
    this.stops = false
  }
  onEnd(): void {
    this.isWhole = true
  }
  onError(error: unknown): void {
    this.errors.push(error)
  }
}

function ask(connections: Connections, path: string, body: Readable | null = null): Told {
  const told = new Told()
  const method = body === null ? 'GET' : 'POST'
  const length = body === null ? undefined : null
  connections.send({ method, path, headers: [], body, length }, told)
  return told
}

async function answered(told: Told): Promise<Told> {
  await eventually(() => {
    expect(told.isWhole || told.errors.length > 0).toBe(true)
  })
  return told
}

const ok = (body: string, head = '') =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${String(body.length)}\r\n${head}\r\n${body}`
const pathOf = (heard: string) => heard.split(' ')[1] ?? ''

test('one connection carries a request after the other, until the service ends it', async () => {
  const { connections, open } = await service((socket, heard) => {
    socket.write(ok(pathOf(heard), pathOf(heard) === '/2' ? 'connection: close\r\n' : ''))
  })
  for (const path of ['/1', '/2', '/3'])
    expect(await answered(ask(connections, path))).toMatchObject({ body: path, errors: [] })
  expect(open).toHaveLength(2)
})

test('an answer that nobody asked for is never taken for the next one', async () => {
  const { connections, open } = await service((socket, heard) => {
    socket.write(ok(pathOf(heard)) + (pathOf(heard) === '/1' ? ok('forged') : ''))
  })
  expect(await answered(ask(connections, '/1'))).toMatchObject({ body: '/1', errors: [] })
  expect(await answered(ask(connections, '/2'))).toMatchObject({ body: '/2', errors: [] })
  // And not when it comes while the connection is idle.
  open[1]?.write(ok('forged'))
  await eventually(() => {
    expect(open[1]?.destroyed).toBe(true)
  })
  expect(await answered(ask(connections, '/3'))).toMatchObject({ body: '/3', errors: [] })
  expect(open).toHaveLength(3)
})

test('a connection that the service ends while it is idle is not used again', async () => {
  const { connections, open } = await service((socket, heard) => {
    socket.write(ok(pathOf(heard)))
  })
  const first = await answered(ask(connections, '/1'))
  open[0]?.end()
  await eventually(() => {
    expect(first.connection?.isOpen).toBe(false)
  })
  expect(await answered(ask(connections, '/2'))).toMatchObject({ body: '/2', errors: [] })
})

test('a connection whose end comes together with a request is not used for it', async () => {
  const { connections, open } = await service((socket, heard) => {
    socket.write(ok(pathOf(heard)))
  })
  await answered(ask(connections, '/1'))
  const [first] = open
  if (first === undefined) throw new Error('there was no connection')
  const { promise, resolve } = Promise.withResolvers<Told>()
  // Closed here, and not yet heard of there.
  first.once('close', () => {
    resolve(ask(connections, '/2'))
  })
  first.destroy()
  expect(await answered(await promise)).toMatchObject({ body: '/2', errors: [] })
})

test('more requests than connections wait for their turn, and who has gone is passed over', async () => {
  const held: Socket[] = []
  const heardPaths: string[] = []
  const { connections, open } = await service((socket, heard) => {
    heardPaths.push(pathOf(heard))
    held.push(socket)
  })
  const asked = Array.from({ length: 131 }, (_, at) => ask(connections, `/${String(at)}`))
  await eventually(() => {
    expect(held).toHaveLength(128)
  })
  if (asked[129] !== undefined) asked[129].isGone = true
  while (!(asked[130]?.isWhole ?? false)) {
    for (const socket of held.splice(0)) socket.write(ok('x'))
    await eventually(() => {
      expect(held.length > 0 || asked[130]?.isWhole === true).toBe(true)
    })
  }
  expect(open).toHaveLength(128)
  expect(heardPaths).toHaveLength(130)
  expect(heardPaths).not.toContain('/129')
})

test('a service that is silent is given up; one that waits for a slow caller is not', async () => {
  const { connections } = await service((socket, heard) => {
    if (heard.endsWith('0\r\n\r\n')) socket.write(ok('read'))
  }, 200)
  const body = new PassThrough()
  const slow = ask(connections, '/slow', body)
  body.write('first')
  const silent = await answered(ask(connections, '/silent'))
  expect(silent.errors).toEqual([expect.any(UpstreamSilent)])
  expect(slow.errors).toEqual([])
  body.end('second')
  expect(await answered(slow)).toMatchObject({ body: 'read', errors: [] })
})

test('an answer is read at the pace of who asks, and the connection is used again', async () => {
  const size = 4 * 1_048_576
  const { connections, open } = await service((socket, heard) => {
    socket.write(ok(pathOf(heard) === '/large' ? 'x'.repeat(size) : 'small'))
  }, 200)
  const told = ask(connections, '/large')
  told.stops = true
  await eventually(() => {
    expect(open[0]?.writableNeedDrain).toBe(true)
  })
  // Silent for longer than the timeout, for the asker wants it so.
  expect((await answered(ask(connections, '/small'))).body).toBe('small')
  expect(told.body.length).toBeLessThan(size)
  told.connection?.resume()
  expect((await answered(told)).body).toHaveLength(size)
  expect((await answered(ask(connections, '/small'))).body).toBe('small')
  expect(open).toHaveLength(2)
})

test('who asks while the gateway closes, and after it has closed, is told so', async () => {
  const { connections } = await service(() => undefined)
  const before = ask(connections, '/1')
  connections.close()
  const after = ask(connections, '/2')
  for (const told of [before, after]) expect((await answered(told)).errors).toHaveLength(1)
})

test.each([
  ['path', { path: '/x HTTP/1.1\r\nx: y', headers: [] }],
  ['path', { path: '/x\n', headers: [] }],
  ['header', { path: '/', headers: ['a', 'b\r\nc: d'] }],
  ['header', { path: '/', headers: ['a', 'b\nc'] }],
  ['header', { path: '/', headers: ['a', 'b\u0100c'] }],
])('no %s can begin a line of its own', async (_part, { path, headers }) => {
  const { connections } = await service(() => undefined)
  const request = { method: 'GET', path, headers, body: null, length: undefined }
  expect(() => {
    connections.send(request, new Told())
  }).toThrow(RangeError)
})

test('a caller who takes nothing is waited for as long as is said, and by default for ever', async () => {
  const endless = 'HTTP/1.1 200 OK\r\n\r\nx'
  const patient = await service((socket) => socket.write(endless), 100)
  const hasty = await service((socket) => socket.write(endless), 100, 300)
  const [waited, cut] = [ask(patient.connections, '/1'), ask(hasty.connections, '/2')]
  waited.stops = true
  cut.stops = true
  await eventually(() => {
    expect(cut.errors).toEqual([expect.any(ReaderStalled)])
  })
  expect([cut.body, waited.body, waited.errors]).toEqual(['x', 'x', []])
})

test('[A-4.3.2] a service behind TLS is spoken to only when its certificate is vouched for', async () => {
  const { cert, key } = selfSigned('localhost', new Date())
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('data', () => socket.write(ok('x')))
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://localhost:${String((server.address() as AddressInfo).port)}`
  const connections = new Connections(url, 5_000)
  const vouched = getCACertificates('default')
  ends.push(() => {
    setDefaultCACertificates(vouched)
    connections.close()
    server.close()
  })
  const told = await answered(ask(connections, '/'))
  expect([told.status, told.errors]).toEqual([
    0,
    [expect.objectContaining({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
  ])
  setDefaultCACertificates([cert])
  expect(await answered(ask(connections, '/'))).toMatchObject({ body: 'x', errors: [] })
})
