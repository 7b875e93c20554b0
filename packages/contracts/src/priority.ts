/** Whom a door that has too much to do turns away first: `bulk`, then `ordinary`; `vital` never. */
export const priorities = ['vital', 'ordinary', 'bulk'] as const
export type Priority = (typeof priorities)[number]

/** Operations that end access or shut an account: they come when everything is on fire. Sources. */
export const vitalOperations: readonly string[] = [
  'POST /v1/accounts/lockdowns',
  'POST /v1/accounts/{id}/freeze',
  'POST /v1/theft-reports',
  'DELETE /v1/sessions/current',
  'GET /v1/sign-out',
  'POST /v1/sign-out',
  'POST /v1/tokens/revocation',
  'DELETE /v1/api-keys/{id}',
  'DELETE /v1/clients/{id}/keys/{thumbprint}',
]

/** Operations of programs that send much and again when they are told to. */
export const bulkOperations: readonly string[] = [
  'POST /v1/metrics/write',
  'POST /v1/imports/persons',
  'PUT /v1/ebs-uploads/{id}/parts/{part}',
  'POST /scim/v2/Bulk',
]
