import { Source } from '@erp-steward/contracts/agent-protocol'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { CopyView } from '../copies/copy-view.ts'
import { changeTarget } from './change-target.ts'
import { policyOf, type Policy } from './policy.ts'
import { protectionOf } from './protection.ts'
import { registerTarget } from './register-target.ts'
import { nextRuns } from './rules/schedule.ts'
import { setPolicy } from './set-policy.ts'
import { TargetEntity, type Target } from './target.ts'

const TargetView = Type.Object({
  id: Uuid,
  code: Code,
  name: Type.String(),
  systemCode: Code,
  unitId: Uuid,
  agentId: Type.String(),
  source: Source,
  keyId: Code,
  requiredBeforeChange: Type.Boolean(),
  active: Type.Boolean(),
  policyVersion: Type.Integer({ description: '0 while it has no policy.' }),
  nextRunAt: nullable(InstantOut),
  newestDataAt: nullable(InstantOut),
  createdAt: InstantOut,
  version: Type.Integer(),
})

const ExactDuration = Type.String({
  maxLength: 30,
  description: 'ISO 8601 duration without years and months, `PT24H`.',
})

const policyMembers = {
  schedule: Type.String({
    maxLength: 100,
    description: 'Five fields of cron, read in Asia/Shanghai.',
  }),
  rpo: ExactDuration,
  keepDays: Type.Integer({ minimum: 1, maximum: 36_500 }),
  primarySite: Code,
  offsiteSite: nullable(Code),
}

const PolicyView = Type.Object({
  targetId: Uuid,
  version: Type.Integer(),
  ...policyMembers,
  startWithin: ExactDuration,
  author: Type.String(),
  createdAt: InstantOut,
  nextRuns: Type.Array(InstantOut, { description: 'The next three instants of the schedule.' }),
})

const Id = Type.Object({ id: Uuid })

const agentId = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[\\u0021-\\u007e]+$',
  description: 'Client id of the agent that does the work of this target.',
})

export function targetRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `backup-target-not-found` also for one out of range: its existence is no news either */
  async function readable(
    request: FastifyRequest,
    id: string,
    tx: EntityManager = db.manager,
  ): Promise<Target> {
    const { range, unitId } = principalOf(request)
    const target = await tx.findOneBy(TargetEntity, { id })
    if (target === null || (range !== 'company' && target.unitId !== unitId))
      throw new Problem('backup-target-not-found', `There is no backup target ${id} in your range.`)
    return target
  }

  const shown = (policy: Policy) => ({
    ...policy,
    nextRuns: nextRuns(policy.schedule, clock(), 3),
  })

  app.post(
    '/v1/backup-targets',
    {
      config: { access: 'backup.plan', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'registerBackupTarget',
        summary: 'Registers something that must be backed up.',
        tags: ['backup-targets'],
        body: Type.Object(
          {
            code: Code,
            name: Line(200),
            systemCode: Code,
            unitId: Uuid,
            agentId,
            source: Source,
            keyId: Code,
            requiredBeforeChange: Type.Boolean(),
          },
          { additionalProperties: false },
        ),
        response: { 201: TargetView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const target = await registerTarget(tx, request.body, act)
        return { body: target, location: `/v1/backup-targets/${target.id}`, version: 1 }
      })
    },
  )

  app.get(
    '/v1/backup-targets',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'listBackupTargets',
        summary: 'Targets in your range, by code.',
        tags: ['backup-targets'],
        querystring: Type.Object({
          ...PageQuery,
          systemCode: Type.Optional(Code),
          unitId: Type.Optional(Uuid),
        }),
        response: { 200: pageOf(TargetView) },
      },
    },
    async (request) => {
      const { limit, cursor, systemCode, unitId } = request.query
      const [after = ''] = decodeCursor(cursor, 1) ?? []
      const found = db.manager
        .createQueryBuilder(TargetEntity, 't')
        .where('t.code > :after', { after })
        .orderBy('t.code')
        .limit(limit + 1)
      if (systemCode !== undefined) found.andWhere('t.system_code = :systemCode', { systemCode })
      if (unitId !== undefined) found.andWhere('t.unit_id = :unitId', { unitId })
      const own = unitInRange(request)
      if (own !== null) found.andWhere('t.unit_id = :own', { own })
      return page(await found.getMany(), limit, ({ code }) => [code])
    },
  )

  app.get(
    '/v1/backup-targets/:id',
    {
      config: { access: 'backup.read' },
      schema: {
        operationId: 'readBackupTarget',
        summary: 'One target.',
        tags: ['backup-targets'],
        params: Id,
        response: { 200: TargetView },
      },
    },
    async (request, reply) => {
      const target = await readable(request, request.params.id)
      void reply.header('etag', etag(target.version))
      return target
    },
  )

  app.patch(
    '/v1/backup-targets/:id',
    {
      config: { access: 'backup.plan', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'changeBackupTarget',
        summary: 'Changes a target; an inactive one is not backed up.',
        tags: ['backup-targets'],
        params: Id,
        body: Type.Partial(
          Type.Object({
            name: Line(200),
            agentId,
            source: Source,
            keyId: Code,
            requiredBeforeChange: Type.Boolean(),
            active: Type.Boolean(),
          }),
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: TargetView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        await readable(request, request.params.id, tx)
        return changeTarget(tx, request.params.id, request.body, expected, act)
      }),
  )

  app.put(
    '/v1/backup-targets/:id/policy',
    {
      config: { access: 'backup.plan', clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'setBackupPolicy',
        summary:
          'Sets a new version of how the target is backed up. If-Match names the version before, "0" for the first.',
        tags: ['backup-targets'],
        params: Id,
        body: Type.Object(
          { ...policyMembers, startWithin: Type.Optional(ExactDuration) },
          { additionalProperties: false },
        ),
        response: { 200: PolicyView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        await readable(request, request.params.id, tx)
        const { startWithin = 'PT1H', ...policy } = request.body
        const command = { ...policy, startWithin }
        return shown(await setPolicy(tx, request.params.id, command, expected, act))
      }),
  )

  app.get(
    '/v1/backup-targets/:id/policy',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'readBackupPolicy',
        summary: 'The policy in force and its next three runs.',
        tags: ['backup-targets'],
        params: Id,
        response: { 200: PolicyView },
      },
    },
    async (request, reply) => {
      const target = await readable(request, request.params.id)
      const policy = await policyOf(db.manager, target.id, target.policyVersion)
      void reply.header('etag', etag(policy.version))
      return shown(policy)
    },
  )

  app.get(
    '/v1/backup-targets/:id/protection',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'readBackupProtection',
        summary: 'How well the target is protected now, from proven copies only.',
        tags: ['backup-targets'],
        params: Id,
        response: {
          200: Type.Object({
            targetId: Uuid,
            newestRunId: nullable(Uuid),
            newestDataAt: nullable(InstantOut),
            ageSeconds: nullable(Type.Integer()),
            rpo: nullable(Type.String()),
            rpoDueAt: nullable(InstantOut),
            isRpoKept: nullable(Type.Boolean()),
            copies: Type.Array(CopyView),
            offsite: Type.Enum([
              'not-wanted',
              'awaited',
              'overdue',
              'confirmed',
              'damaged',
              'missing',
            ]),
            rule321: Type.Object(
              {
                copies: Type.Integer(),
                media: Type.Integer(),
                offsite: Type.Integer(),
                isKept: Type.Boolean(),
              },
              {
                description:
                  'Three copies with the data itself, two kinds of media, one copy off site.',
              },
            ),
          }),
        },
      },
    },
    async (request) => {
      const target = await readable(request, request.params.id)
      const protection = await protectionOf(db.manager, target, clock())
      return { ...protection, copies: [...protection.copies] }
    },
  )
}
