import type { Act } from '@erp-steward/contracts/act'
import { PersonsImported } from '@erp-steward/contracts/directory-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { keepIf } from '@erp-steward/service-kit/keep-if'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { isRevoked } from '../sessions/revocation.ts'
import { applyRows } from './import-persons.ts'
import { noteImport } from './import-notes.ts'
import { PersonImportEntity, type ImportNote, type PersonImport } from './person-import.ts'
import { ImportOutcome, noOutcomes, type ReadRow } from './rules/import-row.ts'

export const IMPORT_PART_TASK = 'import-part'

/**
 * Takes in one part of a list, or tries it, and queues the next, as whoever sent the list; in a lane of its own, for it takes
 * seconds. A part that was done already is not done again. The list stops when the token it came with would be void by now.
 *
 * A list that is all or none is tried as a whole first: one refused row refuses it, and nothing was done. What others change
 * between the trial of a part and its taking in may still refuse a row, which its notes say.
 *
 * Source.
 */
export const importPart = defineTask(
  IMPORT_PART_TASK,
  // Jobs of a release before are of lists that are not checked.
  Type.Object({
    importId: Uuid,
    part: Type.Integer({ minimum: 0 }),
    check: Type.Optional(Type.Boolean()),
  }),
  async (tx, { importId, part, check = false }, { now }) => {
    const held = await tx.findOne(PersonImportEntity, {
      where: { id: importId },
      lock: { mode: 'pessimistic_write' },
    })
    if (held?.state !== (check ? 'checking' : 'running') || held.partsDone !== part) return
    const act: Act = { ...held.act, now }
    if (await isRevoked(tx, act.actor, held.epoch)) {
      // What a trial counted never was.
      const counts = check ? noOutcomes() : held.counts
      await end(tx, { ...held, counts, state: 'stopped' }, act)
      return
    }
    const next = afterPart(await takeIn(tx, held, act))
    if (next.state === 'done' || next.state === 'refused') await end(tx, next, act)
    else {
      await tx.save(PersonImportEntity, next)
      const payload = { importId, part: next.partsDone, check: next.state === 'checking' }
      await enqueue(tx, 'identity', IMPORT_PART_TASK, payload, act)
    }
  },
  { lane: 'imports' },
)

/** What follows when a part was taken in or tried: after the last one the end, or the taking in from the first part on. */
function afterPart(done: PersonImport): PersonImport {
  if (done.partsDone < done.parts) return done
  if (done.state === 'running') return { ...done, state: 'done' }
  if (done.counts.refused > 0) return { ...done, state: 'refused' }
  return { ...done, state: 'running', counts: noOutcomes(), rowsDone: 0, partsDone: 0 }
}

async function takeIn(tx: EntityManager, held: PersonImport, act: Act): Promise<PersonImport> {
  const { id, unitId, partsDone: part } = held
  const isTrial = held.state === 'checking'
  const [kept]: { sealed: string }[] = await tx.query(
    'select sealed from person_import_part where import_id = $1 and part = $2',
    [id, part],
  )
  if (kept === undefined) throw new TypeError(`import ${id} lacks its part ${part}`)
  // Faults of a list that a release before queued are a text alone, which a note may be, too.
  const rows = JSON.parse(personalDataOf(tx).open(id, 'import', kept.sealed)) as ReadRow[]
  const dryRun = held.dryRun || isTrial
  const command = { rows, warnings: [], mode: 'good-rows', dryRun, unitId } as const
  const apply = (inner: EntityManager) => applyRows(inner, command, act)
  const report = await keepIf(tx, apply, ({ applied }) => applied)
  const numberOf = new Map(report.rows.map(({ row, employeeNumber }) => [row, employeeNumber]))
  await noteImport(tx, id, [
    ...report.rows.flatMap(({ row, employeeNumber, errors }) =>
      errors.map((error): ImportNote => ({ row, kind: 'refused', employeeNumber, ...error })),
    ),
    // Said once: by the trial, where there is one, for a refused list has no other.
    ...(held.allOrNone && !dryRun ? [] : report.warnings).map((warning): ImportNote => ({
      kind: 'warned',
      employeeNumber: numberOf.get(warning.row ?? 0) ?? null,
      ...warning,
    })),
  ])
  if (!isTrial)
    await tx.query('delete from person_import_part where import_id = $1 and part = $2', [id, part])
  const counts = noOutcomes()
  for (const outcome of ImportOutcome.enum)
    counts[outcome] = held.counts[outcome] + report.counts[outcome]
  return { ...held, counts, rowsDone: held.rowsDone + rows.length, partsDone: part + 1 }
}

/** Nothing of the list stays but what became of it. */
async function end(tx: EntityManager, held: PersonImport, act: Act): Promise<void> {
  const { id, dryRun, allOrNone, state, counts } = held
  await tx.save(PersonImportEntity, { ...held, endedAt: act.now })
  await tx.query('delete from person_import_part where import_id = $1', [id])
  const { unchanged, refused, ...changed } = counts
  // What a trial counted never was.
  if (dryRun || state === 'refused') return
  if (Object.values(changed).every((count) => count === 0)) return
  const mode = allOrNone ? 'all-or-none' : 'good-rows'
  const fact = { importId: id, mode, ...changed, unchanged, refused } as const
  await appendEvent(tx, 'identity', PersonsImported, id, fact, act)
}

/** Days that it is known what became of a list. */
const KEPT_DAYS = 30

/** Forgets lists that ended long ago; what they did is in the ledger. */
export const forgetImports = defineTask('forget-imports', Type.Object({}), async (tx, _, act) => {
  const oldest = new Date(act.now.getTime() - KEPT_DAYS * 86_400_000)
  await tx.query('delete from person_import where ended_at < $1', [oldest])
})
