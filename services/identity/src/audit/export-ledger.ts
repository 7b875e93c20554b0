import type { Act } from '@erp-steward/contracts/act'
import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { DataSource } from 'typeorm'
import type { Viewer } from '../people/show-person.ts'
import type { LedgerExport } from './export-lines.ts'
import type { LedgerHead } from './ledger-key.ts'
import { conditionOf, type RecordFilter } from './record-filter.ts'

/**
 * Begins a copy of the ledger up to its head of now; that somebody takes one is a fact itself.
 *
 * @param after number of the last record that the caller has, 0 for none
 * @throws Problem as `conditionOf`
 */
export function exportLedger(
  db: DataSource,
  {
    format,
    after,
    filter: { userName, ...asked },
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
      ...asked,
      ...(userName !== undefined && { userName }),
    })
    const [head]: LedgerHead[] = await tx.query(
      `select seq::float8 as seq, encode(hash, 'hex') as hash from audit_head`,
    )
    if (head === undefined) throw new TypeError('the audit ledger has no head')
    // User names are no matter for events: the account stands for it.
    const filter = { ...asked, ...(actor !== undefined && { actor }) }
    const payload = { format, after, through: head.seq, filter }
    await appendEvent(tx, 'identity', LedgerExported, 'ledger', payload, act)
    return { after, head, condition, filter, viewer, madeBy: act.actor, madeAt: act.now }
  })
}
