import type { Act } from '@erp-steward/contracts/act'
import { StandingChanged } from '@erp-steward/contracts/directory-events'
import type { Role } from '@erp-steward/contracts/permissions'
import type { AccountStanding } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { ask } from '@erp-steward/messaging/statement'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountEntity, type Account } from './account.ts'
import { inOrder, rolesOfAccount } from './roles-of-account.ts'
import { StandingEntity } from './standing.ts'

/** People whose standing is stated in one go. */
const BATCH = 500

const STATE = {
  name: 'state standing',
  text: `insert into standing (person_id, account_status, roles, version) values ($1, $2, $3, 1)
         on conflict on constraint standing_pkey do update
           set account_status = excluded.account_status, roles = excluded.roles, version = standing.version + 1
           where (standing.account_status, standing.roles) is distinct from (excluded.account_status, excluded.roles)
         returning version`,
}

/**
 * States what the person may do now, as an administrator too, for the copies of the other services, if it is not what was
 * stated last. Called after every change of account or rights, by whoever holds the person's row.
 *
 * @param created the person's account, by whoever has just created it
 */
export async function stateStanding(
  tx: EntityManager,
  personId: string,
  act: Act,
  created?: Account,
): Promise<void> {
  const account = created ?? (await tx.findOneBy(AccountEntity, { personId }))
  const accountStatus: AccountStanding = account?.status ?? 'none'
  const roles = account === null ? [] : (await rolesOfAccount(tx, account, act.now)).roles
  const [stated] = await ask<{ version: number }>(tx, STATE, [personId, accountStatus, roles])
  if (stated === undefined) return
  await appendEvent(
    tx,
    'identity',
    StandingChanged,
    personId,
    { personId, accountId: account?.id ?? null, accountStatus, roles, version: stated.version },
    act,
  )
}

/** States what somebody may do who has just come in, with an account and the rights of the position. */
export async function stateFirstStanding(
  tx: EntityManager,
  personId: string,
  { id: accountId, status }: Account,
  roles: readonly Role[],
  act: Act,
): Promise<void> {
  const stated = { personId, accountStatus: status, roles: inOrder(roles), version: 1 }
  await insertRows(tx, StandingEntity, [stated])
  await appendEvent(tx, 'identity', StandingChanged, personId, { ...stated, accountId }, act)
}

/**
 * States those who have an account and were never stated, and administrators whose role was not: people of a site that is
 * older than the statement.
 */
export const stateUnstated = defineTask('state-unstated', Type.Object({}), async (tx, _, act) => {
  const people: { id: string }[] = await tx.query(
    `select id from person
      where exists (select from account where person_id = person.id)
        and not exists (select from standing where person_id = person.id)
         or exists (select from account join standing using (person_id)
                     where person_id = person.id and administrator_role is not null
                       and account.status <> account_status)
      order by id limit $1 for update`,
    [BATCH],
  )
  for (const { id } of people) await stateStanding(tx, id, act)
})
