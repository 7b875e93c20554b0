import type { Priority } from '@erp-steward/contracts/values'
import type { KeyUserKind } from '../../key-users/key-user.ts'
import type { Category } from '../ticket.ts'

/** Lowest priority per category; categories that are not listed may have any. */
const AT_LEAST: Partial<Record<Category, Priority>> = {
  // "Account compromise": defaults 2.1, row P2.
  'account-compromise': 'P2',
}

/** The priority of a new ticket: as asked, but never below what its category demands. */
export function priorityFor(category: Category, asked: Priority): Priority {
  const floor = AT_LEAST[category]
  return floor !== undefined && isGraver(floor, asked) ? floor : asked
}

/** Whether `a` is graver than `b`; P1 is the gravest. */
export function isGraver(a: Priority, b: Priority): boolean {
  return a < b
}

/** Hardware and network go to the IT key users of the unit (B-4.1.6), all else to those of the module. */
export function servingKind(category: Category, moduleCode: string | null): KeyUserKind {
  return category === 'hardware' || category === 'network' || moduleCode === null ? 'IT' : 'MODULE'
}
