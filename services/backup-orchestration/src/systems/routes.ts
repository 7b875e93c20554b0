import { SystemServes } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { byText } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { changeRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { BackupConfig } from '../config.ts'
import { changeOfSystem } from './change-of-system.ts'
import { listSystems } from './list-systems.ts'
import { lockSystem, SystemEntity, SystemView, type System } from './system.ts'

const tags = ['backup-systems']
const clauses = ['A-2.4.4']
const read = { access: 'backup.read', tags, clauses } as const

/** Systems whose backups changes wait for. Source. */
export function systemRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db } = deps

  listRoute(app, '/v1/backup-systems', {
    ...read,
    operationId: 'listBackupSystems',
    problems: ['outside-unit'],
    summary: 'Systems that changes may name, by code: of your range, and those of the company.',
    row: SystemView,
    sorting: byText('code'),
    list: ({ request, after, limit }) =>
      listSystems(db.manager, { onlyUnitId: unitInRange(request), after, limit }),
  })

  readRoute(app, '/v1/backup-systems/:code', {
    ...read,
    operationId: 'readBackupSystem',
    problems: ['backup-system-not-found', 'outside-unit'],
    summary: 'One system: whose it is, and for whose changes its gate opens.',
    params: { code: about(Code, 'Which system: its code.') },
    answer: SystemView,
    read: async ({ request, params: { code } }) => {
      const system = await db.manager.findOneBy(SystemEntity, { code })
      if (system === null || !isReadable(system, unitInRange(request))) throw notInRange(code)
      return system
    },
  })

  changeRoute(app, deps, 'PATCH', '/v1/backup-systems/:code', {
    operationId: 'changeBackupSystem',
    problems: [
      'administrator-unnamed',
      'backup-system-not-found',
      'outside-unit',
      'proposal-pending',
    ],
    summary:
      'Proposes for whose changes the gate of the system opens (202); approved, it voids what was answered.',
    tags,
    access: 'backup.plan',
    clauses,
    params: { code: about(Code, 'Which system: its code.') },
    body: closed({ serves: SystemServes }),
    also: { 202: ProposalView },
    apply: async (tx, { request, reply, params, body: { serves }, expected, act }) => {
      const system = await lockSystem(tx, params.code)
      const own = unitInRange(request)
      if (own !== null && system.unitId !== own) throw notInRange(system.code)
      assertVersion(system.version, expected)
      const body = { systemCode: system.code, serves }
      const reason = 'For whose changes the gate opens is set.'
      const made = await propose(tx, 'backup-orchestration', changeOfSystem, { body, reason }, act)
      return proposed(request, reply, 'backup-orchestration', changeOfSystem, made)
    },
  })
}

function isReadable({ unitId, serves }: System, own: string | null): boolean {
  return own === null || own === unitId || serves === 'company'
}

/** Its existence is no news either. */
function notInRange(code: string) {
  return new Problem(
    'backup-system-not-found',
    said(`There is no system ${code} in your range.`, `您的范围内没有系统 ${code}。`),
  )
}
