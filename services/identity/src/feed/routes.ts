import { said } from '@erp-steward/contracts/bilingual'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { MAX_LIMIT, unusableCursor } from '@erp-steward/service-kit/paging'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { After, changesAfter, FeedPage, feedTypes } from './changes-after.ts'

/** What changed, for scripts that follow. */
export function feedRoutes(app: App, { db }: { readonly db: DataSource }): void {
  app.get('/v1/changes-feed', {
    config: { access: 'account.read', clauses: ['A-2.1.3', 'A-2.1.4'] },
    schema: {
      operationId: 'readChangesFeed',
      problems: ['cursor-unusable', 'outside-unit'],
      summary:
        'Facts about the register, people, accounts and EBS tasks after a position, in an order that never changes.',
      description:
        'A script reads the lists once, keeps `next` of a request without `after`, and from then on asks with `after` what `next` said. Nothing is skipped: a change that commits late comes later, under a higher position. A fact is here when the ledger has it, normally within a second. A page may be empty and `next` still be higher, because most facts are of no concern to the caller; `next` = `end` says that there is no more. Callers of a unit are told of the register, of who belongs to the unit now and of who moves away. What a fact changed is read from its subject.',
      tags: ['people'],
      querystring: Type.Object({
        after: Type.Optional(After),
        type: Type.Optional(Type.Enum([...feedTypes], { description: 'Only facts of this type.' })),
        limit: Type.Integer({
          minimum: 1,
          maximum: MAX_LIMIT,
          default: MAX_LIMIT,
          description: 'Most facts to answer.',
        }),
      }),
      response: { 200: FeedPage },
    },
    handler: async (request) => {
      const { after = null, type, limit } = request.query
      const types = type === undefined ? feedTypes : [type]
      const unitId = unitInRange(request)
      const found = await changesAfter(db.manager, { after, types, unitId, limit })
      if (after !== null && after > found.end)
        throw unusableCursor(
          said(`The feed ends at ${String(found.end)}.`, `变更流止于 ${String(found.end)}。`),
          'after',
        )
      return found
    },
  })
}
