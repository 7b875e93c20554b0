import { Brackets, type EntityManager } from 'typeorm'
import { ChangeEntity, type Change } from './change.ts'

export interface ChangeFilter {
  readonly state: string | undefined
  readonly unitId: string | undefined
  readonly kind: string | undefined
  readonly reader: ChangeReader
  /** Sort key of the last row of the page before. */
  readonly afterAt: string | null
  readonly afterId: string | null
  readonly limit: number
}

/** A reader whose range is one unit sees its changes, those of modules served for the company, and those with a part in. */
export interface ChangeReader {
  /** `null` for a reader who sees every unit. */
  readonly onlyUnitId: string | null
  readonly personId: string | null
}

/** Changes in the reader's range, newest first. */
export async function listChanges(tx: EntityManager, filter: ChangeFilter): Promise<Change[]> {
  const query = inRange(tx, filter.reader)
  for (const member of ['state', 'unitId', 'kind'] as const)
    if (filter[member] !== undefined)
      query.andWhere(`change.${member} = :${member}`, { [member]: filter[member] })
  if (filter.afterAt !== null)
    query.andWhere('(change.submittedAt, change.id) < (:afterAt, :afterId)', {
      afterAt: filter.afterAt,
      afterId: filter.afterId,
    })
  return query
    .orderBy('change.submittedAt', 'DESC')
    .addOrderBy('change.id', 'DESC')
    .limit(filter.limit)
    .getMany()
}

/** The change if it is in the reader's range. */
export async function changeInRange(
  tx: EntityManager,
  id: string,
  reader: ChangeReader,
): Promise<Change | null> {
  return inRange(tx, reader).andWhere('change.id = :id', { id }).getOne()
}

function inRange(tx: EntityManager, { onlyUnitId, personId }: ChangeReader) {
  const query = tx.createQueryBuilder(ChangeEntity, 'change')
  return onlyUnitId === null
    ? query.where('true')
    : query.where(
        new Brackets((range) =>
          range.where('change.unitId = :onlyUnitId', { onlyUnitId }).orWhere(
            `cast(:personId as uuid) in (change.requesterPersonId, change.executorPersonId,
               change.rollbackOwnerPersonId, change.unitApproverPersonId, change.companyApproverPersonId)
             or exists (select from key_user k where k.person_id = :personId and k.ended_at is null
                 and k.tier = 'L2' and k.kind = 'MODULE' and k.module_code = change.moduleCode)`,
            { personId },
          ),
        ),
      )
}
