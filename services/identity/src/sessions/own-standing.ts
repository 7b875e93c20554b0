import { about, nullable, InstantOut, Uuid } from '@erp-steward/contracts/values'
import { isLimitedTo, type Principal } from '@erp-steward/service-kit/authentication'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { ClientEntity } from '../clients/client.ts'
import { UnitEntity, UnitView } from '../organisation/unit.ts'
import { PersonEntity } from '../people/person.ts'
import { openName } from '../people/sealed-person.ts'
import { SessionEntity, SessionView } from './session.ts'

const { id, code, name } = UnitView.properties
const OwnUnit = Type.Object({ id, code, name }, { title: 'OwnUnit' })

const { startedAt, idleAt, endsAt } = SessionView.properties
const OwnSession = Type.Object(
  { id: SessionView.properties.id, startedAt, idleAt, endsAt },
  {
    title: 'OwnSession',
    description: 'It ends at `idleAt` unless refreshed, at `endsAt` anyway.',
  },
)

export const OwnStanding = Type.Object(
  {
    id: Type.String({ description: 'Account id, or client id: the actor of what is done.' }),
    kind: Type.Enum(['person', 'client'], { description: 'Whether a person or a machine calls.' }),
    userName: nullable(Type.String(), 'As one signs in; null for a client.'),
    name: nullable(
      Type.String(),
      'Of the person or the client; null for an administrator not yet named.',
    ),
    personId: nullable(Uuid, 'Who calls; null for a client, and an administrator not yet named.'),
    unit: nullable(OwnUnit, 'The own unit; null for a caller of the whole company without one.'),
    range: Type.Enum(['company', 'unit'], {
      description: 'Whether the permissions reach every unit or the own one.',
    }),
    roles: Type.Array(Type.String(), { description: 'Roles that the token carries.' }),
    permissions: Type.Array(Type.String(), {
      description: 'Sorted; docs/permissions.md says what each is for.',
    }),
    mustChangePassword: Type.Boolean({
      description: 'Nothing but the own password may be changed: `PUT /v1/accounts/me/password`.',
    }),
    mustSetUpSecondFactor: Type.Boolean({
      description:
        'Nothing but a second factor may be set up: `POST /v1/accounts/me/second-factor`.',
    }),
    secondFactorUntil: nullable(
      InstantOut,
      'Until when the own decisions are taken without a further code; null: they need none.',
    ),
    mayApproveFrom: nullable(
      InstantOut,
      'End of the cooling time after a password that somebody else had a hand in; null: none runs.',
    ),
    tokenEndsAt: about(InstantOut, 'When the token is void unless it is renewed before.'),
    session: nullable(OwnSession, 'Null for a client.'),
  },
  { title: 'OwnStanding' },
)
export type OwnStanding = Static<typeof OwnStanding>

/** Who calls, as the token says it and the register knows it by now. */
export async function ownStanding(
  tx: EntityManager,
  { actor, kind, personId, sessionId, unitId, range, roles, ...token }: Principal,
): Promise<OwnStanding> {
  const [account, client, person, unit, session] = await Promise.all([
    kind === 'person' ? tx.findOneBy(AccountEntity, { id: actor }) : null,
    kind === 'client' ? tx.findOneBy(ClientEntity, { id: actor }) : null,
    personId === null ? null : tx.findOneBy(PersonEntity, { id: personId }),
    unitId === null ? null : tx.findOneBy(UnitEntity, { id: unitId }),
    sessionId === null ? null : tx.findOneBy(SessionEntity, { id: sessionId }),
  ])
  return {
    id: actor,
    kind,
    userName: account === null ? null : openUserName(tx, account),
    name: client?.name ?? (person === null ? null : openName(tx, person)),
    personId,
    unit,
    range,
    roles: [...roles],
    permissions: [...token.permissions].toSorted(),
    mustChangePassword: session?.mustChange ?? false,
    mustSetUpSecondFactor: isLimitedTo({ roles, ...token }, 'second-factor.manage'),
    secondFactorUntil: token.secondFactorUntil === null ? null : new Date(token.secondFactorUntil),
    mayApproveFrom: token.coolingUntil === null ? null : new Date(token.coolingUntil),
    tokenEndsAt: new Date(token.expiresAt),
    session,
  }
}
