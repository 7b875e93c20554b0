import type { EntityManager } from 'typeorm'
import { AccountChangeEntity, type AccountChange } from './account-change.ts'

export interface AccountChangeFilter {
  readonly status?: AccountChange['status'] | undefined
  /** Request instant and id of the last row of the page before. */
  readonly after: readonly string[] | null
  readonly limit: number
}

/** Account changes, oldest first. */
export function accountChanges(
  tx: EntityManager,
  { status, after, limit }: AccountChangeFilter,
): Promise<AccountChange[]> {
  const query = tx
    .createQueryBuilder(AccountChangeEntity, 'change')
    .orderBy('change.requestedAt')
    .addOrderBy('change.id')
    .limit(limit)
  if (status !== undefined) query.andWhere('change.status = :status', { status })
  if (after !== null)
    query.andWhere('(change.requestedAt, change.id) > (:at, :id)', { at: after[0], id: after[1] })
  return query.getMany()
}
