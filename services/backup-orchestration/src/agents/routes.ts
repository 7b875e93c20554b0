import {
  AgentPresentation,
  Assignment,
  Heartbeat,
  HeartbeatAnswer,
  LeaseRequest,
  Report,
} from '@erp-steward/contracts/agent-protocol'
import { about, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { byText } from '@erp-steward/service-kit/paging'
import { listRoute, PathId } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { leaseAssignment } from '../assignments/lease-assignment.ts'
import { takeHeartbeat, takeReport } from '../assignments/take-report.ts'
import type { BackupConfig } from '../config.ts'
import { AgentView } from './agent.ts'
import { listAgents } from './list-agents.ts'
import { presentAgent } from './present-agent.ts'
import { waiter } from './waiter.ts'

const tags = ['backup-agents']
const Id = Type.Object({ id: PathId })

/** How often a waiting agent's work is looked for, milliseconds; a look costs one index scan. */
const LOOK_MS = 500

export function agentRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock, config } = deps
  const leaseSeconds = config.BACKUP_LEASE_SECONDS
  const { pause, stop } = waiter()
  // Agents that wait would hold the end of the process up for twenty seconds.
  app.addHook('preClose', (done) => {
    stop()
    done()
  })

  app.put(
    '/v1/backup-agents/me',
    {
      config: { access: 'backup.execute', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'presentBackupAgent',
        summary: 'An agent says what it can do and which sites it reaches.',
        tags,
        body: AgentPresentation,
        response: { 200: AgentView },
      },
    },
    (request) => db.transaction((tx) => presentAgent(tx, request.body, actOf(request, clock()))),
  )

  listRoute(app, '/v1/backup-agents', {
    operationId: 'listBackupAgents',
    problems: ['outside-unit'],
    summary: 'Agents that serve targets in your range; without a limit to your unit, all.',
    tags,
    access: 'backup.read',
    clauses: ['A-2.4.1'],
    row: AgentView,
    sorting: byText('id'),
    list: ({ request, after, limit }) =>
      listAgents(db.manager, { onlyUnitId: unitInRange(request), after, limit }),
  })

  app.post(
    '/v1/backup-agents/me/leases',
    {
      config: { access: 'backup.execute', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'leaseBackupWork',
        summary: 'Asks for work, waiting for some if wanted; 204 when there is none.',
        tags,
        body: LeaseRequest,
        response: { 200: Assignment, 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { actor: agentId } = principalOf(request)
      // Real time, not the clock of decisions: it is the caller's patience that is measured.
      const until = performance.now() + request.body.waitSeconds * 1_000
      for (;;) {
        const act = actOf(request, clock())
        const assignment = await leaseAssignment(db, { agentId, seconds: leaseSeconds }, act)
        if (assignment !== null) return assignment
        const left = until - performance.now()
        // No connection to the database is held while this waits.
        const goesOn = left > 0 && (await pause(Math.min(LOOK_MS, left)))
        // Whoever hung up must not be given work that nobody does.
        if (!goesOn || request.raw.socket.destroyed) return reply.code(204).send(null)
      }
    },
  )

  app.post(
    '/v1/backup-agents/me/assignments/:id/heartbeat',
    {
      config: { access: 'backup.execute', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'sendBackupHeartbeat',
        problems: ['assignment-not-found', 'lease-lost'],
        summary: 'Prolongs the lease, and tells whether the work was called off.',
        tags,
        params: Id,
        body: Heartbeat,
        response: { 200: HeartbeatAnswer },
      },
    },
    (request) =>
      db.transaction((tx) =>
        takeHeartbeat(tx, request.params.id, request.body, leaseSeconds, actOf(request, clock())),
      ),
  )

  app.post(
    '/v1/backup-agents/me/assignments/:id/report',
    {
      config: {
        access: 'backup.execute',
        clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3', 'A-2.4.5'],
      },
      schema: {
        operationId: 'reportBackupWork',
        problems: ['assignment-not-found', 'lease-lost', 'report-refused'],
        summary: 'Ends a piece of work; the same report again gets the same answer.',
        tags,
        params: Id,
        body: Report,
        response: {
          200: Type.Object(
            {
              assignmentId: about(Uuid, 'The piece of work that has ended.'),
              state: Type.Enum(['done', 'failed'], {
                description: 'How it stands in the catalogue now.',
              }),
            },
            { title: 'EndedBackupWork' },
          ),
        },
      },
    },
    async (request) => {
      const { id, state } = await db.transaction((tx) =>
        takeReport(tx, request.params.id, request.body, actOf(request, clock())),
      )
      return { assignmentId: id, state: state === 'done' ? ('done' as const) : ('failed' as const) }
    },
  )
}
