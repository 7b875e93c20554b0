import type { Act } from '@erp-steward/contracts/act'
import {
  AdministratorRoleFilled,
  AdministratorRoleVacant,
  AdministratorUnnamed,
} from '@erp-steward/contracts/account-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Account, AdministratorRole } from './account.ts'

/** Whether no other active account has the role of this one; `false` for the account of a person. */
export async function isLastOfRole(
  tx: EntityManager,
  { id, administratorRole }: Pick<Account, 'id' | 'administratorRole'>,
): Promise<boolean> {
  if (administratorRole === null) return false
  const others: unknown[] = await tx.query(
    `select from account where administrator_role = $1 and status = 'active' and id <> $2 limit 1`,
    [administratorRole, id],
  )
  return others.length === 0
}

/** States that nobody holds the role any more, or that somebody does again. */
export async function stateRole(
  tx: EntityManager,
  role: AdministratorRole,
  held: boolean,
  act: Act,
): Promise<void> {
  const fact = { role, since: act.now.toISOString() }
  const definition = held ? AdministratorRoleFilled : AdministratorRoleVacant
  await appendEvent(tx, 'identity', definition, role, fact, act)
}

/** States that an administrator account belongs to nobody. */
export async function stateUnnamed(
  tx: EntityManager,
  { id, role }: { id: string; role: AdministratorRole },
  act: Act,
): Promise<void> {
  const fact = { accountId: id, role, statedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AdministratorUnnamed, id, fact, act)
}

/** Every day until they are named, so that a site that is older than the statement states them too. */
export const stateUnnamedAdministrators = defineTask(
  'state-unnamed-administrators',
  Type.Object({}),
  async (tx, _, act) => {
    const unnamed: { id: string; role: AdministratorRole }[] = await tx.query(
      `select id, administrator_role as role from account
        where administrator_role is not null and person_id is null and status <> 'disabled' order by id`,
    )
    for (const account of unnamed) await stateUnnamed(tx, account, act)
  },
)
