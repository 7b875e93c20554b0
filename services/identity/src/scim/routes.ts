import type { App } from '@erp-steward/service-kit/app'
import { SCIM_JSON } from '@erp-steward/service-kit/scim-errors'
import { takeJson } from '@erp-steward/service-kit/storable-text'
import { bulkRoutes } from './bulk-routes.ts'
import type { ScimDependencies } from './caller.ts'
import { discoveryRoutes } from './discovery-routes.ts'
import { readRoutes } from './read-routes.ts'
import { searchRoutes } from './search-routes.ts'
import { writeRoutes } from './write-routes.ts'

/** The SCIM 2.0 server: people with an account as users, positions as groups. Sources: RFC 7643, 7644, 9865. */
export async function scimRoutes(app: App, deps: ScimDependencies): Promise<void> {
  // In a scope of its own: only these operations take the media type of SCIM.
  await app.register((scope: App, _options, done) => {
    takeJson(scope, SCIM_JSON)
    discoveryRoutes(scope, deps)
    readRoutes(scope, deps)
    searchRoutes(scope, deps)
    writeRoutes(scope, deps)
    bulkRoutes(scope, deps)
    done()
  })
}
