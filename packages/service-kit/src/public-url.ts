import { DEFAULT_ISSUER } from '@erp-steward/contracts/access-token'
import { Type } from 'typebox'

/** The setting of the address under which callers know the product; the same in every process. */
export const PublicUrl = Type.String({
  description:
    'Address under which callers reach the gateway, http(s)://host[:port] without a path: the issuer of all tokens. The same for ' +
    'every process.',
  pattern: '^https?://[A-Za-z0-9.\\-_\\[\\]:]+$',
  default: DEFAULT_ISSUER,
})
