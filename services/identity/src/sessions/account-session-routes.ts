import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { sessionEnds } from '@erp-steward/contracts/session-end'
import { about, closed, Line, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { byInstant } from '@erp-steward/service-kit/paging'
import { listRoute, PathId } from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { endSession } from './end-session.ts'
import { AccountSession, SessionState, sessionsInRange } from './sessions-in-range.ts'

const tags = ['sessions']

/** Where and since when the people of others are and were signed in, for administrators. */
export function accountSessionRoutes(
  app: App,
  { db, clock }: { readonly db: DataSource; readonly clock: () => Date },
): void {
  listRoute(app, '/v1/accounts/sessions', {
    operationId: 'listSessions',
    problems: ['outside-unit'],
    summary: 'Sessions of all accounts, the newest first, with the reason of their end.',
    description:
      'Ended sessions stay for `identity.log.online`, at least 180 days; what happened in them is in the ledger.',
    tags,
    access: 'session.read',
    clauses: ['A-2.1.6', 'A-2.2.6', 'A-2.2.7', 'A-4.3.4'],
    query: {
      accountId: Type.Optional(about(Uuid, 'Whose sessions.')),
      personId: Type.Optional(about(Uuid, 'The person whose account it is.')),
      sourceIp: Type.Optional(about(Line(45), 'Opened from this address.')),
      state: Type.Optional(SessionState),
      endReason: Type.Optional(
        Type.Enum([...sessionEnds], { description: 'Ended for this reason.' }),
      ),
    },
    row: AccountSession,
    sorting: byInstant('startedAt'),
    list: ({ request, query, ...stretch }) =>
      sessionsInRange(db.manager, { ...query, unitId: unitInRange(request), ...stretch }),
  })

  app.post(
    '/v1/accounts/sessions/:id/end',
    {
      config: { access: 'session.end', clauses: ['A-2.1.6', 'A-2.1.7'] },
      schema: {
        operationId: 'endSession',
        problems: ['not-found', 'outside-unit'],
        summary: 'Ends a session of anybody at once; the password stays.',
        description: 'Where the password may be known to others, freeze the account instead.',
        tags,
        params: Type.Object({ id: PathId }),
        body: closed({ reason: Reason }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const unitId = unitInRange(request)
      const act = actOf(request, clock())
      await db.transaction(async (tx) => {
        const only = { id, unitId, after: [null, null] as const, limit: 1 }
        const [session] = await sessionsInRange(tx, only)
        const ended =
          session !== undefined &&
          (await endSession(tx, id, 'ended-by-administrator', act, request.body.reason))
        if (!ended)
          throw new Problem(
            'not-found',
            said(`There is no open session ${id}.`, `没有未结束的会话 ${id}。`),
          )
      })
      return reply.code(204).send(null)
    },
  )
}
