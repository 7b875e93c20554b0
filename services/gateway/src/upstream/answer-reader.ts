/** Told of an answer as it is read. Text is latin1: each character is one byte. */
export interface AnswerListener {
  /**
   * Once, before the body. Headers are names in small letters and values in turn; `length` is the body's in bytes,
   * `null` when it is not told before.
   */
  onHead(status: number, headers: readonly string[], length: number | null): void
  /** A part of the body, never an empty one. */
  onBody(part: string): void
  /** Once, when the answer is whole. */
  onEnd(): void
}

/** An answer that cannot be cut in one way only; the connection is of no use any more. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer'
}

/** Longest head, and longest line of a body in chunks, in bytes. */
const LONGEST = 16_384

const STATUS = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/
const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const LENGTH = /^[ \t]*\d{1,15}[ \t]*$/
const CHUNKED = /^[ \t]*chunked[ \t]*$/i
const CHUNK = /^([\dA-Fa-f]{1,8})[ \t]*(?:;.*)?$/
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i

/** What comes next on the connection. */
type Next =
  'nothing' | 'head' | 'counted' | 'to-the-end' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer'

/**
 * Reads the answers on one HTTP/1.1 connection, each to one request. What could be cut in two ways is refused: two
 * lengths, a length beside a coding, a coding other than `chunked`, text that no request asked for.
 *
 * Source: RFC 9112, 4 to 7.
 */
export class AnswerReader {
  #next: Next = 'nothing'
  #listener: AnswerListener | null = null
  #isToHead = false
  #keepsOpen = true
  /** What has come of a head or of a line that is not whole yet. */
  #begun = ''
  /** Bytes still to come of a counted body or of a chunk. */
  #left = 0

  /** Whether the connection can carry another request after the answer. */
  get keepsOpen(): boolean {
    return this.#keepsOpen
  }

  /** Whether no answer is awaited or under way. */
  get isBetween(): boolean {
    return this.#next === 'nothing'
  }

  /** The next answer is for `listener`, and to a request with this method. */
  expect(method: string, listener: AnswerListener): void {
    this.#listener = listener
    this.#isToHead = method === 'HEAD'
    this.#next = 'head'
  }

  /**
   * Takes what has come on the connection.
   *
   * @throws MalformedAnswer
   */
  read(text: string): void {
    let rest = this.#begun + text
    this.#begun = ''
    while (rest !== '') rest = this.#take(rest)
  }

  /**
   * The other side has ended the connection.
   *
   * @throws MalformedAnswer when an answer is not whole
   */
  end(): void {
    if (this.#next === 'to-the-end') this.#finish()
    else if (this.#next !== 'nothing') throw new MalformedAnswer('The answer broke off.')
  }

  /** Takes the next part off `text` and answers the rest. */
  #take(text: string): string {
    switch (this.#next) {
      case 'nothing':
        throw new MalformedAnswer('Nobody asked for what came.')
      case 'head':
        return this.#takeHead(text)
      case 'to-the-end':
        this.#listener?.onBody(text)
        return ''
      case 'counted':
      case 'chunk':
        return this.#takeCounted(text)
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer':
        return this.#takeLine(text)
    }
  }

  #takeHead(text: string): string {
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return this.#keep(text)
    const rest = text.slice(end + 4)
    const [first = '', ...fields] = text.slice(0, end).split('\r\n')
    const [, minor, digits] = STATUS.exec(first) ?? []
    if (digits === undefined) throw new MalformedAnswer('There is no status line.')
    const status = Number(digits)
    if (status === 101) throw new MalformedAnswer('Nobody asked for another protocol.')
    // Other interim answers concern the connection only.
    if (status >= 200) this.#begin(status, minor === '1', fields)
    return rest
  }

  #begin(status: number, isKept: boolean, fields: readonly string[]): void {
    const headers: string[] = []
    let length: string | undefined
    let coding: string | undefined
    this.#keepsOpen = isKept
    for (const field of fields) {
      // Tested in two parts, for a match makes objects, and all the garbage of a request is felt.
      const colon = field.indexOf(':')
      const name = field.slice(0, colon).toLowerCase()
      const value = field.slice(field[colon + 1] === ' ' ? colon + 2 : colon + 1)
      if (colon < 0 || !NAME.test(name) || !VALUE.test(value))
        throw new MalformedAnswer('A line of the head is no header.')
      headers.push(name, value)
      if (name === 'connection') this.#keepsOpen &&= !CLOSE.test(value)
      else if (name === 'content-length') length = only(length, value)
      else if (name === 'transfer-encoding') coding = only(coding, value)
    }
    if (length !== undefined && (coding !== undefined || !LENGTH.test(length)))
      throw new MalformedAnswer('The length of the body is not clear.')
    if (coding !== undefined && !CHUNKED.test(coding))
      throw new MalformedAnswer('The body is in an unknown coding.')
    const bytes = length === undefined ? null : Number(length)
    const hasNoBody = this.#isToHead || status === 204 || status === 304 || bytes === 0
    this.#left = bytes ?? 0
    this.#next = coding !== undefined ? 'chunk-size' : bytes !== null ? 'counted' : 'to-the-end'
    if (this.#next === 'to-the-end' && !hasNoBody) this.#keepsOpen = false
    this.#listener?.onHead(status, headers, bytes)
    if (hasNoBody) this.#finish()
  }

  #takeCounted(text: string): string {
    const part = text.slice(0, this.#left)
    this.#left -= part.length
    this.#listener?.onBody(part)
    if (this.#left === 0) {
      if (this.#next === 'chunk') this.#next = 'chunk-end'
      else this.#finish()
    }
    return text.slice(part.length)
  }

  #takeLine(text: string): string {
    const end = text.indexOf('\r\n')
    if (end < 0) return this.#keep(text)
    const line = text.slice(0, end)
    if (this.#next === 'trailer') {
      if (line === '') this.#finish()
    } else if (this.#next === 'chunk-end') {
      if (line !== '') throw new MalformedAnswer('A chunk is longer than it says.')
      this.#next = 'chunk-size'
    } else {
      const [, digits] = CHUNK.exec(line) ?? []
      if (digits === undefined) throw new MalformedAnswer('A chunk has no size.')
      this.#left = Number.parseInt(digits, 16)
      this.#next = this.#left === 0 ? 'trailer' : 'chunk'
    }
    return text.slice(end + 2)
  }

  #keep(text: string): string {
    if (text.length > LONGEST) throw new MalformedAnswer('A head or a line is too long.')
    this.#begun = text
    return ''
  }

  #finish(): void {
    const listener = this.#listener
    this.#next = 'nothing'
    this.#listener = null
    listener?.onEnd()
  }
}

/** @throws MalformedAnswer when the header came before */
function only(before: string | undefined, value: string): string {
  if (before !== undefined) throw new MalformedAnswer('A header of the framing is sent twice.')
  return value
}
