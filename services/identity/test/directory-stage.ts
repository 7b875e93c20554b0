import { randomUUID } from 'node:crypto'
import type { Role } from '@erp-steward/contracts/permissions'
import type { Responsibility } from '../src/organisation/responsibility-value.ts'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { caller, type TestCaller } from '@erp-steward/test-kit/tokens'

/** One caller per role, the same account on every call. */
const ids = new Map<Role, string>()

/** Headers of a company-wide caller with one role; a test that needs another one passes `sub` or `unit`. */
export function as(role: Role, claims: Partial<TestCaller> = {}) {
  const sub = ids.get(role) ?? randomUUID()
  ids.set(role, sub)
  return caller({ roles: [role], sub, ...claims })
}

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH'
  readonly url: string
  readonly headers: Record<string, string>
  readonly payload?: object | string
  /** Version for `If-Match`. */
  readonly version?: number
}

/** Speaks to the service; a POST gets an `Idempotency-Key`. */
export function call({ app }: TestService, { method, url, headers, payload, version }: Call) {
  return app.inject({
    method,
    url,
    headers: {
      ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
      ...(version !== undefined && { 'if-match': `"${String(version)}"` }),
      ...headers,
    },
    ...(payload !== undefined && { payload }),
  })
}

type Answer = Awaited<ReturnType<typeof call>>

/** @throws Error with the body when the answer is not of the 200s */
export async function ok<Body = Record<string, unknown>>(answer: Promise<Answer>): Promise<Body> {
  const { statusCode, body } = await answer
  if (statusCode >= 300) throw new Error(`${String(statusCode)}: ${body}`)
  return JSON.parse(body) as Body
}

/** Status and problem code of a refusal. */
export async function refusal(answer: Promise<Answer>): Promise<[number, string]> {
  const { statusCode, body } = await answer
  return [statusCode, (JSON.parse(body) as { code: string }).code]
}

export interface Named {
  readonly id: string
  readonly code: string
  readonly version: number
}

/** Puts an entry of the register as the system administrator. */
export function put(stage: TestService, url: string, payload: object, version?: number) {
  const headers = as('SYSTEM_ADMIN')
  return ok<Named>(
    call(stage, {
      method: 'PUT',
      url,
      headers,
      payload,
      ...(version !== undefined && { version }),
    }),
  )
}

/** Unit NORTH with departments FIN and IT, unit SOUTH with FIN, positions CLERK and BUYER without rights. */
export async function smallCompany(stage: TestService) {
  const kind = 'USER_UNIT'
  const north = await put(stage, '/v1/units/NORTH', { name: '北方公司', kind })
  const south = await put(stage, '/v1/units/SOUTH', { name: '南方公司', kind })
  for (const path of ['NORTH/FIN', 'NORTH/IT', 'SOUTH/FIN'])
    await put(stage, `/v1/departments/${path}`, { name: path })
  const clerk = await put(stage, '/v1/positions/CLERK', { name: '会计' })
  const buyer = await put(stage, '/v1/positions/BUYER', { name: '采购员' })
  return { north, south, clerk, buyer }
}

export interface ChangeView {
  readonly id: string
  readonly subjectId: string
  readonly status: string
  readonly version: number
}

/** Asks for an account change as the system administrator. */
export function ask(stage: TestService, change: object) {
  return ok<ChangeView>(
    call(stage, {
      method: 'POST',
      url: '/v1/account-changes',
      headers: as('SYSTEM_ADMIN'),
      payload: { change, reason: 'as agreed' },
    }),
  )
}

/** Approves an account change, as the security administrator if nobody else is named. */
export function approve(
  stage: TestService,
  { id, version }: ChangeView,
  headers: Record<string, string> = as('SECURITY_ADMIN'),
) {
  return call(stage, {
    method: 'POST',
    url: `/v1/account-changes/${id}/approve`,
    headers,
    version,
  })
}

/** Approves the rights of the position that wait for a mover or somebody who came back. */
export async function grantWaiting(stage: TestService, personId: string) {
  const url = '/v1/account-changes?status=pending&limit=200'
  const { items } = await ok<{ items: (ChangeView & { kind: string })[] }>(
    call(stage, { method: 'GET', url, headers: as('SECURITY_ADMIN') }),
  )
  const waiting = items.find(
    ({ kind, subjectId }) => kind === 'grant-position' && subjectId === personId,
  )
  if (waiting === undefined) throw new Error('no rights wait')
  return ok(approve(stage, waiting))
}

/** Gives a position its rights, with approval. */
export async function setRights(
  stage: TestService,
  positionCode: string,
  rights: { roles: Role[]; responsibilities?: Responsibility[]; ebsRoles?: string[] },
) {
  const change = {
    kind: 'set-position-roles',
    positionCode,
    responsibilities: [],
    ebsRoles: [],
    ...rights,
  }
  return ok(approve(stage, await ask(stage, change)))
}

/** A responsibility in the standard security group. */
export const responsibility = (application: string, key: string): Responsibility => ({
  application,
  key,
  securityGroup: 'STANDARD',
})

export interface PersonView {
  readonly id: string
  readonly employeeNumber: string
  readonly active: boolean
  readonly leaveOn: string | null
  readonly leftOn: string | null
  readonly accountId: string
  readonly userName: string
  readonly unitCode: string
  readonly version: number
}

/** Sends a joiner as a script, a clerk of NORTH/FIN if not said otherwise. */
export function join(stage: TestService, members: object = {}, headers = as('SCRIPT')) {
  const payload = {
    employeeNumber: `E${randomUUID().slice(0, 8)}`,
    name: '张三',
    unitCode: 'NORTH',
    departmentCode: 'FIN',
    positionCode: 'CLERK',
    ...members,
  }
  return call(stage, { method: 'POST', url: '/v1/persons', headers, payload })
}

/** A joiner, in. */
export const joined = (stage: TestService, members: object = {}) =>
  ok<PersonView>(join(stage, members))

/** Changes a person as a script: `move`, `leave`, `rejoin` or `withdraw-leave`. */
export function onPerson(
  stage: TestService,
  { id, version }: Pick<PersonView, 'id' | 'version'>,
  verb: string,
  payload?: object,
  headers = as('SCRIPT'),
) {
  const url = `/v1/persons/${id}/${verb}`
  return call(stage, {
    method: 'POST',
    url,
    headers,
    version,
    ...(payload !== undefined && { payload }),
  })
}

export interface TaskView {
  readonly id: string
  readonly kind: string
  readonly userName: string
  readonly status: string
  readonly attempts: number
  readonly version: number
  readonly leaseToken: string | null
  readonly readBack: Record<string, string | null> | null
  readonly expected: Record<string, string | null>
  readonly call: { readonly procedure: string; readonly arguments: Record<string, unknown> }
}

/** The tasks of one EBS user in the order of queueing. */
export async function tasksOf(stage: TestService, userName: string): Promise<TaskView[]> {
  const url = `/v1/provisioning-tasks?userName=${userName}&limit=200`
  const { items } = await ok<{ items: TaskView[] }>(
    call(stage, { method: 'GET', url, headers: as('MIDDLEWARE') }),
  )
  return items
}

/** Leases tasks as the middleware. */
export async function lease(stage: TestService, members: object = {}): Promise<TaskView[]> {
  const { items } = await ok<{ items: TaskView[] }>(
    call(stage, {
      method: 'POST',
      url: '/v1/provisioning-tasks/lease',
      headers: as('MIDDLEWARE'),
      payload: { worker: 'test', limit: 100, ...members },
    }),
  )
  return items
}

/** Reports a leased task as done with what was read back, by default what was asked. */
export function report(stage: TestService, task: TaskView, readBack = task.expected) {
  return call(stage, {
    method: 'POST',
    url: `/v1/provisioning-tasks/${task.id}/done`,
    headers: as('MIDDLEWARE'),
    payload: { leaseToken: task.leaseToken, readBack },
  })
}

/** Does everything that is queued, as a middleware that works. */
export async function workOff(stage: TestService): Promise<void> {
  for (let tasks = await lease(stage); tasks.length > 0; tasks = await lease(stage))
    for (const task of tasks) await ok(report(stage, task))
}

/** Types of the events about a subject, in order. */
export async function factsAbout({ db }: TestService, subject: string): Promise<string[]> {
  const events = await queuedEvents(db)
  return events.filter((event) => event.subject === subject).map(({ type }) => type)
}

/** How many events there are. */
export const countFacts = async ({ db }: TestService): Promise<number> =>
  (await queuedEvents(db)).length
