import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { In, MoreThan, type EntityManager } from 'typeorm'
import { AccessRequestEntity } from '../access-requests/access-request.ts'
import { submitRequest } from '../access-requests/submit-request.ts'
import { AccountChangeEntity, type AccountChangeCommand } from '../accounts/account-change.ts'
import { AccountEntity } from '../accounts/account.ts'
import { requestAccountChange } from '../accounts/request-account-change.ts'
import { isReservedUserName } from '../accounts/rules/user-name.ts'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import { freezeAccount } from '../accounts/freeze-account.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import type { Person } from '../people/person.ts'

/** What a request of the product's own lists says of one that came by SCIM. */
const REASON = '目录同步（SCIM）：active = true'
const RISK = '由目录同步发起，未另作风险分析；审批人应核实冻结原因已消除。'

/**
 * Makes an account open or not, as far as the security rules let a program: it is frozen at once; to open it is asked for, once
 * however often that is wanted. The caller holds the person's row. Sources.
 *
 * @returns path of the request that waits; `null` where nothing does
 * @throws Problem as `freezeAccount` and `submitRequest`
 */
export async function wantActive(
  tx: EntityManager,
  person: Person,
  accountId: string,
  active: boolean,
  act: Act,
): Promise<string | null> {
  const held = await lockAccount(tx, accountId)
  if (held === null) return null
  const { status } = held.account
  if (!active) {
    if (status === 'active') await freezeAccount(tx, held, '目录同步（SCIM）：active = false', act)
    return null
  }
  if (status === 'active') return null
  return status === 'frozen'
    ? askForRelease(tx, person, act)
    : askOnce(tx, { kind: 'enable-account', accountId }, accountId, act)
}

async function askForRelease(tx: EntityManager, person: Person, act: Act): Promise<string> {
  const waiting = await tx.findOneBy(AccessRequestEntity, {
    personId: person.id,
    kind: 'unfreeze',
    state: In(['submitted', 'unit-approved', 'company-approved']),
    expiresAt: MoreThan(act.now),
  })
  const form = { moduleCode: null, riskAnalysis: RISK, reason: REASON }
  const change = { kind: 'unfreeze', personId: person.id, ...form } as const
  const { id } = waiting ?? (await submitRequest(tx, person, change, act))
  return `/v1/access-requests/${id}`
}

/**
 * Asks for the account of somebody who is in the register and has none.
 *
 * @returns path of the change that waits
 * @throws Problem `user-name-taken`
 */
export async function askForAccount(
  tx: EntityManager,
  { id: personId }: Person,
  userName: string,
  act: Act,
): Promise<string> {
  const isTaken = await tx.existsBy(AccountEntity, { userNameLookup: userNameLookup(tx, userName) })
  if (isTaken || isReservedUserName(userName))
    throw new Problem(
      'user-name-taken',
      said(`${userName} is taken or reserved.`, `${userName} 已被占用或保留。`),
    )
  return askOnce(tx, { kind: 'create-account', personId, userName }, personId, act)
}

async function askOnce(
  tx: EntityManager,
  command: AccountChangeCommand,
  subjectId: string,
  act: Act,
): Promise<string> {
  const waiting = await tx.findOneBy(AccountChangeEntity, {
    kind: command.kind,
    subjectId,
    status: 'pending',
  })
  const { id } =
    waiting ?? (await requestAccountChange(tx, { subjectId, command, reason: REASON }, act))
  return `/v1/account-changes/${id}`
}
