import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'

/** In order; only ever added to. */
export const migrations = [CreateDirectory1785000000000]
