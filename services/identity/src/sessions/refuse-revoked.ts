import { Problem } from '@erp-steward/contracts/problem'
import { sessionEndText } from '@erp-steward/contracts/session-end'
import type { App } from '@erp-steward/service-kit/app'
import type { DataSource } from 'typeorm'

/** Every account and client has one; nothing else can have been revoked. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Refuses revoked tokens within identity itself, which knows best: at once, whatever the gateway has heard.
 *
 * It asks for what is known to be void, as the gateway does; that an account exists is what the signature says.
 *
 * Source, ASVS 7.4.1.
 */
export function refuseRevoked(app: App, db: DataSource): void {
  app.addHook('onRequest', async ({ principal }) => {
    if (principal === null || !UUID.test(principal.actor)) return
    const { actor, epoch, sessionId } = principal
    const [found]: { revoked: boolean; ended: string | null }[] = await db.query(
      `select exists (select from revocation where subject_id = $1 and epoch > $2) as revoked,
              (select end_reason from session where id = $3) as ended`,
      [actor, epoch, sessionId],
    )
    if (found?.revoked === false && found.ended === null) return
    throw new Problem('token-revoked', sessionEndText(found?.ended ?? 'revoked'))
  })
}
