import type { EntityManager } from 'typeorm'
import type { AuditItem } from './audit-item.ts'
import { accessTypes, sharesOf, strata, type PerStratum, type Stratum } from './rules/strata.ts'

/** A stretch of the ledger: records after a number, up to another. */
export interface Stretch {
  readonly afterSeq: number
  readonly throughSeq: number
}

/** What was drawn: the seed, how many there were to draw from, and the facts in the order of the ledger. */
export interface Sample {
  readonly seed: string
  readonly population: PerStratum
  readonly items: readonly Omit<AuditItem, 'taskId'>[]
}

/** `$1` to `$2` are the stretch, `$3` the access types. What our own services and sources did is a consequence, not an act. */
const OF_STRATUM: Readonly<Record<Stratum, string>> = {
  access: `seq > $1 and seq <= $2 and type = any($3) and actor not like 'service:%'`,
  operation: `seq > $1 and seq <= $2 and type <> all($3) and actor not like 'service:%' and actor not like 'source:%'`,
}

/** Whose acts another than an audit administrator judges: accounts that are one when the sample is drawn. */
const BY_AUDITOR = `actor in (select id::text from account where administrator_role = 'AUDIT_ADMIN')`

/**
 * Draws facts of a stretch so that anybody who has a copy of the ledger draws the same, and nobody could know them before the
 * last record of the stretch was there: the seed is its hash.
 *
 * @param size facts at most
 */
export async function drawSample(
  tx: EntityManager,
  { afterSeq, throughSeq }: Stretch,
  size: number,
): Promise<Sample> {
  const [last]: { hash: string }[] = await tx.query(
    `select encode(hash, 'hex') as hash from audit_record where seq = $1`,
    [throughSeq],
  )
  if (last === undefined) throw new TypeError(`the ledger has no record ${String(throughSeq)}`)
  const stretch = [afterSeq, throughSeq, accessTypes]
  const [population]: PerStratum[] = await tx.query(
    `select (select count(*)::integer from audit_record where ${OF_STRATUM.access}) as access,
            (select count(*)::integer from audit_record where ${OF_STRATUM.operation}) as operation`,
    stretch,
  )
  if (population === undefined) throw new TypeError('a count answers a row')
  const shares = sharesOf(size, population)
  const items: Sample['items'][number][] = []
  for (const stratum of strata)
    items.push(
      ...(await tx.query<Sample['items'][number][]>(
        `select seq::float8 as seq, $6::text as stratum, event_id as "eventId", type, subject, actor, recorded_at as "recordedAt",
                hash, ${BY_AUDITOR} as "byAuditor", null as judgement, null as note, null as "judgedBy", null as "judgedAt"
           from audit_record
          where ${OF_STRATUM[stratum]}
          order by sha256(convert_to($4::text || ':' || seq, 'UTF8')) limit $5`,
        [...stretch, last.hash, shares[stratum], stratum],
      )),
    )
  return { seed: last.hash, population, items: items.sort((one, other) => one.seq - other.seq) }
}
