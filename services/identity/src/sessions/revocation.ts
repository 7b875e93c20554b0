import { EntitySchema, type EntityManager } from 'typeorm'

/** The last revocation of an account or client: tokens of a smaller epoch are void. */
export interface Revocation {
  /** Account id or client id. */
  subjectId: string
  epoch: number
  revokedAt: Date
}

export const RevocationEntity = new EntitySchema<Revocation>({
  name: 'Revocation',
  tableName: 'revocation',
  columns: {
    subjectId: {
      type: 'uuid',
      name: 'subject_id',
      primary: true,
      primaryKeyConstraintName: 'revocation_pkey',
    },
    epoch: { type: 'integer' },
    revokedAt: { type: 'timestamptz', name: 'revoked_at' },
  },
  indices: [{ name: 'revocation_by_time', columns: ['revokedAt'] }],
})

/** Keeps the revocation for gateways that start later and read a snapshot. */
export async function noteRevocation(
  tx: EntityManager,
  subjectId: string,
  epoch: number,
  at: Date,
): Promise<void> {
  await tx.query(
    `insert into revocation (subject_id, epoch, revoked_at) values ($1, $2, $3)
     on conflict on constraint revocation_pkey do update
       set epoch = excluded.epoch, revoked_at = excluded.revoked_at`,
    [subjectId, epoch, at],
  )
}

/** Whether tokens of the account or client issued under this epoch are void by now. */
export async function isRevoked(
  tx: EntityManager,
  subjectId: string,
  epoch: number,
): Promise<boolean> {
  const [found]: { revoked: boolean }[] = await tx.query(
    'select exists (select from revocation where subject_id::text = $1 and epoch > $2) as revoked',
    [subjectId, epoch],
  )
  return found?.revoked !== false
}
