import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'

/**
 * Refuses an actor who is, or acts for, one of the people; `null` stands for nobody known and matches nobody.
 *
 * A client is whoever controls it. An actor behind whom no person is known is no second person either: nobody could
 * tell it from the first.
 *
 * @throws Problem `same-person`
 */
export function assertAnotherPerson(
  { personId, controllers }: Act,
  personIds: readonly (string | null)[],
  detail: string,
): void {
  const hands = personId === null ? controllers : [personId, ...controllers]
  if (hands.length === 0)
    throw new Problem('same-person', 'Nobody knows which person acts here, so it counts as none.')
  if (hands.some((hand) => personIds.includes(hand))) throw new Problem('same-person', detail)
}
