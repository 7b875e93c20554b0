import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { AccountInRange } from '../accounts/accounts-in-range.ts'
import { showAccount } from '../accounts/show-account.ts'
import { maskedName } from '../people/rules/mask.ts'
import { seesName, type Viewer } from '../people/show-person.ts'

/** Names beside the ids of a record; `null` where nothing here has a name for the id. */
export interface RecordNames {
  readonly actorName: string | null
  readonly actorUserName: string | null
  readonly subjectName: string | null
}

interface Name {
  readonly name: string | null
  readonly userName: string | null
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The records with the names that people, accounts, machines and places have today; what the hashes cover stays as it was.
 * The name of a person is masked as everywhere, a user name is shown as in the list of accounts.
 * Source.
 */
export async function nameRecords<Row extends { readonly actor: string; readonly subject: string }>(
  tx: EntityManager,
  viewer: Viewer,
  rows: readonly Row[],
): Promise<(Row & RecordNames)[]> {
  const ids = new Set(rows.flatMap(({ actor, subject }) => [actor, subject]))
  const names = await namesOf(
    tx,
    viewer,
    [...ids].filter((id) => ID.test(id)),
  )
  return rows.map((row) => ({
    ...row,
    actorName: names.get(row.actor)?.name ?? null,
    actorUserName: names.get(row.actor)?.userName ?? null,
    subjectName: names.get(row.subject)?.name ?? null,
  }))
}

async function namesOf(
  tx: EntityManager,
  viewer: Viewer,
  ids: readonly string[],
): Promise<Map<string, Name>> {
  if (ids.length === 0) return new Map()
  const accounts: Pick<AccountInRange, 'id' | 'userName' | 'personId' | 'personName' | 'unitId'>[] =
    await tx.query(
      `select account.id, user_name as "userName", person_id as "personId", person.name as "personName",
            person.unit_id as "unitId"
       from account left join person on person.id = person_id where account.id = any($1)`,
      [ids],
    )
  const people: { id: string; name: string; unitId: string }[] = await tx.query(
    'select id, name, unit_id as "unitId" from person where id = any($1)',
    [ids],
  )
  const others: { id: string; name: string }[] = await tx.query(
    `select id, name from client where id = any($1)
     union all select id, name from unit where id = any($1)
     union all select id, name from department where id = any($1)
     union all select id, name from position where id = any($1)`,
    [ids],
  )
  return new Map<string, Name>([
    ...accounts.map((row): [string, Name] => {
      const { id, userName, personName } = showAccount(tx, viewer, row)
      // The first administrators belong to nobody: the user name is all there is.
      return [id, { name: personName ?? userName, userName }]
    }),
    ...people.map(({ id, name: sealed, unitId }): [string, Name] => {
      const name = personalDataOf(tx).open(id, 'name', sealed)
      const shown = seesName(viewer, { id, unitId }) ? name : maskedName(name)
      return [id, { name: shown, userName: null }]
    }),
    ...others.map(({ id, name }): [string, Name] => [id, { name, userName: null }]),
  ])
}
