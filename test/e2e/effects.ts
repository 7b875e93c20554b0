import pg from 'pg'
import { services } from '@erp-steward/contracts/services'
import { ADMINISTRATORS, eventually, expectThat } from './company.ts'
import type { Day } from './day.ts'

/** What a day must have left behind, read behind the product's back. */
export class Effects {
  readonly #superuserUrl: () => Promise<string>

  constructor(superuserUrl: () => Promise<string>) {
    this.#superuserUrl = superuserUrl
  }

  async #query<Row extends object>(
    sql: string,
    values: unknown[] = [],
    before?: string,
  ): Promise<Row[]> {
    const client = new pg.Client({ connectionString: await this.#superuserUrl() })
    await client.connect()
    try {
      if (before !== undefined) await client.query(before)
      const { rows } = await client.query<Row>(sql, values)
      return rows
    } finally {
      await client.end()
    }
  }

  async #count(from: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.#query<{ n: string }>(`select count(*) as n from ${from}`, values)
    return Number(row?.n)
  }

  /** Every event of every outbox is in the ledger exactly once, and the ledger has no gaps. */
  async everythingIsInTheLedger(): Promise<void> {
    const stated = Object.values(services)
      .map(({ schema }) => `select id from ${schema}.outbox`)
      .join(' union all ')
    await eventually(async () => {
      const missing = await this.#count(
        `(${stated}) as stated where not exists
           (select from identity.audit_record where event_id = stated.id)`,
      )
      expectThat(missing === 0, `${missing} events are missing in the ledger`)
    })
    const [gaps] = await this.#query<{ n: string }>(
      'select coalesce(max(seq), 0) - count(*) as n from identity.audit_record',
    )
    expectThat(gaps?.n === '0', `the ledger has no gaps: ${JSON.stringify(gaps)}`)
  }

  /** Each effect of the day is there once, whatever happened to the product meanwhile; `fed`: how many people the feed has. */
  async happenedOnce({ alarm, upgrade, month, company }: Day, fed: number): Promise<void> {
    const people = fed + ADMINISTRATORS.length
    const twice = (types: string) =>
      this.#count(
        `(select subject from identity.audit_record where type in (${types})
           group by type, subject having count(*) > 1) as twice`,
      )
    const deadLetters = Object.values(services)
      .map(({ schema }) => `select from ${schema}.dead_letter`)
      .join(' union all ')
    const is = {
      people: await this.#count('identity.person'),
      accounts: await this.#count('identity.account where person_id is not null'),
      'accounts created twice': await twice(`'identity.account.created.v1'`),
      'tickets of the alert': await this.#count(
        'incident_tiering.ticket where alert_episode_id = $1',
        [alarm.episodeId],
      ),
      'escalations to tier 2': await this.#count(
        `incident_tiering.ticket_entry
          where ticket_id = $1 and kind = 'escalated' and text like '%passed to L2%'`,
        [alarm.ticketId],
      ),
      'tickets of the clerk': await this.#count(
        `incident_tiering.ticket where category = 'question'`,
      ),
      changes: await this.#count('incident_tiering.change'),
      'steps of the change done twice': await twice(
        `'incident.change.submitted.v1', 'incident.change.started.v1', 'incident.change.finished.v1', 'incident.change.reviewed.v1'`,
      ),
      'backups asked for': await this.#count(
        `backup_orchestration.backup_run where target_id = $1`,
        [upgrade.targetId],
      ),
      'ends of a backup or restore stated twice': await twice(
        `'backup.run.succeeded.v1', 'backup.restore.finished.v1', 'backup.restore.approved.v1'`,
      ),
      'restore plans': await this.#count('backup_orchestration.restore_plan'),
      observations: await this.#count(`assessment.observation where kind = 'data-error'`),
      'observations stated twice': await twice(`'assessment.observation.recorded.v1'`),
      appeals: await this.#count('assessment.appeal'),
      'sheets of the month': await this.#count('assessment.score_sheet where month = $1', [
        month.month,
      ]),
      'dead letters': await this.#count(`(${deadLetters}) as parked`),
      'users created twice in EBS': [...company.ebs.creations.values()].filter((n) => n > 1).length,
    }
    const wanted: typeof is = {
      people,
      accounts: people,
      'accounts created twice': 0,
      'tickets of the alert': 1,
      'escalations to tier 2': 1,
      'tickets of the clerk': 1,
      changes: 1,
      'steps of the change done twice': 0,
      'backups asked for': 1,
      'ends of a backup or restore stated twice': 0,
      'restore plans': 1,
      observations: 3,
      'observations stated twice': 0,
      appeals: 1,
      'sheets of the month': 3,
      'dead letters': 0,
      'users created twice in EBS': 0,
    }
    expectThat(
      JSON.stringify(is) === JSON.stringify(wanted),
      `each effect once: ${JSON.stringify(is, null, 1)}`,
    )
  }

  /** Changes one record of the ledger behind the product's back; resolves with its place. */
  async tamper(): Promise<number> {
    const [row] = await this.#query<{ seq: string }>(
      `update identity.audit_record set envelope = replace(envelope, 'incident', 'accident')
        where seq = (select min(seq) from identity.audit_record where type like 'incident.ticket.escalated%')
        returning seq`,
      [],
      // Triggers do not fire for a replica, as somebody would do who owns the server.
      'set session_replication_role = replica',
    )
    return Number(row?.seq)
  }
}
