import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { PersonsImported } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { keepIf } from '@erp-steward/service-kit/keep-if'
import type { DataSource, EntityManager } from 'typeorm'
import { decideRows } from './decide-rows.ts'
import { openRegister } from './list-register.ts'
import {
  ImportOutcome,
  noOutcomes,
  type ImportCounts,
  type ImportWarning,
  type ReadRow,
  type RowResult,
} from './rules/import-row.ts'
import { zerosLost } from './zeros-lost.ts'

export interface ImportPersons {
  readonly rows: readonly ReadRow[]
  /** `all-or-none`: one refused row refuses the list. `good-rows`: the others take effect. */
  readonly mode: 'all-or-none' | 'good-rows'
  /** Does everything and takes it back. */
  readonly dryRun: boolean
  /** What reading the list gave. */
  readonly warnings: readonly ImportWarning[]
  /** The unit of a caller whose range is a unit; `null` for the company. */
  readonly unitId: string | null
}

export interface ImportReport extends RowsReport {
  readonly importId: string
  readonly mode: ImportPersons['mode']
  readonly dryRun: boolean
}

/** Any number; two lists at once would lock the same people in different orders. */
const IMPORT_LOCK = 7_411_004

/**
 * Makes the register be as the list says, row by row in its order. The key is the employee number; a row that says
 * what is so already changes nothing and announces nothing, so the same list can be sent again.
 *
 * An empty `leaveOn` says nothing about leaving; nobody who has left comes back by a list.
 */
export async function importPersons(
  db: DataSource,
  command: ImportPersons,
  act: Act,
): Promise<ImportReport> {
  const importId = randomUUID()
  const { mode, dryRun } = command
  const apply = async (tx: EntityManager) => {
    const done = await applyRows(tx, command, act)
    const { counts } = done
    if (done.applied && counts.unchanged + counts.refused < done.rows.length) {
      const fact = { importId, mode, ...counts }
      await appendEvent(tx, 'identity', PersonsImported, importId, fact, act)
    }
    return done
  }
  const report = await keepIf(db, apply, ({ applied }) => applied)
  return { importId, mode, dryRun, ...report }
}

/** What became of rows. */
export interface RowsReport {
  readonly applied: boolean
  readonly counts: Readonly<ImportCounts>
  readonly warnings: ImportWarning[]
  readonly rows: RowResult[]
}

/** Takes in rows, one list at a time. */
export async function applyRows(
  tx: EntityManager,
  { rows, warnings, mode, dryRun, unitId }: ImportPersons,
  act: Act,
): Promise<RowsReport> {
  await tx.query('select pg_advisory_xact_lock($1)', [IMPORT_LOCK])
  const register = await openRegister(tx, rows)
  const results = await decideRows(tx, rows, register, unitId, act)
  const counts = countsOf(results)
  const applied = !dryRun && (mode === 'good-rows' || counts.refused === 0)
  return {
    applied,
    counts,
    warnings: [...warnings, ...(await zerosLost(tx, rows, results))],
    rows: results,
  }
}

function countsOf(results: readonly RowResult[]): ImportCounts {
  const counts = noOutcomes()
  for (const outcome of ImportOutcome.enum)
    counts[outcome] = results.filter((result) => result.outcome === outcome).length
  return counts
}
