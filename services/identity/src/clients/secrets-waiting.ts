import { permissions } from '@erp-steward/contracts/permissions'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { IsNull, Not } from 'typeorm'
import { isAnotherHand } from '../accounts/stand-in.ts'
import { ClientEntity } from './client.ts'

/** Secrets of clients whose second half somebody of another role has to make. Source. */
export const secretHalvesWaiting: Waits = async (tx, { now }) => {
  const clients = await tx.find(ClientEntity, {
    where: { status: 'active', halfDigest: Not(IsNull()) },
    order: { createdAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const { id, halfBy, halfPerson, halfRole, createdAt } of clients) {
    const first = { actor: halfBy ?? '', personId: halfPerson }
    const roles = permissions['client.complete-secret'].filter((role) => role !== halfRole)
    waits.push({
      kind: 'client-secret.complete',
      subject: id,
      permission: 'client.complete-secret',
      unitIds: [],
      since: createdAt,
      expiresAt: null,
      isDecidable: await isAnotherHand(tx, [first], roles, ['active'], now),
    })
  }
  return waits
}
