import type { SessionEnd } from '@erp-steward/contracts/session-end'
import { EntitySchema } from 'typeorm'

/** One sign-in of an account, from its first token until it ends. */
export interface Session {
  id: string
  accountId: string
  /** Its tokens can only change the password. */
  mustChange: boolean
  sourceIp: string
  userAgent: string | null
  startedAt: Date
  refreshedAt: Date
  /** Seconds without a refresh after which it ends, fixed when it started. */
  idleSeconds: number
  /** First instant at which it is idle: a refresh then is too late. */
  idleAt: Date
  /** First instant after its longest life, used or not. */
  endsAt: Date
  /** Parameter versions that fixed the limits, by key. */
  parameterVersions: Readonly<Record<string, number>>
  endedAt: Date | null
  endReason: SessionEnd | null
}

export const SessionEntity = new EntitySchema<Session>({
  name: 'Session',
  tableName: 'session',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'session_pkey' },
    accountId: { type: 'uuid', name: 'account_id' },
    mustChange: { type: 'boolean', name: 'must_change' },
    sourceIp: { type: 'text', name: 'source_ip' },
    userAgent: { type: 'text', name: 'user_agent', nullable: true },
    startedAt: { type: 'timestamptz', name: 'started_at' },
    refreshedAt: { type: 'timestamptz', name: 'refreshed_at' },
    idleSeconds: { type: 'integer', name: 'idle_seconds' },
    idleAt: { type: 'timestamptz', name: 'idle_at' },
    endsAt: { type: 'timestamptz', name: 'ends_at' },
    parameterVersions: { type: 'jsonb', name: 'parameter_versions' },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
    endReason: { type: 'text', name: 'end_reason', nullable: true },
  },
  foreignKeys: [
    {
      name: 'session_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
  checks: [
    { name: 'session_idle_seconds_check', expression: 'idle_seconds > 0' },
    { name: 'session_end_check', expression: '(ended_at is null) = (end_reason is null)' },
  ],
  indices: [
    {
      name: 'session_open_by_account',
      columns: ['accountId', 'startedAt'],
      where: '(ended_at IS NULL)',
    },
    // An expression that TypeORM cannot describe.
    { name: 'session_open_by_limit', synchronize: false },
    { name: 'session_ended', columns: ['endedAt'], where: '(ended_at IS NOT NULL)' },
  ],
})
