import type { AttentionSource } from './attention.ts'

/** How long a fact may wait for the bus, in milliseconds: the relay sends within seconds. Own choice. */
const SENT_WITHIN_MS = 300_000

/** The matters that every service has: what it could not take, cannot send, and what waits for another person. */
export const platformAttention: readonly AttentionSource[] = [
  {
    kind: 'dead-letter',
    find: `select event_id::text, type, '{}'::uuid[], parked_at, null, 'replay{Service}DeadLetter', null
             from dead_letter where state = 'parked'`,
  },
  {
    kind: 'event-unsent',
    // The oldest alone: while the bus is away there may be millions.
    find: async (tx, now) => {
      const [oldest]: { subject: string; name: string; time: string }[] = await tx.query(
        `select id as subject, type as name, payload ->> 'time' as time from outbox
          where published_at is null order by seq limit 1`,
      )
      if (oldest === undefined) return []
      const since = new Date(oldest.time)
      if (now.getTime() - since.getTime() <= SENT_WITHIN_MS) return []
      const { subject, name } = oldest
      const mending = 'readHealth'
      return [{ subject, name, unitIds: [], since, severity: null, mending, target: null }]
    },
  },
  { kind: 'wait-undecidable', find: waits('undecidable', `'requestAccountChange'`) },
  {
    kind: 'wait-ending',
    find: waits(
      'running-out',
      `case when exists (select from proposal p where p.id::text = subject and p.state = 'pending')
            then 'approve{Service}Proposal' else 'list{Service}ProposalAlarms' end`,
    ),
  },
]

/** What nobody can decide is told as that alone, though it ends soon. */
function waits(alarm: 'undecidable' | 'running-out', mending: string): string {
  return `select subject, kind, unit_ids, raised_at, null, ${mending}, null from wait_alarm a
           where alarm = '${alarm}'
             and (alarm = 'undecidable' or not exists (
                   select from wait_alarm b
                    where b.subject = a.subject and b.kind = a.kind and b.alarm = 'undecidable'))`
}
