import type { Act } from '@erp-steward/contracts/act'
import { EbsCompared } from '@erp-steward/contracts/reconciliation-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { openUserName, userNameLookup } from '../accounts/sealed-user-name.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import { isRevoked } from '../sessions/revocation.ts'
import type { FoundUser } from './ebs-finding.ts'
import { EbsUploadEntity, type EbsUpload } from './ebs-upload.ts'
import {
  closeGone,
  isMoving,
  recordFindings,
  type Found,
  type Recorded,
} from './record-findings.ts'
import { profileTargets } from './profile-targets.ts'
import { deviationsOf, missingAccount } from './rules/deviation.ts'
import type { HeldProfileOption, HeldRow, HeldUser } from './rules/held.ts'
import { profileDeviations } from './rules/profile-option.ts'
import { tasksInMotion, wantedUsers } from './wanted-users.ts'

export const COMPARE_TASK = 'compare-ebs'

/**
 * Compares one part of an upload with the register, or after the last one what the upload did not show at all; each is a
 * commit of its own, so that a process that dies loses none and repeats none. Nothing in EBS is changed by it.
 *
 * Sources: EBS conventions 4.7.
 */
export const compareUpload = defineTask(
  COMPARE_TASK,
  Type.Object({ uploadId: Uuid, part: Type.Integer({ minimum: 0 }) }),
  async (tx, { uploadId, part }, { now }) => {
    const upload = await tx.findOne(EbsUploadEntity, {
      where: { id: uploadId },
      lock: { mode: 'pessimistic_write' },
    })
    if (upload?.state !== 'comparing' || upload.partsDone !== part) return
    const act: Act = { ...upload.act, now }
    if (await isRevoked(tx, act.actor, upload.epoch)) {
      await end(tx, { ...upload, state: 'stopped', endedAt: now })
      return
    }
    if (part < upload.parts) {
      const counts = plus(upload.counts, await comparePart(tx, upload, act))
      await tx.save(EbsUploadEntity, { ...upload, counts, partsDone: part + 1 })
      await enqueue(tx, 'identity', COMPARE_TASK, { uploadId, part: part + 1 }, act)
      return
    }
    await conclude(tx, upload, act)
  },
  // Takes seconds, as lists of people do.
  { lane: 'imports' },
)

const plus = (counts: EbsUpload['counts'], { found, standing }: Recorded): EbsUpload['counts'] => ({
  ...counts,
  found: counts.found + found,
  standing: counts.standing + standing,
})

async function comparePart(tx: EntityManager, upload: EbsUpload, act: Act): Promise<Recorded> {
  const { id, partsDone } = upload
  // Counted off from the last to the first: -1, -2, …
  const [kept]: { sealed: string }[] = await tx.query(
    'select sealed from ebs_upload_part where upload_id = $1 and part = $2',
    [id, -1 - partsDone],
  )
  if (kept === undefined) throw new TypeError(`upload ${id} lacks its part ${String(partsDone)}`)
  const rows = JSON.parse(personalDataOf(tx).open(id, 'ebs', kept.sealed)) as HeldRow[]
  const users = rows.filter((row) => 'userName' in row)
  return recordFindings(tx, upload, await differencesOf(tx, upload, users, act.now), act)
}

/** How the users of a part differ; those that have an account here are noted as seen. */
async function differencesOf(
  tx: EntityManager,
  { id, takenAt }: EbsUpload,
  users: readonly HeldUser[],
  now: Date,
): Promise<Found[]> {
  const named = users.map((held) => ({ held, lookup: userNameLookup(tx, held.userName) }))
  const wanted = await wantedUsers(
    tx,
    named.map(({ lookup }) => lookup),
    takenAt,
    now,
  )
  const seen = new Map(
    named.flatMap(({ held, lookup }) => {
      const accountId = wanted.get(lookup)?.accountId
      const row = {
        ...{ end_on: held.endDate, last_logon_on: held.lastLogonDate ?? null },
        validity: held.validity ?? null,
      }
      return accountId === undefined
        ? []
        : [[accountId, { account_id: accountId, upload_id: id, ...row }] as const]
    }),
  )
  await tx.query(
    `insert into ebs_user_seen
     select * from json_populate_recordset(null::ebs_user_seen, $1)
     on conflict (account_id) do update
       set upload_id = excluded.upload_id, end_on = excluded.end_on, last_logon_on = excluded.last_logon_on,
           validity = excluded.validity`,
    [JSON.stringify([...seen.values()])],
  )
  const day = chinaDay(takenAt)
  return named.flatMap(({ held, lookup }) => {
    const known = wanted.get(lookup) ?? null
    return deviationsOf(held, known, day).map((deviation): Found => ({
      deviation,
      accountId: known?.accountId ?? null,
      unitId: known?.unitId ?? null,
      user: foundUser(held, known === null),
      isMoving: known !== null && isMoving(deviation, known.moving),
    }))
  })
}

/** Of a user with an account here no more than the name is kept: the rest stands in the register. */
const foundUser = (held: HeldUser, isUnknown: boolean): FoundUser => ({
  userName: held.userName,
  employeeNumber: isUnknown ? (held.employeeNumber ?? null) : null,
  email: isUnknown ? (held.email ?? null) : null,
  description: isUnknown ? (held.description ?? null) : null,
})

/** After the last part: what EBS lacks whole, how it is set, and what is no longer so. */
async function conclude(tx: EntityManager, upload: EbsUpload, act: Act): Promise<void> {
  const { id, takenAt, accounts, profileOptions } = upload
  const found = [...(await missingAccounts(tx, upload)), ...(await profileOf(tx, upload, act))]
  const counted = plus(upload.counts, await recordFindings(tx, upload, found, act))
  const counts = { ...counted, gone: await closeGone(tx, upload, profileOptions > 0, act) }
  await end(tx, { ...upload, counts, state: 'done', endedAt: act.now })
  const fact = {
    ...{ uploadId: id, takenAt: takenAt.toISOString(), accounts, profileOptions, ...counts },
    comparedAt: act.now.toISOString(),
  }
  await appendEvent(tx, 'identity', EbsCompared, id, fact, act)
}

/** Accounts that may be used and whose user EBS does not have. */
async function missingAccounts(tx: EntityManager, { id, takenAt }: EbsUpload): Promise<Found[]> {
  const missing: { id: string; userName: string; unitId: string }[] = await tx.query(
    `select account.id, user_name as "userName", person.unit_id as "unitId"
       from account join person on person.id = account.person_id
      where administrator_role is null and status = 'active' and account.created_at <= $2
        and not exists (select from ebs_user_seen where account_id = account.id and upload_id = $1)`,
    [id, takenAt],
  )
  const moving = await tasksInMotion(
    tx,
    missing.map((account) => account.id),
    takenAt,
  )
  const deviation = missingAccount(null)
  return missing.map((account) => ({
    deviation,
    accountId: account.id,
    unitId: account.unitId,
    user: {
      userName: openUserName(tx, account),
      employeeNumber: null,
      email: null,
      description: null,
    },
    isMoving: isMoving(deviation, moving.get(account.id) ?? new Set()),
  }))
}

async function profileOf(tx: EntityManager, upload: EbsUpload, act: Act): Promise<Found[]> {
  if (upload.profileOptions === 0) return []
  const parts: { sealed: string }[] = await tx.query(
    'select sealed from ebs_upload_part where upload_id = $1 and profile_options > 0',
    [upload.id],
  )
  const { open } = personalDataOf(tx)
  const held = parts.flatMap(({ sealed }) =>
    (JSON.parse(open(upload.id, 'ebs', sealed)) as HeldRow[]).filter(
      (row): row is HeldProfileOption => 'profileOption' in row,
    ),
  )
  return profileDeviations(held, await profileTargets(tx, act.now)).map((deviation) => ({
    ...{ deviation, accountId: null, unitId: null, user: null, isMoving: false },
  }))
}

/** Nothing of the upload stays but what was found by it. */
async function end(tx: EntityManager, upload: EbsUpload): Promise<void> {
  await tx.save(EbsUploadEntity, upload)
  await tx.query('delete from ebs_upload_part where upload_id = $1', [upload.id])
}
