import type { Act } from '@erp-steward/contracts/act'
import {
  ChangeDebtIncurred,
  ChangeDebtSettled,
  type ChangeDebtKind,
} from '@erp-steward/contracts/change-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { enqueue } from '@erp-steward/service-kit/jobs'
import { EntitySchema, IsNull, type EntityManager } from 'typeorm'
import type { Change } from './change.ts'

/** Name of the task that looks whether something owed was made up. */
export const DEBT_DUE = 'change-debt-due'

/** What a started emergency skipped and owes until `dueAt`. Source: defaults 2.4, A-3.3.5, B-7.5. */
export interface ChangeDebt {
  changeId: string
  kind: ChangeDebtKind
  dueAt: Date
  settledAt: Date | null
  /** When it was stated that it is overdue; `null` until then. */
  overdueAt: Date | null
}

export const ChangeDebtEntity = new EntitySchema<ChangeDebt>({
  name: 'ChangeDebt',
  tableName: 'change_debt',
  columns: {
    changeId: {
      type: 'uuid',
      name: 'change_id',
      primary: true,
      primaryKeyConstraintName: 'change_debt_pkey',
    },
    kind: { type: 'text', primary: true, primaryKeyConstraintName: 'change_debt_pkey' },
    dueAt: { type: 'timestamptz', name: 'due_at' },
    settledAt: { type: 'timestamptz', name: 'settled_at', nullable: true },
    overdueAt: { type: 'timestamptz', name: 'overdue_at', nullable: true },
  },
  checks: [
    {
      name: 'change_debt_kind_check',
      expression: `kind in ('papers', 'unit-approval', 'review')`,
    },
  ],
})

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
