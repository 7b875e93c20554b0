import { encodeCursor } from '@erp-steward/service-kit/paging'
import type { ListPosition } from '@erp-steward/service-kit/sorted-list'

/** Rows that are opened between two looks at the clock of the process: some 10 milliseconds. */
const STRIDE = 1_000

/** Most rows that one request opens. Source: ADR 0037. */
export const MOST_OPENED = 20_000

export interface Search<Row> {
  /** Rows after a position in the order of the list. */
  readonly read: (after: ListPosition, limit: number) => Promise<Row[]>
  /** Opens what is sealed and compares it. */
  readonly fits: (row: Row) => boolean
  readonly keyOf: (row: Row) => readonly (string | number)[]
  readonly after: ListPosition
  readonly limit: number
}

/**
 * A page of the rows that fit, where PostgreSQL cannot tell because it sees ciphertext: walks the list in its order until
 * the page is full or `MOST_OPENED` rows were looked at. A page that is not full has a `next` when there is more to look at.
 */
export async function searchPage<Row>({
  read,
  fits,
  keyOf,
  after,
  limit,
}: Search<Row>): Promise<{ items: Row[]; next: string | null }> {
  const items: Row[] = []
  let from = after
  for (let opened = 0; opened < MOST_OPENED; opened += STRIDE) {
    const rows = await read(from, STRIDE)
    for (const row of rows) {
      if (!fits(row)) continue
      const last = items.at(-1)
      if (items.length === limit && last !== undefined)
        return { items, next: encodeCursor(keyOf(last)) }
      items.push(row)
    }
    const end = rows.at(-1)
    if (end === undefined || rows.length < STRIDE) return { items, next: null }
    const key = keyOf(end)
    from = [String(key[0]), String(key[1])]
    if (opened + STRIDE >= MOST_OPENED) return { items, next: encodeCursor(key) }
  }
  return { items, next: null }
}

/** Text as it is compared: full and half width are one, as are capitals and small letters. */
export const comparable = (text: string) => text.normalize('NFKC').toUpperCase()
