import { expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { addAccount, identityStage, setPassword } from '../account-stage.ts'

test('[A-2.2.1] administrators with a password and no second factor are counted every hour, whatever the parameters ask', async () => {
  const stage = await identityStage()
  try {
    const counted = async () => {
      await runTask(stage, 'check-sign-in-rules', {})
      const facts = await queuedEvents(stage.db)
      const last = facts.findLast(({ type }) => type.includes('sign-in-rules-checked'))
      return (last?.data as { administratorsWithoutFactor: number }).administratorsWithoutFactor
    }
    // Neither who has no password yet, nor a person, nor an administrator with one.
    await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
    await setPassword(stage, await addAccount(stage))
    const administrator = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
    await setPassword(stage, administrator)
    expect(await counted()).toBe(0)
    await stage.db.query('update second_factor set ended_at = now()')
    expect(await counted()).toBe(1)
    await stage.db.query(`update account set status = 'disabled' where id = $1`, [administrator.id])
    expect(await counted()).toBe(0)
  } finally {
    await stage.release()
  }
})
