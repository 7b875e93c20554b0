import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import { services, type ServiceName } from '@erp-steward/contracts/services'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { payloadFaults } from './payload.ts'
import { write, type RowsStatement, type Statement } from './statement.ts'

interface QueuedFact {
  readonly envelope: Envelope
  readonly topic: string
}

const QUEUE: RowsStatement<QueuedFact> = {
  name: 'insert outbox',
  table: 'outbox',
  parents: [],
  text: `insert into outbox (id, aggregatetype, aggregateid, type, payload)
         select id, topic, subject, type, payload::json
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
             with ordinality as fact (id, topic, subject, type, payload, position)
          order by position`,
  values: (facts) => [
    facts.map(({ envelope }) => envelope.id),
    facts.map(({ topic }) => topic),
    facts.map(({ envelope }) => envelope.subject),
    facts.map(({ envelope }) => envelope.type),
    facts.map(({ envelope }) => JSON.stringify(envelope)),
  ],
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
  await write(tx, QUEUE, [{ envelope, topic: definition.topic }])
  return envelope.id
}

/**
 * Queues several facts of one type about one subject, in their order. Promises as `appendEvent`.
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
  const { topic } = definition
  const queued = facts.map((data) => {
    return { envelope: envelopeOf(service, definition, subject, data, act), topic }
  })
  await write(tx, QUEUE, queued)
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
