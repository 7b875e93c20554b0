import { PersonChanged } from '@erp-steward/contracts/directory-events'
import type { DataSource } from 'typeorm'
import type { LedgerTail } from './ledger-tail.ts'
import { concernsEverybody, statedUnits, type Audience } from './rules/audience.ts'
import { TOLD_COLUMNS, type ToldFact } from './told-fact.ts'

/** Records that one reading of the table looks at, whether the reader is told of them or not. */
const LOOKED_AT = 5_000
/** Facts that one reading answers. */
const BATCH = 100

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

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

/** Those that are about the reader's unit; all of them where the reader's range is the company. */
async function concerning(
  db: DataSource,
  { unitId }: Audience,
  facts: readonly ToldFact[],
): Promise<readonly ToldFact[]> {
  if (unitId === null || facts.length === 0) return facts
  const said = new Map(facts.map((fact) => [fact, statedUnits(dataOf(fact))]))
  const silent = facts.filter((fact) => said.get(fact) === null)
  const places = await unitsOfSubjects(db, silent)
  const left = await leftUnits(db, facts)
  return facts.filter(
    (fact) =>
      concernsEverybody(fact.type) ||
      (said.get(fact) ?? places.get(fact.subject) ?? []).includes(unitId) ||
      left.get(fact.seq) === unitId,
  )
}

const dataOf = ({ envelope }: ToldFact) => (JSON.parse(envelope) as { data?: unknown }).data

/**
 * The unit of the person, of the account's person or of the client that facts are about; of whatever else the one that the
 * first fact about it stated: a ticket, a change, a target stays where it was opened.
 */
async function unitsOfSubjects(
  db: DataSource,
  facts: readonly ToldFact[],
): Promise<Map<string, readonly string[]>> {
  if (facts.length === 0) return new Map()
  const rows: { subject: string; known: string | null; stated: string | null }[] = await db.query(
    `select subject, coalesce(
              (select unit_id from person where person.id = asked.id),
              (select person.unit_id from account join person on person.id = account.person_id
                where account.id = asked.id),
              (select unit_id from client where client.id = asked.id))::text as known,
            (select r.envelope::json -> 'data' ->> 'unitId' from audit_record r
              where r.subject = asked.subject order by r.seq limit 1) as stated
       from (select subject, case when subject ~ $2 then subject::uuid end as id
               from unnest($1::text[]) as each (subject)) as asked`,
    [[...new Set(facts.map(({ subject }) => subject))], UUID],
  )
  return new Map(
    rows.map(({ subject, known, stated }) => [subject, [known ?? stated ?? []].flat()]),
  )
}

/** By the number of a fact that a person changed, the unit where it belonged until then: who moves away concerns both. */
async function leftUnits(
  db: DataSource,
  facts: readonly ToldFact[],
): Promise<Map<number, string | null>> {
  const changes = facts.filter(({ type }) => type === PersonChanged.type)
  if (changes.length === 0) return new Map()
  const rows: { seq: number; unitId: string | null }[] = await db.query(
    `select asked.seq::float8 as seq,
            (select r.envelope::json -> 'data' ->> 'unitId' from audit_record r
              where r.subject = asked.subject and r.type = $3 and r.seq < asked.seq
              order by r.seq desc limit 1) as "unitId"
       from unnest($1::bigint[], $2::text[]) as asked (seq, subject)`,
    [changes.map(({ seq }) => seq), changes.map(({ subject }) => subject), PersonChanged.type],
  )
  return new Map(rows.map(({ seq, unitId }) => [seq, unitId]))
}
