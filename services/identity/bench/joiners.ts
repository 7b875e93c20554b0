// Joiners of an HR feed through the whole service against the bare INSERT of the very rows that they leave.
// Standalone: node services/identity/bench/joiners.ts
import { bareInserts } from '@erp-steward/test-kit/bare-inserts'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { identityStage } from '../test/account-stage.ts'
import { as, responsibility, setRights, smallCompany } from '../test/directory-stage.ts'

const WARM_UP = 200
const JOINERS = 2_000

const PERSON_OF_ACCOUNT = '(select person_id::text from account where account.id = t.account_id)'
const TABLES: Readonly<Record<string, string>> = {
  person: 't.id::text',
  account: 't.person_id::text',
  provisioning_task: PERSON_OF_ACCOUNT,
}

/** One list of joiners: a person, an account and two EBS tasks each, with their events. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await identityStage()
  try {
    await smallCompany(stage)
    await setRights(stage, 'CLERK', {
      roles: ['END_USER'],
      responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    })
    const hire = async (prefix: string, count: number) => {
      const rows = Array.from(
        { length: count },
        (_, at) => `${prefix}${at},Person ${at},NORTH,FIN,CLERK,${prefix}${at}@example.test`,
      )
      const answer = await stage.app.inject({
        method: 'POST',
        url: '/v1/imports/persons?mode=all-or-none',
        headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
        payload: ['employeeNumber,name,unitCode,departmentCode,positionCode,email', ...rows].join(
          '\n',
        ),
      })
      if (answer.statusCode !== 200) throw new Error(answer.body)
    }
    await hire('w', WARM_UP)
    const cpu = ownCpuMicros()
    const started = performance.now()
    await hire('j', JOINERS)
    const ours = JOINERS / ((performance.now() - started) / 1_000)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / JOINERS
    return [
      {
        name: 'joiners of an HR feed',
        reference: 'bare INSERT of person, account and EBS tasks',
        ours,
        theirs: await bareInserts({
          db: stage.db,
          url: stage.url,
          schema: 'identity',
          tables: TABLES,
          units: JOINERS,
          writers: 1,
          perTransaction: JOINERS,
        }),
        unit: 'joiners/s',
        cpuMicrosPerUnit,
        note: `one list of ${JOINERS}, one transaction; ours writes their events too; CPU without that of PostgreSQL`,
      },
    ]
  } finally {
    await stage.release()
  }
}

if (import.meta.main) console.table(await run())
