import type { SourceChanged } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

/** Whatever sends samples: a Prometheus server or an agent, of one unit and, if it has one, one module. */
export const SourceView = Type.Object(
  {
    id: Id,
    name: Type.String({ description: 'What people call it; once in a unit.' }),
    unitId: about(Uuid, 'The unit whose systems it watches.'),
    moduleCode: nullable(Code, 'The module that it watches; null: of none in particular.'),
    state: Type.Enum(['active', 'disabled'], {
      description: '`disabled` is for good: nothing that it sends is taken.',
    }),
    tokenIssuedAt: nullable(InstantOut, 'Null until the first token was issued.'),
    silentAfterSeconds: Type.Integer({
      description: 'Longest silence before it is reported, 30 to 86,400.',
    }),
    lastHeardAt: nullable(
      InstantOut,
      'When samples last arrived, exact to some seconds; null before the first.',
    ),
    silentSince: nullable(InstantOut, 'Since when it is reported as silent.'),
    createdAt: about(InstantOut, 'When it was registered.'),
    version: Version,
  },
  { title: 'MonitoringSource' },
)

export const SourceEntity = entityOf(SourceView, {
  table: 'source',
  kept: {
    /** SHA-256 of the token; `null` until the first was issued. */
    tokenHash: nullable(Type.Unsafe<Buffer>({})),
    /** Who registered it, or controlled the client that did; `null` when nobody noted it then. */
    registeredByPersonIds: nullable(Type.Array(Uuid)),
    /**
     * Everybody who was ever handed a token of it, for a sample of a token that is void still fills an inspection; `null`
     * when nobody noted it then.
     */
    tokenIssuedByPersonIds: nullable(Type.Array(Uuid)),
  },
  columns: { tokenHash: { type: 'bytea' } },
  uniques: [{ name: 'source_name_key', columns: ['unitId', 'name'] }],
  checks: [{ name: 'source_state_check', expression: `state in ('active', 'disabled')` }],
})
export type Source = RowOf<typeof SourceEntity>

/**
 * The source in force, locked, at the version the caller read.
 *
 * @throws Problem `source-not-found`, `version-stale`, `source-disabled`
 */
export async function lockActiveSource(
  tx: EntityManager,
  id: string,
  expected?: number,
): Promise<Source> {
  const source = await tx.findOne(SourceEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (source === null)
    throw new Problem('source-not-found', said(`There is no source ${id}.`, `没有数据源 ${id}。`))
  if (expected !== undefined) assertVersion(source.version, expected)
  if (source.state === 'disabled')
    throw new Problem(
      'source-disabled',
      said(`${source.name} is disabled.`, `${source.name} 已停用。`),
    )
  return source
}

/** What an event says of a source. */
export function factOf({
  id,
  name,
  unitId,
  moduleCode,
}: Pick<Source, 'id' | 'name' | 'unitId' | 'moduleCode'>): Omit<
  Static<typeof SourceChanged.payload>,
  'change'
> {
  return { sourceId: id, name, unitId, moduleCode }
}
