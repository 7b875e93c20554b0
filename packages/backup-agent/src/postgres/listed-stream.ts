import { WorkFailed } from '../work-failed.ts'

const NEWLINE = 0x0a
/** Bytes of the longest list that we read: a million tables. */
const LONGEST_LIST = 256 << 20

/** A stream of the list's length in decimal, a line break, the list, then the body. */
export async function* writeList(
  list: string,
  body: AsyncIterable<Buffer>,
  onBody: (count: number) => void,
): AsyncGenerator<Buffer, void, void> {
  const bytes = Buffer.from(list)
  yield Buffer.from(`${bytes.length}\n`)
  if (bytes.length > 0) yield bytes
  for await (const chunk of body) {
    onBody(chunk.length)
    yield chunk
  }
}

/** The list of such a stream and its body, which must be read to its end. @throws WorkFailed when it is of another form */
export async function readList(
  stream: AsyncIterable<Buffer>,
): Promise<{ readonly list: string; readonly body: AsyncGenerator<Buffer, void, void> }> {
  const chunks = stream[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  const more = async (): Promise<void> => {
    const next = await chunks.next()
    if (next.done === true) throw new WorkFailed('digest', 'the backup ends within its list')
    held = Buffer.concat([held, next.value])
  }
  while (!held.includes(NEWLINE) && held.length < 20) await more()
  const end = held.indexOf(NEWLINE)
  const length = Number(held.toString('latin1', 0, end))
  if (end <= 0 || !Number.isInteger(length) || length > LONGEST_LIST)
    throw new WorkFailed('digest', 'the backup does not begin with its list')
  while (held.length < end + 1 + length) await more()
  const list = held.toString('utf8', end + 1, end + 1 + length)
  const first = held.subarray(end + 1 + length)
  async function* body(): AsyncGenerator<Buffer, void, void> {
    if (first.length > 0) yield first
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
      yield next.value
  }
  return { list, body: body() }
}
