import { createHash, randomInt } from 'node:crypto'
import { EntitySchema, type EntityManager } from 'typeorm'

/** Stands in once for a code of the authenticator app; only its digest is kept. */
export interface RecoveryCode {
  secondFactorId: string
  /** SHA-256 of the code as `comparableCode` has it: with 120 random bits a slow hash adds nothing. Source: ASVS 5.0, 6.5.2. */
  digest: Buffer
  usedAt: Date | null
}

export const RecoveryCodeEntity = new EntitySchema<RecoveryCode>({
  name: 'RecoveryCode',
  tableName: 'recovery_code',
  columns: {
    secondFactorId: {
      type: 'uuid',
      name: 'second_factor_id',
      primary: true,
      primaryKeyConstraintName: 'recovery_code_pkey',
    },
    digest: { type: 'bytea', primary: true, primaryKeyConstraintName: 'recovery_code_pkey' },
    usedAt: { type: 'timestamptz', name: 'used_at', nullable: true },
  },
  foreignKeys: [
    {
      name: 'recovery_code_second_factor_id_fkey',
      target: 'SecondFactor',
      columnNames: ['second_factor_id'],
      referencedColumnNames: ['id'],
    },
  ],
})

/** How many an account gets at a time. */
export const RECOVERY_CODES = 10
/** Base32 without what is mistaken for something else when it is typed from paper (Crockford): 5 bits a character. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const GROUPS = 4
const GROUP_LENGTH = 6

/** Makes ten new recovery codes of the factor; those of before are void. Only their owner sees them, this once. */
export async function issueRecoveryCodes(
  tx: EntityManager,
  secondFactorId: string,
): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, randomCode)
  await tx.delete(RecoveryCodeEntity, { secondFactorId })
  await tx.insert(
    RecoveryCodeEntity,
    codes.map((code) => ({ secondFactorId, digest: digestOfCode(code), usedAt: null })),
  )
  return codes
}

/** SHA-256 of what was typed, whatever its case and the dashes and blanks in it. */
export function digestOfCode(typed: string): Buffer {
  const comparable = typed.toUpperCase().replaceAll(/[\s-]/g, '')
  return createHash('sha256').update(comparable).digest()
}

function randomCode(): string {
  const group = () =>
    Array.from({ length: GROUP_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
  return Array.from({ length: GROUPS }, group).join('-')
}
