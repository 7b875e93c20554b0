import type { Act } from '@erp-steward/contracts/act'
import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { DataSource } from 'typeorm'
import type { Viewer } from '../people/show-person.ts'
import type { LedgerExport } from './export-lines.ts'
import { archivedThrough } from './ledger-archive.ts'
import type { LedgerHead, LedgerSigner } from './ledger-key.ts'
import { conditionOf, type RecordFilter } from './record-filter.ts'

/**
 * Begins a copy of the ledger up to its head of now; that somebody takes one is a fact itself.
 *
 * @param after number of the last record that the caller has, 0 for none; what was archived since is not in the copy
 * @throws Problem as `conditionOf`
 */
export function exportLedger(
  db: DataSource,
  signer: LedgerSigner,
  {
    format,
    after: asked,
    filter: { userName, ...wanted },
  }: {
    readonly format: 'ndjson' | 'csv'
    readonly after: number
    readonly filter: RecordFilter
  },
  viewer: Viewer,
  act: Act,
): Promise<LedgerExport> {
  return db.transaction(async (tx) => {
    const { actor, ...condition } = await conditionOf(tx, {
      ...wanted,
      ...(userName !== undefined && { userName }),
    })
    // What lies in an archive is there to be copied.
    const after = Math.max(asked, (await archivedThrough(tx, signer))?.seq ?? 0)
    const [head]: LedgerHead[] = await tx.query(
      `select seq::float8 as seq, encode(hash, 'hex') as hash from audit_head`,
    )
    if (head === undefined) throw new TypeError('the audit ledger has no head')
    // User names are no matter for events: the account stands for it.
    const filter = { ...wanted, ...(actor !== undefined && { actor }) }
    const payload = { format, after, through: head.seq, filter }
    await appendEvent(tx, 'identity', LedgerExported, 'ledger', payload, act)
    return { after, head, condition, filter, viewer, madeBy: act.actor, madeAt: act.now }
  })
}
