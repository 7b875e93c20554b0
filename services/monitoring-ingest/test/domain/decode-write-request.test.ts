import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  decodeLabels,
  decodeWriteRequest,
  TooManySamples,
} from '../../src/ingest/rules/decode-write-request.ts'
import { MalformedWrite } from '../../src/ingest/rules/protobuf-reader.ts'
import {
  encodeWriteRequest,
  field,
  label,
  sample,
  STALE,
  varint,
  type SentSeries,
} from '../encode-write-request.ts'

const MOST = 1_000

const anySeries: fc.Arbitrary<SentSeries> = fc.record({
  labels: fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    maxLength: 8,
  }),
  samples: fc.array(fc.tuple(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }), fc.double()), {
    maxLength: 8,
  }),
})

test('whatever is encoded is decoded, negative times and odd numbers included', () => {
  fc.assert(
    fc.property(fc.array(anySeries, { maxLength: 8 }), (sent) => {
      const request = decodeWriteRequest(encodeWriteRequest(sent), MOST)
      expect(request.seriesKeys.map(decodeLabels)).toEqual(sent.map(({ labels }) => labels))
      const flat = sent.flatMap(({ samples }, series) =>
        samples.map(([atMs, value]) => [series, Number(atMs), value]),
      )
      expect(
        request.seriesOf.map((series, index) => [
          series,
          request.timestampsMs[index],
          request.values[index],
        ]),
      ).toEqual(flat)
    }),
  )
})

test('labels may come after the samples and between them, with unknown fields anywhere', () => {
  const unknown = Buffer.concat([
    field(9, Buffer.from('later')),
    varint(10 * 8),
    varint(5),
    varint(11 * 8 + 1),
    Buffer.alloc(8),
    varint(12 * 8 + 5),
    Buffer.alloc(4),
  ])
  const series = Buffer.concat([
    sample(1, 1.5),
    label('a', 'x'),
    unknown,
    sample(2, 2.5),
    label('b', 'y'),
  ])
  const { seriesKeys, timestampsMs, values } = decodeWriteRequest(
    Buffer.concat([unknown, field(1, series), field(3, Buffer.from('metadata'))]),
    MOST,
  )
  expect(seriesKeys.map(decodeLabels)).toEqual([
    [
      ['a', 'x'],
      ['b', 'y'],
    ],
  ])
  expect([timestampsMs, values]).toEqual([
    [1, 2],
    [1.5, 2.5],
  ])
})

test('the staleness marker is told from other NaNs by its bits', () => {
  const sent = [
    {
      labels: { __name__: 'up' },
      samples: [
        [1, STALE],
        [2, Number.NaN],
      ] as const,
    },
  ]
  const request = decodeWriteRequest(encodeWriteRequest(sent), MOST)
  expect(request.staleMarkers).toBe(1)
  expect(request.values).toEqual([Number.NaN])
})

test('a message cut at any byte is refused or is a shorter message, and never anything else', () => {
  const whole = encodeWriteRequest([
    {
      labels: { __name__: 'up', job: 'node' },
      samples: [
        [1_700_000_000_000, 1],
        [-5n, 2],
      ],
    },
    { labels: { __name__: 'load' }, samples: [[1_700_000_000_000, 0.5]] },
  ])
  const firstEnd =
    whole.length -
    encodeWriteRequest([{ labels: { __name__: 'load' }, samples: [[1_700_000_000_000, 0.5]] }])
      .length
  for (let length = 1; length < whole.length; length += 1) {
    const decode = () => decodeWriteRequest(whole.subarray(0, length), MOST)
    if (length === firstEnd) expect(decode().seriesKeys).toHaveLength(1)
    else expect(decode).toThrow(MalformedWrite)
  }
})

test('no bytes whatever do anything but decode or be refused', () => {
  const valid = encodeWriteRequest([
    { labels: { __name__: 'up', job: 'node' }, samples: [[1_700_000_000_000, 1]] },
  ])
  const mutated = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = Buffer.from(valid)
      for (const [at, byte] of changes) bytes[at] = byte
      return bytes
    })
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof(mutated, random), (bytes) => {
      try {
        decodeWriteRequest(bytes, MOST).seriesKeys.forEach(decodeLabels)
      } catch (error) {
        expect(error instanceof MalformedWrite || error instanceof TooManySamples).toBe(true)
      }
    }),
    { numRuns: 5_000 },
  )
})

test('a length beyond its message, a wire type that does not exist and field zero are refused', () => {
  for (const bytes of [
    Buffer.concat([varint(10), varint(2n ** 62n)]),
    Buffer.concat([varint(10), varint(100), Buffer.alloc(5)]),
    Buffer.from([0x0b]),
    Buffer.from([0x02, 0x00]),
    Buffer.alloc(11, 0xff),
  ])
    expect(() => decodeWriteRequest(bytes, MOST)).toThrow(MalformedWrite)
})

test('more samples or series than allowed are refused before they are kept', () => {
  const many = [{ labels: {}, samples: Array.from({ length: 3 }, (_, at) => [at, 1] as const) }]
  expect(() => decodeWriteRequest(encodeWriteRequest(many), 2)).toThrow(TooManySamples)
  const empty = Array.from({ length: 3 }, () => ({ labels: {}, samples: [] }))
  expect(() => decodeWriteRequest(encodeWriteRequest(empty), 2)).toThrow(TooManySamples)
})
