import { EntitySchema } from 'typeorm'

/** Life of a code in seconds. Source: RFC 9700, 2.1.1; it is exchanged by a program, at once. */
export const CODE_SECONDS = 60

/** What a browser carries from the sign-in page to a front end, which exchanges it for tokens; only its digest is kept. */
export interface AuthorizationCode {
  /** SHA-256 of the code. */
  digest: Buffer
  /** The session that the person has opened for the front end. */
  sessionId: string
  redirectUri: string
  /** SHA-256 of the verifier, in base64url (PKCE, S256). */
  challenge: string
  nonce: string | null
  expiresAt: Date
  /** Kept until the session is forgotten, so that a second use shows. */
  usedAt: Date | null
}

export const AuthorizationCodeEntity = new EntitySchema<AuthorizationCode>({
  name: 'AuthorizationCode',
  tableName: 'authorization_code',
  columns: {
    digest: { type: 'bytea', primary: true, primaryKeyConstraintName: 'authorization_code_pkey' },
    sessionId: { type: 'uuid', name: 'session_id' },
    redirectUri: { type: 'text', name: 'redirect_uri' },
    challenge: { type: 'text' },
    nonce: { type: 'text', nullable: true },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
    usedAt: { type: 'timestamptz', name: 'used_at', nullable: true },
  },
  foreignKeys: [
    {
      name: 'authorization_code_session_id_fkey',
      target: 'Session',
      columnNames: ['session_id'],
      referencedColumnNames: ['id'],
      onDelete: 'CASCADE',
    },
  ],
  indices: [{ name: 'authorization_code_by_session', columns: ['sessionId'] }],
})
