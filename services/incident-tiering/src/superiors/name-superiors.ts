import type { Act } from '@erp-steward/contracts/act'
import { SuperiorsNamed } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson, PersonEntity } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { In, type EntityManager } from 'typeorm'
import type { SuperiorStep } from '../tickets/rules/clocks-of-priority.ts'
import { followSuperiorGaps } from './follow-superior-gaps.ts'
import { heldSuperiors, SuperiorsEntity, type Superiors } from './superior.ts'

export interface NameSuperiors {
  readonly step: SuperiorStep
  readonly personIds: readonly string[]
}

/** How a naming differs from what holds now. */
export interface SuperiorsMove {
  readonly before: Superiors
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What a naming would change; holds the step until the transaction ends. */
export async function moveOf(
  tx: EntityManager,
  { step, personIds }: NameSuperiors,
): Promise<SuperiorsMove> {
  const before = await heldSuperiors(tx, step)
  return {
    before,
    added: personIds.filter((id) => !before.personIds.includes(id)),
    removed: before.personIds.filter((id) => !personIds.includes(id)),
  }
}

/** Whether anybody goes who is still here: a ladder gets shorter by the word of two only. */
export async function shortens(tx: EntityManager, { removed }: SuperiorsMove): Promise<boolean> {
  return tx.existsBy(PersonEntity, { id: In([...removed]), active: true })
}

/**
 * Refuses people who could not be called.
 *
 * @throws Problem `person-unknown`, `person-unreachable` (no mail address, or an account that is shut)
 */
export async function assertCallable(tx: EntityManager, { added }: SuperiorsMove): Promise<void> {
  for (const id of [...added].sort()) {
    const { email, accountStatus } = await activePerson(tx, id)
    if (email === null)
      throw new Problem(
        'person-unreachable',
        said(`The person ${id} has no mail address.`, `人员 ${id} 没有邮件地址。`),
      )
    if (accountStatus !== 'active' && accountStatus !== 'none')
      throw new Problem(
        'person-unreachable',
        said(`The account of the person ${id} is shut.`, `人员 ${id} 的账号已关闭。`),
      )
  }
}

/** Puts a naming in force. The caller has checked it, and holds the step. Source, B-5.3.2. */
export async function putSuperiors(
  tx: EntityManager,
  { step, personIds }: NameSuperiors,
  { before }: SuperiorsMove,
  act: Act,
): Promise<Superiors> {
  const named = { step, personIds: [...new Set(personIds)], version: before.version + 1 }
  await tx.upsert(SuperiorsEntity, named, ['step'])
  await appendEvent(tx, 'incident-tiering', SuperiorsNamed, step, named, act)
  await followSuperiorGaps(tx, act)
  return named
}
