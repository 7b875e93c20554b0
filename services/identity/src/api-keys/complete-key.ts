import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { noteController } from '../clients/client-controller.ts'
import { activeClient, digestOfHalves } from '../clients/issue-client-secret.ts'
import { ApiKeyEntity, type ApiKey } from './api-key.ts'
import { assertWithin, livingKey } from './ask-for-key.ts'
import { newHalf } from './key-text.ts'
import { stateKey } from './state-key.ts'

/**
 * Makes the second half of a key for another person of another role, who has seen what it may and from where; from now on it
 * is good. The key that it takes the place of is good for `identity.api_key.overlap` more.
 *
 * @throws Problem `api-key-unknown`, `client-state`, `first-half-missing` when it has both, `same-person`,
 *   `half-not-for-role`, `administrator-unnamed`, `api-key-refused` when the machine's role changed meanwhile
 */
export async function completeKey(
  tx: EntityManager,
  keyId: string,
  act: Act,
): Promise<{ readonly key: ApiKey; readonly half: string }> {
  const begun = await livingKey(tx, keyId, act.now)
  const { clientId, halfDigest, askedBy, askedByPerson, askedRole } = begun
  assertWithin(await activeClient(tx, clientId), begun.permissions)
  if (halfDigest === null)
    throw new Problem(
      'first-half-missing',
      said('The key has its second half already.', '该密钥已有第二半。'),
    )
  const first = { actor: askedBy, personId: askedByPerson }
  await assertAnotherHand(tx, act, [first], said('You have the first half.', '您已持有前一半。'))
  await assertNamed(tx, act, [first])
  if (askedRole === act.role)
    throw new Problem(
      'half-not-for-role',
      said(
        'The second half goes to another role than the first.',
        '第二半须交给与第一半不同的角色。',
      ),
    )
  const half = newHalf()
  const issued = {
    halfDigest: null,
    secretHash: digestOfHalves(halfDigest, half),
    issuedAt: act.now,
  }
  await tx.update(ApiKeyEntity, { id: keyId }, issued)
  await noteController(tx, clientId, 'second-half', act)
  const key = { ...begun, ...issued }
  await cutPredecessor(tx, key, act)
  await stateKey(tx, key, 'issued', act)
  return { key, half }
}

async function cutPredecessor(tx: EntityManager, { replaces }: ApiKey, act: Act): Promise<void> {
  if (replaces === null) return
  const { value } = await readParameter(tx, 'identity.api_key.overlap', null, act.now)
  await tx.query('update api_key set expires_at = least(expires_at, $2) where id = $1', [
    replaces,
    new Date(act.now.getTime() + durationMs(value)),
  ])
}
