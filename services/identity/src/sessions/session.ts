import { sessionEnds } from '@erp-steward/contracts/session-end'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { deviceIn } from './rules/device-in.ts'

/** One sign-in of an account, from its first token until it ends, as its owner sees it. */
export const SessionView = Type.Object(
  {
    id: Id,
    sourceIp: Type.String({ description: 'Address from which it was opened.' }),
    userAgent: nullable(Type.String(), 'What the program said it is; null: nothing.'),
    device: nullable(
      Type.String(),
      'What its owner called the device when signing in, else the program and the system that `userAgent` tells; null: unknown.',
    ),
    deviceId: nullable(Uuid, 'The device by its `deviceToken`; null: unknown.'),
    clientId: nullable(Uuid, 'The front end that it was opened for; null: none.'),
    startedAt: about(InstantOut, 'When it was opened.'),
    refreshedAt: about(InstantOut, 'When its tokens were last renewed.'),
    idleAt: about(InstantOut, 'First instant at which it is idle: a refresh then is too late.'),
    endsAt: about(InstantOut, 'First instant after its longest life, used or not.'),
    endedAt: nullable(InstantOut, 'When it ended; null: it is open.'),
    endReason: nullable(Type.Enum([...sessionEnds]), 'Why it ended; null: it is open.'),
  },
  { title: 'Session' },
)

export const SessionEntity = entityOf(SessionView, {
  table: 'session',
  derived: ['device'],
  kept: {
    accountId: Uuid,
    /** The place of `sourceIp`, by which attempts are counted. */
    place: Type.String(),
    /** What its owner called the device. */
    deviceName: nullable(Type.String()),
    /** The fact of the sign-in; `null` for one from before it was kept. */
    signInEventId: nullable(Uuid),
    /** Scopes that were asked for, separated by spaces; `null`: all that the account may. */
    scope: nullable(Type.String()),
    /** By what it was opened, and what was proved in it since. Source: RFC 8176. */
    amr: Type.Array(Type.String()),
    /** When the second factor was proved last; `null`: never in it. */
    secondFactorAt: nullable(InstantOut),
    /** Its tokens can only change the password. */
    mustChange: Type.Boolean(),
    /** Seconds without a refresh after which it ends, fixed when it started. */
    idleSeconds: Type.Integer(),
    /** Parameter versions that fixed the limits, by key. */
    parameterVersions: Type.Unsafe<Readonly<Record<string, number>>>({}),
  },
  columns: { amr: { default: '{pwd}' }, place: { default: '' } },
  foreignKeys: [
    {
      name: 'session_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'session_client_id_fkey',
      target: 'Client',
      columnNames: ['client_id'],
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
    { name: 'session_by_account', columns: ['accountId', 'startedAt', 'id'] },
    { name: 'session_by_address', columns: ['sourceIp', 'startedAt'] },
    { name: 'session_by_start', columns: ['startedAt', 'id'] },
    // An expression that TypeORM cannot describe.
    { name: 'session_open_by_limit', synchronize: false },
    { name: 'session_ended', columns: ['endedAt'], where: '(ended_at IS NOT NULL)' },
  ],
})
export type Session = RowOf<typeof SessionEntity>

/** A session as it is shown. */
export function viewOf<Row extends Pick<Session, 'deviceName' | 'userAgent'>>(
  session: Row,
): Row & Pick<Static<typeof SessionView>, 'device'> {
  return { ...session, device: session.deviceName ?? deviceIn(session.userAgent) }
}
