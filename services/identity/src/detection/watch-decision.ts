import { AccessRequestApproved, AccessRequested } from '@erp-steward/contracts/grant-events'
import { AccountChangeDecided, AccountChangeRequested } from '@erp-steward/contracts/account-events'
import { ChangeApproved, ChangeSubmitted } from '@erp-steward/contracts/change-events'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import { ProposalDecided, ProposalMade } from '@erp-steward/contracts/platform-events'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { activityDuring } from './activities.ts'
import { whereabouts } from './network.ts'
import type { FoundSign } from './note-sign.ts'
import { isOneDevice } from './rules/activity.ts'

/** Which fact says that something was asked for, which that it was approved, and by which member they belong together. */
interface Pair {
  readonly asked: EventDefinition
  readonly decided: EventDefinition
  readonly id: string
}

/** Everything here that takes two. What is made and checked in EBS is not told. */
const pairs: readonly Pair[] = [
  { asked: ProposalMade, decided: ProposalDecided, id: 'proposalId' },
  { asked: AccountChangeRequested, decided: AccountChangeDecided, id: 'changeId' },
  { asked: AccessRequested, decided: AccessRequestApproved, id: 'requestId' },
  { asked: ChangeSubmitted, decided: ChangeApproved, id: 'changeId' },
]

/** What somebody approves. */
export const decisions = pairs.map(({ decided }) => decided)

/** Facts of one subject that are looked through for the one that asked. */
const FEW = 20

const windowKey = 'identity.sharing.maker_checker_window'
const scoreKey = 'identity.sharing.score.maker_checker'

/**
 * Rule 4: that one thing was asked for and approved by two accounts on one device, at most the window apart. The ledger has what
 * was asked, for facts of one subject come in their order. Sources, defaults 2.9.
 */
export async function watchDecision(
  tx: EntityManager,
  decided: Envelope,
  now: Date,
): Promise<FoundSign[]> {
  const pair = pairs.find((each) => each.decided.type === decided.type)
  const data = decided.data as Readonly<Record<string, unknown>>
  if (pair === undefined || (data.decision !== undefined && data.decision !== 'approved')) return []
  const asked = await askedBefore(tx, pair, decided)
  if (asked === null || asked.actor === decided.actor) return []
  const read = await readParameters(tx, [windowKey, scoreKey], null, now)
  const [askedAt, decidedAt] = [new Date(asked.time), new Date(decided.time)]
  if (decidedAt.getTime() - askedAt.getTime() > durationMs(read[windowKey].value)) return []
  const [maker, checker] = [
    await duringOf(tx, asked.actor, askedAt),
    await duringOf(tx, decided.actor, decidedAt),
  ]
  if (maker === null || checker === null || !isOneDevice(maker, checker)) return []
  if ((await whereabouts(tx, [maker.address]))(maker.address).isShared) return []
  const signIns = [maker.eventId, checker.eventId].filter((id) => id !== null)
  const found = {
    ...({ rule: 'maker-checker', score: read[scoreKey].value, at: decidedAt } as const),
    evidence: [asked.id, decided.id, ...signIns].toSorted(),
    detail: { address: maker.address, subject: decided.subject },
    parameterVersions: { [windowKey]: read[windowKey].version, [scoreKey]: read[scoreKey].version },
  }
  return [
    { ...found, accountId: maker.accountId, others: [checker.accountId] },
    { ...found, accountId: checker.accountId, others: [maker.accountId] },
  ]
}

/** The last fact that asked for what was decided; `null` when the ledger lacks it. */
async function askedBefore(
  tx: EntityManager,
  { asked, id }: Pair,
  decided: Envelope,
): Promise<Envelope | null> {
  const rows: { envelope: string }[] = await tx.query(
    `select envelope from audit_record where type = $1 and subject = $2 order by seq desc limit $3`,
    [asked.type, decided.subject, FEW],
  )
  const wanted = (decided.data as Readonly<Record<string, unknown>>)[id]
  return (
    rows
      .map(({ envelope }) => JSON.parse(envelope) as Envelope)
      .find(({ data }) => (data as Readonly<Record<string, unknown>>)[id] === wanted) ?? null
  )
}

/** Clients and services have no session. */
async function duringOf(tx: EntityManager, actor: string, at: Date) {
  return UUID.test(actor) ? activityDuring(tx, actor, at) : null
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
