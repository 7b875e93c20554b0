import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { ClientEntity, type Client, type ClientRole } from './client.ts'
import { noteController } from './client-controller.ts'

export interface RequestClient {
  readonly name: string
  readonly role: ClientRole
  /** `null` for the whole company. */
  readonly unitId: string | null
}

/**
 * Registers a machine that may not call yet: part of the account change of kind `create-client`, whose approval
 * calls `activateClient` and whose rejection calls `disableClient`. The caller checks that the unit exists.
 *
 * @throws Problem `client-exists` when the name is taken
 */
export async function requestClient(
  tx: EntityManager,
  { name, role, unitId }: RequestClient,
  act: Act,
): Promise<Client> {
  const client: Client = {
    id: randomUUID(),
    name,
    role,
    unitId,
    status: 'pending',
    secretHash: null,
    halfDigest: null,
    halfBy: null,
    halfPerson: null,
    halfRole: null,
    epoch: 0,
    version: 1,
    createdAt: act.now,
    disabledAt: null,
  }
  try {
    await tx.insert(ClientEntity, client)
  } catch (error) {
    if (isConstraintViolation(error, 'client_name_key'))
      throw new Problem(
        'client-exists',
        said(`There is a client named ${name} already.`, `名为 ${name} 的客户端已存在。`),
      )
    throw error
  }
  await noteController(tx, client.id, 'asked', act)
  return client
}
