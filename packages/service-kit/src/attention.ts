import {
  attentionKindNames,
  attentionKinds,
  mendings,
  severities,
  type AttentionKind,
  type MendingId,
  type Severity,
} from '@erp-steward/contracts/attention'
import { Instant, nullable, Uuid } from '@erp-steward/contracts/values'
import { Gauge, type Registry } from 'prom-client'
import { Type, type Static } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'

/** Something that wants a human. */
export interface Matter {
  /** Id of what it is about; it stands for `{id}` in the path of what mends it unless `target` does. */
  readonly subject: string
  /** What people call it; `null` where it has no name. */
  readonly name: string | null
  /** Units that it is about; empty: the company as a whole. */
  readonly unitIds: readonly string[]
  readonly since: Date
  /** `null`: that of its kind. */
  readonly severity: Severity | null
  readonly mending: MendingId
  readonly target: string | null
}

/** Where a service finds the matters of one kind. */
export interface AttentionSource {
  readonly kind: AttentionKind
  /**
   * A select of `MATTER` in that order, in which `$1` is now; or, for a kind of which there are never many, the matters
   * themselves.
   */
  readonly find: string | ((tx: EntityManager, now: Date) => Promise<readonly Matter[]>)
}

/** The columns of a matter. */
const MATTER =
  'subject text, name text, unit_ids uuid[], since timestamptz, severity text, mending text, target text'
const COLUMNS = MATTER.replaceAll(/ [a-z[\]]+(?=,|$)/g, '')

const Kind = Type.Enum(attentionKindNames)
const Severity = Type.Enum([...severities])

/** How many matters of a kind and severity there are, and since when the oldest is. */
const AttentionCount = Type.Object({
  kind: Kind,
  severity: Severity,
  count: Type.Integer(),
  since: Instant,
})
export type AttentionCount = Static<typeof AttentionCount>

/** A matter as one process tells another of it. */
const AttentionItem = Type.Object({
  kind: Kind,
  severity: Severity,
  subject: Type.String(),
  name: nullable(Type.String()),
  unitIds: Type.Array(Uuid),
  since: Instant,
  mending: Type.Enum(Object.keys(mendings) as MendingId[]),
  target: nullable(Type.String()),
})
export type AttentionItem = Static<typeof AttentionItem>

/** What a service tells: counts of all matters that were asked for, and the worst of them first. */
export const Attention = Type.Object({
  counts: Type.Array(AttentionCount),
  items: Type.Array(AttentionItem),
})
export type Attention = Static<typeof Attention>

export interface AttentionQuery {
  readonly kinds: readonly string[]
  /** Only matters of this unit; `null`: all. */
  readonly unitId: string | null
  /** Most items. */
  readonly limit: number
}

/** What wants a human now in a service: read in one statement, so that counts and items fit together. */
export async function readAttention(
  db: DataSource,
  sources: readonly AttentionSource[],
  { kinds, unitId, limit }: AttentionQuery,
  now: Date,
): Promise<Attention> {
  const asked = sources.filter(({ kind }) => kinds.includes(kind))
  if (asked.length === 0) return { counts: [], items: [] }
  const found: object[] = []
  const selects: string[] = []
  for (const { kind, find } of asked) {
    if (typeof find === 'string')
      selects.push(`select '${kind}', found.* from (${find}) found (${COLUMNS})`)
    else
      for (const { unitIds, ...matter } of await find(db.manager, now))
        found.push({ ...matter, kind, unit_ids: unitIds })
  }
  const [row]: Attention[] = await db.query(
    // Names the type of $1 before the selects, which the selects take for granted.
    `with asked as (select $1::timestamptz), found (kind, ${COLUMNS}) as (
       select kind, ${COLUMNS} from jsonb_to_recordset($2) as given (kind text, ${MATTER})
       ${selects.map((select) => `union all ${select}`).join('\n')}
     ), matter as materialized (
       select found.*, coalesce(severity, $3::jsonb ->> kind) as weight from found
        where $4::uuid is null or $4 = any(unit_ids)
     )
     select coalesce((
              select json_agg(json_build_object('kind', kind, 'severity', weight, 'count', count, 'since', oldest))
                from (select kind, weight, count(*)::int as count, min(since) as oldest from matter
                       group by kind, weight) counted), '[]') as counts,
            coalesce((
              select json_agg(json_build_object('kind', kind, 'severity', weight, 'subject', subject, 'name', name,
                       'unitIds', array_remove(unit_ids, null), 'since', since, 'mending', mending, 'target', target) order by place)
                from (select *, row_number() over (
                        order by array_position($5::text[], weight), array_position($6::text[], kind), since, subject
                      ) as place from matter order by place limit $7) worst), '[]') as items`,
    [
      now,
      JSON.stringify(found),
      JSON.stringify(
        Object.fromEntries(asked.map(({ kind }) => [kind, attentionKinds[kind].severity])),
      ),
      unitId,
      severities,
      Object.keys(attentionKinds),
      limit,
    ],
  )
  return row ?? { counts: [], items: [] }
}

/**
 * Gauges of how many matters there are and since when, by kind and severity: what the list tells, for alerts.
 *
 * While `read` fails they are absent; the readiness of the service says why.
 */
export function attentionGauges(
  registry: Registry,
  kinds: readonly AttentionKind[],
  read: () => Promise<readonly AttentionCount[]>,
): void {
  // Both gauges are collected at once and show one reading.
  let reading: Promise<readonly AttentionCount[] | null> | undefined
  const readOnce = () => {
    reading ??= read()
      .catch(() => null)
      .finally(() => {
        reading = undefined
      })
    return reading
  }
  const labelNames = ['kind', 'severity'] as const
  const registers = [registry]
  new Gauge({
    name: 'attention_items',
    help: 'Matters that want a human: GET /v1/attention lists them.',
    labelNames,
    registers,
    async collect() {
      const counts = await readOnce()
      this.reset()
      if (counts === null) return
      for (const kind of kinds) for (const severity of severities) this.set({ kind, severity }, 0)
      for (const { kind, severity, count } of counts) this.set({ kind, severity }, count)
    },
  })
  new Gauge({
    name: 'attention_oldest_timestamp_seconds',
    help: 'Since when the oldest of them is, in seconds since 1970.',
    labelNames,
    registers,
    async collect() {
      const counts = await readOnce()
      this.reset()
      for (const { kind, severity, since } of counts ?? [])
        this.set({ kind, severity }, Date.parse(since) / 1_000)
    },
  })
}
