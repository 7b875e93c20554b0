import type { AttentionSource } from '@erp-steward/service-kit/attention'

/** What of monitoring and inspection wants a human. Source. */
export const monitoringAttention: readonly AttentionSource[] = [
  {
    kind: 'alert-firing',
    find: `select e.id::text, e.name, array[e.unit_id], e.fired_at, e.level,
                  case when t.ticket_id is null then 'readAlert'
                       when e.acknowledged_at is null then 'acknowledgeTicket' else 'resolveTicket' end,
                  t.ticket_id::text
             from alert_episode e
             left join lateral (
               select ticket_id from alert_ticket where episode_id = e.id order by heard_at desc limit 1) t on true
            where e.state = 'firing'`,
  },
  {
    kind: 'source-silent',
    find: `select id::text, name, array[unit_id], silent_since, null,
                  case when token_hash is null then 'issueSourceToken' else 'readSource' end, null
             from source where state = 'active' and silent_since is not null`,
  },
  {
    kind: 'inspection-overdue',
    find: `select id::text, date::text, array[unit_id], due_at, null, 'signInspectionRound', null
             from inspection_round where state = 'open' and due_at < $1`,
  },
  {
    kind: 'inspection-uncovered',
    find: `select g.unit_id::text, u.code, array[g.unit_id], g.found_at, null, 'setInspectionRoster', null
             from inspection_gap g left join unit u on u.id = g.unit_id`,
  },
  {
    kind: 'threshold-unfed',
    find: `select u.threshold_id::text, t.name, array[t.unit_id], u.unfed_since, null,
                  case when u.reason like 'no-source%' then 'registerSource' else 'readThreshold' end, null
             from threshold_unfed u join threshold t on t.id = u.threshold_id`,
  },
]
