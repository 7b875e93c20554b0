import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { DriftDecided } from '@erp-steward/contracts/reconciliation-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { lockAccount, type HeldAccount } from '../accounts/lock-account.ts'
import { EbsFindingEntity, type EbsFinding } from './ebs-finding.ts'

/** A case that somebody decides, with the account that it is about. */
export interface HeldFinding {
  readonly finding: EbsFinding
  /** `null`: there is none here. */
  readonly held: HeldAccount | null
}

/**
 * The case and its account, held until the end of the transaction; the account first, as everybody does.
 *
 * @throws Problem `not-found`, `version-stale`, `same-person` for whoever it is about, `finding-state` when it is decided or
 *   closed
 */
export async function lockFinding(
  tx: EntityManager,
  id: string,
  expected: number,
  act: Act,
): Promise<HeldFinding> {
  const found = await tx.findOneBy(EbsFindingEntity, { id })
  if (found === null) throw unknownFinding(id)
  const held = found.accountId === null ? null : await lockAccount(tx, found.accountId)
  const personId = held?.account.personId ?? null
  const detail = said('Nobody decides about himself.', '不得处理涉及本人的差异。')
  if (personId !== null) await assertNotAbout(tx, act, personId, detail)
  const finding = await tx.findOneOrFail(EbsFindingEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  assertVersion(finding.version, expected)
  if (finding.state !== 'open')
    throw unfit(said(`The difference is ${finding.state}.`, `该差异的状态为 ${finding.state}。`))
  return { finding, held }
}

export const unknownFinding = (id: string) =>
  new Problem('not-found', said(`There is no difference ${id}.`, `没有差异 ${id}。`))

export const unfit = (detail: Bilingual) => new Problem('finding-state', detail)

/** A decision as it is kept and told. */
type Decided = Pick<EbsFinding, 'state' | 'ignoredUntil'> & {
  readonly decision: NonNullable<EbsFinding['decision']>
  readonly reason: string
}

/** Keeps a decision with who made it, and tells of it. */
export async function keepDecision(
  tx: EntityManager,
  finding: EbsFinding,
  { state, ignoredUntil, decision, reason }: Decided,
  act: Act,
): Promise<EbsFinding> {
  const decided: EbsFinding = {
    ...finding,
    ...{ state, ignoredUntil, decision, reason },
    decidedBy: act.actor,
    decidedAt: act.now,
    version: finding.version + 1,
  }
  await tx.save(EbsFindingEntity, decided)
  const { id: findingId, kind } = finding
  const fact = {
    ...{ findingId, kind, decision, reason, decidedAt: act.now.toISOString() },
    ignoredUntil: ignoredUntil?.toISOString() ?? null,
  }
  await appendEvent(tx, 'identity', DriftDecided, findingId, fact, act)
  return decided
}

/** Longest time that a difference is left alone, in days. Source: defaults 2.8, as exceptions of incompatible duties. */
const MOST_IGNORED_DAYS = 90

/**
 * Leaves a difference alone for a time, at most 90 days; then it is open again by itself.
 *
 * @throws Problem as `lockFinding`, `validation-failed` for a time that is over or too long
 */
export async function ignoreFinding(
  tx: EntityManager,
  { id, until, reason }: { readonly id: string; readonly until: Date; readonly reason: string },
  expected: number,
  act: Act,
): Promise<EbsFinding> {
  const { finding } = await lockFinding(tx, id, expected, act)
  const latest = new Date(act.now.getTime() + MOST_IGNORED_DAYS * 86_400_000)
  if (until <= act.now || until > latest) {
    const detail = said(
      `until must be in the future and not after ${latest.toISOString()}.`,
      `until 须晚于当前时间且不晚于 ${latest.toISOString()}。`,
    )
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/until', detail }] })
  }
  const ignored = { state: 'open', ignoredUntil: until, decision: 'ignore', reason } as const
  return keepDecision(tx, finding, ignored, act)
}
