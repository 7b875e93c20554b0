import { randomUUID } from 'node:crypto'
import { isParameterKey } from '@erp-steward/regulation/parameters'
import { decidersOf } from '@erp-steward/service-kit/measured-interest'
import type { LightMyRequestResponse as Response } from 'fastify'
import { send } from './requests.ts'
import type { TestService } from './test-service.ts'
import { caller } from './tokens.ts'

export interface TestSetting {
  readonly key: string
  readonly value: unknown
  /** Default: the company. */
  readonly unitId?: string | null
  /** The clock of the stage at which it is set, so that it holds from then on; default: as it stands. */
  readonly at?: Date
}

/**
 * Sets a parameter of the service as two persons do: the security administrator, and somebody whose work it does not
 * measure, who approves where one is not enough. Answers the last of the two answers, or the refusal.
 */
export async function setParameter(
  stage: TestService,
  { key, value, unitId = null, at = stage.now }: TestSetting,
): Promise<Response> {
  const [decider = 'SYSTEM_ADMIN'] = isParameterKey(key) ? decidersOf(key) : []
  const [security, second] = (['SECURITY_ADMIN', decider] as const).map((role) =>
    caller({ roles: [role], person: randomUUID() }),
  )
  const resource = `/v1/parameters/${stage.name}/${key}`
  const { now } = stage
  stage.now = at
  try {
    const query = unitId === null ? '' : `?unitId=${unitId}`
    const { headers } = await send(stage, 'GET', `${resource}${query}`, { ...security })
    const match = { 'if-match': String(headers.etag), ...security }
    const set = await send(stage, 'PUT', resource, match, {
      unitId,
      value,
      reason: 'for this test',
    })
    if (set.statusCode !== 202) return set
    const decision = { 'if-match': '"1"', 'content-type': 'application/json', ...second }
    return await send(stage, 'POST', `${String(set.headers.location)}/approve`, decision, 'null')
  } finally {
    stage.now = now
  }
}
