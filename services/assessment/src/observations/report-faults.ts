import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
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
  readonly detail: Bilingual
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
    const fault = (member: string, detail: Bilingual) =>
      faults.push({ pointer: `#/observations/${String(index)}/${member}`, detail })
    const { id, personId, departmentId, moduleCode, occurredAt, foundAt } = report
    if (seen.has(id)) fault('id', said('The id is in the list twice.', '该编号在列表中出现两次。'))
    seen.add(id)
    // Else whoever sends first could take the place of a delay that is stated later.
    if (isDerived(id))
      fault(
        'id',
        said(
          'UUIDs of version 8 are for what follows from other facts.',
          '版本 8 的 UUID 仅用于由其他事实推出的事项。',
        ),
      )
    const unitId = unitOf(report, concerned)
    if (
      BONUS.has(report.kind) &&
      unitId !== undefined &&
      hasInterest({ personIds: [personId], unitIds: [unitId] })
    )
      fault(
        'personId',
        said(
          'Somebody of another unit records what earns points.',
          '加分事项须由其他单位的人员记录。',
        ),
      )
    const inRange = unitId !== undefined && (range === null || unitId === range)
    if (personId === null && departmentId === null)
      fault('personId', said('Name a person or a department.', '请指明人员或部门。'))
    else if (!inRange)
      fault(
        personId === null ? 'departmentId' : 'personId',
        personId === null
          ? said('There is no department of this id in your range.', '您的范围内没有此编号的部门。')
          : said('There is no person of this id in your range.', '您的范围内没有此编号的人员。'),
      )
    else if (departmentId !== null && concerned.unitOfDepartment.get(departmentId) !== unitId)
      fault(
        'departmentId',
        said('The department is not one of the unit of the person.', '该部门不属于该人员的单位。'),
      )
    if (moduleCode !== null && !concerned.modules.has(moduleCode))
      fault('moduleCode', said(`There is no module ${moduleCode}.`, `没有模块 ${moduleCode}。`))
    if (occurredAt > now) fault('occurredAt', said('This lies in the future.', '该时间在将来。'))
    if (foundAt > now) fault('foundAt', said('This lies in the future.', '该时间在将来。'))
    if (foundAt < occurredAt)
      fault('foundAt', said('Nothing is found before it occurs.', '发现时间不得早于发生时间。'))
    for (const [member, detail] of memberFaults(report)) fault(member, detail)
    if (report.kind === 'improvement' && report.points !== null && inRange) {
      const known = bounds.get(unitId) ?? (await improvementBounds(tx, unitId, now))
      bounds.set(unitId, known)
      if (report.points < known[0] || report.points > known[1])
        fault(
          'points',
          said(
            `An improvement is worth ${known.map(String).join(' to ')} points.`,
            `改进的分值为 ${known.map(String).join(' 至 ')} 分。`,
          ),
        )
    }
  }
  return faults
}

function memberFaults({ kind, severity, points }: ObservationReport): [string, Bilingual][] {
  const faults: [string, Bilingual][] = []
  if (kind === 'data-error' && severity === null)
    faults.push([
      'severity',
      said('A data error is light, medium or heavy.', '数据错误须分为轻、中、重。'),
    ])
  if (kind === 'improvement' && points === null)
    faults.push([
      'points',
      said('Say how many points the improvement is worth.', '请说明该改进的分值。'),
    ])
  if (kind !== 'improvement' && points !== null)
    faults.push([
      'points',
      said(
        'Only an improvement carries its points; the sheet knows the others.',
        '只有改进自带分值；其余由评分表确定。',
      ),
    ])
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
