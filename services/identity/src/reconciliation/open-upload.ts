import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { EbsUploadEntity, type EbsUpload } from './ebs-upload.ts'

/** Any number; uploads are opened, completed and compared one after the other. */
const UPLOAD_LOCK = 7_411_020

export const lockUploads = (tx: EntityManager) =>
  tx.query('select pg_advisory_xact_lock($1)', [UPLOAD_LOCK])

/** How far the clock of the middleware may be ahead of ours, in milliseconds. */
const AHEAD_MS = 300_000

/**
 * Opens an upload; one that is open still is given up, for whoever sent it begins anew.
 *
 * @throws Problem `validation-failed` for what was read in the future
 */
export async function openUpload(
  tx: EntityManager,
  { takenAt, epoch }: { readonly takenAt: Date; readonly epoch: number },
  { now, ...act }: Act,
): Promise<EbsUpload> {
  if (takenAt.getTime() > now.getTime() + AHEAD_MS) {
    const detail = said('takenAt is in the future.', 'takenAt 晚于当前时间。')
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/takenAt', detail }] })
  }
  await lockUploads(tx)
  const given: { id: string }[] = await tx.query(`select id from ebs_upload where state = 'open'`)
  for (const { id } of given) {
    await tx.update(EbsUploadEntity, id, { state: 'abandoned', endedAt: now })
    await tx.query('delete from ebs_upload_part where upload_id = $1', [id])
  }
  const upload: EbsUpload = {
    id: randomUUID(),
    state: 'open',
    takenAt,
    accounts: 0,
    profileOptions: 0,
    parts: 0,
    partsDone: 0,
    counts: { found: 0, standing: 0, gone: 0 },
    act,
    epoch,
    openedAt: now,
    completedAt: null,
    endedAt: null,
  }
  await tx.insert(EbsUploadEntity, upload)
  return upload
}

/**
 * The upload, held until the end of the transaction.
 *
 * @throws Problem `not-found`, `upload-state` when it is not open
 */
export async function lockOpen(tx: EntityManager, id: string): Promise<EbsUpload> {
  const upload = await lockUpload(tx, id)
  if (upload.state !== 'open')
    throw new Problem(
      'upload-state',
      said(`The upload is ${upload.state}.`, `该上传的状态为 ${upload.state}。`),
    )
  return upload
}

/** @throws Problem `not-found` */
export async function lockUpload(tx: EntityManager, id: string): Promise<EbsUpload> {
  const upload = await tx.findOne(EbsUploadEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (upload === null)
    throw new Problem('not-found', said(`There is no upload ${id}.`, `没有上传 ${id}。`))
  return upload
}
