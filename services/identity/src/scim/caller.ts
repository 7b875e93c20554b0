import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { SCIM_JSON } from '@erp-steward/service-kit/scim-errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { Json } from './rules/attribute.ts'
import type { ScimBase } from './show-user.ts'
import type { UserRange } from './users-in-range.ts'

export interface ScimDependencies {
  readonly db: DataSource
  readonly clock: () => Date
  /** Where callers reach the gateway. */
  readonly base: ScimBase
}

/** Whose users the caller reaches, and whose externalId is meant. */
export const rangeOf = (request: FastifyRequest): UserRange => ({
  provider: principalOf(request).actor,
  unitId: unitInRange(request),
})

/** What stands for one in a path: whatever is no id of ours is not there. */
export const ResourceId = Type.Object({
  id: Type.String({ maxLength: 200, description: 'Which one: the id that its list answered.' }),
})

export const noUser = (id: string) =>
  new Problem('not-found', said(`There is no user ${id}.`, `没有用户 ${id}。`))

/** Answers a resource, or a message, in the media type of SCIM, with the entity tag of the whole resource. */
export function sendScim(reply: FastifyReply, body: Json, whole = body): FastifyReply {
  const { version } = Object(whole.meta) as { version?: unknown }
  if (typeof version === 'string') void reply.header('etag', version)
  // Made of what the schemas name, and of nothing else, by `project`.
  return reply.type(SCIM_JSON).serializer(JSON.stringify).send(body)
}
