import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { IsNull, LessThanOrEqual, MoreThan, Not } from 'typeorm'

export const ApiKeyStatus = Type.Enum(['pending', 'active', 'expired', 'ended'], {
  title: 'ApiKeyStatus',
  description:
    '`pending`: its second half is missing; `expired`: its time is over; `ended`: somebody ended it, or its machine.',
})
type ApiKeyStatus = Static<typeof ApiKeyStatus>

/** A key by which a script calls, as administrators see it; the key itself is never shown again. */
export const ApiKeyView = Type.Object(
  {
    id: Id,
    clientId: about(Uuid, 'The machine in whose name it calls.'),
    name: Type.String({ description: 'What it is for.' }),
    mark: Type.String({
      description: 'What stands between `erps_` and the secret part: by it a found key is known.',
    }),
    status: ApiKeyStatus,
    permissions: Type.Array(Type.String(), {
      description: 'What it may do: a part of what its machine may.',
    }),
    networks: Type.Array(Type.String(), { description: 'From where it may be used, CIDR.' }),
    askedBy: Type.String({ description: 'Account that made the first half.' }),
    askedAt: about(InstantOut, 'When the first half was made.'),
    issuedAt: nullable(InstantOut, 'Since when it is good; null: the second half is missing.'),
    ageDays: nullable(Type.Integer(), 'Whole days since it is good; null: it is not yet.'),
    expiresAt: about(InstantOut, 'First instant at which it is not good any more.'),
    lastUsedAt: nullable(
      InstantOut,
      'When it was last used, to within five minutes; null: it was not.',
    ),
    lastUsedFrom: nullable(Type.String(), 'Address that it was last used from.'),
    replaces: nullable(
      Uuid,
      'The key that it takes the place of, which is good a while longer; null: none.',
    ),
    endedAt: nullable(InstantOut, 'When somebody ended it; null: nobody has.'),
  },
  { title: 'ApiKey', description: 'The key, without what is secret of it.' },
)

export const ApiKeyEntity = entityOf(ApiKeyView, {
  table: 'api_key',
  derived: ['status', 'ageDays'],
  kept: {
    /** SHA-256 of the first half, until the second one is made. */
    halfDigest: nullable(Type.Unsafe<Buffer>({})),
    /** Digest of the whole (`digestOfHalves`); `null` before. */
    secretHash: nullable(Type.Unsafe<Buffer>({})),
    /** Who has the first half: the person and the role. */
    askedByPerson: nullable(Uuid),
    askedRole: Type.String(),
  },
  columns: { halfDigest: { type: 'bytea' }, secretHash: { type: 'bytea' } },
  uniques: [{ name: 'api_key_mark_key', columns: ['mark'] }],
  indices: [
    { name: 'api_key_by_age', columns: ['askedAt', 'id'] },
    { name: 'api_key_by_client', columns: ['clientId'] },
  ],
  foreignKeys: [
    {
      name: 'api_key_client_id_fkey',
      target: 'client',
      columnNames: ['client_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'api_key_replaces_fkey',
      target: 'api_key',
      columnNames: ['replaces'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type ApiKey = RowOf<typeof ApiKeyEntity>

const DAY_MS = 86_400_000

/** The key as callers see it at `now`. */
export function viewOfKey(key: ApiKey, now: Date): Static<typeof ApiKeyView> {
  const { halfDigest: _half, secretHash, askedByPerson: _person, askedRole: _role, ...shown } = key
  const status =
    key.endedAt !== null
      ? 'ended'
      : key.expiresAt <= now
        ? 'expired'
        : secretHash === null
          ? 'pending'
          : 'active'
  const age = key.issuedAt === null ? null : now.getTime() - key.issuedAt.getTime()
  return { ...shown, status, ageDays: age === null ? null : Math.floor(age / DAY_MS) }
}

/** What rows of a status fulfil at `now`. */
export function ofStatus(status: ApiKeyStatus | undefined, now: Date) {
  if (status === undefined) return {}
  if (status === 'ended') return { endedAt: Not(IsNull()) }
  if (status === 'expired') return { endedAt: IsNull(), expiresAt: LessThanOrEqual(now) }
  const issuedAt = status === 'pending' ? IsNull() : Not(IsNull())
  return { endedAt: IsNull(), expiresAt: MoreThan(now), issuedAt }
}
