import { AccountCaseOpened } from '@erp-steward/contracts/detection-events'
import { on } from '@erp-steward/messaging/consumer'
import { openTicket } from './open-ticket.ts'
import { TicketEntity } from './ticket.ts'

/** An account that was reported stolen or at risk becomes a ticket, one for each case. Source. */
export const onAccountCaseOpened = on(AccountCaseOpened, async (tx, { data }, act) => {
  const { caseId: accountCaseId, kind, accountId, unitId, reason, frozen, openedAt } = data
  if (kind !== 'theft' || unitId === null) return
  if (await tx.existsBy(TicketEntity, { accountCaseId })) return
  const state = frozen ? 'shut at once' : 'not shut by the report'
  await openTicket(
    tx,
    {
      title: 'Account reported stolen or at risk',
      description: `Account ${accountId}, ${state}, case ${accountCaseId}, at ${openedAt}: ${reason ?? ''}`,
      category: 'account-compromise',
      // The least that the category may have.
      priority: 'P2',
      unitId,
      moduleCode: null,
      accountCaseId,
    },
    act,
  )
})
