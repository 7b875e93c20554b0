import type { Act } from '@erp-steward/contracts/act'
import { AccountChangeDecided } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { disableClient } from '../clients/disable-client.ts'
import { lockPerson } from '../people/lock-person.ts'
import { reopenAdoptions } from '../reconciliation/adopt-users.ts'
import { AccountEntity } from './account.ts'
import {
  AccountChangeEntity,
  type AccountChange,
  type AccountChangeCommand,
} from './account-change.ts'
import { assertAnotherHand, assertNamed } from './another-hand.ts'
import { applyAccountChange } from './apply-account-change.ts'
import { assertNotConcerned, whoAsked } from './concerned.ts'
import { isSetUp, mayDecide } from './rules/who-decides.ts'
import { standsIn } from './stand-in.ts'
import { assertNotWhoPlaced } from './who-placed.ts'

export interface DecideAccountChange {
  readonly changeId: string
  readonly decision: 'approved' | 'rejected'
  /** Mandatory for a rejection. */
  readonly reason: string | null
}

/**
 * Approves or rejects a change; only approval gives it effect, exactly once however many approve at the same moment.
 *
 * Source: defaults 2.9: the system administrator's changes wait for the security administrator's confirmation.
 *
 * @throws Problem `not-found`, `version-stale`, `account-change-decided`, `permission-missing` (also for a stand-in while
 *   somebody could decide whose place it is), `same-person` (who asked, whom it concerns, or who put the person where the
 *   rights come from), `administrator-unnamed`, and whatever refuses the effect, in which case the change stays pending
 */
export async function decideAccountChange(
  tx: EntityManager,
  { changeId, decision, reason }: DecideAccountChange,
  expected: number,
  act: Act,
): Promise<AccountChange> {
  const change = await heldChange(tx, changeId)
  if (change.status !== 'pending')
    throw new Problem(
      'account-change-decided',
      said(`The change is ${change.status}.`, `该变更的状态为 ${change.status}。`),
    )
  assertVersion(change.version, expected)
  if (!mayDecide(change.kind, act.role) && !(await standsIn(tx, change, act.role, act.now)))
    throw new Problem(
      'permission-missing',
      said(`A ${change.kind} is decided by others.`, `${change.kind} 须由他人决定。`),
    )
  const asked = whoAsked(change)
  await assertAnotherHand(
    tx,
    act,
    [asked],
    said('Who asked for the change may not decide it.', '变更申请人不得审批该变更。'),
  )
  await assertNotConcerned(tx, change.command, act)
  if (decision === 'approved') {
    if (!isSetUp(change.command)) await assertNamed(tx, act, [asked])
    await assertNotWhoPlaced(tx, change.command, act)
  }
  const decided: AccountChange = {
    ...change,
    status: decision,
    decidedBy: act.actor,
    decidedByPerson: act.personId,
    decidedAt: act.now,
    decisionReason: reason,
    version: change.version + 1,
  }
  await tx.save(AccountChangeEntity, decided)
  await appendEvent(
    tx,
    'identity',
    AccountChangeDecided,
    changeId,
    {
      changeId,
      kind: change.kind,
      subjectId: change.subjectId,
      decision,
      reason,
      requestedBy: change.requestedBy,
      decidedAt: act.now.toISOString(),
    },
    act,
  )
  if (decision === 'approved') await applyAccountChange(tx, decided, act)
  else if (change.kind === 'create-client')
    await disableClient(tx, change.subjectId, 'request-rejected', act)
  else if (change.command.kind === 'adopt-ebs-users')
    await reopenAdoptions(tx, change.command.users)
  return decided
}

/** The change, held; its person before it, as whoever moves the person holds them, so that the two wait for each other. */
async function heldChange(tx: EntityManager, id: string): Promise<AccountChange> {
  const found = await tx.findOneBy(AccountChangeEntity, { id })
  if (found === null)
    throw new Problem(
      'not-found',
      said(`There is no account change ${id}.`, `没有账号变更 ${id}。`),
    )
  const personId = await personOf(tx, found.command)
  if (personId !== null) await lockPerson(tx, personId)
  return tx.findOneOrFail(AccountChangeEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
}

async function personOf(tx: EntityManager, command: AccountChangeCommand): Promise<string | null> {
  if ('personId' in command) return command.personId
  if (!('accountId' in command)) return null
  const account = await tx.findOneBy(AccountEntity, { id: command.accountId })
  return account?.personId ?? null
}
