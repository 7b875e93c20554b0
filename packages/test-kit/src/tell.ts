import { randomUUID } from 'node:crypto'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import type { Outcome } from '@erp-steward/messaging/consumer'
import { payloadFaults } from '@erp-steward/messaging/payload'
import type { Static } from 'typebox'
import { testAct } from './test-act.ts'
import type { TestService } from './test-service.ts'

/**
 * An event of another service as it comes off the bus, stated at the clock of the stage; not yet delivered.
 *
 * @throws TypeError if the payload does not fit the definition
 */
export function eventOf<Definition extends EventDefinition>(
  stage: TestService,
  definition: Definition,
  subject: string,
  data: Static<Definition['payload']>,
): Envelope {
  const faults = payloadFaults(definition, data)
  if (faults.length > 0) throw new TypeError(`${definition.type}: ${faults.join('; ')}`)
  const { actor, role, requestId, traceparent } = testAct()
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/identity',
    type: definition.type,
    subject,
    time: stage.now.toISOString(),
    datacontenttype: 'application/json',
    actor,
    actingrole: role,
    clauseids: definition.clauses.join(','),
    requestid: requestId,
    traceparent,
    data,
  }
}

/** Delivers an event of another service. */
export async function tell<Definition extends EventDefinition>(
  stage: TestService,
  definition: Definition,
  subject: string,
  data: Static<Definition['payload']>,
): Promise<Outcome> {
  return stage.consumer.deliver(eventOf(stage, definition, subject, data))
}
