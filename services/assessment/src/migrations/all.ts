import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { VersionDirectory1785000000001 } from '@erp-steward/directory/version-directory'

/** In order; only ever added to. */
export const migrations = [CreateDirectory1785000000000, VersionDirectory1785000000001]
