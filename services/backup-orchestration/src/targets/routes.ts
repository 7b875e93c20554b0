import { randomUUID } from 'node:crypto'
import { Source } from '@erp-steward/contracts/agent-protocol'
import { Problem } from '@erp-steward/contracts/problem'
import { FloorState, systemServes } from '@erp-steward/contracts/backup-events'
import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion, change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated, proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { CopyView } from '../copies/copy-view.ts'
import { changeOfTarget, TargetChanges } from './change-of-target.ts'
import { changeTarget } from './change-target.ts'
import { policyOf, type Policy } from './policy.ts'
import { protectionOf } from './protection.ts'
import { assertRegistrable } from './register-target.ts'
import { ObjectKind, registeredMembers, registering } from './registering.ts'
import { objectKinds } from './rules/floor.ts'
import { takesTwo } from './rules/grounds.ts'
import { nextRuns } from './rules/schedule.ts'
import { assertPolicy } from './set-policy.ts'
import {
  ExactDuration,
  keepingMembers,
  policyMembers,
  settingOfPolicy,
} from './setting-of-policy.ts'
import { lockTarget, TargetEntity, type Target } from './target.ts'

/** How a target stands to the floors of the parameters. */
const FloorView = Type.Object({
  plan: FloorState,
  media: FloorState,
  offsite: FloorState,
  faults: Type.Array(Type.String()),
  exceptedUntil: nullable(Type.String()),
})

const TargetView = Type.Object({
  id: Uuid,
  code: Code,
  name: Type.String(),
  systemCode: Code,
  unitId: Uuid,
  objectKind: ObjectKind,
  agentId: Type.String(),
  source: Source,
  keyId: Code,
  requiredBeforeChange: Type.Boolean(),
  active: Type.Boolean(),
  policyVersion: Type.Integer({ description: '0 while it has no policy.' }),
  nextRunAt: nullable(InstantOut),
  newestDataAt: nullable(InstantOut),
  protection: nullable(FloorView),
  createdAt: InstantOut,
  version: Type.Integer(),
})

const PolicyView = Type.Object({
  targetId: Uuid,
  version: Type.Integer(),
  ...policyMembers,
  ...keepingMembers,
  startWithin: ExactDuration,
  author: Type.String(),
  createdAt: InstantOut,
  nextRuns: Type.Array(InstantOut, { description: 'The next three instants of the schedule.' }),
})

const Id = Type.Object({ id: Uuid })

const DEFAULT_KIND = { filesystem: 'apps', postgres: 'own' } as const

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
      config: { access: 'backup.plan', once: true, clauses: ['A-2.4.1', 'A-2.4.4'] },
      schema: {
        operationId: 'registerBackupTarget',
        summary:
          'Proposes something that must be backed up (202); approved, it has the id `targetId` of the body.',
        description:
          'The first target of a system makes it known: it belongs to the unit of that target. Further ones are of that unit.',
        tags: ['backup-targets'],
        body: Type.Object(
          {
            ...registeredMembers,
            objectKind: Type.Optional(
              Type.Enum([...objectKinds], {
                description:
                  'Which floors its policy has; default: apps for files, own for PostgreSQL.',
              }),
            ),
            systemServes: Type.Optional(
              Type.Enum([...systemServes], {
                description:
                  'For whose changes the gate of a new system opens: its unit (default), or the whole company.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 202: ProposalView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const {
          source,
          objectKind = DEFAULT_KIND[source.executor],
          systemServes = null,
          ...rest
        } = request.body
        const target = { ...rest, source, objectKind, systemServes }
        await assertRegistrable(tx, target)
        const body = { ...target, targetId: randomUUID() }
        const reason = 'Something that must be backed up is registered.'
        const made = await propose(tx, 'backup-orchestration', registering, { body, reason }, act)
        return proposalCreated(request, 'backup-orchestration', registering, made)
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
      config: { access: 'backup.plan', versioned: true, clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'changeBackupTarget',
        summary:
          'Changes a target (200); what a gate rests on waits for a second person (202). An inactive one is not backed up.',
        tags: ['backup-targets'],
        params: Id,
        body: TargetChanges,
        response: { 200: TargetView, 202: ProposalView },
      },
    },
    (request, reply) =>
      change<Target | ProposalView>(deps, request, reply, async (tx, act, expected) => {
        const { id } = await readable(request, request.params.id, tx)
        const changes = request.body
        if (!takesTwo(await lockTarget(tx, id, expected), changes))
          return changeTarget(tx, id, changes, expected, act)
        const body = { targetId: id, changes }
        const reason = 'What the gate rests on is changed.'
        const made = await propose(
          tx,
          'backup-orchestration',
          changeOfTarget,
          { body, reason },
          act,
        )
        return proposed(request, reply, 'backup-orchestration', changeOfTarget, made)
      }),
  )

  app.put(
    '/v1/backup-targets/:id/policy',
    {
      config: {
        access: 'backup.plan',
        versioned: true,
        clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'],
      },
      schema: {
        operationId: 'setBackupPolicy',
        summary:
          'Proposes a new version of how the target is backed up (202). If-Match names the version before, "0" for the first.',
        tags: ['backup-targets'],
        params: Id,
        body: Type.Object(
          {
            ...policyMembers,
            keepWeeks: Type.Optional(keepingMembers.keepWeeks),
            keepMonths: Type.Optional(keepingMembers.keepMonths),
            keepYears: Type.Optional(keepingMembers.keepYears),
            startWithin: Type.Optional(ExactDuration),
          },
          { additionalProperties: false },
        ),
        response: { 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = await readable(request, request.params.id, tx)
        const target = await lockTarget(tx, id)
        assertVersion(target.policyVersion, expected)
        const policy = {
          ...{ keepWeeks: null, keepMonths: null, keepYears: null, startWithin: 'PT1H' },
          ...request.body,
        }
        await assertPolicy(tx, target, policy, act.now)
        const body = { targetId: id, policy }
        const reason = 'How the target is backed up is set.'
        const made = await propose(
          tx,
          'backup-orchestration',
          settingOfPolicy,
          { body, reason },
          act,
        )
        return proposed(request, reply, 'backup-orchestration', settingOfPolicy, made)
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
