import { randomUUID } from 'node:crypto'
import {
  PersonChanged,
  StandingChanged,
  UnitChanged,
} from '@erp-steward/contracts/directory-events'
import { sealedPerson } from './personal-data.ts'
import { tell } from './tell.ts'
import type { TestService } from './test-service.ts'

/** Two units that use the ERP. */
export const UNIT = randomUUID()
export const OTHER_UNIT = randomUUID()

let version = 0
/** For an event: the copy takes it for newer than those before, of this test file and of others in the same process. */
export const nextVersion = () => (version += 1)

/** Identity says that there are UNIT (U1) and OTHER_UNIT (U2). */
export async function tellOfUnits(stage: TestService): Promise<void> {
  for (const [unitId, code] of [
    [UNIT, 'U1'],
    [OTHER_UNIT, 'U2'],
  ] as const)
    await tell(stage, UnitChanged, unitId, {
      unitId,
      code,
      name: `Unit ${code}`,
      kind: 'USER_UNIT',
      active: true,
      version: nextVersion(),
    })
}

/** Identity says how a person is now: of UNIT, with a mail address of the name, unless said otherwise. */
export async function tellOfPerson(
  stage: TestService,
  personId: string,
  {
    name,
    email = `${name}@example.test`,
    active = true,
    unitId = UNIT,
    departmentId = randomUUID(),
    version = nextVersion(),
  }: PersonNow,
): Promise<void> {
  await tell(stage, PersonChanged, personId, {
    personId,
    ...sealedPerson(personId, { name, email }),
    unitId,
    departmentId,
    positionId: randomUUID(),
    active,
    leftOn: active ? null : '2026-03-01',
    version,
  })
}

export interface PersonNow {
  readonly name: string
  readonly email?: string | null
  readonly active?: boolean
  readonly unitId?: string
  readonly departmentId?: string
  /** Default: newer than all before. */
  readonly version?: number
}

/** Identity says what the account of a person is and may do now; a key user's, in use, unless said otherwise. */
export async function tellOfStanding(
  stage: TestService,
  personId: string,
  { accountStatus = 'active', roles = ['KEY_USER'], version = nextVersion() }: StandingNow = {},
): Promise<void> {
  await tell(stage, StandingChanged, personId, {
    personId,
    accountId: personId,
    accountStatus,
    roles: [...roles],
    version,
  })
}

interface StandingNow {
  readonly accountStatus?: 'active' | 'frozen' | 'disabled' | 'none'
  readonly roles?: readonly string[]
  /** Default: newer than all before. */
  readonly version?: number
}

/** An id for each name. */
export function idsOf<Name extends string>(names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, randomUUID()])) as Record<Name, string>
}
