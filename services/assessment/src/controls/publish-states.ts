import { ControlStateChanged, type ControlState } from '@erp-steward/contracts/assessment-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { controlsNow } from './controls-now.ts'
import { reasonText } from './rules/reason-text.ts'

/** Facts of a clause that are kept for a look; the audit ledger has all. */
export const EVIDENCE_KEPT = 20
/**
 * Days after which an ended breach or duty and its mend are forgotten: longer than any receipt of an event is kept, so that
 * nothing can bring the breach back alone.
 */
const SETTLED_DAYS = 90

/**
 * States each clause whose state differs from the one last stated; silence becomes a fact by it too. Two at the same
 * moment state it once: the second waits and finds nothing left to say.
 */
export const publishControlStates = defineTask(
  'publish-control-states',
  Type.Object({}),
  async (tx, _, act) => {
    await tx.query(`select pg_advisory_xact_lock(hashtext('control-states'))`)
    const known: { clauseId: string; state: ControlState }[] = await tx.query(
      'select clause_id as "clauseId", state from control_published',
    )
    const before = new Map(known.map(({ clauseId, state }) => [clauseId, state]))
    const changedAt = act.now
    for (const { clause, verdict } of await controlsNow(tx, act.now)) {
      const from = before.get(clause.id) ?? null
      if (from === verdict.state) continue
      const change = {
        clauseId: clause.id,
        from,
        to: verdict.state,
        reason: reasonText(verdict.reason, 'en'),
      }
      await tx.query(
        `insert into control_published (clause_id, state, reason, changed_at) values ($1, $2, $3, $4)
         on conflict on constraint control_published_pkey do update
           set state = excluded.state, reason = excluded.reason, changed_at = excluded.changed_at`,
        [change.clauseId, change.to, change.reason, changedAt],
      )
      const fact = { ...change, changedAt: changedAt.toISOString() }
      await appendEvent(tx, 'assessment', ControlStateChanged, clause.id, fact, act)
    }
    await forgetOld(tx, act.now)
  },
)

async function forgetOld(tx: EntityManager, now: Date): Promise<void> {
  await tx.query(
    `delete from control_evidence e using (
       select clause_id, event_id, effect, key,
              row_number() over (partition by clause_id order by at desc, event_id desc, effect, key) as place
         from control_evidence) ranked
      where ranked.place > $1 and e.clause_id = ranked.clause_id and e.event_id = ranked.event_id
        and e.effect = ranked.effect and e.key = ranked.key`,
    [EVIDENCE_KEPT],
  )
  const before = new Date(now.getTime() - SETTLED_DAYS * 86_400_000)
  await tx.query(
    `delete from control_fact b
      where b.effect in ('breaks', 'at-risk') and b.at < $1
        and (b.ends_at < $1 or exists (
              select from control_fact m
               where m.clause_id = b.clause_id and m.key = b.key and m.effect = 'mends' and m.at >= b.at))`,
    [before],
  )
  await tx.query(
    `delete from control_fact e
      where e.effect = 'expects' and e.ends_at < $1 and exists (
              select from control_fact m
               where m.clause_id = e.clause_id and m.key = e.key and m.effect in ('mends', 'proves') and m.at >= e.at)`,
    [before],
  )
  await tx.query(
    `delete from control_fact m
      where m.effect = 'mends' and m.at < $1 and not exists (
              select from control_fact b
               where b.clause_id = m.clause_id and b.key = m.key and b.effect in ('breaks', 'at-risk', 'expects'))`,
    [before],
  )
}
