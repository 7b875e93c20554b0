import { createPersonalData } from '@erp-steward/service-kit/personal-data'

/** Keys of personal data, in tests. */
export const TEST_PERSONAL_DATA_KEYS = Buffer.alloc(32, 11).toString('base64')
export const TEST_PERSONAL_INDEX_KEY = Buffer.alloc(32, 12).toString('base64')

/** Seals and opens as the services under test do. */
export const TEST_PERSONAL_DATA = createPersonalData(
  TEST_PERSONAL_DATA_KEYS,
  TEST_PERSONAL_INDEX_KEY,
)

/** What identity states of a person, sealed as it does: for an event in a test of another service. */
export function sealedPerson(
  personId: string,
  { name, employeeNumber = personId, email = null }: SealedPersonOf,
): { employeeNumber: string; name: string; email: string | null } {
  const { seal } = TEST_PERSONAL_DATA
  return {
    employeeNumber: seal(personId, 'employee-number', employeeNumber),
    name: seal(personId, 'name', name),
    email: email === null ? null : seal(personId, 'email', email),
  }
}

interface SealedPersonOf {
  readonly name: string
  readonly employeeNumber?: string
  readonly email?: string | null
}
