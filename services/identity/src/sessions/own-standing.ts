import { nullable, InstantOut, Uuid } from '@erp-steward/contracts/values'
import type { Principal } from '@erp-steward/service-kit/authentication'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { ClientEntity } from '../clients/client.ts'
import { UnitEntity } from '../organisation/unit.ts'
import { PersonEntity } from '../people/person.ts'
import { openName } from '../people/sealed-person.ts'
import { SessionEntity } from './session.ts'

export const OwnStanding = Type.Object({
  id: Type.String({ description: 'Account id, or client id: the actor of what is done.' }),
  kind: Type.Enum(['person', 'client']),
  userName: nullable(Type.String({ description: 'As one signs in; null for a client.' })),
  name: nullable(
    Type.String({
      description: 'Of the person or the client; null for an administrator not yet named.',
    }),
  ),
  personId: nullable(Uuid),
  unit: nullable(Type.Object({ id: Uuid, code: Type.String(), name: Type.String() })),
  range: Type.Enum(['company', 'unit'], {
    description: 'Whether the permissions reach every unit or the own one.',
  }),
  roles: Type.Array(Type.String()),
  permissions: Type.Array(Type.String(), {
    description: 'Sorted; docs/permissions.md says what each is for.',
  }),
  mustChangePassword: Type.Boolean({
    description: 'Nothing but the own password may be changed: `PUT /v1/accounts/me/password`.',
  }),
  mayApproveFrom: nullable(
    Type.Unsafe<Date>({
      type: 'string',
      format: 'date-time',
      description:
        'End of the cooling time after a password that somebody else had a hand in; null: none runs.',
    }),
  ),
  tokenEndsAt: InstantOut,
  session: nullable(
    Type.Object(
      { id: Uuid, startedAt: InstantOut, idleAt: InstantOut, endsAt: InstantOut },
      {
        description: 'Null for a client. It ends at `idleAt` unless refreshed, at `endsAt` anyway.',
      },
    ),
  ),
})
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
    mayApproveFrom: token.coolingUntil === null ? null : new Date(token.coolingUntil),
    tokenEndsAt: new Date(token.expiresAt),
    session,
  }
}
