import { Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { App } from './app.ts'
import { Attention, attentionGauges, readAttention, type AttentionSource } from './attention.ts'
import { MAX_LIMIT } from './paging.ts'

/** `/internal/attention`: what wants a human in this service, for the gateway; the same as gauges of `/metrics`. */
export function attentionRoute(
  app: App,
  db: DataSource,
  clock: () => Date,
  sources: readonly AttentionSource[],
): void {
  const kinds = sources.map(({ kind }) => kind)
  attentionGauges(app.metrics, kinds, async () => {
    const { counts } = await readAttention(db, sources, { kinds, unitId: null, limit: 0 }, clock())
    return counts
  })
  app.get(
    '/internal/attention',
    {
      config: { access: 'internal' },
      schema: {
        querystring: Type.Object({
          // A gateway that is newer may ask for more than this service knows.
          kind: Type.Array(Type.String(), { maxItems: 200 }),
          unitId: Type.Optional(Uuid),
          limit: Type.Integer({ minimum: 0, maximum: MAX_LIMIT }),
        }),
        response: { 200: Attention },
      },
    },
    ({ query: { kind, unitId, limit } }) =>
      readAttention(db, sources, { kinds: kind, unitId: unitId ?? null, limit }, clock()),
  )
}
