import type { Act } from '@erp-steward/contracts/act'
import { ApiKeyChanged } from '@erp-steward/contracts/client-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { ApiKey } from './api-key.ts'

/** Puts on record what was done with a key. */
export async function stateKey(
  tx: EntityManager,
  { id: keyId, clientId, name, mark, permissions, networks, expiresAt, replaces }: ApiKey,
  step: 'asked' | 'issued' | 'ended',
  act: Act,
): Promise<void> {
  await appendEvent(
    tx,
    'identity',
    ApiKeyChanged,
    clientId,
    {
      ...{ clientId, keyId, name, mark, step, permissions, networks, replaces },
      expiresAt: expiresAt.toISOString(),
      at: act.now.toISOString(),
    },
    act,
  )
}
