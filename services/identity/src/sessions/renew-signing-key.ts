import { defineTask, type Task } from '@erp-steward/service-kit/jobs'
import type { Seal } from '@erp-steward/service-kit/seal'
import { Type } from 'typebox'
import { rotateSigningKey } from './rotate-signing-key.ts'

/** Days after which a key is replaced by itself. Own choice: the password life of defaults 2.9. */
const KEY_DAYS = 90

/** Replaces a signing key that has served its time; does nothing before, or when there is none yet. */
export function renewSigningKey(seal: Seal): Task {
  return defineTask('renew-signing-key', Type.Object({}), async (tx, _, act) => {
    const oldest = new Date(act.now.getTime() - KEY_DAYS * 86_400_000)
    const aged: unknown[] = await tx.query(
      'select from signing_key where retired_at is null and created_at <= $1',
      [oldest],
    )
    if (aged.length > 0)
      await rotateSigningKey(tx, seal, `in use for ${String(KEY_DAYS)} days`, act)
  })
}
