import { timingSafeEqual } from 'node:crypto'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type pg from 'pg'
import { sourceIdOf } from '../sources/rules/source-token.ts'
import { tokenHash } from '../sources/token-hash.ts'

/** A source that proved itself, and the revision of thresholds and sources at that moment. */
export interface SendingSource {
  readonly id: string
  readonly unitId: string
  readonly moduleCode: string | null
  readonly revision: string
}

/**
 * The source behind a bearer token. Asked for every request, so a token that was replaced is refused at once.
 *
 * @throws Problem `unauthenticated`; the same whether the source or only its secret is unknown
 */
export async function authenticateSource(
  pool: pg.Pool,
  authorization: string | undefined,
): Promise<SendingSource> {
  const token = /^Bearer (\S{1,200})$/i.exec(authorization ?? '')?.[1] ?? ''
  const sourceId = sourceIdOf(token)
  const refused = new Problem(
    'unauthenticated',
    said('Send the token of a source.', '请发送数据源的令牌。'),
  )
  if (sourceId === null) throw refused
  const { rows } = await pool.query<SendingSource & { tokenHash: Buffer }>({
    name: 'sending-source',
    text: `select id, unit_id as "unitId", module_code as "moduleCode", token_hash as "tokenHash",
                  revision::text
             from source, threshold_revision
            where id = $1 and state = 'active' and token_hash is not null`,
    values: [sourceId],
  })
  const [source] = rows
  if (source === undefined || !timingSafeEqual(source.tokenHash, tokenHash(token))) throw refused
  const { id, unitId, moduleCode, revision } = source
  return { id, unitId, moduleCode, revision }
}
