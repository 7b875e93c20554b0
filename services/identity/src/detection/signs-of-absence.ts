import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { activitiesOf } from './activities.ts'
import type { FoundSign } from './note-sign.ts'
import { evidenceOf, type Activity } from './rules/activity.ts'

/** How long before a journey an address counts as a usual one. Own choice. */
const USUAL_MS = 30 * 86_400_000

const scores = ['identity.sharing.score.absent', 'identity.sharing.score.left'] as const

/** A time in which somebody is away. */
interface Away {
  readonly personId: string
  readonly kind: 'leave' | 'travel'
  readonly startsAt: Date
  /** First instant back. */
  readonly endsAt: Date
}

/** Rule 6: what the account of somebody did while away, as far as it has happened. Source: defaults 2.9. */
export async function signsOfAbsence(
  tx: EntityManager,
  { personId, kind, startsAt, endsAt }: Away,
  now: Date,
): Promise<FoundSign[]> {
  const account = await tx.findOneBy(AccountEntity, { personId })
  if (account === null) return []
  const last = new Date(Math.min(endsAt.getTime() - 1, now.getTime()))
  const during = await activitiesOf(tx, account.id, startsAt, last)
  if (during.length === 0) return []
  const before = new Date(startsAt.getTime() - USUAL_MS)
  const usual =
    kind === 'leave'
      ? null
      : new Set(
          (await activitiesOf(tx, account.id, before, new Date(startsAt.getTime() - 1))).map(
            ({ address }) => address,
          ),
        )
  const found = during.filter(({ address }) => usual?.has(address) ?? true)
  return signsFor(tx, found, 'absent', { kind }, now)
}

/** What the account of somebody did after the person had left, when the notice of it came late. Source: defaults 2.9. */
export async function signsAfterLeaving(
  tx: EntityManager,
  personId: string,
  leftAt: Date,
  now: Date,
): Promise<FoundSign[]> {
  const account = await tx.findOneBy(AccountEntity, { personId })
  if (account === null) return []
  const after = await activitiesOf(tx, account.id, leftAt, now)
  return signsFor(tx, after, 'left', { leftAt: leftAt.toISOString() }, now)
}

async function signsFor(
  tx: EntityManager,
  activities: readonly Activity[],
  rule: 'absent' | 'left',
  detail: Readonly<Record<string, string>>,
  now: Date,
): Promise<FoundSign[]> {
  const read = await readParameters(tx, scores, null, now)
  const key = `identity.sharing.score.${rule}` as const
  const { value: score, version } = read[key]
  return activities.map((each) => ({
    ...{ accountId: each.accountId, rule, score, at: each.startedAt, others: [] },
    evidence: evidenceOf([each]),
    detail: { ...detail, address: each.address },
    parameterVersions: { [key]: version },
  }))
}
