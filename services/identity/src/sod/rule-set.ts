import { createHash, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SodRulesChanged } from '@erp-steward/contracts/grant-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { defineProposal, type Proposal } from '@erp-steward/service-kit/proposal'
import { propose } from '@erp-steward/service-kit/proposals'
import { Type } from 'typebox'
import { EntitySchema, type EntityManager } from 'typeorm'
import { findViolations } from './find-violations.ts'
import { faultsOf, inPairOrder, SodRules } from './rules/rule-set.ts'

/** A set of rules of incompatible duties, as callers see it. */
export const SodRuleSetView = Type.Object(
  {
    id: Id,
    number: nullable(
      Type.Integer({ minimum: 1 }),
      'Counts the sets that took effect, from 1; null: it was proposed and not approved yet.',
    ),
    ...SodRules.properties,
    digest: Type.String({
      description: 'SHA-256 of duties, pairs and carriers as JSON, in hexadecimal digits.',
    }),
    proposedBy: Type.String({ description: 'Account that proposed it.' }),
    proposedAt: about(InstantOut, 'When it was proposed.'),
    approvedBy: nullable(Type.String(), 'Account that approved it; null: nobody has yet.'),
    validFrom: nullable(InstantOut, 'When it took effect; null: it has not.'),
  },
  { title: 'SodRuleSet' },
)

/** Every set that was proposed, for ever. The one with the highest number is in force. */
export const SodRuleSetEntity = entityOf(SodRuleSetView, {
  table: 'sod_rule_set',
  uniques: [{ name: 'sod_rule_set_number_key', columns: ['number'] }],
  indices: [{ name: 'sod_rule_set_by_age', columns: ['proposedAt', 'id'] }],
  checks: [
    {
      name: 'sod_rule_set_approved_check',
      expression:
        '(number is null) = (valid_from is null) and (number is null) = (approved_by is null)',
    },
  ],
})
export type SodRuleSet = RowOf<typeof SodRuleSetEntity>

/** The pairs in force, as a check asks for them: in the order of their texts. */
export const SodPairEntity = new EntitySchema<{ first: string; second: string }>({
  name: 'SodPair',
  tableName: 'sod_pair',
  columns: {
    first: { type: 'text', primary: true, primaryKeyConstraintName: 'sod_pair_pkey' },
    second: { type: 'text', primary: true, primaryKeyConstraintName: 'sod_pair_pkey' },
  },
  indices: [{ name: 'sod_pair_by_second', columns: ['second'] }],
})

/** Which grants carry which duty, by the set in force. */
export const SodCarrierEntity = new EntitySchema<{ kind: string; name: string; duty: string }>({
  name: 'SodCarrier',
  tableName: 'sod_carrier',
  columns: {
    kind: { type: 'text', primary: true, primaryKeyConstraintName: 'sod_carrier_pkey' },
    name: { type: 'text', primary: true, primaryKeyConstraintName: 'sod_carrier_pkey' },
    duty: { type: 'text', primary: true, primaryKeyConstraintName: 'sod_carrier_pkey' },
  },
})

const ProposedRules = Type.Object({ ruleSetId: Uuid, digest: Type.String() })

/** Another set of rules takes two: one who proposes, and the security administrator. Source: defaults 2.8. */
export const changeRules = defineProposal({
  kind: 'sod.rules',
  title: { en: 'Change the rules of incompatible duties', 'zh-CN': '变更不相容职责规则' },
  body: ProposedRules,
  decide: 'sod.decide',
  subject: () => 'sod-rules',
  concerns: () => Promise.resolve({ personIds: [], unitIds: [] }),
  version: numberInForce,
  apply: async (tx, { ruleSetId, digest }, act) => {
    const set = await ruleSetById(tx, ruleSetId)
    if (set.digest !== digest) throw new Error(`the rule set ${ruleSetId} is not what was proposed`)
    const number = (await numberInForce(tx)) + 1
    await tx.update(SodRuleSetEntity, ruleSetId, {
      number,
      approvedBy: act.actor,
      validFrom: act.now,
    })
    await tx.query('delete from sod_pair')
    await tx.query('delete from sod_carrier')
    await tx.query(
      `insert into sod_pair select first, second from json_to_recordset($1) as pair (first text, second text)`,
      [JSON.stringify(set.pairs)],
    )
    await tx.query(
      `insert into sod_carrier select kind, name, duty
         from json_to_recordset($1) as carrier (kind text, name text, duty text)`,
      [JSON.stringify(set.carriers)],
    )
    const counts = { pairs: set.pairs.length, carriers: set.carriers.length }
    const fact = { ruleSetId, number, digest, ...counts, validFrom: act.now.toISOString() }
    await appendEvent(tx, 'identity', SodRulesChanged, ruleSetId, fact, act)
    await findViolations(tx, act)
  },
})

/**
 * Proposes another set of rules; nothing changes until the security administrator approves it.
 *
 * @throws Problem `sod-rules-inconsistent` with `errors`, `administrator-unnamed`, `proposal-pending`
 */
export async function proposeRules(
  tx: EntityManager,
  rules: SodRules,
  reason: string,
  act: Act,
): Promise<Proposal> {
  const errors = faultsOf(rules)
  if (errors.length > 0)
    throw new Problem(
      'sod-rules-inconsistent',
      said('The rules contradict themselves.', '规则自相矛盾。'),
      { errors },
    )
  const { duties, carriers } = rules
  const pairs = rules.pairs.map(inPairOrder)
  const id = randomUUID()
  const digest = createHash('sha256')
    .update(JSON.stringify({ duties, pairs, carriers }))
    .digest('hex')
  await tx.insert(SodRuleSetEntity, {
    ...{ id, number: null, duties, pairs, carriers, digest },
    ...{ proposedBy: act.actor, proposedAt: act.now, approvedBy: null, validFrom: null },
  })
  return propose(tx, 'identity', changeRules, { body: { ruleSetId: id, digest }, reason }, act)
}

/** @throws Problem `not-found` */
export async function ruleSetById(tx: EntityManager, id: string): Promise<SodRuleSet> {
  const found = await tx.findOneBy(SodRuleSetEntity, { id })
  if (found === null)
    throw new Problem('not-found', said(`There is no rule set ${id}.`, `没有规则集 ${id}。`))
  return found
}

/** The number of the set in force, held, so that two changes of it wait for each other. */
async function numberInForce(tx: EntityManager): Promise<number> {
  const [row]: { number: number }[] = await tx.query(
    'select number from sod_rule_set where number is not null order by number desc limit 1 for update',
  )
  return row?.number ?? 0
}
