import { SourceHeard, SourceSilent } from '@erp-steward/contracts/monitoring-events'
import type { Act } from '@erp-steward/contracts/act'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { Statement } from '@erp-steward/messaging/statement'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { factOf, type Source } from './source.ts'

type Named = Pick<Source, 'id' | 'name' | 'unitId' | 'moduleCode'>

const NAMED = `id, name, unit_id as "unitId", module_code as "moduleCode"`

/**
 * Reports every source that has been silent for longer than it may; one that never sent, since it was registered.
 * Source.
 */
export const findSilentSources = defineTask(
  'find-silent-sources',
  Type.Object({}),
  async (tx, _, act) => {
    const [silent]: [(Named & { lastHeardAt: Date | null })[], number] = await tx.query(
      `update source set silent_since = $1
        where state = 'active' and silent_since is null
          and coalesce(last_heard_at, created_at) < $1::timestamptz - make_interval(secs => silent_after_seconds)
        returning ${NAMED}, last_heard_at as "lastHeardAt"`,
      [act.now],
    )
    for (const source of silent)
      await appendEvent(
        tx,
        'monitoring-ingest',
        SourceSilent,
        source.id,
        {
          ...factOf(source),
          lastHeardAt: source.lastHeardAt?.toISOString() ?? null,
          noticedAt: act.now.toISOString(),
        },
        act,
      )
  },
)

/**
 * Notes that a source was heard now, and states it the first time and when that ends a silence; no earlier than the
 * silence, which may have been found after the request began: readers go by the instants.
 */
export async function noteHeard(tx: Statement, sourceId: string, act: Act): Promise<void> {
  const was = (await tx.query(
    `with before as (select silent_since, last_heard_at as heard_before from source where id = $1 for update)
     update source set last_heard_at = greatest(last_heard_at, $2), silent_since = null
       from before where id = $1
     returning ${NAMED}, before.silent_since as "silentSince", before.heard_before as "heardBefore"`,
    [sourceId, act.now],
  )) as (Named & { silentSince: Date | null; heardBefore: Date | null })[]
  const [source] = was
  if (source === undefined) return
  const { silentSince } = source
  if (silentSince === null && source.heardBefore !== null) return
  const now = silentSince !== null && silentSince > act.now ? silentSince : act.now
  await appendEvent(
    tx,
    'monitoring-ingest',
    SourceHeard,
    sourceId,
    {
      ...factOf(source),
      silentSince: silentSince?.toISOString() ?? null,
      heardAt: now.toISOString(),
    },
    { ...act, now },
  )
}
