import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { DriftClosed, DriftFound } from '@erp-steward/contracts/reconciliation-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { sealFound, type FoundUser } from './ebs-finding.ts'
import type { EbsUpload } from './ebs-upload.ts'
import type { Deviation } from './rules/deviation.ts'
import { motionOf, tasksInMotion } from './wanted-users.ts'

/** A difference with whom it is about. */
export interface Found {
  readonly deviation: Deviation
  readonly accountId: string | null
  readonly unitId: string | null
  /** `null`: it is about no user. */
  readonly user: FoundUser | null
  /** Whether tasks are changing it right now: it is no new finding then. */
  readonly isMoving: boolean
}

export interface Recorded {
  readonly found: number
  readonly standing: number
}

/**
 * Records differences: a new one is opened and told of, a known one is seen again. One whose task in EBS was done, and that
 * is there still, is open again.
 */
export async function recordFindings(
  tx: EntityManager,
  { id: uploadId, takenAt }: Pick<EbsUpload, 'id' | 'takenAt'>,
  all: readonly Found[],
  act: Act,
): Promise<Recorded> {
  if (all.length === 0) return { found: 0, standing: 0 }
  const differences = new Map(all.map((each) => [fingerprintOf(tx, each), each]))
  const moving = await movingFindings(tx, differences, takenAt)
  const standing = await seeAgain(tx, [...differences.keys()], moving, uploadId, takenAt)
  const fresh = [...differences].filter(
    ([fingerprint, { isMoving }]) => !standing.has(fingerprint) && !isMoving,
  )
  await open(tx, fresh, uploadId, takenAt, act)
  return { found: fresh.length, standing: standing.size }
}

/** The same for the same difference of the same user, whatever EBS has there at the moment. */
function fingerprintOf(tx: EntityManager, { deviation, accountId, user }: Found): string {
  const { kind, holds, name } = deviation
  const subject = accountId ?? user?.userName ?? ''
  return personalDataOf(tx).lookup('ebs', [kind, subject, holds ?? '', name ?? ''].join('\n'))
}

/** Fingerprints of known differences that a task is changing, or has changed since EBS was read. */
async function movingFindings(
  tx: EntityManager,
  differences: ReadonlyMap<string, Found>,
  takenAt: Date,
): Promise<Set<string>> {
  const moving = [...differences].filter(([, { isMoving }]) => isMoving).map(([key]) => key)
  const acted: { id: string; fingerprint: string }[] = await tx.query(
    `select id, fingerprint from ebs_finding
      where fingerprint = any($1) and account_id is null and state in ('ending', 'restoring')`,
    [[...differences.keys()]],
  )
  const tasks = await tasksInMotion(
    tx,
    acted.map(({ id }) => id),
    takenAt,
  )
  return new Set([
    ...moving,
    ...acted.filter(({ id }) => tasks.has(id)).map(({ fingerprint }) => fingerprint),
  ])
}

async function seeAgain(
  tx: EntityManager,
  fingerprints: readonly string[],
  moving: ReadonlySet<string>,
  uploadId: string,
  takenAt: Date,
): Promise<Set<string>> {
  const [seen]: [{ fingerprint: string }[], number] = await tx.query(
    `update ebs_finding
        set seen_by = $2, seen_at = $3, version = version + 1,
            state = case
              when state in ('ending', 'restoring') and not fingerprint = any($4) then 'open'
              when state = 'adopting' and not exists (
                select from account_change
                 where status = 'pending' and kind = 'adopt-ebs-users'
                   and command -> 'users' @> jsonb_build_array(jsonb_build_object('findingId', ebs_finding.id))) then 'open'
              else state end
      where fingerprint = any($1) and state <> 'closed' and seen_by <> $2
      returning fingerprint`,
    [fingerprints, uploadId, takenAt, [...moving]],
  )
  const known = new Set(seen.map(({ fingerprint }) => fingerprint))
  // Twice in one upload: seen by it already.
  const twice: { fingerprint: string }[] = await tx.query(
    `select fingerprint from ebs_finding where fingerprint = any($1) and state <> 'closed' and seen_by = $2`,
    [fingerprints.filter((each) => !known.has(each)), uploadId],
  )
  return new Set([...known, ...twice.map(({ fingerprint }) => fingerprint)])
}

const INSERT = `
  insert into ebs_finding (id, kind, fingerprint, account_id, unit_id, holds, name, expected, found, sealed, state,
                           found_at, found_by, seen_at, seen_by, version)
  select id, kind, fingerprint, account_id, unit_id, holds, name, expected, found, sealed, 'open', $2, $3, $2, $3, 1
    from json_populate_recordset(null::ebs_finding, $1)`

async function open(
  tx: EntityManager,
  fresh: readonly (readonly [string, Found])[],
  uploadId: string,
  takenAt: Date,
  act: Act,
): Promise<void> {
  const { seal } = personalDataOf(tx)
  const rows = fresh.map(([fingerprint, { deviation, accountId, unitId, user }]) => {
    const id = randomUUID()
    const sealed = user === null ? null : sealFound(tx, id, user)
    return { id, fingerprint, account_id: accountId, unit_id: unitId, sealed, ...deviation }
  })
  if (rows.length > 0) await tx.query(INSERT, [JSON.stringify(rows), takenAt, uploadId])
  for (const [at, row] of rows.entries()) {
    const userName = fresh[at]?.[1].user?.userName
    await appendEvent(
      tx,
      'identity',
      DriftFound,
      row.id,
      {
        findingId: row.id,
        kind: row.kind,
        accountId: row.account_id,
        userName: userName === undefined ? null : seal(row.id, 'ebs', userName),
        name: row.name,
        expected: row.expected,
        found: row.found,
        uploadId,
        foundAt: takenAt.toISOString(),
      },
      act,
    )
  }
}

/**
 * Closes what the upload did not show any more; it is the evidence.
 *
 * @param withProfile whether it told how EBS is set
 */
export async function closeGone(
  tx: EntityManager,
  { id: uploadId }: Pick<EbsUpload, 'id'>,
  withProfile: boolean,
  act: Act,
): Promise<number> {
  const [gone]: [{ id: string; kind: string }[], number] = await tx.query(
    `update ebs_finding
        set state = 'closed', closed_at = $2, closed_by = $1, closed_why = 'gone', version = version + 1
      where state <> 'closed' and seen_by <> $1 and ($3 or kind <> 'profile-option')
      returning id, kind`,
    [uploadId, act.now, withProfile],
  )
  const closedAt = act.now.toISOString()
  for (const { id, kind } of gone) {
    const fact = { findingId: id, kind, why: 'gone', uploadId, closedAt } as const
    await appendEvent(tx, 'identity', DriftClosed, id, fact, act)
  }
  return gone.length
}

/** Whether a task is changing what the difference is about. */
export const isMoving = (deviation: Deviation, moving: ReadonlySet<string>): boolean =>
  moving.has(motionOf(deviation))
