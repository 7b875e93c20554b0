import type { SourceChanged } from '@erp-steward/contracts/monitoring-events'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { Static } from 'typebox'
import { EntitySchema, type EntityManager } from 'typeorm'

/** Whatever sends samples: a Prometheus server or an agent, of one unit and, if it has one, one module. */
export interface Source {
  id: string
  name: string
  unitId: string
  moduleCode: string | null
  state: 'active' | 'disabled'
  /** SHA-256 of the token; `null` until the first was issued. */
  tokenHash: Buffer | null
  tokenIssuedAt: Date | null
  /** Longest silence in seconds before it is reported. */
  silentAfterSeconds: number
  /** When samples last arrived, exact to some seconds; `null` before the first. */
  lastHeardAt: Date | null
  /** Since when it is reported as silent. */
  silentSince: Date | null
  createdAt: Date
  /** Who registered it, or controlled the client that did; `null` when nobody noted it then. */
  registeredByPersonIds: string[] | null
  /**
   * Everybody who was ever handed a token of it, for a sample of a token that is void still fills an inspection; `null`
   * when nobody noted it then.
   */
  tokenIssuedByPersonIds: string[] | null
  version: number
}

export const SourceEntity = new EntitySchema<Source>({
  name: 'Source',
  tableName: 'source',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'source_pkey' },
    name: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    state: { type: 'text' },
    tokenHash: { type: 'bytea', name: 'token_hash', nullable: true },
    tokenIssuedAt: { type: 'timestamptz', name: 'token_issued_at', nullable: true },
    silentAfterSeconds: { type: 'integer', name: 'silent_after_seconds' },
    lastHeardAt: { type: 'timestamptz', name: 'last_heard_at', nullable: true },
    silentSince: { type: 'timestamptz', name: 'silent_since', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    registeredByPersonIds: {
      type: 'uuid',
      name: 'registered_by_person_ids',
      array: true,
      nullable: true,
    },
    tokenIssuedByPersonIds: {
      type: 'uuid',
      name: 'token_issued_by_person_ids',
      array: true,
      nullable: true,
    },
    version: { type: 'integer' },
  },
  uniques: [{ name: 'source_name_key', columns: ['unitId', 'name'] }],
  checks: [{ name: 'source_state_check', expression: `state in ('active', 'disabled')` }],
})

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
  if (source === null) throw new Problem('source-not-found', `There is no source ${id}.`)
  if (expected !== undefined) assertVersion(source.version, expected)
  if (source.state === 'disabled')
    throw new Problem('source-disabled', `${source.name} is disabled.`)
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
