import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { ProfileTargets } from './rules/profile-option.ts'

const DAY_MS = 86_400_000

/** What our own parameters ask of EBS. */
export async function profileTargets(tx: EntityManager, now: Date): Promise<ProfileTargets> {
  const length = await readParameter(tx, 'identity.password.min_length', null, now)
  const failures = await readParameter(tx, 'identity.lockout.failures', null, now)
  const history = await readParameter(tx, 'identity.password.history', null, now)
  const lifetime = await readParameter(tx, 'identity.password.max_age', null, now)
  const age = await readParameter(tx, 'identity.password.history_age', null, now)
  // EBS counts days alone: as many as the passwords of the history last, or as the history itself, if that is longer.
  const noReuseMs = Math.max(history.value * durationMs(lifetime.value), durationMs(age.value))
  return {
    passwordLength: length.value,
    failures: failures.value,
    noReuseDays: Math.ceil(noReuseMs / DAY_MS),
  }
}
