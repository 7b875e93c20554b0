import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { isDerived } from '../facts/derived-id.ts'
import type { HasInterest } from '../facts/interest.ts'
import type { ObservationReport } from './observation-report.ts'

/** What earns points. */
const BONUS: ReadonlySet<string> = new Set(['improvement', 'extra-help'])

/** One thing that is wrong with a list that was sent, by JSON pointer. */
export interface Fault {
  readonly pointer: string
  readonly detail: string
}

/** What the directory says of the people and departments that reports name. */
export interface Concerned {
  readonly unitOfPerson: ReadonlyMap<string, string>
  readonly unitOfDepartment: ReadonlyMap<string, string>
  readonly modules: ReadonlySet<string>
}

/** Looks everybody up at once; people who left stay known, since what they did is found later. */
export async function concernedBy(
  tx: EntityManager,
  reports: readonly Pick<ObservationReport, 'personId' | 'departmentId' | 'moduleCode'>[],
): Promise<Concerned> {
  const ids = (member: 'personId' | 'departmentId') => [
    ...new Set(reports.flatMap((report) => report[member] ?? [])),
  ]
  const people: { id: string; unitId: string }[] = await tx.query(
    'select id, unit_id as "unitId" from person where id = any($1)',
    [ids('personId')],
  )
  const departments: { id: string; unitId: string }[] = await tx.query(
    'select id, unit_id as "unitId" from department where id = any($1)',
    [ids('departmentId')],
  )
  const modules: { code: string }[] = await tx.query(
    'select code from module where code = any($1)',
    [[...new Set(reports.flatMap(({ moduleCode }) => moduleCode ?? []))]],
  )
  return {
    unitOfPerson: new Map(people.map(({ id, unitId }) => [id, unitId])),
    unitOfDepartment: new Map(departments.map(({ id, unitId }) => [id, unitId])),
    modules: new Set(modules.map(({ code }) => code)),
  }
}

/** The unit that a report falls under: the person's, else the department's; `undefined` when neither is known. */
export function unitOf(
  { personId, departmentId }: Pick<ObservationReport, 'personId' | 'departmentId'>,
  { unitOfPerson, unitOfDepartment }: Concerned,
): string | undefined {
  if (personId !== null) return unitOfPerson.get(personId)
  return departmentId === null ? undefined : unitOfDepartment.get(departmentId)
}

/**
 * Everything that is wrong with the reports, in their order; one that falls outside `range` (a unit, `null` for the
 * company) is told the same as one about somebody who does not exist.
 */
export async function reportFaults(
  tx: EntityManager,
  reports: readonly ObservationReport[],
  concerned: Concerned,
  range: string | null,
  hasInterest: HasInterest,
  now: Date,
): Promise<Fault[]> {
  const faults: Fault[] = []
  const seen = new Set<string>()
  const bounds = new Map<string, readonly [number, number]>()
  for (const [index, report] of reports.entries()) {
    const fault = (member: string, detail: string) =>
      faults.push({ pointer: `#/observations/${String(index)}/${member}`, detail })
    const { id, personId, departmentId, moduleCode, occurredAt, foundAt } = report
    if (seen.has(id)) fault('id', 'The id is in the list twice.')
    seen.add(id)
    // Else whoever sends first could take the place of a delay that is stated later.
    if (isDerived(id)) fault('id', 'UUIDs of version 8 are for what follows from other facts.')
    const unitId = unitOf(report, concerned)
    if (
      BONUS.has(report.kind) &&
      unitId !== undefined &&
      hasInterest({ personIds: [personId], unitIds: [unitId] })
    )
      fault('personId', 'Somebody of another unit records what earns points.')
    const inRange = unitId !== undefined && (range === null || unitId === range)
    if (personId === null && departmentId === null)
      fault('personId', 'Name a person or a department.')
    else if (!inRange)
      fault(
        personId === null ? 'departmentId' : 'personId',
        `There is no ${personId === null ? 'department' : 'person'} of this id in your range.`,
      )
    else if (departmentId !== null && concerned.unitOfDepartment.get(departmentId) !== unitId)
      fault('departmentId', 'The department is not one of the unit of the person.')
    if (moduleCode !== null && !concerned.modules.has(moduleCode))
      fault('moduleCode', `There is no module ${moduleCode}.`)
    if (occurredAt > now) fault('occurredAt', 'This lies in the future.')
    if (foundAt > now) fault('foundAt', 'This lies in the future.')
    if (foundAt < occurredAt) fault('foundAt', 'Nothing is found before it occurs.')
    for (const [member, detail] of memberFaults(report)) fault(member, detail)
    if (report.kind === 'improvement' && report.points !== null && inRange) {
      const known = bounds.get(unitId) ?? (await improvementBounds(tx, unitId, now))
      bounds.set(unitId, known)
      if (report.points < known[0] || report.points > known[1])
        fault('points', `An improvement is worth ${known.map(String).join(' to ')} points.`)
    }
  }
  return faults
}

function memberFaults({ kind, severity, points }: ObservationReport): [string, string][] {
  const faults: [string, string][] = []
  if (kind === 'data-error' && severity === null)
    faults.push(['severity', 'A data error is light, medium or heavy.'])
  if (kind === 'improvement' && points === null)
    faults.push(['points', 'Say how many points the improvement is worth.'])
  if (kind !== 'improvement' && points !== null)
    faults.push(['points', 'Only an improvement carries its points; the sheet knows the others.'])
  return faults
}

async function improvementBounds(
  tx: EntityManager,
  unitId: string,
  now: Date,
): Promise<readonly [number, number]> {
  const least = await readParameter(tx, 'assessment.bonus.improvement_minimum', unitId, now)
  const most = await readParameter(tx, 'assessment.bonus.improvement_maximum', unitId, now)
  return [least.value, most.value]
}
