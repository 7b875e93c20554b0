import type { EntityManager } from 'typeorm'
import { AccountChangeEntity, type AccountChange } from './account-change.ts'

export interface AccountChangeFilter {
  readonly status?: AccountChange['status'] | undefined
  /** Request instant and id of the last row of the page before, two `null`s for the first page. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Account changes, oldest first. */
export function accountChanges(
  tx: EntityManager,
  { status, after: [at, id], limit }: AccountChangeFilter,
): Promise<AccountChange[]> {
  const query = tx
    .createQueryBuilder(AccountChangeEntity, 'change')
    .orderBy('change.requestedAt')
    .addOrderBy('change.id')
    .limit(limit)
  if (status !== undefined) query.andWhere('change.status = :status', { status })
  if (at !== null) query.andWhere('(change.requestedAt, change.id) > (:at, :id)', { at, id })
  return query.getMany()
}
