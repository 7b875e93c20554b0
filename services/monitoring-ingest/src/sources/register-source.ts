import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SourceChanged } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { handsOf } from '@erp-steward/service-kit/another-person'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { activeModule, activeUnit } from '@erp-steward/directory/directory'
import { factOf, SourceEntity, type Source } from './source.ts'

export interface RegisterSource {
  readonly name: string
  readonly unitId: string
  readonly moduleCode: string | null
  readonly silentAfterSeconds: number
}

/**
 * Registers a source; it may send once a token was issued.
 *
 * @throws Problem `unit-unknown`, `module-unknown`, `source-exists`
 */
export async function registerSource(
  tx: EntityManager,
  command: RegisterSource,
  act: Act,
): Promise<Source> {
  await activeUnit(tx, command.unitId)
  if (command.moduleCode !== null) await activeModule(tx, command.moduleCode)
  const source: Source = {
    ...command,
    id: randomUUID(),
    state: 'active',
    tokenHash: null,
    tokenIssuedAt: null,
    lastHeardAt: null,
    silentSince: null,
    createdAt: act.now,
    registeredByPersonIds: handsOf(act),
    tokenIssuedByPersonIds: null,
    version: 1,
  }
  try {
    await tx.insert(SourceEntity, source)
  } catch (error) {
    if (isConstraintViolation(error, 'source_name_key'))
      throw new Problem(
        'source-exists',
        said(`The unit has a source ${source.name}.`, `该单位已有数据源 ${source.name}。`),
      )
    throw error
  }
  await appendEvent(
    tx,
    'monitoring-ingest',
    SourceChanged,
    source.id,
    { ...factOf(source), change: 'registered' },
    act,
  )
  return source
}
