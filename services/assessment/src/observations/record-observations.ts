import { createHash } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { companyCalendar, companyDeadline } from '@erp-steward/service-kit/company-calendar'
import { beginFacts } from '../facts/fact-order.ts'
import { interestOf } from '../facts/interest.ts'
import type { ObservationReport } from './observation-report.ts'
import { concernedBy, reportFaults, unitOf, type Fault } from './report-faults.ts'
import { stateObservations, type NewObservation } from './state-observations.ts'

/**
 * Records all reports or none. What was recorded before with the same content is left as it is. Sources,
 *
 *
 * @throws Problem `observations-refused` naming every faulty member
 */
export async function recordObservations(
  tx: EntityManager,
  reports: readonly ObservationReport[],
  range: string | null,
  act: Act,
): Promise<{ recorded: number; repeated: number }> {
  await beginFacts(tx)
  const concerned = await concernedBy(tx, reports)
  const hasInterest = await interestOf(
    tx,
    act,
    reports.map(({ personId }) => personId),
  )
  refuse(await reportFaults(tx, reports, concerned, range, hasInterest, act.now))
  const deadlines = new Map<string, Awaited<ReturnType<typeof fixWithin>>>()
  const calendar = await companyCalendar(tx)
  const observations: NewObservation[] = []
  for (const report of reports) {
    const unitId = unitOf(report, concerned)
    // Checked just above; what is without a unit was refused.
    if (unitId === undefined) continue
    const correction = {
      ...{ dueAt: null, dueFault: null, dueMissingYear: null },
      dueParameterVersion: null,
    }
    const byConcerned = hasInterest({ personIds: [report.personId], unitIds: [unitId] })
    const fingerprint = fingerprintOf(report)
    const rest = { ...report, unitId, fingerprint, byConcerned, originId: null }
    if (report.kind === 'data-error') {
      const within = deadlines.get(unitId) ?? (await fixWithin(tx, unitId, act))
      deadlines.set(unitId, within)
      const { dueAt, missing } = companyDeadline(calendar, within.value, report.foundAt)
      observations.push({
        ...rest,
        dueAt,
        dueFault: missing?.message ?? null,
        dueMissingYear: missing?.year ?? null,
        dueParameterVersion: within.version,
      })
    } else observations.push({ ...rest, ...correction })
  }
  const fresh = await stateObservations(tx, observations, act)
  await refuseOthers(tx, observations, fresh)
  return { recorded: fresh.size, repeated: observations.length - fresh.size }
}

function fixWithin(tx: EntityManager, unitId: string, act: Act) {
  return readParameter(tx, 'assessment.error.fix_within', unitId, act.now)
}

/** A taken id must belong to the very same report. */
async function refuseOthers(
  tx: EntityManager,
  observations: readonly NewObservation[],
  fresh: ReadonlySet<string>,
): Promise<void> {
  if (fresh.size === observations.length) return
  const kept: { id: string; fingerprint: string }[] = await tx.query(
    'select id, fingerprint from observation where id = any($1)',
    [observations.map(({ id }) => id)],
  )
  const fingerprints = new Map(kept.map(({ id, fingerprint }) => [id, fingerprint]))
  refuse(
    observations.flatMap(({ id, fingerprint }, index) =>
      fingerprints.get(id) === fingerprint
        ? []
        : [
            {
              pointer: `#/observations/${String(index)}/id`,
              detail: said('Another observation has this id.', '另一考核事项已使用此编号。'),
            },
          ],
    ),
  )
}

function refuse(errors: readonly Fault[]): void {
  if (errors.length > 0)
    throw new Problem(
      'observations-refused',
      said(
        `${String(errors.length)} faults in the list.`,
        `列表中有 ${String(errors.length)} 处错误。`,
      ),
      {
        errors,
      },
    )
}

function fingerprintOf(report: ObservationReport): string {
  const { kind, severity, points, personId, departmentId, moduleCode } = report
  const { reference, description, occurredAt, foundAt } = report
  const content = [kind, severity, points, personId, departmentId, moduleCode]
  return createHash('sha256')
    .update(JSON.stringify([...content, reference, description, occurredAt, foundAt]))
    .digest('hex')
}
