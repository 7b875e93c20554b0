import { durationMs } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import type { Absence } from './absence.ts'
import { activitiesAt, activitiesOf, activityOf } from './activities.ts'
import { whereabouts } from './network.ts'
import type { FoundSign } from './note-sign.ts'
import { evidenceOf, isOneDevice, type Activity } from './rules/activity.ts'
import { followedOverWeeks } from './rules/followed.ts'
import { breaksHabit } from './rules/habit.ts'
import { isImpossibleTravel, kilometresBetween } from './rules/impossible-travel.ts'
import { parallelUse } from './rules/parallel-use.ts'
import type { SharingRule } from './rules/signal.ts'
import { signsOfAbsence } from './signs-of-absence.ts'

const DAY_MS = 86_400_000
/** How far back a use counts for a journey: within a day one gets anywhere. */
const JOURNEY_MS = DAY_MS
/** How far back sign-ins make a habit. Own choice. */
const HABIT_MS = 90 * DAY_MS
/** An address at which more accounts than this signed in within four weeks is no device, listed or not. Own choice. */
const OF_MANY = 20
const CROWD_MS = 28 * DAY_MS
/** Last sign-ins at an address that are read to see it: whoever comes from it in crowds shows in these. */
const CROWD_READ = 500

const keys = [
  'identity.sharing.parallel_window',
  'identity.sharing.travel_speed',
  'identity.sharing.device_accounts',
  'identity.sharing.device_window',
  'identity.sharing.follow_days',
  'identity.sharing.follow_weeks',
  'identity.sharing.habit_sign_ins',
  'identity.sharing.score.parallel_use',
  'identity.sharing.score.impossible_travel',
  'identity.sharing.score.many_accounts',
  'identity.sharing.score.followed',
  'identity.sharing.score.habit',
] as const
type Key = (typeof keys)[number]
type Parameters = Awaited<ReturnType<typeof readParameters<Key>>>

/** A sign-in with what its rules read. */
interface Watched {
  readonly now: Activity
  readonly parameters: Parameters
}

/**
 * The signs that a sign-in shows that its account, or those of others who were at the same device, is used by others. It looks
 * back from the sign-in, whenever it is looked at. Sources; rules 1, 2, 3, 5, 6 and 7 of defaults 2.9.
 *
 * @param now by which parameters are read
 */
export async function watchSignIn(
  tx: EntityManager,
  sessionId: string,
  now: Date,
): Promise<FoundSign[]> {
  const activity = await activityOf(tx, sessionId)
  if (activity === null) return []
  const watched = { now: activity, parameters: await readParameters(tx, keys, null, now) }
  const own = await activitiesOf(
    tx,
    activity.accountId,
    new Date(activity.startedAt.getTime() - HABIT_MS),
    activity.startedAt,
  )
  const others = own.filter((each) => each.sessionId !== sessionId)
  return [
    ...parallelSigns(watched, others),
    ...(await travelSigns(tx, watched, others)),
    ...(await deviceSigns(tx, watched)),
    ...(await absenceSigns(tx, activity, now)),
    ...habitSigns(watched, others),
  ]
}

function parallelSigns({ now, parameters }: Watched, others: readonly Activity[]): FoundSign[] {
  const window = parameters['identity.sharing.parallel_window']
  const found = parallelUse(now, others, durationMs(window.value))
  if (found === null) return []
  const { other, differs } = found
  const whole = parameters['identity.sharing.score.parallel_use']
  const score = differs === 'both' ? whole.value : Math.ceil(whole.value / 2)
  const detail = { differs, address: now.address, otherAddress: other.address }
  return [
    sign({ now, parameters }, 'parallel-use', score, [now, other], detail, [
      'identity.sharing.parallel_window',
      'identity.sharing.score.parallel_use',
    ]),
  ]
}

async function travelSigns(
  tx: EntityManager,
  { now, parameters }: Watched,
  others: readonly Activity[],
): Promise<FoundSign[]> {
  const near = others.filter(
    ({ refreshedAt }) => refreshedAt.getTime() >= now.startedAt.getTime() - JOURNEY_MS,
  )
  if (near.length === 0) return []
  const where = await whereabouts(
    tx,
    [now, ...near].map(({ address }) => address),
  )
  const here = where(now.address).point
  if (here === null) return []
  const speed = parameters['identity.sharing.travel_speed']
  for (const other of near) {
    const there = where(other.address).point
    // Used until after this sign-in: at both places at once.
    const ms = Math.max(0, now.startedAt.getTime() - other.refreshedAt.getTime())
    if (there === null || !isImpossibleTravel(there, here, ms, speed.value)) continue
    const { value } = parameters['identity.sharing.score.impossible_travel']
    const detail = {
      ...{ address: now.address, otherAddress: other.address, minutes: Math.floor(ms / 60_000) },
      kilometres: Math.round(kilometresBetween(there, here)),
    }
    return [
      sign({ now, parameters }, 'impossible-travel', value, [now, other], detail, [
        'identity.sharing.travel_speed',
        'identity.sharing.score.impossible_travel',
      ]),
    ]
  }
  return []
}

/** Rules 3 and 5: what meets at one device or address, unless many people come from it. */
async function deviceSigns(tx: EntityManager, watched: Watched): Promise<FoundSign[]> {
  const { address, startedAt } = watched.now
  const { isShared } = (await whereabouts(tx, [address]))(address)
  if (isShared) return []
  const crowd: unknown[] = await tx.query(
    `select distinct account_id from (
       select account_id from session where source_ip = $1 and started_at between $2 and $3
        order by started_at desc limit $4) as last`,
    [address, new Date(startedAt.getTime() - CROWD_MS), startedAt, CROWD_READ],
  )
  if (crowd.length < 2 || crowd.length > OF_MANY) return []
  return [...(await manySigns(tx, watched)), ...(await followSigns(tx, watched))]
}

async function manySigns(tx: EntityManager, { now, parameters }: Watched): Promise<FoundSign[]> {
  const window = durationMs(parameters['identity.sharing.device_window'].value)
  const from = new Date(now.startedAt.getTime() - window)
  const here = (await activitiesAt(tx, now.address, from, now.startedAt)).filter((each) =>
    isOneDevice(each, now),
  )
  // The newest of each account, for they come newest first.
  const firsts = new Map<string, Activity>()
  for (const each of here) if (!firsts.has(each.accountId)) firsts.set(each.accountId, each)
  if (firsts.size < parameters['identity.sharing.device_accounts'].value) return []
  const told: { account_id: string }[] = await tx.query(
    `select distinct account_id from account_signal
      where rule = 'many-accounts' and account_id = any($1) and at > $2 and at < $3`,
    [[...firsts.keys()], from, now.startedAt],
  )
  const known = new Set(told.map((row) => row.account_id))
  const { value } = parameters['identity.sharing.score.many_accounts']
  const detail = { address: now.address, accounts: firsts.size }
  return [...firsts.keys()]
    .filter((accountId) => accountId === now.accountId || !known.has(accountId))
    .map((accountId) => ({
      ...sign({ now, parameters }, 'many-accounts', value, [...firsts.values()], detail, [
        'identity.sharing.device_accounts',
        'identity.sharing.device_window',
        'identity.sharing.score.many_accounts',
      ]),
      accountId,
      others: [...firsts.keys()].filter((id) => id !== accountId).toSorted(),
    }))
}

async function followSigns(tx: EntityManager, { now, parameters }: Watched): Promise<FoundSign[]> {
  const days = parameters['identity.sharing.follow_days'].value
  const weeks = parameters['identity.sharing.follow_weeks'].value
  const window = durationMs(parameters['identity.sharing.parallel_window'].value)
  const rows: { otherAccountId: string; at: Date; eventIds: (string | null)[] }[] = await tx.query(
    `select before.account_id as "otherAccountId", own.started_at as at,
            array[own.sign_in_event_id, before.sign_in_event_id] as "eventIds"
       from session own
       join session before on before.source_ip = own.source_ip and before.account_id <> own.account_id
        and before.started_at between own.started_at - make_interval(secs => $4) and own.started_at
      where own.account_id = $1 and own.source_ip = $2 and own.started_at > $3 and own.started_at <= $5
      order by own.started_at desc limit 5000`,
    [
      ...[now.accountId, now.address],
      ...[new Date(now.startedAt.getTime() - weeks * 7 * DAY_MS), window / 1_000, now.startedAt],
    ],
  )
  // Only what this sign-in adds to.
  const followed = rows.filter(({ at }) => at.getTime() === now.startedAt.getTime())
  const current = new Set(followed.map(({ otherAccountId }) => otherAccountId))
  const { value } = parameters['identity.sharing.score.followed']
  return followedOverWeeks(rows, { days, weeks })
    .filter((accountId) => current.has(accountId))
    .flatMap((other) => {
      const facts = rows.filter(({ otherAccountId }) => otherAccountId === other)
      const evidence = [...new Set(facts.flatMap(({ eventIds }) => eventIds))]
        .filter((id) => id !== null)
        .toSorted()
      const found = sign({ now, parameters }, 'followed', value, [], { address: now.address }, [
        'identity.sharing.parallel_window',
        'identity.sharing.follow_days',
        'identity.sharing.follow_weeks',
        'identity.sharing.score.followed',
      ])
      return [
        { ...found, evidence, others: [other] },
        { ...found, accountId: other, evidence, others: [now.accountId] },
      ]
    })
}

async function absenceSigns(
  tx: EntityManager,
  { accountId, startedAt, eventId }: Activity,
  now: Date,
): Promise<FoundSign[]> {
  const account = await tx.findOneBy(AccountEntity, { id: accountId })
  const personId = account?.personId ?? null
  if (personId === null) return []
  const absences: Pick<Absence, 'kind' | 'startsAt' | 'endsAt'>[] = await tx.query(
    `select kind, starts_at as "startsAt", ends_at as "endsAt" from absence
      where person_id = $1 and starts_at <= $2 and ends_at > $2 order by id limit 10`,
    [personId, startedAt],
  )
  const found: FoundSign[] = []
  for (const absence of absences)
    found.push(...(await signsOfAbsence(tx, { personId, ...absence }, now)))
  // Those of earlier sign-ins are known.
  return found.filter(({ at, evidence }) =>
    eventId === null ? at.getTime() === startedAt.getTime() : evidence.includes(eventId),
  )
}

function habitSigns({ now, parameters }: Watched, others: readonly Activity[]): FoundSign[] {
  const enough = parameters['identity.sharing.habit_sign_ins'].value
  if (!breaksHabit(now, others, enough)) return []
  const { value } = parameters['identity.sharing.score.habit']
  const detail = { address: now.address, knownSignIns: others.length }
  return [
    sign({ now, parameters }, 'habit', value, [now], detail, [
      'identity.sharing.habit_sign_ins',
      'identity.sharing.score.habit',
    ]),
  ]
}

/** A sign about the account that signed in. */
function sign(
  { now, parameters }: Watched,
  rule: SharingRule,
  score: number,
  activities: readonly Activity[],
  detail: FoundSign['detail'],
  used: readonly Key[],
): FoundSign {
  return {
    ...{ accountId: now.accountId, rule, score, at: now.startedAt, others: [], detail },
    evidence: evidenceOf(activities),
    parameterVersions: Object.fromEntries(used.map((key) => [key, parameters[key].version])),
  }
}
