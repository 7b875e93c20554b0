import { MAX_LABELS } from './label-set.ts'
import { MalformedWrite, ProtobufReader } from './protobuf-reader.ts'

/** The message holds more samples or series than one request may. */
export class TooManySamples extends Error {
  override readonly name = 'TooManySamples'
}

/** A decoded remote-write request; sample `i` belongs to `seriesKeys[seriesOf[i]]`. */
export interface WriteRequest {
  /** The raw label messages of each series, byte for byte, as a latin1 text: the key under which series are known. */
  readonly seriesKeys: readonly string[]
  readonly seriesOf: readonly number[]
  /** Milliseconds since 1970; beyond 2^53 rounded. */
  readonly timestampsMs: readonly number[]
  readonly values: readonly number[]
  /** Staleness markers: the series ended. They carry no value and are not among the samples. */
  readonly staleMarkers: number
  /** The series of each native histogram; these are not stored. */
  readonly histogramsOf: readonly number[]
}

const TIMESERIES = 0x0a
const LABELS = 0x0a
const SAMPLES = 0x12
const HISTOGRAMS = 0x22
const VALUE = 0x09
const TIMESTAMP = 0x10

/**
 * Decodes `prometheus.WriteRequest` (remote write 1.0): fields in any order, unknown ones skipped.
 *
 * @param most samples, and series, that one request may hold
 * @throws MalformedWrite, TooManySamples
 */
export function decodeWriteRequest(bytes: Buffer, most: number): WriteRequest {
  const reader = new ProtobufReader(bytes)
  const seriesKeys: string[] = []
  const seriesOf: number[] = []
  const timestampsMs: number[] = []
  const values: number[] = []
  const histogramsOf: number[] = []
  let staleMarkers = 0

  function sample(end: number, series: number): void {
    // proto3 leaves out what is zero.
    let value = 0
    let stale = false
    let timestampMs = 0
    while (reader.at < end) {
      const tag = reader.varint(end)
      if (tag === VALUE) {
        value = reader.double(end)
        stale = Number.isNaN(value) && reader.wasStaleMarker()
      } else if (tag === TIMESTAMP) timestampMs = reader.int64(end)
      else reader.skip(tag, end)
    }
    if (stale) {
      staleMarkers += 1
      return
    }
    if (seriesOf.length >= most) throw new TooManySamples(`more than ${String(most)} samples`)
    seriesOf.push(series)
    timestampsMs.push(timestampMs)
    values.push(value)
  }

  function timeSeries(end: number): void {
    const series = seriesKeys.length
    if (series >= most) throw new TooManySamples(`more than ${String(most)} series`)
    // Prometheus sends the labels in one piece; pieces before the last are set aside.
    const pieces: string[] = []
    let from = reader.at
    let to = reader.at
    while (reader.at < end) {
      const start = reader.at
      const tag = reader.varint(end)
      if (tag === LABELS) {
        reader.at = reader.messageEnd(end)
        if (start !== to) {
          pieces.push(bytes.toString('latin1', from, to))
          from = start
        }
        to = reader.at
      } else if (tag === SAMPLES) sample(reader.messageEnd(end), series)
      else if (tag === HISTOGRAMS) {
        reader.at = reader.messageEnd(end)
        histogramsOf.push(series)
      } else reader.skip(tag, end)
    }
    const last = bytes.toString('latin1', from, to)
    seriesKeys.push(pieces.length === 0 ? last : pieces.join('') + last)
  }

  while (reader.at < bytes.length) {
    const tag = reader.varint(bytes.length)
    if (tag === TIMESERIES) timeSeries(reader.messageEnd(bytes.length))
    else reader.skip(tag, bytes.length)
  }
  return { seriesKeys, seriesOf, timestampsMs, values, staleMarkers, histogramsOf }
}

const LABEL_NAME = 0x0a
const LABEL_VALUE = 0x12

/**
 * The labels behind a series key, in the order they were sent; reading stops at one more than a series may have.
 *
 * @throws MalformedWrite also when a name or value is not UTF-8
 */
export function decodeLabels(key: string): [name: string, value: string][] {
  const reader = new ProtobufReader(Buffer.from(key, 'latin1'))
  const { bytes } = reader
  const labels: [string, string][] = []
  while (reader.at < bytes.length && labels.length <= MAX_LABELS) {
    // The key holds nothing but label messages, so the tag says nothing new.
    reader.varint(bytes.length)
    const end = reader.messageEnd(bytes.length)
    let name = ''
    let value = ''
    while (reader.at < end) {
      const tag = reader.varint(end)
      if (tag !== LABEL_NAME && tag !== LABEL_VALUE) {
        reader.skip(tag, end)
        continue
      }
      const textEnd = reader.messageEnd(end)
      const text = utf8(bytes.subarray(reader.at, textEnd))
      if (tag === LABEL_NAME) name = text
      else value = text
      reader.at = textEnd
    }
    labels.push([name, value])
  }
  return labels
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new MalformedWrite('a label is not UTF-8')
  }
}
