import type { AttentionSource } from '@erp-steward/service-kit/attention'
import { uploadSilent } from './reconciliation/upload-silent.ts'

/** Hours in which a key that was registered is confirmed: two people have agreed on it before. Own choice. */
const KEY_WAITS_HOURS = 24
/** Minutes that a task in EBS may wait for the middleware, which asks at least every minute. Own choice. */
const LEASED_WITHIN_MINUTES = 15

/** Days that facts which a receiver did not get ask for a human. Own choice, as of messages. */
const UNDELIVERED_DAYS = 7

/** Days that a departure which somebody did not tell of asks for a human. Own choice. */
const REMEMBERED_DAYS = 30

/** What of EBS, of plans, of departures and of audits wants a human, under its id; whom it is about is personal data. Sources. */
export const identityAttention: readonly AttentionSource[] = [
  {
    kind: 'person-plan-failed',
    // Who moves and did not keeps the rights of the old place.
    find: `select id::text, kind, array[unit_id], ended_at, case when kind = 'move' then 'critical' end, 'retryPersonPlan', null
             from person_plan where state = 'failed'`,
  },
  {
    kind: 'ebs-task-failed',
    // An end that did not happen leaves somebody in; a beginning that did not happens to one who waits.
    find: `select id::text, kind, array_remove(array[unit_id], null), queued_at,
                  case when kind like 'end-%' then 'critical' else 'warning' end, 'retryProvisioningTask', null
             from provisioning_task where status = 'failed'`,
  },
  {
    kind: 'ebs-task-waiting',
    // The one that is next of each user: what stands behind a failed one waits for that.
    find: `select distinct on (account_id) id::text, kind, array_remove(array[unit_id], null), queued_at, null, 'readProvisioningTask', null
             from provisioning_task task
            where (status = 'queued' and greatest(queued_at, not_before) < $1 - interval '${LEASED_WITHIN_MINUTES} minutes'
                   -- Leased, and EBS was not reached: no try was made.
                   or status = 'queued' and attempts = 0 and error_code is not null
                     and queued_at < $1 - interval '${LEASED_WITHIN_MINUTES} minutes'
                   or status = 'leased' and leased_until < $1 - interval '${LEASED_WITHIN_MINUTES} minutes')
              and not exists (
                select from provisioning_task other
                 where other.account_id = task.account_id and other.seq < task.seq and other.status = 'failed')
            order by account_id, seq`,
  },
  {
    kind: 'account-case-open',
    // Somebody else may be in at this moment.
    find: `select each.id::text, each.kind, array_remove(array[each.unit_id], null), each.opened_at,
                  case when account.status = 'active' and (each.kind = 'theft' or each.score >= 85) then 'critical' end,
                  'readAccountCase', null
             from account_case each join account on account.id = each.account_id
            where each.state = 'open'`,
  },
  {
    kind: 'ebs-drift',
    // Somebody who is out may be in.
    find: `select id::text, kind, array_remove(array[unit_id], null), found_at,
                  case when kind in ('not-disabled', 'reopened') then 'critical' end, 'readEbsFinding', null
             from ebs_finding where state = 'open' and (ignored_until is null or ignored_until <= $1)`,
  },
  {
    kind: 'notification-undelivered',
    // One matter for each receiver, however many facts it did not get.
    find: `select webhook.id::text, webhook.url, array[]::uuid[], min(delivery.queued_at), null, 'replayEventWebhook', null
             from event_delivery as delivery join event_webhook as webhook on webhook.id = webhook_id
            where delivery.state = 'failed' and ended_at is null
              and delivery.queued_at > $1 - interval '${UNDELIVERED_DAYS} days'
            group by webhook.id, webhook.url`,
  },
  {
    kind: 'sod-violated',
    // What an exception in force covers is known.
    find: `select violation.id::text, first || ' × ' || second, array[person.unit_id], found_at, null, 'listSodViolations', null
             from sod_violation violation join person on person.id = person_id
            where ended_at is null and not exists (
              select from sod_exception each
               where each.person_id = violation.person_id and each.first = violation.first
                 and each.second = violation.second and starts_at <= $1 and ends_at > $1)`,
  },
  {
    kind: 'client-key-waiting',
    find: `select thumbprint, client.name, array_remove(array[client.unit_id], null), asked_at, null, 'listClientKeys', client.id::text
             from client_key join client on client.id = client_id
            where confirmed_at is null and ended_at is null and client.status = 'active'
              and asked_at <= $1 - interval '${KEY_WAITS_HOURS} hours'`,
  },
  {
    kind: 'audit-overdue',
    find: `select id::text, kind, array[]::uuid[], due_at, null, 'readAuditTask', null
             from audit_task where state = 'open' and due_at < $1`,
  },
  {
    kind: 'sign-in-held',
    find: `select distinct on (account_id) account_id::text, null, array_remove(array[person.unit_id], null),
                  locks[cardinality(locks)], null, 'unlockAccount', null
             from (select account_id, locks, held from sign_in_guard
                   union all select account_id, locks, held from factor_guard) as guard
             join account on account.id = account_id
             left join person on person.id = person_id
            where held order by account_id, locks[cardinality(locks)]`,
  },
  {
    kind: 'account-astray',
    // An account that outlives its person lets somebody in who has left. Administrators who are not named yet are told of otherwise.
    find: `select finding.id::text, finding.kind, array_remove(array[unit_id], null), found_at,
                  case when finding.kind = 'orphan' then 'critical' end, 'readAccountFinding', null
             from account_finding finding
             join account on account.id = account_id left join person on person.id = person_id
            where finding.kind <> 'dormant' and closed_at is null and (accepted_until is null or accepted_until <= $1)
              and not (finding.kind = 'orphan' and person_id is null)`,
  },
  { kind: 'ebs-upload-silent', find: uploadSilent },
  {
    kind: 'departure-untold',
    // Of older ones nobody remembers; they stay in the list and in the score.
    find: `select id::text, kind, array[unit_id], due_at, null, 'readDeparture', null
             from departure where verdict = 'missing' and due_at > $1 - interval '${REMEMBERED_DAYS} days'`,
  },
  {
    kind: 'move-unconfirmed',
    // Who is said to have moved keeps the rights of the old place.
    find: `select id::text, kind, array[unit_id], department_told_at, null, 'movePerson', person_id::text
             from departure where kind = 'move' and personnel_told_at is null and verdict <> 'withdrawn'
              and coalesce(due_at, department_told_at) between $1 - interval '${REMEMBERED_DAYS} days' and $1`,
  },
]
