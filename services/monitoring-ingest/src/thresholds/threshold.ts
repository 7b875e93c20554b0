import type { ThresholdSet } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
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
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { LABEL_NAME } from '../metrics/rules/matchers.ts'

const Matcher = Type.Object(
  {
    label: Type.String({ pattern: LABEL_NAME, maxLength: 200, description: 'Name of the label.' }),
    op: Type.Enum(['=', '!='], { description: 'Whether it must be the value, or must not.' }),
    value: Type.String({
      maxLength: 1_024,
      pattern: '^[^\\u0000]*$',
      description: 'Value of the label.',
    }),
  },
  {
    additionalProperties: false,
    title: 'LabelMatcher',
    description:
      'A condition on one label; one that a series does not have counts as the empty text.',
  },
)

/** What a threshold says, as callers send it and as a proposal keeps it. Source. */
export const definition = {
  name: about(Line(100), 'What people call it; once among those of a unit in force.'),
  moduleCode: nullable(Code, 'The module whose key users are told; null: of none.'),
  category: Type.Enum(['SERVER', 'DATABASE', 'APPLICATION', 'NETWORK', 'SECURITY'], {
    title: 'ThresholdCategory',
    description: 'What kind of thing is watched. Source: A-3.2.2.',
  }),
  metric: Type.String({
    pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$',
    maxLength: 200,
    description: 'Name of the metric, as its source sends it.',
  }),
  matchers: Type.Array(Matcher, {
    maxItems: 20,
    default: [],
    description: 'Conditions that the labels of a series must meet, all of them.',
  }),
  comparison: Type.Enum(['above', 'below'], {
    description: 'From the limit up or from the limit down is a breach; the limit itself is one.',
  }),
  transform: Type.Enum(['value', 'rate-per-second'], {
    default: 'value',
    description: 'What of the samples is compared: their value, or its growth per second.',
  }),
  warning: nullable(Type.Number(), 'The limit of a warning, in the unit of the metric.'),
  critical: nullable(Type.Number(), 'The limit of the critical level, in the unit of the metric.'),
  recoverLevel: nullable(
    Type.Number(),
    'Past this value the alert has recovered; null: past the limit.',
  ),
}

/** A threshold at one version: its definition, who set it and why. A change keeps the version before. */
export const ThresholdVersionView = Type.Object(
  {
    ...definition,
    id: Id,
    unitId: about(Uuid, 'The unit whose series it judges.'),
    forSeconds: Type.Integer({ description: 'How long a breach must last, in sample time.' }),
    forVersion: nullable(
      Type.Integer(),
      'Version of `monitoring.for` that gave `forSeconds`; null when it was set by hand.',
    ),
    active: Type.Boolean({ description: 'Whether it is in force.' }),
    version: Version,
    author: Type.String({ description: 'Account or client that set it.' }),
    reason: Type.String({ description: 'Why it was set so.' }),
    setAt: about(InstantOut, 'When it was set.'),
  },
  { title: 'ThresholdVersion' },
)

export const ThresholdEntity = entityOf(ThresholdVersionView, {
  table: 'threshold',
  indices: [
    {
      name: 'threshold_name_key',
      columns: ['unitId', 'name'],
      unique: true,
      where: 'active',
    },
  ],
})
/** A threshold as it stands. */
export type Threshold = Readonly<RowOf<typeof ThresholdEntity>>
export type ThresholdDefinition = Pick<Threshold, keyof typeof definition>

/** Every version there ever was, the one in force included. */
export const ThresholdVersionEntity = entityOf(ThresholdVersionView, {
  table: 'threshold_version',
  key: ['id', 'version'],
  columns: { id: { name: 'threshold_id' } },
})

/** @throws Problem `threshold-not-found` */
export async function thresholdById(tx: EntityManager, id: string): Promise<Threshold> {
  const threshold = await tx.findOneBy(ThresholdEntity, { id })
  if (threshold === null)
    throw new Problem(
      'threshold-not-found',
      said(`There is no threshold ${id}.`, `没有阈值 ${id}。`),
    )
  return threshold
}

/** What the event says of a version. */
export function factOf(threshold: Threshold): Omit<Static<typeof ThresholdSet.payload>, 'change'> {
  const { id, version, unitId, moduleCode, name, category, metric, comparison } = threshold
  const { warning, critical, forSeconds, reason } = threshold
  return {
    thresholdId: id,
    version,
    unitId,
    moduleCode,
    name,
    category,
    metric,
    comparison,
    warning,
    critical,
    forSeconds,
    reason,
  }
}
