import { Code, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import { EntitySchema } from 'typeorm'
import { clientRoles } from '../clients/client.ts'
import { PositionRole } from '../organisation/position.ts'
import { ResponsibilityValue } from '../organisation/responsibility-value.ts'
import { administratorRoleNames } from './account.ts'

/** Name of a user as EBS takes it: upper case, at most 100 characters. Source: EBS conventions 4.7. */
export const UserName = Type.String({ pattern: '^[A-Z0-9][A-Z0-9._@-]{0,99}$' })

const strict = { additionalProperties: false }

/** What may be asked for through `POST /v1/account-changes`, by whom `mayAsk` says. */
export const AccountChangeCommand = Type.Union([
  Type.Object(
    { kind: Type.Literal('create-account'), personId: Uuid, userName: Type.Optional(UserName) },
    { ...strict, title: 'CreateAccount' },
  ),
  Type.Object(
    {
      kind: Type.Literal('create-administrator'),
      userName: UserName,
      role: Type.Enum([...administratorRoleNames]),
      /** An active person without account, in a position without rights. */
      personId: Uuid,
    },
    { ...strict, title: 'CreateAdministrator' },
  ),
  Type.Object(
    { kind: Type.Literal('name-administrator'), accountId: Uuid, personId: Uuid },
    { ...strict, title: 'NameAdministrator' },
  ),
  // Asked for by each move and return by itself; here for one that was refused and is wanted after all.
  Type.Object(
    { kind: Type.Literal('grant-position'), personId: Uuid },
    { ...strict, title: 'GrantPosition' },
  ),
  /** Others may have the mail address of this person. */
  Type.Object(
    { kind: Type.Literal('share-address'), personId: Uuid },
    { ...strict, title: 'ShareAddress' },
  ),
  /** Others may have the name and the birthday of this person. */
  Type.Object(
    { kind: Type.Literal('admit-namesake'), personId: Uuid },
    { ...strict, title: 'AdmitNamesake' },
  ),
  Type.Object(
    { kind: Type.Literal('disable-account'), accountId: Uuid },
    { ...strict, title: 'DisableAccount' },
  ),
  Type.Object(
    { kind: Type.Literal('enable-account'), accountId: Uuid },
    { ...strict, title: 'EnableAccount' },
  ),
  Type.Object(
    {
      kind: Type.Literal('set-position-roles'),
      positionCode: Code,
      roles: Type.Array(PositionRole, { maxItems: 5, uniqueItems: true }),
      responsibilities: Type.Array(ResponsibilityValue, { maxItems: 100, uniqueItems: true }),
      ebsRoles: Type.Array(Line(320), { maxItems: 100, uniqueItems: true }),
    },
    { ...strict, title: 'SetPositionRoles' },
  ),
  Type.Object(
    {
      kind: Type.Literal('create-client'),
      name: Line(100),
      role: Type.Enum([...clientRoles]),
      /** `null` for the whole company. */
      unitId: nullable(Uuid),
    },
    { ...strict, title: 'CreateClient' },
  ),
  Type.Object(
    { kind: Type.Literal('disable-client'), clientId: Uuid },
    { ...strict, title: 'DisableClient' },
  ),
])
export type AccountChangeCommand = Static<typeof AccountChangeCommand>
export type AccountChangeKind = AccountChangeCommand['kind']

/**
 * A change that the system administrator asked for and the security administrator decides.
 *
 * Source: defaults 2.9, three administrators.
 */
export interface AccountChange {
  id: string
  kind: AccountChangeKind
  /** Id of the account, person, position or client it is about; one change of a kind may be pending per subject. */
  subjectId: string
  command: AccountChangeCommand
  reason: string
  status: 'pending' | 'approved' | 'rejected'
  requestedBy: string
  requestedByPerson: string | null
  /** People behind a client that asked, at the time. */
  requestedByControllers: string[]
  requestedAt: Date
  decidedBy: string | null
  decidedByPerson: string | null
  decidedAt: Date | null
  decisionReason: string | null
  version: number
}

export const AccountChangeEntity = new EntitySchema<AccountChange>({
  name: 'AccountChange',
  tableName: 'account_change',
  columns: {
    id: { type: 'uuid', primary: true },
    kind: { type: 'text' },
    subjectId: { type: 'uuid', name: 'subject_id' },
    command: { type: 'jsonb' },
    reason: { type: 'text' },
    status: { type: 'text' },
    requestedBy: { type: 'text', name: 'requested_by' },
    requestedByPerson: { type: 'uuid', name: 'requested_by_person', nullable: true },
    requestedByControllers: {
      type: 'uuid',
      name: 'requested_by_controllers',
      array: true,
      default: '{}',
    },
    requestedAt: { type: 'timestamptz', name: 'requested_at' },
    decidedBy: { type: 'text', name: 'decided_by', nullable: true },
    decidedByPerson: { type: 'uuid', name: 'decided_by_person', nullable: true },
    decidedAt: { type: 'timestamptz', name: 'decided_at', nullable: true },
    decisionReason: { type: 'text', name: 'decision_reason', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    {
      name: 'account_change_status_check',
      expression: "status in ('pending', 'approved', 'rejected')",
    },
  ],
  indices: [
    { name: 'account_change_by_status', columns: ['status', 'requestedAt', 'id'] },
    {
      name: 'account_change_one_pending',
      columns: ['kind', 'subjectId'],
      unique: true,
      where: "status = 'pending'",
    },
  ],
})
