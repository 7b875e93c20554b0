import type { Act } from '@erp-steward/contracts/act'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { EntitySchema } from 'typeorm'

export const UploadState = Type.Enum(['open', 'comparing', 'done', 'abandoned', 'stopped'], {
  title: 'EbsUploadState',
  description:
    '`open`: parts come in; `comparing`: it is whole, and a job compares it; `abandoned`: another one was opened before it was whole, nothing came of it; `stopped`: the tokens of who sent it became void before its end.',
})

const Counts = Type.Object(
  {
    found: Type.Integer({ description: 'Differences that nobody knew of.' }),
    standing: Type.Integer({ description: 'Differences that were known and are there still.' }),
    gone: Type.Integer({ description: 'Known differences that are no longer there.' }),
  },
  { title: 'EbsUploadCounts', description: 'Differences from the register.' },
)

/** What EBS held at one moment, in parts; compared with the register once it is whole. Source: EBS conventions 4.7. */
export const UploadView = Type.Object(
  {
    id: Id,
    state: UploadState,
    takenAt: about(InstantOut, 'When the middleware read EBS.'),
    accounts: Type.Integer({ description: 'Users that arrived, ended ones among them.' }),
    profileOptions: Type.Integer({ description: 'Profile options that arrived.' }),
    parts: Type.Integer({ description: 'Parts that arrived.' }),
    partsDone: Type.Integer({ description: 'Parts that were compared.' }),
    counts: Counts,
    sentBy: Type.String({ description: 'Client that sends it.' }),
    openedAt: about(InstantOut, 'When it was opened.'),
    completedAt: nullable(InstantOut, 'When it was whole; null: it is not.'),
    endedAt: nullable(InstantOut, 'When it was compared, given up or stopped.'),
  },
  { title: 'EbsUpload' },
)

export const EbsUploadEntity = entityOf(UploadView, {
  table: 'ebs_upload',
  derived: ['sentBy'],
  kept: {
    /** As whom the job acts: who sent it. */
    act: Type.Unsafe<Omit<Act, 'now'>>({}),
    /** Revocation epoch of the token that it was opened with. */
    epoch: Type.Integer(),
  },
  checks: [
    {
      name: 'ebs_upload_state_check',
      expression: `state in ('open', 'comparing', 'done', 'abandoned', 'stopped')`,
    },
  ],
  indices: [
    { name: 'ebs_upload_by_age', columns: ['openedAt', 'id'] },
    {
      name: 'ebs_upload_one_at_once',
      columns: ['state'],
      unique: true,
      where: `state in ('open', 'comparing')`,
    },
  ],
})
export type EbsUpload = RowOf<typeof EbsUploadEntity>

export const viewOf = ({ act, ...upload }: EbsUpload) => ({ ...upload, sentBy: act.actor })

const SEALED = `~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`

/** Lines of an upload that are not compared yet, sealed together. */
export interface EbsUploadPart {
  uploadId: string
  part: number
  accounts: number
  profileOptions: number
  /** JSON of `HeldRow[]`. */
  sealed: string
}

export const EbsUploadPartEntity = new EntitySchema<EbsUploadPart>({
  name: 'EbsUploadPart',
  tableName: 'ebs_upload_part',
  columns: {
    uploadId: {
      type: 'uuid',
      name: 'upload_id',
      primary: true,
      primaryKeyConstraintName: 'ebs_upload_part_pkey',
    },
    part: { type: 'integer', primary: true, primaryKeyConstraintName: 'ebs_upload_part_pkey' },
    accounts: { type: 'integer' },
    profileOptions: { type: 'integer', name: 'profile_options' },
    sealed: { type: 'text' },
  },
  checks: [{ name: 'ebs_upload_part_sealed_check', expression: `sealed ${SEALED}` }],
  foreignKeys: [
    {
      name: 'ebs_upload_part_upload_id_fkey',
      target: 'ebs_upload',
      columnNames: ['upload_id'],
      referencedColumnNames: ['id'],
      onDelete: 'CASCADE',
    },
  ],
})

/** What an upload showed last of the user of an account. */
export const EbsUserSeenEntity = entityOf(
  Type.Object({
    accountId: Uuid,
    uploadId: Uuid,
    endOn: nullable(Type.String({ format: 'date' })),
    lastLogonOn: nullable(Type.String({ format: 'date' })),
    /** Code of FND_USER_PKG. */
    validity: nullable(Type.Integer()),
  }),
  {
    table: 'ebs_user_seen',
    key: ['accountId'],
    foreignKeys: [
      {
        name: 'ebs_user_seen_account_id_fkey',
        target: 'account',
        columnNames: ['account_id'],
        referencedColumnNames: ['id'],
      },
    ],
  },
)
