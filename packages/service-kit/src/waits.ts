import type { Act } from '@erp-steward/contracts/act'
import type { Permission } from '@erp-steward/contracts/permissions'
import {
  WaitDecidable,
  WaitRunningOut,
  WaitUndecidable,
} from '@erp-steward/contracts/platform-events'
import type { ServiceName } from '@erp-steward/contracts/services'
import { about, InstantOut } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { defineTask, type Task } from './jobs.ts'

/** Something that waits for the word of another person. */
export interface Wait {
  /** `<noun>.<verb>`, for example `appeal.decide`. */
  readonly kind: string
  /** Id of what waits. */
  readonly subject: string
  /** Who decides holds it. */
  readonly permission: Permission
  /** Units that it is about. */
  readonly unitIds: readonly string[]
  readonly since: Date
  /** When it ends undecided; `null` where it waits without end. */
  readonly expiresAt: Date | null
  /** Whether anybody can decide it now. */
  readonly isDecidable: boolean
}

/** Everything of one kind that waits in a service now. */
export type Waits = (tx: EntityManager, act: Act) => Promise<readonly Wait[]>

/** An end is warned of a day before, of a short wait when a quarter of it is left. Own choice. */
const WARN_BEFORE_MS = 86_400_000

const alarms = ['undecidable', 'running-out'] as const
type Alarm = (typeof alarms)[number]

/** An alarm that stands. */
export const WaitAlarmView = Type.Object(
  {
    kind: Type.String({ description: 'What waits, for example `appeal.decide`.' }),
    subject: Type.String({ description: 'Id of what waits.' }),
    alarm: Type.Enum([...alarms], {
      description:
        '`undecidable`: nobody is left who may decide it; `running-out`: its end is near, a day or the last quarter of its time.',
    }),
    raisedAt: about(InstantOut, 'When the alarm was first said.'),
  },
  { title: 'WaitAlarm' },
)

/** Alarms shown at once. */
const ALARMS_LISTED = 1_000

/** The alarms that stand in a service, oldest first. */
export function waitAlarms(tx: EntityManager): Promise<Static<typeof WaitAlarmView>[]> {
  return tx.query(
    `select kind, subject, alarm, raised_at as "raisedAt" from wait_alarm
      order by raised_at, subject, kind, alarm limit $1`,
    [ALARMS_LISTED],
  )
}

type Named = Pick<Wait, 'kind' | 'subject'>

/**
 * Raises the alarm when something waits for another person and nobody can decide it, and again shortly before it ends
 * undecided; states when somebody can. Each is said once. Call it where the wait begins; `watch-waits` sees what becomes of
 * it. A stage that nobody can fill is an alarm, not somebody else's.
 */
export async function settleWait(
  tx: EntityManager,
  service: ServiceName,
  wait: Wait,
  act: Act,
): Promise<void> {
  const { kind, subject, permission, expiresAt, isDecidable } = wait
  const unitIds = [...wait.unitIds]
  const now = act.now.toISOString()
  if (isDecidable) await mend(tx, service, wait, 'somebody-can', act)
  else if (await raise(tx, wait, 'undecidable', act)) {
    const fact = { service, kind, subject, permission, unitIds, foundAt: now }
    await state(tx, service, WaitUndecidable, wait, { ...fact, expiresAt: ends(expiresAt) }, act)
  }
  if (expiresAt === null || !isRunningOut(wait, act.now)) return
  if (!(await raise(tx, wait, 'running-out', act))) return
  const fact = { service, kind, subject, permission, unitIds, isDecidable, warnedAt: now }
  const data = { ...fact, expiresAt: expiresAt.toISOString() }
  await state(tx, service, WaitRunningOut, wait, data, act)
}

const ends = (expiresAt: Date | null) => expiresAt?.toISOString() ?? null

function isRunningOut({ since, expiresAt }: Wait, now: Date): boolean {
  // What is past its end and waits on, to be mended, was warned of.
  if (expiresAt === null || expiresAt <= now) return false
  const life = expiresAt.getTime() - since.getTime()
  return expiresAt.getTime() - now.getTime() <= Math.min(WARN_BEFORE_MS, life / 4)
}

/** Each minute: people come, go, move and change their rights while things wait. */
export function watchWaits(service: ServiceName, sources: readonly Waits[]): Task {
  return defineTask('watch-waits', Type.Object({}), async (tx, _, act) => {
    // Before the waits: what is said of one that begins meanwhile is not taken for what is over.
    const said: Named[] = await tx.query('select distinct kind, subject from wait_alarm')
    const open = new Set<string>()
    for (const source of sources)
      for (const wait of await source(tx, act)) {
        open.add(nameOf(wait))
        await settleWait(tx, service, wait, act)
      }
    for (const named of said.filter((each) => !open.has(nameOf(each)))) {
      await mend(tx, service, named, 'over', act)
      await tx.query('delete from wait_alarm where subject = $1 and kind = $2', [
        named.subject,
        named.kind,
      ])
    }
  })
}

/** Every minute. */
export const watchWaitsCrontab = '* * * * * watch-waits'

const nameOf = ({ kind, subject }: Named) => `${kind}/${subject}`

/** @returns whether it was not said before */
async function raise(
  tx: EntityManager,
  { kind, subject, unitIds }: Wait,
  alarm: Alarm,
  { now }: Act,
): Promise<boolean> {
  const raised: unknown[] = await tx.query(
    `insert into wait_alarm (kind, subject, alarm, raised_at, unit_ids) values ($1, $2, $3, $4, $5)
     on conflict on constraint wait_alarm_pkey do nothing returning alarm`,
    [kind, subject, alarm, now, unitIds],
  )
  return raised.length > 0
}

async function mend(
  tx: EntityManager,
  service: ServiceName,
  wait: Named,
  because: 'somebody-can' | 'over',
  act: Act,
) {
  const { kind, subject } = wait
  const [, mended]: [unknown, number] = await tx.query(
    `delete from wait_alarm where subject = $1 and kind = $2 and alarm = 'undecidable' returning alarm`,
    [subject, kind],
  )
  if (mended === 0) return
  const fact = { service, kind, subject, because, mendedAt: act.now.toISOString() }
  await state(tx, service, WaitDecidable, wait, fact, act)
}

/** Under a key of its own: what happens to the thing itself is stated under its id. */
async function state(
  tx: EntityManager,
  service: ServiceName,
  definition: Parameters<typeof appendEvent>[2],
  wait: Named,
  data: Parameters<typeof appendEvent>[4],
  act: Act,
) {
  await appendEvent(tx, service, definition, nameOf(wait), data, act)
}
