import { randomBytes, randomUUID } from 'node:crypto'
import { ModuleChanged } from '@erp-steward/contracts/directory-events'
import { emptyTables } from '@erp-steward/test-kit/empty-tables'
import { TEST_PERSONAL_DATA_KEYS } from '@erp-steward/test-kit/personal-data'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { create, send } from '@erp-steward/test-kit/requests'
import { runTask } from '@erp-steward/test-kit/run-task'
import { setParameter as setByTwo } from '@erp-steward/test-kit/set-parameter'
import { tell } from '@erp-steward/test-kit/tell'
import {
  idsOf,
  OTHER_UNIT,
  tellOfPerson,
  tellOfStanding,
  tellOfUnits,
  UNIT,
} from '@erp-steward/test-kit/tell-of-company'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import type { IncidentConfig } from '../src/config.ts'
import { incidentTiering } from '../src/service.ts'

/** A Monday morning in working hours, 10:00 in China. */
export const MONDAY = new Date('2026-03-09T02:00:00Z')

export async function incidentStage(config: Partial<IncidentConfig> = {}): Promise<TestService> {
  return testService(
    incidentTiering,
    {
      SEALING_KEYS: randomBytes(32).toString('base64'),
      PERSONAL_DATA_KEYS: TEST_PERSONAL_DATA_KEYS,
      SMTP_URL: '',
      MAIL_FROM: 'steward@example.test',
      WEBHOOK_TARGETS: '',
      WEBHOOK_PRIVATE_NETWORKS: '',
      NOTIFICATION_TRY_SECONDS: 10,
      ...config,
    },
    MONDAY,
  )
}

/** Takes every row away, for the next case of a file. */
export async function emptyStage(stage: TestService): Promise<void> {
  await emptyTables(stage)
  stage.now = MONDAY
}

/**
 * Delivers directory events as identity would send them: two units, the module GL, and the people given by name, who are
 * of UNIT (one named `foreign` of OTHER_UNIT), may work tickets and can be reached.
 */
export async function fillDirectory<Name extends string>(
  stage: TestService,
  ...names: readonly Name[]
): Promise<Record<Name, string>> {
  const people = idsOf(names)
  await tellOfUnits(stage)
  const module = { code: 'GL', name: 'General Ledger', active: true, version: 1 }
  await tell(stage, ModuleChanged, 'GL', module)
  for (const name of names) {
    const unitId = name === 'foreign' ? OTHER_UNIT : UNIT
    await tellOfPerson(stage, people[name], { name, unitId })
    await tellOfStanding(stage, people[name])
  }
  return people
}

/** Headers of a caller of UNIT, or company-wide where the role is. */
export const authority = (person: string = AUTHORITY) => caller({ roles: ['OM_AUTHORITY'], person })
/** Whoever the O&M authority is where it matters not. */
const AUTHORITY = randomUUID()
export const systemAdmin = () => caller({ roles: ['SYSTEM_ADMIN'] })
export const securityAdmin = () => caller({ roles: ['SECURITY_ADMIN'] })
export const keyUser = (person: string, unit = UNIT) =>
  caller({ roles: ['KEY_USER'], person, unit, range: 'unit' })
export const endUser = (person: string, unit = UNIT) =>
  caller({ roles: ['END_USER'], person, unit, range: 'unit' })

export interface TicketNow {
  readonly id: string
  readonly version: number
  readonly [member: string]: unknown
}

export const fault = {
  title: 'GL is slow',
  description: 'Posting takes minutes.',
  category: 'fault',
  priority: 'P3',
  unitId: UNIT,
  moduleCode: 'GL',
}

/** Opens a ticket; every member of `changes` replaces that of a P3 fault of GL in UNIT. */
export async function open(
  stage: TestService,
  headers: Caller,
  changes: Partial<Record<keyof typeof fault, string | null>> = {},
): Promise<TicketNow> {
  const answer = await create(stage, '/v1/tickets', headers, { ...fault, ...changes })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return answer.json()
}

/** Does something to the ticket as it is now. */
export async function act(
  stage: TestService,
  { id }: { readonly id: string },
  verb: 'acknowledge' | 'escalate' | 'notes' | 'resolve' | 'confirm' | 'reassign' | 'root-cause',
  headers: Caller,
  payload?: InjectOptions['payload'],
): Promise<Response> {
  const { version } = await read(stage, id)
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  return send(stage, 'POST', `/v1/tickets/${id}/${verb}`, match, payload)
}

export async function read(stage: TestService, id: string): Promise<TicketNow> {
  return (await send(stage, 'GET', `/v1/tickets/${id}`, authority())).json()
}

export interface ClockNow {
  readonly id: string
  readonly kind: string
  readonly tier: string | null
  readonly dueAt: string | null
  readonly breachedAt: string | null
  readonly stoppedAt: string | null
  readonly fault: string | null
  readonly provisional: boolean
  readonly parameterKey: string
  readonly parameterVersion: number
  readonly calendar: { readonly scope: string; readonly version: number }
  readonly explanation: {
    readonly state: string
    readonly usedSeconds: number
    readonly targetSeconds: number
    readonly segments: readonly Record<string, unknown>[]
  }
}

/** The clocks of a ticket, oldest first; of one kind if given. */
export async function clocks(stage: TestService, id: string, kind?: string): Promise<ClockNow[]> {
  const answer = await send(stage, 'GET', `/v1/tickets/${id}/clocks`, authority())
  const { items } = answer.json<{ items: ClockNow[] }>()
  return items.filter((each) => kind === undefined || each.kind === kind)
}

/** The clock of a kind that has not stopped. */
export async function clock(stage: TestService, id: string, kind: string): Promise<ClockNow> {
  const found = (await clocks(stage, id, kind)).find(({ stoppedAt }) => stoppedAt === null)
  if (found === undefined) throw new Error(`no ${kind} clock is open`)
  return found
}

/** The kinds of the lines of the timeline, oldest first. */
export async function timeline(stage: TestService, id: string): Promise<string[]> {
  const answer = await send(stage, 'GET', `/v1/tickets/${id}/timeline`, authority())
  return answer.json<{ items: { kind: string }[] }>().items.map(({ kind }) => kind)
}

/** The queued facts about a subject: the last two words of each type, and the payload. */
export async function facts(
  stage: TestService,
  subject: string,
): Promise<{ fact: string; data: Record<string, unknown> }[]> {
  return (await queuedEvents(stage.db))
    .filter((event) => event.subject === subject)
    .map(({ type, data }) => ({
      fact: type.split('.').slice(1, 3).join('.'),
      data: data as Record<string, unknown>,
    }))
}

/** The payloads of the queued facts of one kind, for example `ticket.escalated`, about a subject. */
export async function factsOf(stage: TestService, subject: string, kind: string) {
  return (await facts(stage, subject)).filter(({ fact }) => fact === kind).map(({ data }) => data)
}

export interface Job {
  readonly id: string
  readonly task: string
  readonly data: unknown
  readonly runAt: Date
}

/** The jobs of a task that wait, earliest first. */
export async function waitingJobs(stage: TestService, task: string): Promise<Job[]> {
  return stage.db.query(
    `select j.id, t.identifier as task, j.payload -> 'data' as data, j.run_at as "runAt"
       from incident_tiering_jobs._private_jobs j
       join incident_tiering_jobs._private_tasks t on t.id = j.task_id
      where t.identifier = $1 order by j.run_at, j.id`,
    [task],
  )
}

/** Takes jobs off the queue and runs them. */
export async function runJobs(stage: TestService, jobs: readonly Job[]): Promise<void> {
  for (const { id, task, data } of jobs) {
    await stage.db.query('delete from incident_tiering_jobs._private_jobs where id = $1', [id])
    await runTask(stage, task, data)
  }
}

/** Runs the clocks that are due, and those that this makes due, until none is left. */
export async function runDueClocks(stage: TestService): Promise<void> {
  for (;;) {
    const waiting = await waitingJobs(stage, 'ticket-clock-due')
    const due = waiting.filter(({ runAt }) => runAt <= stage.now)
    if (due.length === 0) return
    await runJobs(stage, due)
  }
}

/** Runs what looks at one clock, at an instant. */
export async function runClock(stage: TestService, ticketId: string, clockId: string, at: Date) {
  stage.now = at
  await runTask(stage, 'ticket-clock-due', { ticketId, clockId })
}

export interface Duty {
  readonly tier: 'L1' | 'L2' | 'L3'
  readonly kind?: 'MODULE' | 'IT'
  readonly unitId?: string | null
  readonly moduleCode?: string | null
}

/** Names a key user of GL: of UNIT on L1, of the company above. */
export async function nominate(
  stage: TestService,
  personId: string,
  { tier, kind = 'MODULE', ...rest }: Duty,
): Promise<{ id: string; version: number }> {
  const answer = await create(stage, '/v1/key-users', authority(), {
    personId,
    tier,
    kind,
    unitId: rest.unitId ?? (tier === 'L1' ? UNIT : null),
    moduleCode: rest.moduleCode ?? (kind === 'MODULE' ? 'GL' : null),
  })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return answer.json()
}

/** Sets a parameter for the company from now on; its version is the next. */
export async function setParameter(stage: TestService, key: string, value: unknown) {
  return setByTwo(stage, { key, value })
}
