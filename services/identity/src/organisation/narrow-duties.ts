import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, nullable } from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { defineProposal, type Proposal } from '@erp-steward/service-kit/proposal'
import { propose } from '@erp-steward/service-kit/proposals'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { ModuleEntity } from './module.ts'
import { assertNobodyIn, type Entry } from './put-entry.ts'
import { putModule } from './put-module.ts'
import { putUnit } from './put-unit.ts'
import { UnitEntity, UnitKind, type Unit } from './unit.ts'

const Narrowing = Type.Object({
  noun: Type.Enum(['unit', 'module']),
  code: Code,
  name: Type.String(),
  /** Of a unit. */
  kind: nullable(UnitKind),
  active: Type.Boolean(),
})
type Narrowing = Static<typeof Narrowing>

/** Units of these kinds use the ERP: they owe key users and daily inspections. */
const WITH_ERP: readonly Unit['kind'][] = ['HEADQUARTERS', 'USER_UNIT']

/**
 * Taking a unit or module out of what the duties are counted over: without it there is no gap in its key users and no
 * inspection that was missed, so it is for two persons. Sources: B-4.1.2, A-3.1.1.
 */
export const narrowDuties = defineProposal({
  kind: 'organisation.narrow',
  problems: ['entry-in-use'],
  title: { en: 'Take a unit or module out of the duties', 'zh-CN': '将单位或模块移出职责范围' },
  body: Narrowing,
  decide: 'organisation.decide',
  subject: ({ noun, code }) => `${noun} ${code}`,
  concerns: async (tx, body) => ({
    personIds: [],
    unitIds: body.noun === 'unit' ? [(await lockEntry(tx, body))?.id ?? ''] : [],
  }),
  version: async (tx, body) => (await lockEntry(tx, body))?.version ?? 0,
  apply: async (tx, { noun, code, name, kind, active }, act, { subjectVersion }) => {
    if (noun === 'module') await putModule(tx, { code, name, active }, subjectVersion, act)
    else if (kind !== null) await putUnit(tx, { code, name, kind, active }, subjectVersion, act)
  },
})

/**
 * Proposes a change of the register that narrows the duties; `null` for any other, which one person may make.
 *
 * @throws Problem `precondition-required`, `version-stale`, `entry-in-use`, `proposal-pending`
 */
export async function proposeNarrowing(
  tx: EntityManager,
  body: Narrowing,
  expected: number | null,
  act: Act,
): Promise<Proposal | null> {
  const entry = await lockEntry(tx, body)
  if (entry === null || !narrows(entry, body)) return null
  if (expected === null)
    throw new Problem(
      'precondition-required',
      said(
        'It exists: send the ETag you read in If-Match.',
        '该条目已存在：请在 If-Match 中发送您读到的 ETag。',
      ),
    )
  assertVersion(entry.version, expected)
  if (body.noun === 'unit' && !body.active) await assertNobodyIn(tx, 'unit_id', entry.id)
  const reason = 'The register is changed.'
  return propose(tx, 'identity', narrowDuties, { body, reason }, act)
}

function narrows(entry: Entry | Unit, { kind, active }: Narrowing): boolean {
  if (!entry.active) return false
  const hadErp = WITH_ERP.some((each) => each === entry.kind)
  return !active || (hadErp && kind !== null && !WITH_ERP.includes(kind))
}

async function lockEntry(
  tx: EntityManager,
  { noun, code }: Pick<Narrowing, 'noun' | 'code'>,
): Promise<Entry | Unit | null> {
  const lock = { mode: 'pessimistic_write' } as const
  return noun === 'unit'
    ? tx.findOne(UnitEntity, { where: { code }, lock })
    : tx.findOne(ModuleEntity, { where: { code }, lock })
}
