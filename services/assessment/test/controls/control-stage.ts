import { randomUUID } from 'node:crypto'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import { ServiceAlive } from '@erp-steward/contracts/platform-events'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Outcome } from '@erp-steward/messaging/consumer'
import { DAY, HOUR } from '@erp-steward/test-kit/instants'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testService, type TestService } from '@erp-steward/test-kit/test-service'
import { caller } from '@erp-steward/test-kit/tokens'
import type { LightMyRequestResponse as Response } from 'fastify'
import type { Static } from 'typebox'
import { assessment } from '../../src/service.ts'

/** A Monday noon in UTC. */
export const NOON = new Date('2026-03-09T12:00:00.000Z')
export async function controlStage(): Promise<TestService> {
  return testService(assessment, {}, NOON)
}

/** Takes every row of the register away, for the next case of a file. */
export async function emptyStage(stage: TestService): Promise<void> {
  const tables = [
    'fact',
    'evidence',
    'record',
    'confirmation',
    'published',
    'collector',
    'parameter',
  ]
  const all = [...tables.map((name) => `control_${name}`), 'outbox', 'inbox', 'dead_letter']
  await stage.db.query(all.map((table) => `delete from ${table}`).join('; '))
  stage.now = NOON
}

/** An instant relative to NOON, in milliseconds. */
export const noon = (ms = 0) => new Date(NOON.getTime() + ms)

/** The envelope of a fact that was so at an instant. */
export function factOf<Definition extends EventDefinition>(
  definition: Definition,
  data: Static<Definition['payload']>,
  at: Date,
  source: ServiceName,
  id: string = randomUUID(),
): Envelope {
  const { requestId, traceparent } = testAct()
  return {
    specversion: '1.0',
    id,
    source: `/${source}`,
    type: definition.type,
    subject: 'subject',
    time: at.toISOString(),
    datacontenttype: 'application/json',
    actor: `service:${source}`,
    actingrole: 'SERVICE',
    clauseids: definition.clauses.join(','),
    requestid: requestId,
    traceparent,
    data,
  }
}

/** Delivers a fact; one that is not handled is a fault of the test unless it says so. */
export async function tell(
  stage: TestService,
  envelope: Envelope,
  expected: Outcome = 'handled',
): Promise<void> {
  const outcome = await stage.consumer.deliver(envelope)
  if (outcome !== expected) throw new Error(`${envelope.type} was ${outcome}`)
}

/** Services say that they run. */
export async function alive(stage: TestService, at: Date, ...names: readonly ServiceName[]) {
  for (const service of names)
    await tell(stage, factOf(ServiceAlive, { service, saidAt: at.toISOString() }, at, service))
}

export const auditor = () => caller({ roles: ['AUDIT_ADMIN'] })
export const authority = () => caller({ roles: ['OM_AUTHORITY'], person: randomUUID() })

export async function read(
  stage: TestService,
  url: string,
  headers: Readonly<Record<string, string>> = auditor(),
): Promise<Response> {
  return stage.app.inject({ method: 'GET', url, headers })
}

export interface ControlSeen {
  readonly clauseId: string
  readonly state: string
  readonly reason: string
  readonly reasonCode: string
  readonly since: string | null
  readonly lastProofAt: string | null
  readonly freshUntil: string | null
  readonly openBreaches: readonly { key: string; eventId: string }[]
  readonly evidence: readonly { eventId: string; eventType: string; effect: string; key: string }[]
  readonly freshFor: { durations: string[]; parameter: string | null; reason: string | null }
  readonly parameters: readonly string[]
}

/** A clause as it is read at an instant. */
export async function controlAt(
  stage: TestService,
  clauseId: string,
  at: Date,
): Promise<ControlSeen> {
  stage.now = at
  const answer = await read(stage, `/v1/controls/${clauseId}`)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

export async function stateAt(stage: TestService, clauseId: string, at: Date): Promise<string> {
  return (await controlAt(stage, clauseId, at)).state
}

/** Runs the task that states changes, as the worker would. */
export async function publish(stage: TestService, at: Date): Promise<void> {
  stage.now = at
  await runTask(stage, 'publish-control-states')
}

/** Changes of state that were stated of a clause, oldest first. */
export async function changesOf(stage: TestService, clauseId: string) {
  return (await queuedEvents(stage.db))
    .filter(
      ({ type, subject }) => type === 'assessment.control.state-changed.v1' && subject === clauseId,
    )
    .map(({ data }) => data as { from: string | null; to: string; reason: string })
}

/** Confirms a record of a clause, by another person unless the headers say who. */
export async function confirm(
  stage: TestService,
  clauseId: string,
  recordId: string,
  headers: Readonly<Record<string, string>> = caller({
    roles: ['SECURITY_ADMIN'],
    person: randomUUID(),
  }),
): Promise<Response> {
  const url = `/v1/controls/${clauseId}/records/${recordId}/confirm`
  return stage.app.inject({ method: 'POST', url, headers })
}

/** Records an observation of a clause. */
export async function record(
  stage: TestService,
  clauseId: string,
  body: object,
  headers: Readonly<Record<string, string>> = authority(),
  key: string = randomUUID(),
): Promise<Response> {
  return stage.app.inject({
    method: 'POST',
    url: `/v1/controls/${clauseId}/records`,
    headers: { ...headers, 'idempotency-key': key },
    payload: {
      statement: 'The list was read.',
      reference: null,
      observedAt: noon(-HOUR).toISOString(),
      validUntil: noon(30 * DAY).toISOString(),
      ...body,
    },
  })
}
