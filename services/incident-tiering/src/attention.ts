import type { AttentionSource } from '@erp-steward/service-kit/attention'
import { missingHolidayYears } from './calendars/watch-calendars.ts'
import { overdueClock } from './clocks/ticket-clock.ts'
import { FALL_BACK_AFTER } from './notifications/rules/retry.ts'

/** Days for which a message that was given up is shown; what it told of is old by then. Own choice. */
const FAILED_DAYS = 30

/** What of tickets, changes and messages wants a human. Source, B-4, B-5.3. */
export const incidentAttention: readonly AttentionSource[] = [
  {
    kind: 'ticket-overdue',
    find: `select t.id::text, t.number, array[t.unit_id], c.since,
                  case when t.priority in ('P1', 'P2') then 'critical' else 'warning' end,
                  case when t.state = 'open' then 'acknowledgeTicket'
                       when t.state <> 'acknowledged' then 'reportTicketRootCause'
                       when c.kinds = array['progress-note'] then 'noteTicketProgress' else 'resolveTicket' end, null
             from (select ticket_id, min(due_at) as since, array_agg(kind) as kinds from ticket_clock c
                    where ${overdueClock('$1')} group by ticket_id) c
             join ticket t on t.id = c.ticket_id`,
  },
  {
    kind: 'calendar-year-missing',
    find: async (tx, now) =>
      (await missingHolidayYears(tx, now)).map(({ year, since, hasBegun }) => ({
        subject: String(year),
        name: null,
        unitIds: [],
        since,
        severity: hasBegun ? 'critical' : null,
        mending: 'loadHolidayYear',
        target: null,
      })),
  },
  {
    kind: 'notification-undelivered',
    // Nobody is owed a message who has left.
    find: `select n.id::text, n.occasion, coalesce(array[t.unit_id], '{}'), n.created_at, null, 'resendNotification', null
             from notification n
             left join ticket t on t.id = n.ticket_id
             left join person p on p.id = n.person_id
            where n.state <> 'delivered' and (n.state = 'failed' or n.attempts >= ${FALL_BACK_AFTER})
              and n.created_at > $1 - interval '${FAILED_DAYS} days' and coalesce(p.active, true)`,
  },
  {
    kind: 'key-user-gap',
    find: `select concat_ws('/', g.tier, g.unit_id, g.module_code), concat_ws('/', g.tier, u.code, g.module_code),
                  case when g.unit_id is null then '{}' else array[g.unit_id] end, g.found_at, null, 'nominateKeyUser', null
             from key_user_gap g left join unit u on u.id = g.unit_id`,
  },
  {
    kind: 'superior-gap',
    find: `select step, null, '{}'::uuid[], found_at, null, 'nameSuperiors', null from superior_gap`,
  },
  {
    kind: 'change-debt-overdue',
    find: `select d.change_id::text, c.number, array[c.unit_id], d.due_at, null,
                  case d.kind when 'papers' then 'fileChangePapers' when 'review' then 'reviewChange' else 'approveChange' end,
                  null
             from change_debt d join change c on c.id = d.change_id
            where d.settled_at is null and d.due_at < $1`,
  },
]
