import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { standingOf, userStandings } from './rules/user-standing.ts'

/** How the user of an account stood in EBS when it was read last. Source: EBS conventions 4.1. */
export const EbsStateView = Type.Object(
  {
    accountId: about(Uuid, 'The account.'),
    standing: nullable(
      Type.Enum([...userStandings], {
        title: 'EbsUserStanding',
        description:
          '`unknown`: EBS has no such user; `pending`: it waits for an approval there; `locked`: after failed logins, until a reset; `ended`: its end date has come; `external-failure`: the single sign-on of EBS refuses it.',
      }),
      'Null: the middleware did not tell it.',
    ),
    validity: nullable(Type.Integer(), 'The code of EBS behind it, 0 to 31; null: not told.'),
    endDate: nullable(Type.String({ format: 'date' }), 'Its end date; null: none.'),
    lastLogonDate: nullable(
      Type.String({ format: 'date' }),
      'When it was signed in to EBS last; null: never, or not told.',
    ),
    takenAt: about(InstantOut, 'When EBS was read.'),
    uploadId: about(Uuid, 'The upload that showed it.'),
  },
  { title: 'EbsUserState' },
)

/**
 * @param unitId the unit of a caller whose range is a unit; `null` for the company
 * @throws Problem `not-found` also for an account of another unit, and for one whose user no upload has shown
 */
export async function ebsStateOf(
  tx: EntityManager,
  accountId: string,
  unitId: string | null,
): Promise<Static<typeof EbsStateView>> {
  const [found]: Omit<Static<typeof EbsStateView>, 'standing'>[] = await tx.query(
    `select account_id as "accountId", validity, end_on::text as "endDate", last_logon_on::text as "lastLogonDate",
            taken_at as "takenAt", upload_id as "uploadId"
       from ebs_user_seen seen
       join ebs_upload upload on upload.id = upload_id
       join account on account.id = account_id
       join person on person.id = person_id
      where account_id = $1 and ($2::uuid is null or person.unit_id = $2)`,
    [accountId, unitId],
  )
  if (found === undefined)
    throw new Problem(
      'not-found',
      said(
        `No upload has shown the user of the account ${accountId}.`,
        `没有上传显示过账号 ${accountId} 的 EBS 用户。`,
      ),
    )
  return { ...found, standing: found.validity === null ? null : standingOf(found.validity) }
}
