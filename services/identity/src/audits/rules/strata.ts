import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import {
  LoginFailed,
  RefreshReused,
  SessionEnded,
  SignedIn,
  SignInLocked,
} from '@erp-steward/contracts/sign-in-events'

/** What an audit looks at: who came in or was refused, and what people and their machines did. Source. */
export const strata = ['access', 'operation'] as const
export type Stratum = (typeof strata)[number]

/** Types of the facts that are access records; what else people and machines did is an operation. */
export const accessTypes: readonly string[] = [
  AccessRefused,
  LedgerExported,
  LoginFailed,
  RefreshReused,
  SessionEnded,
  SignedIn,
  SignInLocked,
].map(({ type }) => type)

/** How many facts there are of each stratum, or are to be drawn. */
export type PerStratum = Readonly<Record<Stratum, number>>

/**
 * How many facts to draw of each stratum: half of each, and where one has fewer, more of the other.
 *
 * @param size facts to draw at most
 */
export function sharesOf(size: number, population: PerStratum): PerStratum {
  const half = Math.ceil(size / 2)
  const access = Math.min(population.access, Math.max(half, size - population.operation))
  return { access, operation: Math.min(population.operation, size - access) }
}
