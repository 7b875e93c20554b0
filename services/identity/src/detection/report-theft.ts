import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { permissions } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import type { AccountCase } from './account-case.ts'
import { openCase } from './open-case.ts'

/**
 * How many accounts of others one person shuts in a day by reporting them; a report beyond it is taken all the same, and
 * whoever decides the case shuts the account. Otherwise a report would be a weapon. Own choice.
 */
const SHUT_IN_A_DAY = 3
const DAY_MS = 86_400_000

export interface TheftReport {
  /** `null`: the own one. */
  readonly account: { readonly accountId: string } | { readonly userName: string } | null
  readonly reason: string
}

/**
 * Takes a report that an account was stolen or is at risk: it is shut, its sessions end, and a case is open, of which others hear
 * by event; one more report while the case is open belongs to that. Source.
 *
 * @throws Problem `account-unknown`
 */
export async function reportTheft(
  tx: EntityManager,
  { account: wanted, reason }: TheftReport,
  act: Act,
): Promise<AccountCase> {
  // Two reports of one reporter at once are counted one after the other.
  await tx.query('select pg_advisory_xact_lock(7411031, hashtext($1))', [act.actor])
  const id =
    wanted === null
      ? await ownId(tx, act)
      : 'accountId' in wanted
        ? wanted.accountId
        : await idOf(tx, wanted.userName)
  const held = id === null ? null : await lockAccount(tx, id)
  if (held === null)
    throw new Problem('account-unknown', said('There is no such account.', '没有该账号。'))
  const freezes = held.account.id === act.actor || (await mayShut(tx, act))
  return openCase(tx, held, { kind: 'theft', score: null, reason, freezes }, act)
}

async function mayShut(tx: EntityManager, act: Act): Promise<boolean> {
  const anybody: readonly string[] = permissions['account.freeze']
  if (anybody.includes(act.role)) return true
  const [row]: { shut: number }[] = await tx.query(
    `select count(*)::integer as shut from account_case
      where opened_by = $1 and kind = 'theft' and account_id::text <> $1 and frozen_at is not null and opened_at > $2`,
    [act.actor, new Date(act.now.getTime() - DAY_MS)],
  )
  return (row?.shut ?? 0) < SHUT_IN_A_DAY
}

async function ownId(tx: EntityManager, { actor }: Act): Promise<string | null> {
  return (await tx.existsBy(AccountEntity, { id: actor })) ? actor : null
}

async function idOf(tx: EntityManager, userName: string): Promise<string | null> {
  const lookup = userNameLookup(tx, userName)
  const account = await tx.findOneBy(AccountEntity, { userNameLookup: lookup })
  return account?.id ?? null
}
