import { permissions } from '@erp-steward/contracts/permissions'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { IsNull } from 'typeorm'
import { isAnotherHand } from '../accounts/stand-in.ts'
import { ClientKeyEntity } from './client-key.ts'
import { ClientEntity } from './client.ts'

/** Keys of clients that somebody of another role has to confirm. Source. */
export const clientKeysWaiting: Waits = async (tx, { now }) => {
  const keys = await tx.find(ClientKeyEntity, {
    where: { confirmedAt: IsNull(), endedAt: IsNull() },
    order: { askedAt: 'asc', thumbprint: 'asc' },
  })
  const waits: Wait[] = []
  for (const { clientId, thumbprint, askedBy, askedByPerson, askedRole, askedAt } of keys) {
    // Of a client that is shut nothing waits.
    if (!(await tx.existsBy(ClientEntity, { id: clientId, status: 'active' }))) continue
    const first = { actor: askedBy, personId: askedByPerson }
    const roles = permissions['client.complete-secret'].filter((role) => role !== askedRole)
    waits.push({
      kind: 'client-key.confirm',
      subject: thumbprint,
      permission: 'client.complete-secret',
      unitIds: [],
      since: askedAt,
      expiresAt: null,
      isDecidable: await isAnotherHand(tx, [first], roles, ['active'], now),
    })
  }
  return waits
}
