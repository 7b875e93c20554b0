import { SystemServes } from '@erp-steward/contracts/backup-events'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion, change, etag } from '@erp-steward/service-kit/commit'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { BackupConfig } from '../config.ts'
import { changeOfSystem } from './change-of-system.ts'
import { lockSystem, SystemEntity, type System } from './system.ts'

const SystemView = Type.Object({
  code: Code,
  unitId: Uuid,
  serves: SystemServes,
  createdAt: InstantOut,
  version: Type.Integer(),
})

const ByCode = Type.Object({ code: Code })

/** Systems whose backups changes wait for. Source. */
export function systemRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db } = deps

  app.get(
    '/v1/backup-systems',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.4'] },
      schema: {
        operationId: 'listBackupSystems',
        summary: 'Systems that changes may name, by code: of your range, and those of the company.',
        tags: ['backup-systems'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(SystemView) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const [after = ''] = decodeCursor(cursor, 1) ?? []
      const found = db.manager
        .createQueryBuilder(SystemEntity, 's')
        .where('s.code > :after', { after })
        .orderBy('s.code')
        .limit(limit + 1)
      const own = unitInRange(request)
      if (own !== null) found.andWhere(`(s.unit_id = :own or s.serves = 'company')`, { own })
      return page(await found.getMany(), limit, ({ code }) => [code])
    },
  )

  app.get(
    '/v1/backup-systems/:code',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.4'] },
      schema: {
        operationId: 'readBackupSystem',
        summary: 'One system: whose it is, and for whose changes its gate opens.',
        tags: ['backup-systems'],
        params: ByCode,
        response: { 200: SystemView },
      },
    },
    async (request, reply) => {
      const { code } = request.params
      const system = await db.manager.findOneBy(SystemEntity, { code })
      if (system === null || !isReadable(system, unitInRange(request))) throw notInRange(code)
      void reply.header('etag', etag(system.version))
      return system
    },
  )

  app.patch(
    '/v1/backup-systems/:code',
    {
      config: { access: 'backup.plan', versioned: true, clauses: ['A-2.4.4'] },
      schema: {
        operationId: 'changeBackupSystem',
        summary:
          'Proposes for whose changes the gate of the system opens (202); approved, it voids what was answered.',
        tags: ['backup-systems'],
        params: ByCode,
        body: Type.Object({ serves: SystemServes }, { additionalProperties: false }),
        response: { 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const system = await lockSystem(tx, request.params.code)
        const own = unitInRange(request)
        if (own !== null && system.unitId !== own) throw notInRange(system.code)
        assertVersion(system.version, expected)
        const body = { systemCode: system.code, serves: request.body.serves }
        const reason = 'For whose changes the gate opens is set.'
        const made = await propose(
          tx,
          'backup-orchestration',
          changeOfSystem,
          { body, reason },
          act,
        )
        return proposed(request, reply, 'backup-orchestration', changeOfSystem, made)
      }),
  )
}

function isReadable({ unitId, serves }: System, own: string | null): boolean {
  return own === null || own === unitId || serves === 'company'
}

/** Its existence is no news either. */
function notInRange(code: string) {
  return new Problem('backup-system-not-found', `There is no system ${code} in your range.`)
}
