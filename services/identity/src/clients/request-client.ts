import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { ClientEntity, type Client, type ClientRole } from './client.ts'
import { noteController } from './client-controller.ts'
import { redirectFault } from './rules/redirect-uri.ts'

export interface RequestClient {
  readonly name: string
  readonly role: ClientRole
  /** `null` for the whole company. */
  readonly unitId: string | null
  /** Of a front end. */
  readonly redirectUris?: readonly string[] | undefined
  readonly signOutUris?: readonly string[] | undefined
}

/**
 * Registers a machine that may not call yet: part of the account change of kind `create-client`, whose approval
 * calls `activateClient` and whose rejection calls `disableClient`. The caller checks that the unit exists.
 *
 * @throws Problem `client-exists` when the name is taken, `redirect-refused`
 */
export async function requestClient(
  tx: EntityManager,
  { name, role, unitId, redirectUris = [], signOutUris = [] }: RequestClient,
  act: Act,
): Promise<Client> {
  assertRedirects(role, redirectUris, signOutUris)
  const client: Client = {
    id: randomUUID(),
    name,
    role,
    unitId,
    redirectUris: [...redirectUris],
    signOutUris: [...signOutUris],
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

const WHY = {
  'not-absolute': said('it is no absolute address', '不是绝对地址'),
  'clear-text': said('it is neither https nor on the own machine', '既非 https，也不在本机'),
  ambiguous: said('it can be read in more than one way', '可以有多种解读'),
}

function assertRedirects(
  role: ClientRole,
  redirectUris: readonly string[],
  signOutUris: readonly string[],
): void {
  const all = [...redirectUris, ...signOutUris]
  if (role === 'FRONT_END' ? redirectUris.length === 0 : all.length > 0)
    throw new Problem(
      'redirect-refused',
      said(
        'A front end has an address to which people are sent back, and no other machine has one.',
        '前端须登记回调地址，其他程序不得登记。',
      ),
    )
  for (const address of all) {
    const fault = redirectFault(address)
    if (fault !== null)
      throw new Problem(
        'redirect-refused',
        said(`${address}: ${WHY[fault].en}.`, `${address}:${WHY[fault]['zh-CN']}。`),
      )
  }
}
