import { randomBytes, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { PersonChanged } from '@erp-steward/contracts/directory-events'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { Static } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountChangeEntity } from '../accounts/account-change.ts'
import { AccountEntity } from '../accounts/account.ts'
import { openChange, openUserName, sealChange, sealUserName } from '../accounts/sealed-user-name.ts'
import { mapTask } from '../provisioning/sealed-task.ts'
import { ProvisioningTaskEntity } from '../provisioning/provisioning-task.ts'
import { announcePerson } from './announce-person.ts'
import { PersonEntity } from './person.ts'
import { openPerson, sealPerson } from './sealed-person.ts'
import { stateSealing } from './state-sealing.ts'
import { carryExceptions } from './twin.ts'

/** Rows that are sealed in one transaction: a start that is cut off goes on where it was. */
const BATCH = 500

/** Any number; two replicas that start at once wait for each other. */
const SEALING_LOCK = 7_411_006

const SEALED = /^[0-9a-f]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$/

/**
 * Seals what lies in clear, from before it was sealed, or under a key that is no longer the first, tells every copy, and
 * states what a search then finds. Source.
 *
 * @throws Error if something was sealed under keys that are not configured
 */
export async function sealInClear(db: DataSource, now: Date): Promise<void> {
  const act: Act = {
    actor: 'service:identity',
    personId: null,
    controllers: [],
    role: 'SERVICE',
    unitId: null,
    requestId: randomUUID(),
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    now,
  }
  for (const part of [
    sealQueued,
    sealPeople,
    sealAccounts,
    sealChanges,
    sealTasks,
    sealTexts,
    forgetAnswers,
  ]) {
    let sealed: number
    do {
      sealed = await db.transaction(async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [SEALING_LOCK])
        return part(tx, act)
      })
    } while (sealed > 0)
  }
  await db.transaction((tx) => stateSealing.run(tx, {}, act))
}

/** Texts that are sealed whole, whose they are and as what: plans, lists of people, what EBS holds. */
const TEXTS = [
  { table: 'person_plan', owner: 'id', field: 'plan' },
  { table: 'person_import_part', owner: 'import_id', field: 'import' },
  { table: 'person_import_note', owner: 'import_id', field: 'import' },
  { table: 'ebs_upload_part', owner: 'upload_id', field: 'ebs' },
  { table: 'ebs_finding', owner: 'id', field: 'ebs' },
  { table: 'scim_profile', owner: 'person_id', field: 'scim' },
] as const

/** These were never in clear; under an older key they can be. */
async function sealTexts(tx: EntityManager): Promise<number> {
  const { open, seal, sealingKeyId } = personalDataOf(tx)
  let count = 0
  for (const { table, owner, field } of TEXTS) {
    const rows: { place: string; owner: string; sealed: string }[] = await tx.query(
      `select ctid::text as place, ${owner} as owner, sealed from ${table}
        where not starts_with(sealed, $1) limit $2 for update`,
      [`${sealingKeyId}.`, BATCH],
    )
    for (const { place, owner: whose, sealed } of rows)
      await tx.query(`update ${table} set sealed = $2 where ctid = $1::tid`, [
        place,
        seal(whose, field, open(whose, field, sealed)),
      ])
    count += rows.length
  }
  return count
}

async function sealPeople(tx: EntityManager, act: Act): Promise<number> {
  const { sealingKeyId, lookupKeyId } = personalDataOf(tx)
  const people = await tx
    .createQueryBuilder(PersonEntity, 'person')
    .where(
      `not (starts_with(person.employeeNumber, :sealed) and starts_with(person.name, :sealed)
        and coalesce(starts_with(person.email, :sealed), true)
        and coalesce(starts_with(person.birthday, :sealed), true)
        and coalesce(starts_with(person.twinLookup, :lookup), true)
        and coalesce(starts_with(person.employeeNumberLookup, :lookup), false)
        and coalesce(starts_with(person.nameLookup, :lookup), false))`,
      { sealed: `${sealingKeyId}.`, lookup: `${String(lookupKeyId)}.` },
    )
    .orderBy('person.id')
    .limit(BATCH)
    .setLock('pessimistic_write')
    .getMany()
  for (const row of people) {
    const plain = SEALED.test(row.name) ? openPerson(tx, row) : row
    const person = { ...row, ...sealPerson(tx, row.id, plain), version: row.version + 1 }
    await tx.save(PersonEntity, person)
    await carryExceptions(tx, row, person)
    await announcePerson(tx, person, act)
  }
  return people.length
}

async function sealAccounts(tx: EntityManager): Promise<number> {
  const { sealingKeyId, lookupKeyId } = personalDataOf(tx)
  const accounts = await tx
    .createQueryBuilder(AccountEntity, 'account')
    .where(
      `not (starts_with(account.userName, :sealed)
        and coalesce(starts_with(account.userNameLookup, :lookup), false))`,
      { sealed: `${sealingKeyId}.`, lookup: `${String(lookupKeyId)}.` },
    )
    .orderBy('account.id')
    .limit(BATCH)
    .setLock('pessimistic_write')
    .getMany()
  for (const account of accounts) {
    const plain = SEALED.test(account.userName) ? openUserName(tx, account) : account.userName
    await tx.update(AccountEntity, account.id, sealUserName(tx, account.id, plain))
  }
  return accounts.length
}

async function sealChanges(tx: EntityManager): Promise<number> {
  const { sealingKeyId } = personalDataOf(tx)
  const changes = await tx
    .createQueryBuilder(AccountChangeEntity, 'change')
    .where(`not starts_with(change.command ->> 'userName', :sealed)`, {
      sealed: `${sealingKeyId}.`,
    })
    .orderBy('change.id')
    .limit(BATCH)
    .setLock('pessimistic_write')
    .getMany()
  for (const change of changes) {
    const plain = SEALED.test(String('userName' in change.command && change.command.userName))
      ? openChange(tx, change)
      : change
    await tx.update(AccountChangeEntity, change.id, { command: sealChange(tx, plain).command })
  }
  return changes.length
}

async function sealTasks(tx: EntityManager): Promise<number> {
  const { sealingKeyId, open, seal } = personalDataOf(tx)
  const again = (owner: string, field: 'ebs' | 'user-name', text: string) =>
    seal(owner, field, SEALED.test(text) ? open(owner, field, text) : text)
  const tasks = await tx
    .createQueryBuilder(ProvisioningTaskEntity, 'task')
    // Every call says of which user it expects what.
    .where(
      `not (starts_with(task.expected ->> 'userName', :sealed) and starts_with(task.userName, :sealed))`,
      { sealed: `${sealingKeyId}.` },
    )
    .orderBy('task.seq')
    .limit(BATCH)
    .setLock('pessimistic_write')
    .getMany()
  for (const task of tasks) {
    const { accountId } = task
    await tx.save(ProvisioningTaskEntity, {
      ...mapTask(task, (text) => again(accountId, 'ebs', text)),
      userName: again(accountId, 'user-name', task.userName),
    })
  }
  return tasks.length
}

/** Facts about people that wait for the relay are sealed, those that went out are not kept any longer. */
async function sealQueued(tx: EntityManager): Promise<number> {
  const { seal } = personalDataOf(tx)
  await tx.query(
    `delete from outbox where type = $1 and published_at is not null
        and not payload -> 'data' ->> 'name' ~ $2`,
    [PersonChanged.type, SEALED.source],
  )
  const queued: { seq: string; payload: { data: Static<typeof PersonChanged.payload> } }[] =
    await tx.query(
      `select seq, payload from outbox where type = $1 and not payload -> 'data' ->> 'name' ~ $2
        order by seq limit $3 for update`,
      [PersonChanged.type, SEALED.source, BATCH],
    )
  for (const { seq, payload } of queued) {
    const { personId, employeeNumber, name, email } = payload.data
    const data = {
      ...payload.data,
      employeeNumber: seal(personId, 'employee-number', employeeNumber),
      name: seal(personId, 'name', name),
      email: email === null ? null : seal(personId, 'email', email),
    }
    const sealed = JSON.stringify({ ...payload, data })
    await tx.query('update outbox set payload = $2 where seq = $1', [seq, sealed])
  }
  return queued.length
}

/** Answers of the last day that were kept in clear: a repetition that still comes runs anew. */
async function forgetAnswers(tx: EntityManager): Promise<number> {
  await tx.query(`delete from idempotency_key where body is not null and body ->> 'sealed' is null`)
  return 0
}
