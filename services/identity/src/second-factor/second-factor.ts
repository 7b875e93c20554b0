import { EntitySchema } from 'typeorm'

/**
 * What an account proves besides its password: a secret that an authenticator app holds (TOTP, RFC 6238).
 *
 * Its owner sets it up in two steps: it is begun, and counts once a code of it was shown.
 */
export interface SecondFactor {
  id: string
  accountId: string
  /** The secret in base32, sealed for the row. */
  sealedSecret: string
  startedAt: Date
  /** When a code of it was shown first; `null`: it opens nothing yet and is asked for by nobody. */
  confirmedAt: Date | null
  /** Step of the clock whose code was taken last: that one and earlier ones are not taken again. `null`: none was. */
  lastStep: number | null
  endedAt: Date | null
}

export const SecondFactorEntity = new EntitySchema<SecondFactor>({
  name: 'SecondFactor',
  tableName: 'second_factor',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'second_factor_pkey' },
    accountId: { type: 'uuid', name: 'account_id' },
    sealedSecret: { type: 'text', name: 'sealed_secret' },
    startedAt: { type: 'timestamptz', name: 'started_at' },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at', nullable: true },
    lastStep: { type: 'integer', name: 'last_step', nullable: true },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
  },
  foreignKeys: [
    {
      name: 'second_factor_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
  indices: [
    {
      name: 'second_factor_live_key',
      columns: ['accountId'],
      unique: true,
      where: '((confirmed_at IS NOT NULL) AND (ended_at IS NULL))',
    },
    {
      name: 'second_factor_begun_key',
      columns: ['accountId'],
      unique: true,
      where: '((confirmed_at IS NULL) AND (ended_at IS NULL))',
    },
  ],
})
