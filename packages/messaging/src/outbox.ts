import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import { services, type ServiceName } from '@erp-steward/contracts/services'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { payloadFaults } from './payload.ts'

/** Whatever can run a statement inside the caller's transaction: a TypeORM manager or a thin cover of a `pg` client. */
export interface Statement {
  query(text: string, values?: unknown[]): Promise<unknown>
}

/**
 * Queues a fact in the transaction of the change it states, so there is no change without its event and no event
 * without its change. The relay publishes it after the commit.
 *
 * Order holds per subject if the transaction has locked the subject's row first (a guarded update does).
 *
 * @throws TypeError if the payload does not fit the definition: a bug of the caller, nothing is queued
 */
export async function appendEvent<Definition extends EventDefinition>(
  tx: EntityManager | Statement,
  service: ServiceName,
  definition: Definition,
  subject: string,
  data: Static<Definition['payload']>,
  act: Act,
): Promise<string> {
  const envelope = envelopeOf(service, definition, subject, data, act)
  await tx.query(
    `insert into outbox (id, aggregatetype, aggregateid, type, payload) values ($1, $2, $3, $4, $5)`,
    [envelope.id, definition.topic, subject, definition.type, JSON.stringify(envelope)],
  )
  return envelope.id
}

/**
 * Queues several facts of one type about one subject, in their order and in one statement, which counts where
 * thousands of rows are imported. Promises as `appendEvent`.
 *
 * @throws TypeError if a payload does not fit the definition
 */
export async function appendEvents<Definition extends EventDefinition>(
  tx: EntityManager | Statement,
  service: ServiceName,
  definition: Definition,
  subject: string,
  facts: readonly Static<Definition['payload']>[],
  act: Act,
): Promise<void> {
  if (facts.length === 0) return
  const envelopes = facts.map((data) => envelopeOf(service, definition, subject, data, act))
  await tx.query(
    `insert into outbox (id, aggregatetype, aggregateid, type, payload)
     select id, $1, $2, $3, payload::json
       from unnest($4::uuid[], $5::text[]) with ordinality as fact (id, payload, position)
      order by position`,
    [
      definition.topic,
      subject,
      definition.type,
      envelopes.map(({ id }) => id),
      envelopes.map((envelope) => JSON.stringify(envelope)),
    ],
  )
}

function envelopeOf(
  service: ServiceName,
  definition: EventDefinition,
  subject: string,
  data: unknown,
  act: Act,
): Envelope {
  const faults = payloadFaults(definition, data)
  if (faults.length > 0) throw new TypeError(`${definition.type}: ${faults.join('; ')}`)
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/${services[service].name}`,
    type: definition.type,
    subject,
    time: act.now.toISOString(),
    datacontenttype: 'application/json',
    actor: act.actor,
    actingrole: act.role,
    ...(act.unitId !== null && { unit: act.unitId }),
    clauseids: definition.clauses.join(','),
    requestid: act.requestId,
    traceparent: act.traceparent,
    data,
  }
}
