import { Type, type Static } from 'typebox'

/** An EBS responsibility as FND_USER_PKG.AddResp names it. Source: EBS conventions 4.2. */
export const ResponsibilityValue = Type.Object(
  {
    application: Type.String({
      pattern: '^[A-Z0-9_]{1,50}$',
      description: 'Short name of the application as EBS spells it, for example `SQLGL`.',
    }),
    key: Type.String({
      pattern: '^[^\\u0000-\\u001f|]{1,60}$',
      description: 'Key of the responsibility as EBS spells it.',
    }),
    securityGroup: Type.String({
      pattern: '^[A-Z0-9_]{1,60}$',
      description: 'Normally `STANDARD`.',
    }),
  },
  { title: 'EbsResponsibility', additionalProperties: false },
)
export type Responsibility = Static<typeof ResponsibilityValue>
