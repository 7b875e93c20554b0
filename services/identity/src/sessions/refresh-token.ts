import { createHash, randomBytes } from 'node:crypto'
import { EntitySchema } from 'typeorm'

/** A refresh token; only its digest is kept. A used one stays until its session is forgotten, so reuse shows. */
export interface RefreshToken {
  /** SHA-256 of the token. */
  digest: Buffer
  sessionId: string
  issuedAt: Date
  usedAt: Date | null
}

export const RefreshTokenEntity = new EntitySchema<RefreshToken>({
  name: 'RefreshToken',
  tableName: 'refresh_token',
  columns: {
    digest: { type: 'bytea', primary: true, primaryKeyConstraintName: 'refresh_token_pkey' },
    sessionId: { type: 'uuid', name: 'session_id' },
    issuedAt: { type: 'timestamptz', name: 'issued_at' },
    usedAt: { type: 'timestamptz', name: 'used_at', nullable: true },
  },
  foreignKeys: [
    {
      name: 'refresh_token_session_id_fkey',
      target: 'Session',
      columnNames: ['session_id'],
      referencedColumnNames: ['id'],
      onDelete: 'CASCADE',
    },
  ],
  indices: [{ name: 'refresh_token_by_session', columns: ['sessionId'] }],
})

/** A new token of 256 random bits in base64url. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of a token; it needs no salt, nobody can guess 256 bits. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
