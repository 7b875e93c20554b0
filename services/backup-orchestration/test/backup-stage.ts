import { createHash, randomUUID } from 'node:crypto'
import type { Assignment } from '@erp-steward/contracts/agent-protocol'
import { emptyTables } from '@erp-steward/test-kit/empty-tables'
import { after, DAY } from '@erp-steward/test-kit/instants'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { create, made, send, type Resource } from '@erp-steward/test-kit/requests'
import { runTask } from '@erp-steward/test-kit/run-task'
import { setParameter as setByTwo } from '@erp-steward/test-kit/set-parameter'
import {
  tellOfPerson,
  tellOfStanding,
  tellOfUnits,
  UNIT,
} from '@erp-steward/test-kit/tell-of-company'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import { caller } from '@erp-steward/test-kit/tokens'
import type { LightMyRequestResponse as Response } from 'fastify'
import { backupOrchestration } from '../src/service.ts'

/** A Monday, 10:00 in China. */
export const MONDAY = new Date('2026-03-09T02:00:00Z')

/** Client ids of two agents. */
export const AGENT = 'agent-of-erp'
export const OTHER_AGENT = 'agent-of-others'

/** The service with two units and two sites, PRIMARY here and OFFSITE elsewhere. */
export async function backupStage(): Promise<TestService> {
  const stage = await testService(backupOrchestration, { BACKUP_LEASE_SECONDS: 60 }, MONDAY)
  await fillStage(stage)
  return stage
}

async function fillStage(stage: TestService): Promise<void> {
  await tellOfUnits(stage)
  await site(stage, 'PRIMARY', { medium: 'disk', isOffsite: false })
  await site(stage, 'OFFSITE', { medium: 'object-store', isOffsite: true })
}

/** Registers a site in a building of its own, and has a second person confirm it. */
export async function site(stage: TestService, code: string, more: object): Promise<void> {
  await made(
    create(stage, '/v1/backup-sites', authority(FIRST), {
      code,
      name: code,
      location: 'Room 1',
      building: `Building ${code}`,
      custodianPersonId: null,
      isEncrypted: true,
      ...more,
    }),
  )
  await made(confirmSite(stage, code))
}

export const confirmSite = (
  stage: TestService,
  code: string,
  headers = authority(SECOND),
  version = 1,
) => {
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  return send(stage, 'POST', `/v1/backup-sites/${code}/confirm`, match)
}

/** People of the O&M authority, who propose and decide. */
export const FIRST = randomUUID()
export const SECOND = randomUUID()

/** Changes a target as it is now; what takes two is approved. */
export async function changeTarget(
  stage: TestService,
  id: string,
  changes: object,
  headers = authority(FIRST),
): Promise<Resource> {
  const url = `/v1/backup-targets/${id}`
  const { version } = await made(send(stage, 'GET', url, authority()))
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  await made(approved(stage, send(stage, 'PATCH', url, match, changes)))
  return made(send(stage, 'GET', url, authority()))
}

/** Identity says who a person is and which roles the person has. */
export async function person(
  stage: TestService,
  personId: string,
  {
    roles,
    unitId = UNIT,
    active = true,
    accountStatus = 'active',
  }: {
    readonly roles: readonly string[]
    readonly unitId?: string
    readonly active?: boolean
    readonly accountStatus?: 'active' | 'frozen'
  },
): Promise<void> {
  await tellOfPerson(stage, personId, { name: 'Somebody', email: null, unitId, active })
  await tellOfStanding(stage, personId, { accountStatus, roles })
}

/** Has a second person approve what was proposed; a refusal is handed through as it is. */
export async function approved(
  stage: TestService,
  proposal: Promise<Response>,
  headers = administrator(SECOND),
): Promise<Response> {
  const answer = await proposal
  if (answer.statusCode !== 202) return answer
  const { id } = answer.json<{ id: string }>()
  const url = `/v1/proposals/backup-orchestration/${id}/approve`
  const match = { 'if-match': '"1"', 'content-type': 'application/json', ...headers }
  return stage.app.inject({ method: 'POST', url, headers: match, payload: 'null' })
}

/** Has a second person approve the registration of a target, and answers its id. */
export async function registered(stage: TestService, proposal: Promise<Response>): Promise<string> {
  const { body } = await made<{ body: { targetId: string } }>(approved(stage, proposal))
  return body.targetId
}

/** Lets a target fall short of every floor for a year, as two persons would have agreed. */
export async function except(
  stage: TestService,
  targetId: string,
  floors = ['schedule', 'rpo', 'keepDays', 'weekly', 'monthly', 'yearly', 'encryption', 'offsite'],
): Promise<void> {
  const body = {
    targetId,
    floors,
    reason: 'for this test',
    validUntil: after(stage.now, 365 * DAY).toISOString(),
  }
  await made(approved(stage, create(stage, '/v1/backup-exceptions', authority(FIRST), body)))
}

/** Takes every row away and fills the stage anew, for the next case of a file. */
export async function emptyStage(stage: TestService): Promise<void> {
  await emptyTables(stage)
  stage.now = MONDAY
  await fillStage(stage)
  await stage.db.query('delete from outbox')
}

export const authority = (person: string | null = null) =>
  caller({ roles: ['OM_AUTHORITY'], person })
/** Whose work is measured by a backup policy is not who approves it: another interest than the authority. */
export const administrator = (person: string) => caller({ roles: ['SYSTEM_ADMIN'], person })
/** The leader of a unit. */
export const owner = (person: string, unit: string = UNIT) =>
  caller({ roles: ['BUSINESS_OWNER'], person, unit, range: 'unit' })
export const provider = (person: string | null = null) => caller({ roles: ['OM_PROVIDER'], person })
export const agent = (sub = AGENT) => caller({ roles: ['BACKUP_AGENT'], kind: 'client', sub })
export const inUnit = (unit: string, person: string | null = null) =>
  caller({ roles: ['OM_AUTHORITY'], unit, range: 'unit', person })

let targets = 0

export interface Wish {
  readonly objectKind?: string
  readonly systemCode?: string
  readonly systemServes?: 'unit' | 'company'
  readonly unitId?: string
  readonly agentId?: string
  readonly requiredBeforeChange?: boolean
  readonly policy?: Partial<Record<string, unknown>> | null
}

/** A target of UNIT with a policy: each night at 01:00 in China, two sites, an RPO of a day. */
export async function target(
  stage: TestService,
  { policy = {}, ...wish }: Wish = {},
): Promise<Resource> {
  targets += 1
  const id = await registered(
    stage,
    create(stage, '/v1/backup-targets', authority(FIRST), {
      code: `T${String(targets)}`,
      name: 'The ERP',
      systemCode: `S${String(targets)}`,
      unitId: UNIT,
      agentId: AGENT,
      source: { executor: 'filesystem', path: '/data', exclude: [] },
      keyId: 'KEY1',
      requiredBeforeChange: true,
      ...wish,
    }),
  )
  // Most policies of the tests are no good ones.
  if (policy !== null && Object.keys(policy).length > 0) await except(stage, id)
  if (policy !== null) await made(setPolicy(stage, id, policy))
  return made(send(stage, 'GET', `/v1/backup-targets/${id}`, authority()))
}

/** Proposes a policy and has it approved; a refusal is handed through. */
export async function setPolicy(
  stage: TestService,
  id: string,
  policy: Partial<Record<string, unknown>>,
  version = 0,
  headers = authority(FIRST),
): Promise<Response> {
  return approved(stage, proposePolicy(stage, id, policy, version, headers))
}

export async function proposePolicy(
  stage: TestService,
  id: string,
  policy: Partial<Record<string, unknown>>,
  version = 0,
  headers = authority(FIRST),
): Promise<Response> {
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  return send(stage, 'PUT', `/v1/backup-targets/${id}/policy`, match, {
    schedule: '0 1 * * *',
    rpo: 'PT24H',
    keepDays: 35,
    primarySite: 'PRIMARY',
    offsiteSite: 'OFFSITE',
    ...policy,
  })
}

export const request = (stage: TestService, targetId: string, headers = provider()) =>
  create(stage, '/v1/backup-runs', headers, { targetId, reason: 'before a change' })

export async function lease(stage: TestService, headers = agent()): Promise<Assignment | null> {
  const answer = await send(stage, 'POST', '/v1/backup-agents/me/leases', headers, {
    waitSeconds: 0,
  })
  if (answer.statusCode === 204) return null
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

/** Leases work that must be there, of one kind. */
export async function leased<Kind extends Assignment['kind']>(
  stage: TestService,
  kind: Kind,
  headers = agent(),
): Promise<Extract<Assignment, { kind: Kind }>> {
  const assignment = await lease(stage, headers)
  if (assignment?.kind !== kind)
    throw new Error(`expected ${kind}, got ${assignment?.kind ?? 'nothing'}`)
  return assignment as Extract<Assignment, { kind: Kind }>
}

export const report = (
  stage: TestService,
  { assignmentId, fencingToken }: Pick<Assignment, 'assignmentId' | 'fencingToken'>,
  body: object,
  headers = agent(),
) =>
  send(stage, 'POST', `/v1/backup-agents/me/assignments/${assignmentId}/report`, headers, {
    fencingToken,
    ...body,
  })

export const beat = (
  stage: TestService,
  { assignmentId, fencingToken }: Pick<Assignment, 'assignmentId' | 'fencingToken'>,
  headers = agent(),
) =>
  send(stage, 'POST', `/v1/backup-agents/me/assignments/${assignmentId}/heartbeat`, headers, {
    fencingToken,
    phase: 'reading',
    bytesDone: 1,
  })

export const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')
export const GOOD = digestOf('stored')
export const MANIFEST = digestOf('manifest')

/** A report of a backup that is good, with the data of now. */
export const backedUp = (stage: TestService, changes: object = {}) => ({
  outcome: 'backed-up',
  storedBytes: 1_000,
  writtenDigest: GOOD,
  readDigest: GOOD,
  finding: null,
  tool: 'tar 1.35',
  dataAt: stage.now.toISOString(),
  manifestDigest: MANIFEST,
  items: 3,
  sourceBytes: 5_000,
  ...changes,
})

export const readBack = (outcome: 'copied' | 'verified', changes: object = {}) => ({
  outcome,
  storedBytes: 1_000,
  writtenDigest: outcome === 'copied' ? GOOD : null,
  readDigest: GOOD,
  finding: null,
  ...changes,
})

/** Has a run requested, done and, where the policy wants it, copied; answers the run. */
export async function backUp(
  stage: TestService,
  targetId: string,
  { offsite = true }: { readonly offsite?: boolean } = {},
): Promise<RunNow> {
  const { id } = await made(request(stage, targetId))
  await made(report(stage, await leased(stage, 'backup'), backedUp(stage)))
  if (offsite) await made(report(stage, await leased(stage, 'copy'), readBack('copied')))
  return run(stage, id)
}

export interface RunNow extends Resource {
  readonly state: string
  readonly copies: readonly (Resource & { readonly role: string; readonly state: string })[]
}

export const run = (stage: TestService, id: string): Promise<RunNow> =>
  made<RunNow>(send(stage, 'GET', `/v1/backup-runs/${id}`, authority()))

export async function runs(stage: TestService, targetId: string): Promise<RunNow[]> {
  const url = `/v1/backup-runs?targetId=${targetId}`
  return (await made<{ items: RunNow[] }>(send(stage, 'GET', url, authority()))).items
}

/** The copy of a run in a role. */
export function copyIn({ copies }: RunNow, role: 'primary' | 'offsite'): Resource {
  const copy = copies.find((each) => each.role === role)
  if (copy === undefined) throw new Error(`the run has no ${role} copy`)
  return copy
}

export const gate = (stage: TestService, systemCode: unknown) =>
  made<{ isOpen: boolean; reasons: { code: string }[]; runIds: string[]; openUntil: string }>(
    send(stage, 'GET', `/v1/backup-gates/${String(systemCode)}`, authority()),
  )

/** The payloads of the queued facts of one kind, for example `run.missed`, about a subject, in their order. */
export async function factsOf(
  stage: TestService,
  kind: string,
  subject?: string,
): Promise<Record<string, unknown>[]> {
  return (await queuedEvents(stage.db))
    .filter(
      (event) =>
        event.type === `backup.${kind}.v1` && (subject === undefined || event.subject === subject),
    )
    .map(({ data }) => data as Record<string, unknown>)
}

/** Everything the clock does each minute, as of now. */
export async function tick(stage: TestService): Promise<void> {
  for (const name of ['dispatch-due-runs', 'watch-backups', 'settle-gates'])
    await runTask(stage, name)
}

/** Moves the clock and lets it do its work once. */
export async function tickAt(stage: TestService, at: Date): Promise<void> {
  stage.now = at
  await tick(stage)
}

/** Sets a parameter for the company from now on. */
export async function setParameter(stage: TestService, key: string, value: unknown): Promise<void> {
  await made(setByTwo(stage, { key, value }))
}
