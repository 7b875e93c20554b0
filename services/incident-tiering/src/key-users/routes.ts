import {
  about,
  closed,
  Code,
  nullable,
  Paragraph,
  SupportTier,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byId } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { assertLeads } from './assert-leads.ts'
import { CoverageGap, coverageGaps } from './coverage-gaps.ts'
import { removeKeyUser } from './end-duties.ts'
import { KeyUserEntity, KeyUserKind, KeyUserView, type KeyUser } from './key-user.ts'
import { nominateKeyUser } from './nominate-key-user.ts'

const COLUMNS = columnsOf(KeyUserEntity)
const tags = ['key users']
const read = { access: 'key-user.read', tags } as const
const nominate = { access: 'key-user.nominate', tags, answer: KeyUserView } as const

export function keyUserRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  const { db } = deps

  createRoute(app, deps, '/v1/key-users', {
    ...nominate,
    operationId: 'nominateKeyUser',
    problems: [
      'key-user-exists',
      'key-user-not-able',
      'module-unknown',
      'outside-unit',
      'person-unknown',
      'same-person',
      'unit-unknown',
    ],
    summary:
      'Names a person key user of a module or of IT, for a unit (L1) or every unit (L2, L3).',
    clauses: ['B-4.1.1', 'B-4.2.1', 'B-6.4.1', 'B-7.3.2'],
    body: closed({
      personId: about(Uuid, 'Who is to hold the duty.'),
      tier: SupportTier,
      kind: KeyUserKind,
      unitId: nullable(
        Uuid,
        'The unit that an L1 serves; null for L2 and L3, which serve every unit.',
      ),
      moduleCode: nullable(Code, 'The module; null for IT, and for an L3 that takes any.'),
    }),
    located: false,
    admit: ({ request, body }) => {
      assertLeads(request, body.unitId)
    },
    create: (tx, { body, act }) => nominateKeyUser(tx, body, act),
  })

  listRoute(app, '/v1/key-users', {
    ...read,
    operationId: 'listKeyUsers',
    problems: ['outside-unit'],
    summary: 'The key-user register in your range; L2 and L3 serve every unit.',
    clauses: ['B-4.1.1', 'B-4.2.1', 'B-4.3.1'],
    query: {
      unitId: Type.Optional(
        about(
          Uuid,
          'Only duties for this unit; L2 and L3, who serve every unit, are left out then.',
        ),
      ),
      tier: Type.Optional(SupportTier),
      ended: Type.Boolean({ default: false, description: 'Also duties that have ended.' }),
    },
    row: KeyUserView,
    sorting: byId,
    list: ({ query: { unitId, tier, ended }, request, after, limit }): Promise<KeyUser[]> =>
      db.query(
        `select ${COLUMNS} from key_user
          where ($1::uuid is null or unit_id = $1) and ($2::text is null or tier = $2)
            and ($3 or ended_at is null) and ($4::uuid is null or id > $4)
            and ($5::uuid is null or unit_id is null or unit_id = $5)
          order by id limit $6`,
        [unitId ?? null, tier ?? null, ended, after, unitInRange(request), limit],
      ),
  })

  readRoute(app, '/v1/key-users/coverage', {
    ...read,
    operationId: 'readKeyUserCoverage',
    problems: ['outside-unit'],
    summary:
      'Duties in your range, and of the company, that must be held and that nobody holds; empty when every module is covered.',
    clauses: ['B-4.1.2', 'B-4.2.2'],
    answer: Type.Object(
      {
        covered: Type.Boolean({ description: 'Whether there is no gap.' }),
        gaps: Type.Array(CoverageGap, {
          description:
            'The duties that nobody able holds, by tier and unit. Sources: B-4.1.2, B-4.2.2.',
        }),
      },
      { title: 'KeyUserCoverage' },
    ),
    read: async ({ request }) => {
      const unit = unitInRange(request)
      const gaps = (await coverageGaps(db.manager)).filter(
        ({ unitId }) => unit === null || unitId === null || unitId === unit,
      )
      return { covered: gaps.length === 0, gaps }
    },
  })

  changeRoute(app, deps, 'POST', '/v1/key-users/:id/remove', {
    ...nominate,
    operationId: 'removeKeyUser',
    problems: [
      'key-user-exists',
      'key-user-not-able',
      'last-key-user',
      'module-unknown',
      'not-found',
      'outside-unit',
      'person-unknown',
      'same-person',
      'ticket-not-found',
      'unit-unknown',
    ],
    summary: 'Ends a duty; the last holder needs a successor.',
    clauses: ['B-4.1.2'],
    body: closed({
      reason: about(Paragraph(500), 'Why the duty ends.'),
      successorPersonId: nullable(
        Uuid,
        'Who takes it over; null where others hold the same duty. Source: B-4.1.2.',
      ),
    }),
    apply: async (tx, { params: { id }, body, request, expected, act }) => {
      const duty = await tx.findOneBy(KeyUserEntity, { id })
      if (duty !== null) assertLeads(request, duty.unitId)
      return removeKeyUser(tx, { keyUserId: id, ...body }, expected, act)
    },
  })
}
