import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'

/** Ids of the people who act: the person, and whoever controls the client. Empty where nobody is known. */
export function handsOf({
  personId,
  controllers,
}: Pick<Act, 'personId' | 'controllers'>): string[] {
  return [...new Set(personId === null ? controllers : [personId, ...controllers])]
}

/**
 * Refuses an actor who is, or acts for, one of the people; `null` stands for nobody known and matches nobody.
 *
 * A client is whoever controls it. An actor behind whom no person is known is no second person either: nobody could
 * tell it from the first.
 *
 * @throws Problem `same-person`
 */
export function assertAnotherPerson(
  act: Act,
  personIds: readonly (string | null)[],
  detail: Bilingual,
): void {
  const hands = handsOf(act)
  if (hands.length === 0)
    throw new Problem(
      'same-person',
      said(
        'Nobody knows which person acts here, so it counts as none.',
        '无法得知此处由哪位人员操作，因此不予承认。',
      ),
    )
  if (hands.some((hand) => personIds.includes(hand))) throw new Problem('same-person', detail)
}
