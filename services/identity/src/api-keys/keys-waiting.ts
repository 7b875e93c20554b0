import { permissions } from '@erp-steward/contracts/permissions'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { isAnotherHand } from '../accounts/stand-in.ts'
import { ApiKeyEntity, ofStatus } from './api-key.ts'

/** API keys whose second half somebody of another role has to make. Source. */
export const keyHalvesWaiting: Waits = async (tx, { now }) => {
  const keys = await tx.find(ApiKeyEntity, {
    where: ofStatus('pending', now),
    order: { askedAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const { id, askedBy, askedByPerson, askedRole, askedAt, expiresAt } of keys) {
    const first = { actor: askedBy, personId: askedByPerson }
    const roles = permissions['client.complete-secret'].filter((role) => role !== askedRole)
    waits.push({
      kind: 'api-key.complete',
      subject: id,
      permission: 'client.complete-secret',
      unitIds: [],
      since: askedAt,
      expiresAt,
      isDecidable: await isAnotherHand(tx, [first], roles, ['active'], now),
    })
  }
  return waits
}
