import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { EbsUploadEntity, type EbsUpload } from './ebs-upload.ts'
import { lockOpen } from './open-upload.ts'
import type { HeldRow } from './rules/held.ts'

/**
 * Keeps a part of an upload, sealed; the same part again takes the place of the earlier one, so a lost answer is repeated
 * without harm.
 *
 * @throws Problem `not-found`, `upload-state`
 */
export async function takePart(
  tx: EntityManager,
  { uploadId, part, rows }: { uploadId: string; part: number; rows: readonly HeldRow[] },
): Promise<EbsUpload> {
  const upload = await lockOpen(tx, uploadId)
  const accounts = rows.filter((row) => 'userName' in row).length
  await tx.query(
    `insert into ebs_upload_part (upload_id, part, accounts, profile_options, sealed) values ($1, $2, $3, $4, $5)
     on conflict (upload_id, part) do update
       set accounts = excluded.accounts, profile_options = excluded.profile_options, sealed = excluded.sealed`,
    [
      uploadId,
      part,
      accounts,
      rows.length - accounts,
      personalDataOf(tx).seal(uploadId, 'ebs', JSON.stringify(rows)),
    ],
  )
  const [held]: Pick<EbsUpload, 'accounts' | 'profileOptions' | 'parts'>[] = await tx.query(
    `select coalesce(sum(accounts), 0)::int as accounts, coalesce(sum(profile_options), 0)::int as "profileOptions",
            count(*)::int as parts
       from ebs_upload_part where upload_id = $1`,
    [uploadId],
  )
  if (held === undefined) throw new TypeError(`upload ${uploadId} could not be counted`)
  await tx.update(EbsUploadEntity, uploadId, held)
  return { ...upload, ...held }
}
