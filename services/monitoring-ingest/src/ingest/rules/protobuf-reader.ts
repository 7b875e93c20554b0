/** The bytes are no well-formed message; nothing of the request is kept. */
export class MalformedWrite extends Error {
  override readonly name = 'MalformedWrite'
}

/**
 * Reads the wire format of Protocol Buffers. Each call takes the end of the message it reads in and believes no
 * length beyond it.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufReader {
  readonly bytes: Buffer
  /** Offset of the next byte. */
  at = 0
  readonly #view: DataView

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** An unsigned number, exact up to 2^53: enough for tags and lengths. @throws MalformedWrite */
  varint(end: number): number {
    let result = 0
    let factor = 1
    for (let count = 0; count < 10; count += 1) {
      if (this.at >= end) throw new MalformedWrite('a number is cut off')
      const byte = this.#view.getUint8(this.at)
      this.at += 1
      result += (byte & 0x7f) * factor
      if (byte < 0x80) return result
      factor *= 128
    }
    throw new MalformedWrite('a number is longer than ten bytes')
  }

  /** A number in two's complement of 64 bits; a negative one takes ten bytes. @throws MalformedWrite */
  int64(end: number): number {
    const start = this.at
    const small = this.varint(end)
    if (this.at - start <= 7) return small
    let exact = 0n
    for (let index = start; index < this.at; index += 1)
      exact |= BigInt(this.#view.getUint8(index) & 0x7f) << BigInt(7 * (index - start))
    return Number(BigInt.asIntN(64, exact))
  }

  double(end: number): number {
    if (this.at + 8 > end) throw new MalformedWrite('a value is cut off')
    const value = this.#view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  /** Whether the eight bytes before here are the staleness marker: a NaN to arithmetic, told only by its bits. */
  wasStaleMarker(): boolean {
    return (
      this.#view.getUint32(this.at - 8, true) === 2 &&
      this.#view.getUint32(this.at - 4, true) === 0x7ff00000
    )
  }

  /** End of the message or text that starts here. @throws MalformedWrite */
  messageEnd(end: number): number {
    const length = this.varint(end)
    if (length > end - this.at) throw new MalformedWrite('a message is longer than what holds it')
    return this.at + length
  }

  /** Passes over a field that is of no interest. @throws MalformedWrite */
  skip(tag: number, end: number): void {
    if (tag < 8) throw new MalformedWrite('a field has the number zero')
    switch (tag % 8) {
      case 0:
        this.varint(end)
        return
      case 1:
        this.at += 8
        break
      case 2:
        this.at = this.messageEnd(end)
        return
      case 5:
        this.at += 4
        break
      default:
        throw new MalformedWrite('a field has a wire type that does not exist')
    }
    if (this.at > end) throw new MalformedWrite('a fixed-size number is cut off')
  }
}
