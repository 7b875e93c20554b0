import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import { said } from '@erp-steward/contracts/bilingual'
import { NetworkListed } from '@erp-steward/contracts/detection-events'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, Id, Line, nullable, Reason, Version } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { networkOf } from '@erp-steward/service-kit/network'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Point } from './rules/impossible-travel.ts'

const members = {
  code: about(Code, 'What people call it; it never changes.'),
  name: about(Line(200), 'As people read it, at most 200 characters.'),
  cidr: about(
    Line(43),
    'Its addresses in CIDR notation, `10.20.0.0/16`; an address alone is a network of one.',
  ),
  isShared: Type.Boolean({
    description:
      'Many people come from one address of it, as from a terminal server, a shared terminal or behind address translation: that several accounts meet there is no sign.',
  }),
  latitude: nullable(
    Type.Number({ minimum: -90, maximum: 90 }),
    'Degrees north of where its people are; null: nowhere in particular.',
  ),
  longitude: nullable(
    Type.Number({ minimum: -180, maximum: 180 }),
    'Degrees east; null with the latitude.',
  ),
  active: Type.Boolean({ description: 'False: it is taken for unknown.' }),
}

export const ListedNetwork = Type.Object(
  { ...members, reason: Reason },
  { additionalProperties: false },
)
type ListedNetwork = Static<typeof ListedNetwork>

/** Where a network is and how many come from an address of it; the smallest that has an address counts. Source: defaults 2.9. */
export const NetworkView = Type.Object(
  { id: Id, ...members, version: Version },
  { title: 'Network' },
)

export const NetworkEntity = entityOf(NetworkView, {
  table: 'network',
  columns: { cidr: { type: 'cidr' } },
  uniques: [{ name: 'network_code_key', columns: ['code'] }],
  checks: [
    {
      name: 'network_place_check',
      expression: '(latitude is null) = (longitude is null)',
    },
  ],
})
export type Network = RowOf<typeof NetworkEntity>

/** To list a network, or list it otherwise; it may hide signs, so it takes two. */
export const listNetwork = defineProposal({
  kind: 'network.list',
  problems: ['validation-failed'],
  title: { en: 'Network of the sharing rules', 'zh-CN': '转借判定所用网络' },
  body: ListedNetwork,
  decide: 'network.decide',
  subject: ({ code }) => code,
  concerns: () => Promise.resolve({ personIds: [], unitIds: [] }),
  apply: async (tx, body, act) => {
    assertNetwork(body)
    const { code, name, cidr, isShared, latitude, longitude, active } = body
    const [put]: Pick<Network, 'id' | 'cidr'>[] = await tx.query(
      `insert into network (id, code, name, cidr, is_shared, latitude, longitude, active, version)
       values ($1, $2, $3, network($4::inet), $5, $6, $7, $8, 1)
       on conflict on constraint network_code_key do update
         set name = excluded.name, cidr = excluded.cidr, is_shared = excluded.is_shared, latitude = excluded.latitude,
             longitude = excluded.longitude, active = excluded.active, version = network.version + 1
       returning id, cidr::text as cidr`,
      [randomUUID(), code, name, cidr, isShared, latitude, longitude, active],
    )
    if (put === undefined) throw new TypeError('an upsert has a row')
    const fact = { networkId: put.id, code, cidr: put.cidr, isShared, latitude, longitude, active }
    const listed = { ...fact, approvedBy: act.actor, listedAt: act.now.toISOString() }
    await appendEvent(tx, 'identity', NetworkListed, put.id, listed, act)
  },
})

/** @throws Problem `validation-failed` for what is no network, and for half a place */
export function assertNetwork({ cidr, latitude, longitude }: ListedNetwork): void {
  const faults = [
    ...(networkOf(cidr) === null
      ? [{ pointer: '#/cidr', detail: said('This is no network.', '这不是有效的网络地址。') }]
      : []),
    ...((latitude === null) === (longitude === null)
      ? []
      : [
          {
            pointer: '#/longitude',
            detail: said('A place has a latitude and a longitude.', '地点须同时有纬度和经度。'),
          },
        ]),
  ]
  const [first] = faults
  if (first !== undefined) throw new Problem('validation-failed', first.detail, { errors: faults })
}

/** What is known of where an address is. */
export interface Whereabouts {
  /** Many people come from it: what meets there is no sign. */
  readonly isShared: boolean
  readonly point: Point | null
}

/** What the listed networks say of each address; nothing of an unknown one. */
export async function whereabouts(
  tx: EntityManager,
  addresses: readonly string[],
): Promise<(address: string) => Whereabouts> {
  const rows: { address: string; isShared: boolean; latitude: number; longitude: number }[] =
    await tx.query(
      `select address, is_shared as "isShared", latitude, longitude
         from unnest($1::text[]) as asked (address)
         join lateral (select is_shared, latitude, longitude from network
                        where active and cidr >>= address::inet order by masklen(cidr) desc, code limit 1) as found on true`,
      [[...new Set(addresses)].filter((address) => isIP(address) !== 0)],
    )
  const known = new Map(rows.map((row) => [row.address, row]))
  return (address) => {
    const row = known.get(address)
    const { latitude = null, longitude = null } = row ?? {}
    return {
      isShared: row?.isShared ?? isHostItself(address),
      point: latitude === null || longitude === null ? null : { latitude, longitude },
    }
  }
}

/** On the host itself, and behind a proxy there, nobody's address is known. */
const isHostItself = (address: string) => /^(?:::ffff:)?127\.|^::1$/.test(address)

/** Whether the site has said anything of its networks; until then nobody knows which addresses many people share. */
export async function hasNetworks(tx: EntityManager): Promise<boolean> {
  const some: unknown[] = await tx.query('select from network limit 1')
  return some.length > 0
}
