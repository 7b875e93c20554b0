import { compressSync } from 'snappy'

/** A series as a sender has it; labels go out in the order given. */
export interface SentSeries {
  readonly labels: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  /** Milliseconds since 1970 and the value, or the raw bits of one. */
  readonly samples: readonly (readonly [atMs: number | bigint, value: number | Buffer])[]
}

const LABELS = 1
const SAMPLES = 2

/** A number as a varint; negative ones as 64 bits of two's complement, in ten bytes. */
export function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}

/** A length-delimited field. */
export function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}

export function label(name: string, value: string): Buffer {
  return field(LABELS, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))
}

export function sample(atMs: number | bigint, value: number | Buffer): Buffer {
  let bits: Buffer
  if (Buffer.isBuffer(value)) bits = value
  else {
    bits = Buffer.alloc(8)
    bits.writeDoubleLE(value)
  }
  const content = Buffer.concat([Buffer.from([0x09]), bits, Buffer.from([0x10]), varint(atMs)])
  return field(SAMPLES, content)
}

/** The message `prometheus.WriteRequest`, as Prometheus 2 lays it out: labels first, then samples. */
export function encodeWriteRequest(series: readonly SentSeries[]): Buffer {
  return Buffer.concat(
    series.map(({ labels, samples }) => {
      const pairs = Array.isArray(labels)
        ? (labels as readonly (readonly [string, string])[])
        : Object.entries(labels as Record<string, string>)
      return field(
        1,
        Buffer.concat([
          ...pairs.map(([name, value]) => label(name, value)),
          ...samples.map(([atMs, value]) => sample(atMs, value)),
        ]),
      )
    }),
  )
}

/** The body of a write request as it goes over the wire. */
export function writeBody(series: readonly SentSeries[]): Buffer {
  return compressSync(encodeWriteRequest(series))
}

/** What Prometheus sends when a series ends. */
export const STALE = Buffer.from([0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf0, 0x7f])
