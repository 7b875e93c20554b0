import type { SignedHead } from '@erp-steward/contracts/ledger-events'
import type { App } from '@erp-steward/service-kit/app'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'

/** Heads in one answer. */
const PAGE = 1_000

/** What identity asks when it has the ledger verified. */
export function ledgerHeadRoutes(app: App, { db }: { readonly db: DataSource }): void {
  app.get(
    '/internal/ledger-heads',
    {
      config: { access: 'internal' },
      schema: {
        querystring: Type.Object({ after: Type.Integer({ minimum: 0, default: 0 }) }),
      },
    },
    async ({ query: { after } }) => {
      const rows: (SignedHead & { no: number })[] = await db.query(
        `select no::float8 as no, seq::float8 as seq, hash, signed_at as "signedAt", key_id as "keyId", signature
           from ledger_head_witness where no > $1 order by no limit $2`,
        [after, PAGE],
      )
      return {
        items: rows.map(({ no: _no, ...head }) => head),
        next: rows.length === PAGE ? (rows.at(-1)?.no ?? null) : null,
      }
    },
  )
}
