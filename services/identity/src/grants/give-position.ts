import type { Act } from '@erp-steward/contracts/act'
import { GrantsApplied } from '@erp-steward/contracts/grant-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { write, type RowsStatement } from '@erp-steward/messaging/statement'
import type { EntityManager } from 'typeorm'
import type { Position } from '../organisation/position.ts'
import type { CheckedAs } from '../sod/violations-of.ts'
import { itemsOf, type GrantItem } from './rules/grant-item.ts'

/** Who gets the rights of a position. */
export interface PositionHolder {
  readonly personId: string
  readonly accountId: string
  /** Answers for the grants, which have no end: the unit of the person. */
  readonly unitId: string
  /** What the check of incompatible duties said of them. */
  readonly sod: CheckedAs
}

interface Given {
  readonly personId: string
  readonly accountId: string
  readonly unitId: string
  readonly sod: CheckedAs
  readonly positionId: string
  readonly positionVersion: number
  readonly startsAt: Date
  readonly grantedBy: string
  readonly approvedBy: string | null
  readonly items: readonly GrantItem[]
}

/** A row for each thing that each holder gets; what somebody has from the position already is not given twice. */
const GIVE: RowsStatement<Given> = {
  name: 'give position',
  table: 'access_grant',
  parents: ['person', 'account', 'position'],
  text: `insert into access_grant (id, person_id, account_id, kind, name, source, position_id, position_version, starts_at,
                                   owner_unit_id, granted_by, approved_by, sod, version)
         select gen_random_uuid(), "personId", "accountId", item.kind, item.name, 'position', "positionId",
                "positionVersion", "startsAt", "unitId", "grantedBy", "approvedBy", sod, 1
           from json_to_recordset($1) as given (
                  "personId" uuid, "accountId" uuid, "unitId" uuid, sod text, "positionId" uuid, "positionVersion" integer,
                  "startsAt" timestamptz, "grantedBy" text, "approvedBy" text, items json)
          cross join lateral json_to_recordset(items) as item (kind text, name text)
             on conflict (person_id, kind, name) where source = 'position' and ended_at is null do nothing`,
  values: (given) => [JSON.stringify(given)],
}

/**
 * Puts what a position gives in force for its holders, or only `items` of it. The caller holds the rows of the people and of
 * the position.
 *
 * Source.
 *
 * @param approvedBy who approved it for these people; `null` where the approved matrix is enough
 */
export async function givePosition(
  tx: EntityManager,
  holders: readonly PositionHolder[],
  position: Position,
  approvedBy: string | null,
  act: Act,
  items: readonly GrantItem[] = itemsOf(position),
): Promise<void> {
  if (items.length === 0) return
  const { id: positionId, matrixVersion: positionVersion } = position
  const given = holders.map((holder) => ({
    ...holder,
    ...{ positionId, positionVersion, approvedBy, items },
    startsAt: act.now,
    grantedBy: act.actor,
  }))
  await write(tx, GIVE, given)
  for (const { personId, accountId } of holders)
    await appendEvent(
      tx,
      'identity',
      GrantsApplied,
      personId,
      {
        ...{ personId, accountId, positionId, positionVersion, approvedBy, requestId: null },
        source: 'position',
        grants: [...items],
        startsAt: act.now.toISOString(),
        endsAt: null,
      },
      act,
    )
}
