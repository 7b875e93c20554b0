import type { Act } from '@erp-steward/contracts/act'
import {
  ChangeDebtIncurred,
  ChangeDebtSettled,
  ChangeDebtKind,
} from '@erp-steward/contracts/change-events'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { enqueue } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { IsNull, type EntityManager } from 'typeorm'
import type { Change } from './change.ts'

/** Name of the task that looks whether something owed was made up. */
export const DEBT_DUE = 'change-debt-due'

/** What a started emergency skipped and owes until `dueAt`. Source: defaults 2.4, A-3.3.5, B-7.5. */
export const ChangeDebtEntity = entityOf(
  Type.Object({
    changeId: Uuid,
    kind: ChangeDebtKind,
    dueAt: InstantOut,
    settledAt: nullable(InstantOut),
    overdueAt: nullable(InstantOut, 'When it was stated that it is overdue.'),
  }),
  {
    table: 'change_debt',
    key: ['changeId', 'kind'],
    checks: [
      {
        name: 'change_debt_kind_check',
        expression: `kind in ('papers', 'unit-approval', 'review')`,
      },
    ],
  },
)
export type ChangeDebt = RowOf<typeof ChangeDebtEntity>

/** Notes what is owed and has somebody look when it is due. The caller holds the lock of the change. */
export async function incurDebt(
  tx: EntityManager,
  change: Pick<Change, 'id' | 'number'>,
  kind: ChangeDebtKind,
  dueAt: Date,
  act: Act,
): Promise<void> {
  await tx.insert(ChangeDebtEntity, {
    changeId: change.id,
    kind,
    dueAt,
    settledAt: null,
    overdueAt: null,
  })
  await watchDebt(tx, { changeId: change.id, kind, dueAt }, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeDebtIncurred,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      debt: kind,
      dueAt: dueAt.toISOString(),
      incurredAt: act.now.toISOString(),
    },
    act,
  )
}

/** Takes down what was made up, in time or late; what is not owed is left alone. The caller holds the lock of the change. */
export async function settleDebt(
  tx: EntityManager,
  change: Pick<Change, 'id' | 'number'>,
  kind: ChangeDebtKind,
  act: Act,
): Promise<void> {
  const debt = await tx.findOneBy(ChangeDebtEntity, {
    changeId: change.id,
    kind,
    settledAt: IsNull(),
  })
  if (debt === null) return
  await tx.update(ChangeDebtEntity, { changeId: change.id, kind }, { settledAt: act.now })
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeDebtSettled,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      debt: kind,
      withinTarget: act.now <= debt.dueAt,
      settledAt: act.now.toISOString(),
    },
    act,
  )
}

/** Has somebody look just after the due time; at that instant it is still made up in time. */
export async function watchDebt(
  tx: EntityManager,
  { changeId, kind, dueAt }: Pick<ChangeDebt, 'changeId' | 'kind' | 'dueAt'>,
  act: Act,
): Promise<void> {
  await enqueue(tx, 'incident-tiering', DEBT_DUE, { changeId, kind }, act, {
    runAt: new Date(dueAt.getTime() + 1),
    key: `debt:${changeId}:${kind}`,
  })
}
