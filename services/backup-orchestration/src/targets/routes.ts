import { randomUUID } from 'node:crypto'
import { SystemServes } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code, OfUnit } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion, createOnce } from '@erp-steward/service-kit/commit'
import { inOrder } from '@erp-steward/service-kit/list-rows'
import { byText } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated, proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { changeRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { changeOfTarget, TargetChanges } from './change-of-target.ts'
import { changeTarget } from './change-target.ts'
import { ExactDuration, keepingMembers, policyMembers, policyOf, PolicyView } from './policy.ts'
import { protectionOf, ProtectionView } from './protection.ts'
import { assertRegistrable } from './register-target.ts'
import { registeredMembers, registering } from './registering.ts'
import { takesTwo } from './rules/grounds.ts'
import { nextRuns } from './rules/schedule.ts'
import { assertPolicy } from './set-policy.ts'
import { settingOfPolicy } from './setting-of-policy.ts'
import { lockTarget, ObjectKind, TargetEntity, TargetView, type Target } from './target.ts'

const tags = ['backup-targets']
const read = { access: 'backup.read', tags } as const
const plan = { access: 'backup.plan', tags } as const

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
      throw new Problem(
        'backup-target-not-found',
        said(`There is no backup target ${id} in your range.`, `您的范围内没有备份对象 ${id}。`),
      )
    return target
  }

  app.post(
    '/v1/backup-targets',
    {
      config: { access: 'backup.plan', once: true, clauses: ['A-2.4.1', 'A-2.4.4'] },
      schema: {
        operationId: 'registerBackupTarget',
        problems: [
          'administrator-unnamed',
          'backup-system-foreign',
          'backup-system-not-found',
          'backup-target-exists',
          'outside-unit',
          'proposal-pending',
          'unit-unknown',
        ],
        summary:
          'Proposes something that must be backed up (202); approved, it has the id `targetId` of the body.',
        description:
          'The first target of a system makes it known: it belongs to the unit of that target. Further ones are of that unit. Without `objectKind`, files have the floors of apps and PostgreSQL those of own; without `systemServes`, the gate of a new system opens for its unit.',
        tags,
        body: closed({
          ...registeredMembers,
          objectKind: Type.Optional(ObjectKind),
          systemServes: Type.Optional(SystemServes),
        }),
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

  listRoute(app, '/v1/backup-targets', {
    ...read,
    operationId: 'listBackupTargets',
    problems: ['outside-unit'],
    summary: 'Targets in your range, by code.',
    clauses: ['A-2.4.1'],
    query: {
      systemCode: Type.Optional(about(Code, 'Only targets of this system.')),
      unitId: Type.Optional(OfUnit),
    },
    row: TargetView,
    sorting: byText('code'),
    list: async ({ query: { systemCode, unitId }, request, ...stretch }) => {
      const own = unitInRange(request)
      if (own !== null && unitId !== undefined && unitId !== own) return []
      return inOrder(db.manager, TargetEntity, 'code', stretch, {
        systemCode,
        unitId: own ?? unitId,
      })
    },
  })

  readRoute(app, '/v1/backup-targets/:id', {
    ...read,
    operationId: 'readBackupTarget',
    problems: ['backup-target-not-found'],
    summary: 'One target.',
    answer: TargetView,
    read: ({ request, params }) => readable(request, params.id),
  })

  changeRoute(app, deps, 'PATCH', '/v1/backup-targets/:id', {
    ...plan,
    operationId: 'changeBackupTarget',
    problems: [
      'administrator-unnamed',
      'backup-policy-missing',
      'backup-target-not-found',
      'proposal-pending',
    ],
    summary:
      'Changes a target (200); what a gate rests on waits for a second person (202). An inactive one is not backed up.',
    clauses: ['A-2.4.1'],
    body: TargetChanges,
    answer: TargetView,
    also: { 202: ProposalView },
    apply: async (tx, { request, reply, params, body: changes, expected, act }) => {
      const { id } = await readable(request, params.id, tx)
      if (!takesTwo(await lockTarget(tx, id, expected), changes))
        return changeTarget(tx, id, changes, expected, act)
      const body = { targetId: id, changes }
      const reason = 'What the gate rests on is changed.'
      const made = await propose(tx, 'backup-orchestration', changeOfTarget, { body, reason }, act)
      return proposed(request, reply, 'backup-orchestration', changeOfTarget, made)
    },
  })

  changeRoute(app, deps, 'PUT', '/v1/backup-targets/:id/policy', {
    ...plan,
    operationId: 'setBackupPolicy',
    problems: [
      'administrator-unnamed',
      'backup-policy-missing',
      'backup-policy-refused',
      'backup-target-not-found',
      'proposal-pending',
    ],
    summary:
      'Proposes a new version of how the target is backed up (202). If-Match names the version before, "0" for the first.',
    clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'],
    body: closed({
      ...policyMembers,
      keepWeeks: Type.Optional(keepingMembers.keepWeeks),
      keepMonths: Type.Optional(keepingMembers.keepMonths),
      keepYears: Type.Optional(keepingMembers.keepYears),
      startWithin: Type.Optional(
        about(
          ExactDuration,
          'How late a run may start before it counts as missed: ISO 8601 duration; left out: an hour.',
        ),
      ),
    }),
    also: { 202: ProposalView },
    apply: async (tx, { request, reply, params, body: sent, expected, act }) => {
      const { id } = await readable(request, params.id, tx)
      const target = await lockTarget(tx, id)
      assertVersion(target.policyVersion, expected)
      const policy = {
        ...{ keepWeeks: null, keepMonths: null, keepYears: null, startWithin: 'PT1H' },
        ...sent,
      }
      await assertPolicy(tx, target, policy, act.now)
      const body = { targetId: id, policy }
      const reason = 'How the target is backed up is set.'
      const made = await propose(tx, 'backup-orchestration', settingOfPolicy, { body, reason }, act)
      return proposed(request, reply, 'backup-orchestration', settingOfPolicy, made)
    },
  })

  readRoute(app, '/v1/backup-targets/:id/policy', {
    ...read,
    operationId: 'readBackupPolicy',
    problems: ['backup-policy-missing', 'backup-target-not-found'],
    summary: 'The policy in force and its next three runs.',
    clauses: ['A-2.4.1'],
    answer: PolicyView,
    read: async ({ request, params }) => {
      const target = await readable(request, params.id)
      const policy = await policyOf(db.manager, target.id, target.policyVersion)
      return { ...policy, nextRuns: nextRuns(policy.schedule, clock(), 3) }
    },
  })

  readRoute(app, '/v1/backup-targets/:id/protection', {
    ...read,
    operationId: 'readBackupProtection',
    problems: ['backup-target-not-found'],
    summary: 'How well the target is protected now, from proven copies only.',
    clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'],
    answer: ProtectionView,
    read: async ({ request, params }) =>
      protectionOf(db.manager, await readable(request, params.id), clock()),
  })
}
