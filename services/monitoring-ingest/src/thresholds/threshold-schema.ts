import { Code, Line, nullable } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { LABEL_NAME } from '../metrics/rules/matchers.ts'
import { categories } from './threshold.ts'

const MatcherBody = Type.Object(
  {
    label: Type.String({ pattern: LABEL_NAME, maxLength: 200 }),
    op: Type.Enum(['=', '!=']),
    value: Type.String({ maxLength: 1_024, pattern: '^[^\\u0000]*$' }),
  },
  { additionalProperties: false },
)

/** What a threshold says, as callers send it and as a proposal keeps it. */
export const definition = {
  name: Line(100),
  moduleCode: nullable(Code),
  category: Type.Enum([...categories]),
  metric: Type.String({ pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$', maxLength: 200 }),
  matchers: Type.Array(MatcherBody, { maxItems: 20, default: [] }),
  comparison: Type.Enum(['above', 'below'], {
    description: 'From the limit up or from the limit down is a breach; the limit itself is one.',
  }),
  transform: Type.Enum(['value', 'rate-per-second'], { default: 'value' }),
  warning: nullable(Type.Number()),
  critical: nullable(Type.Number()),
  recoverLevel: nullable(
    Type.Number({ description: 'Past this value the alert has recovered; null: past the limit.' }),
  ),
}
