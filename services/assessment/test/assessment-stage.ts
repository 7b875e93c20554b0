import { randomUUID } from 'node:crypto'
import type { Role } from '@erp-steward/contracts/permissions'
import { DepartmentChanged, ModuleChanged } from '@erp-steward/contracts/directory-events'
import { emptyTables } from '@erp-steward/test-kit/empty-tables'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { create, send } from '@erp-steward/test-kit/requests'
import { setParameter as setByTwo } from '@erp-steward/test-kit/set-parameter'
import { tell } from '@erp-steward/test-kit/tell'
import {
  idsOf,
  OTHER_UNIT,
  tellOfPerson as tellOfAnybody,
  tellOfUnits,
  UNIT,
  type PersonNow,
} from '@erp-steward/test-kit/tell-of-company'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import { caller } from '@erp-steward/test-kit/tokens'
import type { LightMyRequestResponse as Response } from 'fastify'
import { assessment } from '../src/service.ts'

/** A Monday morning in working hours, 10:00 in China, after the end of February and inside March. */
export const MONDAY = new Date('2026-03-09T02:00:00Z')
/** The month that is over on that Monday. */
export const FEBRUARY = '2026-02'
/** Noon in China in the middle of it. */
export const MID_FEBRUARY = '2026-02-11T04:00:00.000Z'

export const FINANCE = randomUUID()
export const SALES = randomUUID()
export const OTHER_DEPARTMENT = randomUUID()

export async function assessmentStage(now = MONDAY): Promise<TestService> {
  return testService(assessment, {}, now)
}

/** Those that are no entities. */
const TABLES = [
  'entry_count',
  'score',
  'score_deduction',
  'score_parameter',
  'score_roster',
  'person_unit',
  'holiday_year',
]

/** Takes every row away, for the next case of a file. */
export async function emptyStage(stage: TestService): Promise<void> {
  await emptyTables(stage, ...TABLES)
  stage.now = MONDAY
}

/** Two units with departments, the module GL, and the people given by name in the finance department. */
export async function fillDirectory<Name extends string>(
  stage: TestService,
  ...names: readonly Name[]
): Promise<Record<Name, string>> {
  const people = idsOf(names)
  await tellOfUnits(stage)
  for (const [departmentId, unitId, code] of [
    [FINANCE, UNIT, 'FIN'],
    [SALES, UNIT, 'SAL'],
    [OTHER_DEPARTMENT, OTHER_UNIT, 'FIN'],
  ] as const) {
    const department = { departmentId, unitId, code, name: `Department ${code}`, active: true }
    await tell(stage, DepartmentChanged, departmentId, { ...department, version: 1 })
  }
  const module = { code: 'GL', name: 'General Ledger', active: true, version: 1 }
  await tell(stage, ModuleChanged, 'GL', module)
  for (const name of names) await tellOfPerson(stage, people[name], { name })
  return people
}

/** Identity says how a person is now: in finance of UNIT unless said otherwise. */
export const tellOfPerson = (stage: TestService, personId: string, now: PersonNow) =>
  tellOfAnybody(stage, personId, { departmentId: FINANCE, email: null, ...now })

export const MIDDLEWARE = '0195f2a0-0000-7000-8000-00000000000f'
/** Who asked for the middleware's account and took a half of its secret; of no unit. */
export const KEEPER = randomUUID()
export const middleware = () =>
  caller({ roles: ['MIDDLEWARE'], kind: 'client', sub: MIDDLEWARE, controllers: [KEEPER] })
export const authority = (person: string | null = null) =>
  caller({ roles: ['OM_AUTHORITY'], person })
/** Who publishes: another person than had the sheet computed, and of no unit. */
export const PUBLISHER = randomUUID()
export const securityAdmin = () => caller({ roles: ['SECURITY_ADMIN'] })
/** Headers of a caller who sees one unit. */
export const ofUnit = (role: Role, person: string | null, unit = UNIT) =>
  caller({ roles: [role], person, unit, range: 'unit' })
export const endUser = (person: string, unit = UNIT) => ofUnit('END_USER', person, unit)

/** The body of an answer that must be good. */
export function ok(answer: Response): Record<string, unknown> & { id: string } {
  if (answer.statusCode >= 300) throw new Error(answer.body)
  return answer.json()
}

export interface Report {
  readonly id: string
  readonly kind: string
  readonly severity: string | null
  readonly points?: number | null
  readonly personId: string | null
  readonly departmentId: string | null
  readonly moduleCode: string | null
  readonly reference: string
  readonly description: string
  readonly occurredAt: string
  readonly foundAt: string
}

/** A light data error in the middle of February, with the members given. */
export function report(changes: Partial<Report>): Report {
  return {
    id: randomUUID(),
    kind: 'data-error',
    severity: changes.kind === undefined || changes.kind === 'data-error' ? 'light' : null,
    personId: null,
    departmentId: null,
    moduleCode: null,
    reference: 'JE-1',
    description: 'Wrong account.',
    occurredAt: MID_FEBRUARY,
    foundAt: MID_FEBRUARY,
    ...changes,
  }
}

export async function record(
  stage: TestService,
  ...observations: readonly Report[]
): Promise<Response> {
  return send(stage, 'POST', '/v1/observations', middleware(), { observations })
}

/** A new id, as text: the default of a parameter would else be of a narrower type. */
const freshId = (): string => randomUUID()

/** Says how many entries people made in February. */
export async function count(
  stage: TestService,
  counts: Readonly<Record<string, number>>,
  { month = FEBRUARY, moduleCode = null as string | null, batchId = freshId() } = {},
): Promise<Response> {
  const rows = Object.entries(counts).map(([personId, entries]) => ({ personId, entries }))
  const body = { batchId, month, moduleCode, counts: rows }
  return send(stage, 'PUT', '/v1/entry-counts', middleware(), body)
}

/** Has so many entries of people counted in a month that no rate is high: who has a fact is measured. */
export async function measure(
  stage: TestService,
  people: Readonly<Record<string, string>>,
  month = FEBRUARY,
): Promise<void> {
  const counts = Object.values(people).map((person) => [person, 1_000_000] as const)
  ok(await count(stage, Object.fromEntries(counts), { month }))
}

/** A person of the other unit from the beginning, who has no part in what is measured in the first. */
export async function stranger(stage: TestService): Promise<string> {
  const person = randomUUID()
  const place = { unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
  await tellOfPerson(stage, person, { name: 'stranger', ...place })
  return person
}

export interface Sheet {
  readonly id: string
  readonly month: string
  readonly revision: number
  readonly state: string
  readonly digest: string
  readonly version: number
  readonly appealsUntil: string | null
  readonly deductions: number
  readonly subjects: number
}

export async function compute(stage: TestService, month = FEBRUARY): Promise<Sheet> {
  return ok(await create(stage, '/v1/score-sheets', authority(), { month })) as unknown as Sheet
}

export async function publish(stage: TestService, sheet: Sheet): Promise<Sheet> {
  const headers = { ...authority(PUBLISHER), 'if-match': `"${String(sheet.version)}"` }
  const answer = await send(stage, 'POST', `/v1/score-sheets/${sheet.id}/publish`, headers)
  return ok(answer) as unknown as Sheet
}

export async function sheets(stage: TestService, month = FEBRUARY): Promise<Sheet[]> {
  const answer = await send(stage, 'GET', `/v1/score-sheets?month=${month}`, authority())
  return ok(answer).items as Sheet[]
}

export interface Group {
  readonly weight: number
  readonly deducted: number
  readonly score: number | null
}

export interface Score {
  readonly id: string
  readonly subjectKind: string
  readonly subjectId: string
  readonly unitId: string
  readonly departmentId: string | null
  readonly measured: boolean
  readonly total: number | null
  readonly grade: string | null
  readonly bonus: number
  readonly staff: number | null
  readonly measuredStaff: number | null
  readonly staffAverage: number | null
  readonly groups: Readonly<Record<'accuracy' | 'timeliness' | 'cooperation' | 'security', Group>>
  readonly errorRate: {
    readonly errors: number
    readonly entries: number | null
    readonly percent: number | null
  }
}

/** The score of a subject on a sheet. */
export async function scoreOf(stage: TestService, sheet: Sheet, subjectId: string): Promise<Score> {
  const answer = await send(stage, 'GET', `/v1/scores?sheetId=${sheet.id}&limit=200`, authority())
  const found = (ok(answer).items as Score[]).find((score) => score.subjectId === subjectId)
  if (found === undefined) throw new Error(`there is no score of ${subjectId}`)
  return found
}

export interface Deduction {
  readonly observationId: string | null
  readonly batchId: string | null
  readonly eventId: string | null
  readonly kind: string
  readonly group: string
  readonly ruleKey: string
  readonly parameterVersion: number
  readonly points: number
}

export async function deductionsOf(stage: TestService, score: Score): Promise<Deduction[]> {
  const answer = await send(stage, 'GET', `/v1/scores/${score.id}/deductions`, authority())
  return ok(answer).items as Deduction[]
}

/** The canonical text of a sheet. */
export async function linesOf(stage: TestService, sheet: Sheet): Promise<string> {
  return (await send(stage, 'GET', `/v1/score-sheets/${sheet.id}/lines`, authority())).body
}

export async function observation(
  stage: TestService,
  id: string,
  language = 'en',
): Promise<Record<string, unknown> & { eventId: string }> {
  const headers = { ...authority(), 'accept-language': language }
  const answer = await send(stage, 'GET', `/v1/observations/${id}`, headers)
  return ok(answer) as unknown as Record<string, unknown> & { eventId: string }
}

/** The payloads of the queued facts whose type has these words, for example `observation.recorded`. */
export async function facts(stage: TestService, words: string) {
  return (await queuedEvents(stage.db))
    .filter(({ type }) => type === `assessment.${words}.v1`)
    .map(({ id, subject, data }) => ({ id, subject, data: data as Record<string, unknown> }))
}

/** Sets a parameter from an instant on, by default from the beginning of 2026, for the company or a unit. */
export async function setParameter(
  stage: TestService,
  key: string,
  value: unknown,
  { unitId = null as string | null, validFrom = '2026-01-01T00:00:00Z' } = {},
): Promise<Response> {
  return setByTwo(stage, { key, value, unitId, at: new Date(validFrom) })
}
