import {
  Code,
  InstantOut,
  nullable,
  Paragraph,
  SupportTier,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { change, createOnce } from '@erp-steward/service-kit/commit'
import { decodeIdCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { assertLeads } from './assert-leads.ts'
import { coverageGaps } from './coverage-gaps.ts'
import { removeKeyUser } from './end-duties.ts'
import { KeyUserEntity, type KeyUser } from './key-user.ts'
import { nominateKeyUser } from './nominate-key-user.ts'

const Kind = Type.Enum(['MODULE', 'IT'])

const KeyUserView = Type.Object({
  id: Uuid,
  personId: Uuid,
  tier: SupportTier,
  kind: Kind,
  unitId: nullable(Uuid),
  moduleCode: nullable(Code),
  validFrom: InstantOut,
  endedAt: nullable(InstantOut),
  endedReason: nullable(Type.String()),
  version: Type.Integer(),
})

const Gap = Type.Object({
  unitId: nullable(Uuid),
  tier: SupportTier,
  kind: Kind,
  moduleCode: nullable(Code),
})

export function keyUserRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  app.post(
    '/v1/key-users',
    {
      config: {
        access: 'key-user.nominate',
        once: true,
        clauses: ['B-4.1.1', 'B-4.2.1', 'B-6.4.1', 'B-7.3.2'],
      },
      schema: {
        operationId: 'nominateKeyUser',
        summary:
          'Names a person key user of a module or of IT, for a unit (L1) or every unit (L2, L3).',
        tags: ['key users'],
        body: Type.Object(
          {
            personId: Uuid,
            tier: SupportTier,
            kind: Kind,
            unitId: nullable(Uuid),
            moduleCode: nullable(Code),
          },
          { additionalProperties: false },
        ),
        response: { 201: KeyUserView },
      },
    },
    (request, reply) => {
      assertLeads(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const body = await nominateKeyUser(tx, request.body, act)
        return { body, version: body.version }
      })
    },
  )

  app.get(
    '/v1/key-users',
    {
      config: { access: 'key-user.read', clauses: ['B-4.1.1', 'B-4.2.1', 'B-4.3.1'] },
      schema: {
        operationId: 'listKeyUsers',
        summary: 'The key-user register in your range; L2 and L3 serve every unit.',
        tags: ['key users'],
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          tier: Type.Optional(SupportTier),
          ended: Type.Boolean({ default: false, description: 'Also duties that have ended.' }),
        }),
        response: { 200: pageOf(KeyUserView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, tier, ended } = request.query
      const after = decodeIdCursor(cursor)
      const rows: Omit<KeyUser, 'nominatedBy' | 'nominatedIn'>[] = await deps.db.query(
        `select id, person_id as "personId", tier, kind, unit_id as "unitId", module_code as "moduleCode",
                valid_from as "validFrom", ended_at as "endedAt", ended_reason as "endedReason", version
           from key_user
          where ($1::uuid is null or unit_id = $1) and ($2::text is null or tier = $2)
            and ($3 or ended_at is null) and ($4::uuid is null or id > $4)
            and ($5::uuid is null or unit_id is null or unit_id = $5)
          order by id limit $6`,
        [unitId ?? null, tier ?? null, ended, after, unitInRange(request), limit + 1],
      )
      return page(rows, limit, ({ id }) => [id])
    },
  )

  app.get(
    '/v1/key-users/coverage',
    {
      config: { access: 'key-user.read', clauses: ['B-4.1.2', 'B-4.2.2'] },
      schema: {
        operationId: 'readKeyUserCoverage',
        summary:
          'Duties in your range, and of the company, that must be held and that nobody holds; empty when every module is covered.',
        tags: ['key users'],
        response: { 200: Type.Object({ covered: Type.Boolean(), gaps: Type.Array(Gap) }) },
      },
    },
    async (request) => {
      const unit = unitInRange(request)
      const gaps = (await coverageGaps(deps.db.manager)).filter(
        ({ unitId }) => unit === null || unitId === null || unitId === unit,
      )
      return { covered: gaps.length === 0, gaps }
    },
  )

  app.post(
    '/v1/key-users/:id/remove',
    {
      config: { access: 'key-user.nominate', versioned: true, clauses: ['B-4.1.2'] },
      schema: {
        operationId: 'removeKeyUser',
        summary: 'Ends a duty; the last holder needs a successor.',
        tags: ['key users'],
        params: Type.Object({ id: Uuid }),
        body: Type.Object(
          { reason: Paragraph(500), successorPersonId: nullable(Uuid) },
          { additionalProperties: false },
        ),
        response: { 200: KeyUserView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = request.params
        const duty = await tx.findOneBy(KeyUserEntity, { id })
        if (duty !== null) assertLeads(request, duty.unitId)
        return removeKeyUser(tx, { keyUserId: id, ...request.body }, expected, act)
      }),
  )
}
