/** Most keys of one reading; more wait for the next. */
const MOST_KEYS = 100

interface Waiting<Row> {
  readonly key: string
  readonly resolve: (row: Row | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * Reads rows by their keys, for all who ask at the same time in one go: under load a round trip each costs more than
 * the reading. Nobody is told anything older than the question: who asks while a reading is under way waits for the next.
 *
 * What a reading fails with is thrown to each of its callers, and to nobody else.
 */
export function readTogether<Row>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
): (key: string) => Promise<Row | undefined> {
  let waiting: Waiting<Row>[] = []
  let isReading = false

  async function next(): Promise<void> {
    const asked = waiting.slice(0, MOST_KEYS)
    waiting = waiting.slice(MOST_KEYS)
    try {
      const rows = await read([...new Set(asked.map(({ key }) => key))])
      for (const { key, resolve } of asked) resolve(rows.get(key))
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
    if (waiting.length > 0) void next()
    else isReading = false
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject })
      if (isReading) return
      isReading = true
      // What has arrived in the same turn of the event loop goes along.
      setImmediate(() => void next())
    })
}
