import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { enqueue } from '@erp-steward/service-kit/jobs'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { IMPORT_PART_TASK } from './import-part.ts'
import { noteImport } from './import-notes.ts'
import { PersonImportEntity, type PersonImport } from './person-import.ts'
import { noOutcomes, type ImportWarning, type ReadRow } from './rules/import-row.ts'

/** Rows that are taken in by one transaction: some seconds, in which no other list goes on. */
export const ROWS_OF_A_PART = 250

export interface QueueImport {
  readonly rows: readonly ReadRow[]
  readonly warnings: readonly ImportWarning[]
  readonly mode: 'all-or-none' | 'good-rows'
  readonly dryRun: boolean
  readonly unitId: string | null
  /** Revocation epoch of the caller's token. */
  readonly epoch: number
}

/**
 * Keeps a list, sealed, and queues the job that takes it in part by part; each part is a commit of its own, so that a
 * process that dies loses none and repeats none. With `all-or-none` every part is tried before the first is taken in.
 *
 * Source.
 */
export async function queueImport(
  tx: EntityManager,
  { rows, warnings, mode, dryRun, unitId, epoch }: QueueImport,
  { now, ...act }: Act,
): Promise<PersonImport> {
  const parts = Math.ceil(rows.length / ROWS_OF_A_PART)
  const held: PersonImport = {
    id: randomUUID(),
    dryRun,
    allOrNone: mode === 'all-or-none',
    unitId,
    act,
    epoch,
    // A dry run tries each part anyway.
    state: mode === 'all-or-none' && !dryRun ? 'checking' : 'running',
    rows: rows.length,
    rowsDone: 0,
    parts,
    partsDone: 0,
    counts: noOutcomes(),
    askedAt: now,
    endedAt: null,
  }
  await tx.insert(PersonImportEntity, held)
  const { seal } = personalDataOf(tx)
  const once = namedOnce(rows)
  for (let part = 0; part < parts; part += 1) {
    const own = once.slice(part * ROWS_OF_A_PART, (part + 1) * ROWS_OF_A_PART)
    await tx.query('insert into person_import_part (import_id, part, sealed) values ($1, $2, $3)', [
      held.id,
      part,
      seal(held.id, 'import', JSON.stringify(own)),
    ])
    await setImmediate()
  }
  await noteImport(
    tx,
    held.id,
    warnings.map((warning) => ({ ...warning, kind: 'warned', employeeNumber: null })),
  )
  const first = { importId: held.id, part: 0, check: held.state === 'checking' }
  await enqueue(tx, 'identity', IMPORT_PART_TASK, first, { ...act, now })
  return held
}

/** A person or user name that the list has twice is refused the second time, in whatever part it stands. */
function namedOnce(rows: readonly ReadRow[]): ReadRow[] {
  const seen = new Set<string>()
  const userNames = new Set<string>()
  return rows.map((read) => {
    if ('fault' in read) return read
    const { row, value } = read
    // Numbers are of letters, digits and three marks; their case does not matter.
    const key = value.employeeNumber.toUpperCase()
    const userName = value.accountUserName?.toUpperCase()
    const isTwice = seen.has(key)
    const isTaken = userName !== undefined && userNames.has(userName)
    seen.add(key)
    if (userName !== undefined) userNames.add(userName)
    if (!isTwice && !isTaken) return read
    const fault = isTwice
      ? said('The list names this person twice.', '名单中该人员出现两次。')
      : said('The list has this user name twice.', '名单中该账号出现两次。')
    return { row, employeeNumber: value.employeeNumber, fault }
  })
}
