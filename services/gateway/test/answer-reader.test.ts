import { expect, test } from '@jest/globals'
import { AnswerReader, MalformedAnswer } from '../src/upstream/answer-reader.ts'

/** What is told of an answer that comes in these pieces, and what the reader thinks of the connection then. */
function read(pieces: readonly string[], { method = 'GET', ends = false } = {}) {
  const told: unknown[] = []
  let body = ''
  const reader = new AnswerReader()
  reader.expect(method, {
    onHead: (status, headers, length) => told.push([status, headers, length]),
    onBody: (part) => {
      expect(part).not.toBe('')
      body += part
    },
    onEnd: () => told.push(body),
  })
  for (const piece of pieces) reader.read(piece)
  if (ends) reader.end()
  const { isBetween, keepsOpen } = reader
  return { told, isBetween, keepsOpen }
}

const LENGTH = ['content-length', '3']
const CHUNKED = ['transfer-encoding', 'chunked']
const answer = (head: string, body: string, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\n${head}\r\n${body}`

test.each([
  ['of a length', answer('Content-Length: 3\r\n', 'abc'), [[200, LENGTH, 3], 'abc'], true],
  [
    'of no bytes',
    answer('content-length: 0\r\n', ''),
    [[200, ['content-length', '0'], 0], ''],
    true,
  ],
  [
    'in chunks',
    answer('Transfer-Encoding: chunked\r\n', '2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n'),
    [[200, CHUNKED, null], 'ab0123456789'],
    true,
  ],
  [
    'in chunks with a trailer',
    answer('transfer-encoding: chunked\r\n', '1\r\na\r\n0\r\nx: y\r\n\r\n'),
    [[200, CHUNKED, null], 'a'],
    true,
  ],
  [
    'without content',
    answer('etag: "7"\r\n', '', '204 No Content'),
    [[204, ['etag', '"7"'], null], ''],
    true,
  ],
  [
    'not modified, with the length it would have',
    answer('content-length: 3\r\n', '', '304 '),
    [[304, LENGTH, 3], ''],
    true,
  ],
  [
    'after interim ones',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${answer('content-length: 3\r\n', 'abc')}`,
    [[200, LENGTH, 3], 'abc'],
    true,
  ],
  [
    'that is the last of its connection',
    answer('Connection: x, Close\r\ncontent-length: 3\r\n', 'abc'),
    [[200, ['connection', 'x, Close', ...LENGTH], 3], 'abc'],
    false,
  ],
  [
    'of HTTP/1.0',
    'HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc',
    [[200, LENGTH, 3], 'abc'],
    false,
  ],
])(
  'an answer %s is read the same in one piece and byte by byte',
  (_name, text, told, keepsOpen) => {
    for (const pieces of [[text], Array.from(text)])
      expect(read(pieces)).toEqual({ told, isBetween: true, keepsOpen })
  },
)

test('an answer without a length ends with its connection', () => {
  const text = answer('x: y\r\n', 'abc')
  expect(read([text]).isBetween).toBe(false)
  expect(read([text], { ends: true })).toEqual({
    told: [[200, ['x', 'y'], null], 'abc'],
    isBetween: true,
    keepsOpen: false,
  })
})

test('an answer to HEAD has no body, whatever length it tells', () => {
  expect(read([answer('content-length: 3\r\n', '')], { method: 'HEAD' }).told).toEqual([
    [200, LENGTH, 3],
    '',
  ])
})

test('bytes above 127 are kept as they are', () => {
  const body = Buffer.from('工单').toString('latin1')
  expect(read([answer('content-length: 6\r\n', body)]).told[1]).toBe(body)
})

test.each([
  ['two lengths', answer('content-length: 3\r\ncontent-length: 3\r\n', 'abc')],
  ['a list of lengths', answer('content-length: 3, 3\r\n', 'abc')],
  ['a negative length', answer('content-length: -3\r\n', 'abc')],
  ['a length with a sign', answer('content-length: +3\r\n', 'abc')],
  ['a length of too many digits', answer('content-length: 1000000000000000\r\n', '')],
  ['a length beside a coding', answer('content-length: 3\r\ntransfer-encoding: chunked\r\n', '')],
  ['another coding', answer('transfer-encoding: gzip, chunked\r\n', '')],
  ['two codings', answer('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', '')],
  ['a chunk without a size', answer('transfer-encoding: chunked\r\n', 'x\r\n')],
  ['a chunk of a negative size', answer('transfer-encoding: chunked\r\n', '-1\r\n')],
  ['a chunk longer than it says', answer('transfer-encoding: chunked\r\n', '1\r\nab\r\n')],
  ['a space before the colon', answer('content-length : 3\r\n', 'abc')],
  ['a folded line', answer('x: y\r\n z\r\n', '')],
  ['a bare line feed in a header', answer('x: y\nz: 1\r\n', '')],
  ['a control character in a header', answer('x: y\u0001\r\n', '')],
  ['another protocol', 'SSH-2.0-noise\r\n\r\n'],
  ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`],
  ['a line of a chunk without end', answer('transfer-encoding: chunked\r\n', '1'.repeat(20_000))],
  ['more than was asked for', `${answer('content-length: 3\r\n', 'abc')}HTTP/1.1 200 OK\r\n`],
])('%s is refused', (_name, text) => {
  expect(() => read([text])).toThrow(MalformedAnswer)
})

test.each([
  ['in its head', 'HTTP/1.1 200 OK\r\n'],
  ['in a body of a length', answer('content-length: 3\r\n', 'ab')],
  ['in a chunk', answer('transfer-encoding: chunked\r\n', '3\r\nab')],
  ['before the last chunk', answer('transfer-encoding: chunked\r\n', '2\r\nab\r\n')],
])('an answer that breaks off %s is not whole', (_name, text) => {
  expect(() => read([text], { ends: true })).toThrow(MalformedAnswer)
})
