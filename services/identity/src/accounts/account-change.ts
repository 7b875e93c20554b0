import {
  about,
  Code,
  Id,
  InstantOut,
  Line,
  nullable,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static, type TProperties } from 'typebox'
import { ClientRole } from '../clients/client.ts'
import { PositionRole } from '../organisation/position.ts'
import { ResponsibilityValue } from '../organisation/responsibility-value.ts'
import { AdministratorRole } from './account.ts'

/** Name of a user as EBS takes it. Source: EBS conventions 4.7. */
export const UserName = Type.String({
  pattern: '^[A-Z0-9][A-Z0-9._@-]{0,99}$',
  description:
    'How the owner signs in, and the name of the EBS user: upper case, at most 100 characters.',
})

const OfAccount = { accountId: about(Uuid, 'The account.') }
const OfPerson = { personId: about(Uuid, 'The person, who belongs to the company.') }

/** What may be asked for through `POST /v1/account-changes`, by whom `mayAsk` says. */
export const AccountChangeCommand = Type.Union(
  [
    command('create-account', 'CreateAccount', {
      ...OfPerson,
      userName: Type.Optional(UserName),
    }),
    command('create-administrator', 'CreateAdministrator', {
      userName: UserName,
      role: AdministratorRole,
      personId: about(Uuid, 'An active person without account, in a position without rights.'),
    }),
    command('name-administrator', 'NameAdministrator', {
      accountId: about(Uuid, 'An administrator account that belongs to nobody.'),
      personId: about(Uuid, 'An active person without account, in a position without rights.'),
    }),
    // Asked for by each move and return by itself; here for one that was refused and is wanted after all.
    command('grant-position', 'GrantPosition', OfPerson),
    command('share-address', 'ShareAddress', {
      personId: about(Uuid, 'The person whose mail address others may have.'),
    }),
    command('admit-namesake', 'AdmitNamesake', {
      personId: about(Uuid, 'The person whose name and birthday others may have.'),
    }),
    command('disable-account', 'DisableAccount', OfAccount),
    command('enable-account', 'EnableAccount', OfAccount),
    // For whoever has lost the authenticator app and the recovery codes.
    command('reset-second-factor', 'ResetSecondFactor', OfAccount),
    command('set-position-roles', 'SetPositionRoles', {
      positionCode: about(Code, 'The position, which then carries these rights and no others.'),
      roles: Type.Array(PositionRole, {
        maxItems: 5,
        uniqueItems: true,
        description: 'What its holders may do here.',
      }),
      responsibilities: Type.Array(ResponsibilityValue, {
        maxItems: 100,
        uniqueItems: true,
        description: 'What its holders have in EBS.',
      }),
      ebsRoles: Type.Array(Line(320), {
        maxItems: 100,
        uniqueItems: true,
        description: 'EBS roles of User Management, for example `UMX|FND_IREP_ADMIN`.',
      }),
    }),
    command('adopt-ebs-users', 'AdoptEbsUsers', {
      users: Type.Array(
        Type.Object(
          {
            findingId: about(Uuid, 'The open difference of kind `unknown-account`.'),
            personId: about(Uuid, 'Whose user it is: an active person without an account.'),
          },
          { title: 'AdoptedEbsUser', additionalProperties: false },
        ),
        {
          minItems: 1,
          maxItems: 500,
          description: 'Users of EBS that become accounts, with the rights of the positions here.',
        },
      ),
    }),
    command('create-client', 'CreateClient', {
      name: about(Line(100), 'What people call the machine; no other has it.'),
      role: ClientRole,
      unitId: nullable(Uuid, 'The unit that it may act for; null: the whole company.'),
      redirectUris: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
          maxItems: 10,
          uniqueItems: true,
          description:
            'Of a front end: addresses to which a browser is sent with a code, to the letter; https, or http on the own machine.',
        }),
      ),
      signOutUris: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
          maxItems: 10,
          uniqueItems: true,
          description: 'Of a front end: addresses to which a browser is sent after signing out.',
        }),
      ),
    }),
    command('disable-client', 'DisableClient', { clientId: about(Uuid, 'The machine.') }),
  ],
  { title: 'AccountChangeCommand', description: 'What is asked for; `kind` tells what it takes.' },
)
export type AccountChangeCommand = Static<typeof AccountChangeCommand>
export type AccountChangeKind = AccountChangeCommand['kind']

const kinds = AccountChangeCommand.anyOf.map(({ properties }) => properties.kind.const)

export const AccountChangeStatus = Type.Enum(['pending', 'approved', 'rejected'], {
  title: 'AccountChangeStatus',
  description:
    '`pending`: waits for the security administrator; `approved`: took effect; `rejected`.',
})

/**
 * A change that the system administrator asked for and the security administrator decides, as callers see it.
 *
 * Source: defaults 2.9, three administrators.
 */
export const AccountChangeView = Type.Object(
  {
    id: Id,
    kind: Type.Enum(kinds, { description: 'What is asked for.' }),
    subjectId: about(
      Uuid,
      'The account, person, position or client that it is about; one change of a kind may be pending for each.',
    ),
    command: Type.Unsafe<AccountChangeCommand>({
      description: 'What was asked for, as `change` of the request; `kind` says its members.',
    }),
    reason: Type.String({ description: 'Why it was asked for.' }),
    status: AccountChangeStatus,
    requestedBy: Type.String({ description: 'Account or client that asked.' }),
    requestedAt: about(InstantOut, 'When it was asked for.'),
    decidedBy: nullable(Type.String(), 'Account that decided; null while it waits.'),
    decidedAt: nullable(InstantOut, 'When it was decided; null while it waits.'),
    decisionReason: nullable(Type.String(), 'Why it was decided so; an approval needs no reason.'),
    version: Version,
  },
  { title: 'AccountChange' },
)

export const AccountChangeEntity = entityOf(AccountChangeView, {
  table: 'account_change',
  kept: {
    requestedByPerson: nullable(Uuid),
    /** People behind a client that asked, at the time. */
    requestedByControllers: Type.Array(Uuid),
    decidedByPerson: nullable(Uuid),
  },
  columns: { requestedByControllers: { default: '{}' } },
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
export type AccountChange = RowOf<typeof AccountChangeEntity>

function command<Kind extends string, Members extends TProperties>(
  kind: Kind,
  title: string,
  members: Members,
) {
  return Type.Object(
    { kind: Type.Literal(kind, { description: 'What is asked for.' }), ...members },
    { title, additionalProperties: false },
  )
}
