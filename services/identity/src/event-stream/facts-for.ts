import type { DataSource } from 'typeorm'
import { aboutUnit } from '../audit/about-unit.ts'
import type { LedgerTail } from './ledger-tail.ts'
import type { Audience } from './rules/audience.ts'
import { TOLD_COLUMNS, type ToldFact } from './told-fact.ts'

/** Records that one reading of the table looks at, whether the reader is told of them or not. */
const LOOKED_AT = 5_000
/** Facts that one reading answers. */
const BATCH = 100

/** Facts for a reader, in the order of the ledger, and up to which number that is all. */
export interface FactsFor {
  readonly facts: readonly ToldFact[]
  readonly through: number
}

/** What a reader who stands at `after` is told next: from memory where the tail has it, else from the table, in parts. */
export async function factsFor(
  db: DataSource,
  tail: LedgerTail,
  after: number,
  audience: Audience,
): Promise<FactsFor> {
  const { head } = tail
  const kept = tail.after(after)
  if (kept !== null)
    return {
      facts: await concerning(
        db,
        audience,
        kept.filter(({ type }) => audience.types.has(type)),
      ),
      through: Math.max(after, head),
    }
  const through = Math.min(after + LOOKED_AT, head)
  const rows: ToldFact[] = await db.query(
    `select ${TOLD_COLUMNS} from audit_record
      where seq > $1 and seq <= $2 and type = any($3) order by audit_record.seq limit $4`,
    [after, through, [...audience.types], BATCH],
  )
  const facts = await concerning(db, audience, rows)
  return { facts, through: rows.length < BATCH ? through : (rows.at(-1)?.seq ?? through) }
}

/** Those that concern the reader's unit; all of them where the reader's range is the company. */
async function concerning(
  db: DataSource,
  { unitId }: Audience,
  facts: readonly ToldFact[],
): Promise<readonly ToldFact[]> {
  if (unitId === null || facts.length === 0) return facts
  const rows: { seq: number }[] = await db.query(
    `select seq::float8 as seq from audit_record record
      where seq = any($1::bigint[]) and ${aboutUnit('record', '$2::uuid')}`,
    [facts.map(({ seq }) => seq), unitId],
  )
  const told = new Set(rows.map(({ seq }) => seq))
  return facts.filter(({ seq }) => told.has(seq))
}
