// Sign-ins by password against argon2id alone, which nobody may make cheaper.
// Standalone: node services/identity/bench/sign-in.ts
import { atOnce } from '@erp-steward/test-kit/at-once'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { verify } from '@node-rs/argon2'
import { hashPassword } from '../src/credentials/password-hash.ts'
import { addAccount, GOOD_PASSWORD, identityStage, setPassword } from '../test/account-stage.ts'

const ACCOUNTS = 50
const WARM_UP = 50
const SIGN_INS = 400
/** As many as cores that hash; more would only wait. */
const CALLERS = 4

export const bottleneck =
  'Sign-ins: half of the CPU is the hash, at the cost that the standards ask for; the other half is the statements around it, ' +
  'of counts by place, second factor, sessions and facts.'

/** Each sign-in opens a session; accounts take turns, so that no limit of sessions is in the way. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    const accounts: Awaited<ReturnType<typeof addAccount>>[] = []
    for (let at = 0; at < ACCOUNTS; at += 1) {
      const account = await addAccount(stage)
      await setPassword(stage, account)
      accounts.push(account)
    }
    const signIn = async (at: number) => {
      const { statusCode, body } = await stage.app.inject({
        ...{ method: 'POST', url: '/v1/sessions' },
        payload: { userName: accounts[at % ACCOUNTS]?.userName, password: GOOD_PASSWORD },
      })
      if (statusCode !== 201) throw new Error(body)
    }
    await atOnce(WARM_UP, CALLERS, signIn)
    const cpu = ownCpuMicros()
    const ours = await atOnce(SIGN_INS, CALLERS, signIn)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / SIGN_INS
    const stored = await hashPassword(GOOD_PASSWORD)
    const hash = async () => {
      if (!(await verify(stored, GOOD_PASSWORD))) throw new Error('the hash is another')
    }
    await atOnce(WARM_UP, CALLERS, hash)
    return [
      {
        name: 'sign-in by password',
        reference: 'argon2id of the same cost alone',
        ours,
        theirs: await atOnce(SIGN_INS, CALLERS, hash),
        unit: 'sign-ins/s',
        cpuMicrosPerUnit,
        note: `${String(SIGN_INS)} sign-ins, ${String(CALLERS)} callers at once, injected requests; argon2id with 19 MiB, 2 passes; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}
