import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { enqueue } from '@erp-steward/service-kit/jobs'
import type { EntityManager } from 'typeorm'
import { COMPARE_TASK } from './compare-upload.ts'
import { EbsUploadEntity, type EbsUpload } from './ebs-upload.ts'
import { lockUpload, lockUploads } from './open-upload.ts'

export interface CompleteUpload {
  readonly uploadId: string
  /** What the middleware has sent in all. */
  readonly accounts: number
  readonly profileOptions: number
}

/**
 * Says that an upload is whole, and queues the job that compares it. What was cut off never gets here and changes nothing.
 * Repeated for one that is compared already, or was, it changes nothing.
 *
 * @throws Problem `not-found`, `upload-state` (given up, another one is being compared, or EBS was read later already),
 *   `upload-incomplete`
 */
export async function completeUpload(
  tx: EntityManager,
  { uploadId, accounts, profileOptions }: CompleteUpload,
  act: Act,
): Promise<EbsUpload> {
  await lockUploads(tx)
  const upload = await lockUpload(tx, uploadId)
  const isWhole = upload.accounts === accounts && upload.profileOptions === profileOptions
  if (!isWhole)
    throw new Problem(
      'upload-incomplete',
      said(
        `${String(upload.accounts)} users and ${String(upload.profileOptions)} profile options have arrived.`,
        `已收到 ${String(upload.accounts)} 个用户、${String(upload.profileOptions)} 个配置文件选项。`,
      ),
    )
  if (upload.state === 'comparing' || upload.state === 'done') return upload
  const [later]: { state: string }[] = await tx.query(
    `select state from ebs_upload where state = 'comparing' or state = 'done' and taken_at > $1 limit 1`,
    [upload.takenAt],
  )
  if (upload.state !== 'open' || later !== undefined)
    throw new Problem(
      'upload-state',
      later === undefined
        ? said(`The upload is ${upload.state}.`, `该上传的状态为 ${upload.state}。`)
        : said(
            'Another one is being compared, or is of a later moment.',
            '另一次上传正在比对，或其读取时间更晚。',
          ),
    )
  // Parts may have gaps in their numbers; the job counts them off.
  await tx.query(
    `update ebs_upload_part set part = -ordered.place
       from (select part, row_number() over (order by part) as place from ebs_upload_part where upload_id = $1) ordered
      where upload_id = $1 and ebs_upload_part.part = ordered.part`,
    [uploadId],
  )
  const comparing = { state: 'comparing', completedAt: act.now } as const
  await tx.update(EbsUploadEntity, uploadId, comparing)
  await enqueue(tx, 'identity', COMPARE_TASK, { uploadId, part: 0 }, act)
  return { ...upload, ...comparing }
}
