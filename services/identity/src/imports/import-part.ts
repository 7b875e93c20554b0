import type { Act } from '@erp-steward/contracts/act'
import { PersonsImported } from '@erp-steward/contracts/directory-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { applyRows, keepIfApplied } from './import-persons.ts'
import { noteImport } from './import-notes.ts'
import { PersonImportEntity, type ImportNote, type PersonImport } from './person-import.ts'
import { ImportOutcome, noOutcomes, type ReadRow } from './rules/import-row.ts'

export const IMPORT_PART_TASK = 'import-part'

/**
 * Takes in one part of a list and queues the next, as whoever sent the list; in a lane of its own, for it takes seconds.
 * A part that was done already is not done again. The list stops when the token it came with would be void by now.
 *
 * Source.
 */
export const importPart = defineTask(
  IMPORT_PART_TASK,
  Type.Object({ importId: Uuid, part: Type.Integer({ minimum: 0 }) }),
  async (tx, { importId, part }, { now }) => {
    const held = await tx.findOne(PersonImportEntity, {
      where: { id: importId },
      lock: { mode: 'pessimistic_write' },
    })
    if (held?.state !== 'running' || held.partsDone !== part) return
    const act: Act = { ...held.act, now }
    if (await isRevoked(tx, held)) {
      await end(tx, { ...held, state: 'stopped' }, act)
      return
    }
    const next = await takeIn(tx, held, act)
    if (next.partsDone === next.parts) await end(tx, { ...next, state: 'done' }, act)
    else {
      await tx.save(PersonImportEntity, next)
      const payload = { importId, part: next.partsDone }
      await enqueue(tx, 'identity', IMPORT_PART_TASK, payload, act)
    }
  },
  { lane: 'imports' },
)

async function isRevoked(tx: EntityManager, { act, epoch }: PersonImport): Promise<boolean> {
  const [found]: { revoked: boolean }[] = await tx.query(
    'select exists (select from revocation where subject_id::text = $1 and epoch > $2) as revoked',
    [act.actor, epoch],
  )
  return found?.revoked !== false
}

async function takeIn(tx: EntityManager, held: PersonImport, act: Act): Promise<PersonImport> {
  const { id, dryRun, unitId, partsDone: part } = held
  const [kept]: { sealed: string }[] = await tx.query(
    'select sealed from person_import_part where import_id = $1 and part = $2',
    [id, part],
  )
  if (kept === undefined) throw new TypeError(`import ${id} lacks its part ${part}`)
  const rows = JSON.parse(personalDataOf(tx).open(id, 'import', kept.sealed)) as ReadRow[]
  const command = { rows, warnings: [], mode: 'good-rows', dryRun, unitId } as const
  const report = await keepIfApplied(tx, (inner) => applyRows(inner, command, act))
  const numberOf = new Map(report.rows.map(({ row, employeeNumber }) => [row, employeeNumber]))
  await noteImport(tx, id, [
    ...report.rows.flatMap(({ row, employeeNumber, errors }) =>
      errors.map((error): ImportNote => ({ row, kind: 'refused', employeeNumber, ...error })),
    ),
    ...report.warnings.map((warning): ImportNote => ({
      kind: 'warned',
      employeeNumber: numberOf.get(warning.row ?? 0) ?? null,
      ...warning,
    })),
  ])
  await tx.query('delete from person_import_part where import_id = $1 and part = $2', [id, part])
  const counts = noOutcomes()
  for (const outcome of ImportOutcome.enum)
    counts[outcome] = held.counts[outcome] + report.counts[outcome]
  return { ...held, counts, rowsDone: held.rowsDone + rows.length, partsDone: part + 1 }
}

/** Nothing of the list stays but what became of it. */
async function end(tx: EntityManager, held: PersonImport, act: Act): Promise<void> {
  const { id, dryRun, counts } = held
  await tx.save(PersonImportEntity, { ...held, endedAt: act.now })
  await tx.query('delete from person_import_part where import_id = $1', [id])
  const { unchanged, refused, ...changed } = counts
  if (dryRun || Object.values(changed).every((count) => count === 0)) return
  const fact = { importId: id, mode: 'good-rows', ...changed, unchanged, refused } as const
  await appendEvent(tx, 'identity', PersonsImported, id, fact, act)
}

/** Days that it is known what became of a list. */
const KEPT_DAYS = 30

/** Forgets lists that ended long ago; what they did is in the ledger. */
export const forgetImports = defineTask('forget-imports', Type.Object({}), async (tx, _, act) => {
  const oldest = new Date(act.now.getTime() - KEPT_DAYS * 86_400_000)
  await tx.query('delete from person_import where ended_at < $1', [oldest])
})
