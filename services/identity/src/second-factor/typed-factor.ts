import { Type } from 'typebox'

/** What somebody types as the second factor. */
export const TypedFactor = Type.String({
  minLength: 6,
  maxLength: 40,
  description:
    'Six digits of the authenticator app, or a recovery code, whatever its case and dashes; each is good once.',
})
