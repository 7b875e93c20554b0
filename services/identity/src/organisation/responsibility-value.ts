import { Type } from 'typebox'

/** An EBS responsibility in requests and answers; application and key as EBS spells them. */
export const ResponsibilityValue = Type.Object(
  {
    application: Type.String({ pattern: '^[A-Z0-9_]{1,50}$' }),
    key: Type.String({ pattern: '^[^\\u0000-\\u001f|]{1,60}$' }),
    securityGroup: Type.String({ pattern: '^[A-Z0-9_]{1,60}$', description: 'Normally STANDARD.' }),
  },
  { additionalProperties: false },
)
