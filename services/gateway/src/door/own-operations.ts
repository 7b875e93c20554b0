import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { assertPermitted, principalOf } from '@erp-steward/service-kit/authentication'
import type { Door } from './admit.ts'

/**
 * Puts the gateway's own operations behind the door, like those of the services: one that declares a permission is open to
 * its holders alone, whoever writes it.
 */
export function guardOwnOperations(app: App, door: Door): void {
  app.addHook('onRequest', async (request, reply) => {
    const { config, url = '' } = request.routeOptions
    const { access } = config
    if (access === undefined || access === 'public') return
    if (access === 'internal')
      throw new Problem(
        'unauthenticated',
        said('This operation is for processes of the product.', '此操作仅供本产品的进程使用。'),
      )
    await door.admit(request, reply, url)
    if (access !== 'signed-in') assertPermitted(principalOf(request), access)
  })
}
