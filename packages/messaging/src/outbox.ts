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
  const faults = payloadFaults(definition, data)
  if (faults.length > 0) throw new TypeError(`${definition.type}: ${faults.join('; ')}`)
  const envelope: Envelope = {
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
  await tx.query(
    `insert into outbox (id, aggregatetype, aggregateid, type, payload) values ($1, $2, $3, $4, $5)`,
    [envelope.id, definition.topic, subject, definition.type, JSON.stringify(envelope)],
  )
  return envelope.id
}
